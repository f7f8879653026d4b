"""An application whose models are written in every style, for changes of them."""

from __future__ import annotations

BASE = """\
import datetime
import decimal
import enum
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

key = Annotated[int, mapped_column(primary_key=True)]
name80 = Annotated[str, 80]
LENGTH = 40


class Color(enum.Enum):
    red = "r"
    green = "g"


class Money(sa.TypeDecorator):
    impl = sa.Numeric(12, 2)
    cache_ok = True


class Base(DeclarativeBase):
    type_annotation_map = {
        name80: sa.String(80),
        dict[str, Any]: sa.JSON(),
        decimal.Decimal: sa.Numeric(10, 2),
    }


class Stamped:
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=sa.func.now())


class Owned:
    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:
        return mapped_column(sa.ForeignKey("users.id"))


class Plural:
    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower() + "s"


class Numbered(Base):
    __abstract__ = True

    id: Mapped[key]
"""

SHOP = """\
from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any, Literal, Optional

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedAsDataclass, deferred, mapped_column, relationship

from app.base import LENGTH, Base, Color, Money, Numbered, Owned, Plural, Stamped, key, name80


class User(Base):
    __tablename__ = "users"

    id: Mapped[key]
    name: Mapped[name80]
    nick: Mapped[name80 | None]
    email: Mapped[str] = mapped_column(sa.String(100), unique=True)
    age: Mapped[Optional[int]] = mapped_column(index=True)
    color: Mapped[Color]
    level: Mapped[Literal["low", "high"]]
    orders: Mapped[list[Order]] = relationship(back_populates="user")


class Order(Plural, Stamped, Numbered):
    __table_args__ = (
        sa.UniqueConstraint("number", "user_id", name="uq_number_user"),
        sa.Index("ix_orders_number", "number"),
        {"comment": "What was bought."},
    )

    number: Mapped[str] = mapped_column(sa.String(length=20))
    total: Mapped[Decimal]
    fee = mapped_column(Money())
    paid: Mapped[bool] = mapped_column(default=False)
    code: Mapped[uuid.UUID | None]
    due: Mapped[datetime.date | None] = mapped_column(comment="When it has to be paid.")
    seen: Mapped[datetime.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    data: Mapped[dict[str, Any] | None]
    note: Mapped[str | None] = mapped_column("remark", sa.String(LENGTH))
    long: Mapped[str | None] = deferred(mapped_column(sa.Text))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    user: Mapped[User] = relationship(back_populates="orders")


class Basket(Owned, Plural, Numbered):
    items: Mapped[int]


class Tag(MappedAsDataclass, Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    word: Mapped[str] = mapped_column(sa.String(30), default="")


tagged = sa.Table(
    "tagged",
    Base.metadata,
    sa.Column("tag_id", sa.ForeignKey("tags.id"), primary_key=True),
    sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("weight", sa.Float),
)
sa.Index("ix_tagged_weight", tagged.c.weight)
sa.Index("ix_users_nick", User.nick)
"""

PEOPLE = """\
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declarative_base, mapped_column, registry

from app.base import Base

CONVENTION = {
    "ix": "idx_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Named:
    label = sa.Column(sa.Unicode(60), nullable=False)


OldBase = declarative_base(cls=Named, metadata=sa.MetaData(naming_convention=CONVENTION))


class Team(OldBase):
    __tablename__ = "teams"
    __table_args__ = (sa.UniqueConstraint("label", "city"),)

    id = sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    city = sa.Column("town", sa.String(50), key="city", index=True)
    motto = sa.Column(sa.Text())
    size = sa.Column(sa.SmallInteger, nullable=False, server_default="1")
    logo = sa.Column(sa.LargeBinary)


class Person(Base):
    __tablename__ = "people"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))


class Manager(Person):
    __mapper_args__ = {"polymorphic_identity": "manager"}

    grade: Mapped[int | None]


class Engineer(Person):
    __tablename__ = "engineers"
    __mapper_args__ = {"polymorphic_identity": "engineer"}

    id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    language: Mapped[str | None] = mapped_column(sa.String(20))


mapper_registry = registry()
city_table = sa.Table(
    "cities",
    mapper_registry.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False),
    sa.UniqueConstraint("name"),
)


class City:
    pass


mapper_registry.map_imperatively(City, city_table)


@mapper_registry.mapped
class Street:
    __tablename__ = "streets"

    id = sa.Column(sa.Integer, primary_key=True)
    city_id = sa.Column(sa.ForeignKey("cities.id"))
"""

WEB = """\
import uuid
from decimal import Decimal

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlmodel import Field, Relationship, SQLModel

db = SQLAlchemy()

roles_users = db.Table(
    "roles_users",
    db.Column("role_id", db.Integer, db.ForeignKey("user_role.id")),
    db.Column("since", db.Date),
)


class UserRole(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80), unique=True, nullable=False)
    active = db.Column(db.Boolean, default=True)


class APIToken(db.Model):
    id = db.Column(db.Integer, primary_key=True)


class HeroBase(SQLModel):
    name: str = Field(index=True, max_length=50)
    age: int | None = None


class Hero(HeroBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    power: Decimal = Field(max_digits=5, decimal_places=2)
    secret: str
    team_id: uuid.UUID | None = Field(default=None, foreign_key="heroteam.id")
    team: "HeroTeam" = Relationship(back_populates="heroes")


class HeroTeam(SQLModel, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    motto: str | None = Field(default=None, sa_column=sa.Column(sa.Text))
    heroes: list[Hero] = Relationship(back_populates="team")


class Villain(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class HeroOut(HeroBase):
    id: int
"""

ENV = """\
from alembic import context
from sqlalchemy import create_engine

from app import base, people, shop, web

target_metadata = [
    base.Base.metadata,
    people.OldBase.metadata,
    people.mapper_registry.metadata,
    web.db.metadata,
    web.SQLModel.metadata,
]

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=target_metadata, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
MAKO = """\
import sqlalchemy as sa
import sqlmodel
import app.base
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
"""
FILES = {
    "alembic.ini": (
        "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = %(here)s\n"
    ),
    "migrations/env.py": ENV,
    "migrations/script.py.mako": MAKO,
    "migrations/versions/.keep": "",
    "app/__init__.py": "",
    "app/base.py": BASE,
    "app/shop.py": SHOP,
    "app/people.py": PEOPLE,
    "app/web.py": WEB,
}
