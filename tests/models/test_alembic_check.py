"""What guard says of a change of models, by reading, is what `alembic check` says, by running."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from git_repo import Repo
from servers import Psql
from shop import FILES

from guard.config import parse_config
from guard.finding import Finding
from guard.project.settings import SettingsFiles
from guard.rule import revision_file
from guard.run.check import run
from guard.run.scope import Request
from guard.server import Dialect

REFEREE = Path(__file__).parents[1] / "support" / "referee" / "alembic_check.py"
RULE = "model-changed-without-revision"


class Change(msgspec.Struct, frozen=True):
    """A change of a file of app/: `new` in the place of `old`, and the body of a revision.

    `says` is what guard says of it, "" for nothing; `only` on that dialect, on the others nothing.
    """

    file: str
    old: str
    new: str
    says: str = ""
    revision: str = ""
    only: Dialect | None = None

    @property
    def files(self) -> dict[str, str]:
        name = self.file if "/" in self.file else f"app/{self.file}.py"
        text = FILES.get(name, "")
        assert text.count(self.old) == 1 or not text, self.old
        files = {name: text.replace(self.old, self.new) if text else self.new}
        return files | (revision_file("b2", "a1", self.revision) if self.revision else {})


PAID = "    paid: Mapped[bool] = mapped_column(default=False)\n"
NUMBER = "mapped_column(sa.String(length=20))"
USER_ID = 'mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))'
CHANGES = [
    # Columns
    Change("shop", PAID, PAID + "    sent: Mapped[bool]\n", "Order.sent is new"),
    Change("shop", PAID, PAID + "    sent: Mapped[bool | None]\n", "(boolean)"),
    Change("shop", PAID, PAID + "    sent = mapped_column(sa.Date)\n", "column sent (date)"),
    Change(
        "shop",
        PAID,
        PAID + "    sent: Mapped[bool | None]\n",
        revision="op.add_column('orders', sa.Column('sent', sa.Boolean()))",
    ),
    Change(
        "shop",
        PAID,
        PAID + "    sent: Mapped[bool | None]\n",
        revision="op.execute('ALTER TABLE orders ADD COLUMN sent BOOLEAN')",
    ),
    Change(
        "shop",
        PAID,
        PAID + "    sent: Mapped[bool]\n",
        "Revision b2 makes Order.sent NULL, and the model says NOT NULL.",
        revision="op.add_column('orders', sa.Column('sent', sa.Boolean()))",
    ),
    Change(
        "shop",
        PAID,
        PAID + "    sent: Mapped[bool | None]\n",
        "Revision b2 makes Order.sent date, and the model says boolean.",
        revision="op.add_column('orders', sa.Column('sent', sa.Date()))",
    ),
    Change(
        "shop",
        PAID,
        PAID + "    sent: Mapped[bool | None]\n",
        "+ Order.sent: boolean",
        revision="op.add_column('orders', sa.Column('shipped', sa.Boolean()))",
    ),
    Change(
        "shop",
        PAID,
        PAID + "    sent: Mapped[bool | None] = mapped_column(index=True)\n",
        "index ix_orders_sent on (sent)",
        revision="op.add_column('orders', sa.Column('sent', sa.Boolean()))",
    ),
    Change("shop", PAID, "", "Order has no column paid, and orders keeps it"),
    Change(
        "shop",
        PAID,
        "",
        revision="with op.batch_alter_table('orders') as b: b.drop_column('paid')",
    ),
    Change("shop", PAID, PAID.replace("paid", "payed"), "+ Order.payed: boolean not null"),
    Change(
        "shop",
        PAID,
        PAID.replace("paid", "payed"),
        revision="op.alter_column('orders', 'paid', new_column_name='payed')",
    ),
    Change("shop", "    note: Mapped", "    remark: Mapped"),
    Change("shop", '"remark"', '"notes"', "+ Order.note: varchar(40)"),
    Change("shop", PAID, PAID.replace("default=False", "default=True")),
    Change("shop", PAID, PAID.replace("default=False", 'server_default="0"')),
    Change(
        "shop", PAID, PAID + "\n    @property\n    def open(self) -> bool:\n        return True\n"
    ),
    Change("shop", PAID, PAID.replace("    paid", '    """About orders."""\n\n    paid')),
    Change("shop", PAID, "    paid = sa.Column(sa.Boolean, nullable=False)\n"),
    Change("shop", PAID, "    paid: Mapped[bool] = mapped_column(nullable=True)\n", "is NULL, and"),
    # Types
    Change("shop", NUMBER, "mapped_column(sa.String(25))", "Order.number is varchar(25)"),
    Change("shop", NUMBER, "mapped_column(sa.VARCHAR(20))"),
    Change("shop", NUMBER, "mapped_column(sa.String)"),
    Change("shop", NUMBER, "mapped_column(sa.Text)", "Order.number is text"),
    Change(
        "shop",
        NUMBER,
        "mapped_column(sa.String(25))",
        revision="""
        with op.batch_alter_table('orders') as batch:
            batch.alter_column('number', existing_type=sa.String(20), type_=sa.String(25))
        """,
    ),
    Change(
        "shop",
        NUMBER,
        "mapped_column(sa.String(25))",
        "Revision b2 makes Order.number varchar(24), and the model says varchar(25).",
        revision="""
        with op.batch_alter_table('orders') as batch:
            batch.alter_column('number', existing_type=sa.String(20), type_=sa.String(24))
        """,
    ),
    Change("base", "LENGTH = 40", "LENGTH = 60", "Order.note is varchar(60)"),
    Change("base", "sa.String(80)", "sa.String(90)", "User.name: varchar(90)"),
    Change("base", "sa.Numeric(10, 2)", "sa.Numeric(10, 3)", "Order.total is numeric(10, 3)"),
    Change("base", "sa.Numeric(10, 2)", "sa.Numeric(precision=10, scale=2)"),
    Change("shop", "total: Mapped[Decimal]", "total: Mapped[float]", "Order.total is double"),
    Change("shop", "due: Mapped[datetime.date", "due: Mapped[datetime.datetime", "stays date"),
    Change("shop", "code: Mapped[uuid.UUID", "code: Mapped[str", "Order.code is varchar"),
    Change("shop", "seen: Mapped[datetime.datetime | None]", "seen: Mapped[Any | None]"),
    Change(
        "shop",
        "sa.DateTime(timezone=True)",
        "sa.DateTime()",
        "Order.seen is timestamp, and in orders it stays timestamp with time zone",
        only="postgresql",
    ),
    Change("shop", "data: Mapped[dict[str, Any] | None]", "data: Mapped[str | None]", "is varchar"),
    Change("base", '    green = "g"', '    green = "g"\n    blue = "b"'),
    Change(
        "base",
        '    green = "g"',
        '    green = "g"\n    yellow = "y"',
        "User.color is varchar(6)",
        only="sqlite",
    ),
    Change("shop", 'Literal["low", "high"]', 'Literal["low", "highest"]', "User.level is varchar"),
    Change("shop", "mapped_column(Money())", "mapped_column(sa.Integer)", "Order.fee is integer"),
    # Nullability
    Change("shop", "age: Mapped[Optional[int]]", "age: Mapped[int]", "User.age is NOT NULL"),
    Change("shop", "nick: Mapped[name80 | None]", "nick: Mapped[name80]", "User.nick is NOT NULL"),
    Change("shop", "name: Mapped[name80]", "name: Mapped[Optional[name80]]", "User.name is NULL"),
    Change(
        "shop",
        "age: Mapped[Optional[int]]",
        "age: Mapped[int]",
        revision="""
        with op.batch_alter_table('users') as batch:
            batch.alter_column('age', existing_type=sa.Integer(), nullable=False)
        """,
    ),
    # Indexes, keys and comments
    Change(
        "shop", "mapped_column(index=True)", "mapped_column()", "User has no index ix_users_age"
    ),
    Change("shop", NUMBER, NUMBER.replace("))", "), index=True)").replace("20", "20")),
    Change("shop", PAID, PAID.replace("default", "index=True, default"), "index ix_orders_paid"),
    Change(
        "shop",
        PAID,
        PAID.replace("default", "index=True, default"),
        revision="op.create_index(op.f('ix_orders_paid'), 'orders', ['paid'])",
    ),
    Change(
        "shop",
        PAID,
        PAID.replace("default", "index=True, default"),
        "- index ix_paid on (paid): index (paid)",
        revision="op.create_index('ix_paid', 'orders', ['paid'])",
    ),
    Change("shop", '"ix_orders_number", "number"', '"ix_number", "number"', "index ix_number"),
    Change("shop", '"ix_orders_number", "number"', '"ix_orders_number", "paid"', "index (number)"),
    Change(
        "shop",
        '"ix_orders_number", "number"',
        '"ix_orders_number", "number", unique=True',
        "is unique index (number), and in orders it stays index (number)",
    ),
    Change("shop", 'sa.Index("ix_users_nick", User.nick)\n', "", "no index ix_users_nick"),
    Change(
        "shop",
        'sa.Index("ix_users_nick", User.nick)',
        'sa.Index("ix_users_nick", User.name)',
        "it stays index (nick)",
    ),
    Change("shop", 'sa.Index("ix_tagged_weight", tagged.c.weight)\n', "", "ix_tagged_weight"),
    Change(
        "shop",
        "sa.String(100), unique=True",
        "sa.String(100)",
        "keeps it (unique (email))",
        only="postgresql",
    ),
    Change(
        "shop", NUMBER, NUMBER.replace("))", "), unique=True)"), "unique constraint on (number)"
    ),
    Change(
        "shop",
        NUMBER,
        NUMBER.replace("))", "), unique=True)"),
        revision="""
        with op.batch_alter_table('orders') as batch:
            batch.create_unique_constraint('uq_orders_number', ['number'])
        """,
    ),
    Change("shop", '"number", "user_id", name=', '"number", name=', "uq_number_user"),
    Change("shop", 'name="uq_number_user"', 'name="uq_orders"', "+ unique constraint uq_orders"),
    Change(
        "shop",
        '        sa.UniqueConstraint("number", "user_id", name="uq_number_user"),\n',
        "",
        "Order has no unique constraint uq_number_user",
    ),
    Change("shop", '"CASCADE"', '"SET NULL"', "on delete set null"),
    Change("shop", 'sa.ForeignKey(User.id, ondelete="CASCADE")', "sa.Integer", "no foreign key"),
    Change(
        "shop",
        "sa.ForeignKey(User.id, ondelete",
        'sa.ForeignKey("tags.id", ondelete',
        "references tags (id)",
    ),
    Change(
        "base",
        'sa.ForeignKey("users.id")',
        'sa.ForeignKey("users.id", onupdate="CASCADE")',
        "is foreign key (owner_id)",
    ),
    Change(
        "shop",
        "items: Mapped[int]",
        'items: Mapped[int] = mapped_column(sa.ForeignKey("tags.id"))',
        "foreign key (items) references tags (id)",
    ),
    Change(
        "shop",
        '"When it has to be paid."',
        '"The day."',
        "Order.due is 'The day.'",
        only="postgresql",
    ),
    Change(
        "shop",
        '{"comment": "What was bought."}',
        "{}",
        "it stays 'What was bought.'",
        only="postgresql",
    ),
    Change(
        "shop", '        {"comment"', '        sa.CheckConstraint("total > 0"),\n        {"comment"'
    ),
    # Mixins, abstract bases, names of tables
    Change(
        "base",
        "class Owned:",
        "    updated_at: Mapped[datetime.datetime | None]\n\n\nclass Owned:",
        "Stamped.updated_at is new",
    ),
    Change("base", "def owner_id(", "def keeper_id(", "+ Owned.keeper_id: integer"),
    Change(
        "base",
        "    id: Mapped[key]\n",
        "    id: Mapped[key]\n    version: Mapped[int]\n",
        "Numbered.version is new",
    ),
    Change("people", '__tablename__ = "teams"', '__tablename__ = "squads"', "is a new model"),
    Change("shop", "class Basket(", "class Cart(", "Cart is a new model"),
    Change("shop", "class Basket(", "class Cart(", revision="op.rename_table('baskets', 'carts')"),
    Change(
        "shop",
        "\n\ntagged =",
        "\n\nclass Coupon(Plural, Numbered):\n    code: Mapped[str]\n\n\ntagged =",
        "Coupon is a new model, and no revision creates its table coupons",
    ),
    Change(
        "shop",
        "\n\ntagged =",
        "\n\nclass Coupon(Plural, Numbered):\n    code: Mapped[str]\n\n\ntagged =",
        revision="""
        op.create_table(
            'coupons',
            sa.Column('code', sa.String(), nullable=False),
            sa.Column('id', sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint('id'),
        )
        """,
    ),
    Change(
        "shop",
        "\n\nclass Basket(Owned, Plural, Numbered):\n    items: Mapped[int]\n",
        "",
        "The model of the table baskets is gone",
    ),
    Change(
        "shop",
        "\n\nclass Basket(Owned, Plural, Numbered):\n    items: Mapped[int]\n",
        "",
        revision="op.drop_table('baskets')",
    ),
    Change(
        "shop", "    user: Mapped[User] = relationship", "    buyer: Mapped[User] = relationship"
    ),
    # Tables, dataclasses, inheritance, other registries
    Change("shop", '"weight", sa.Float', '"weight", sa.Integer', "tagged.weight is integer"),
    Change("shop", '"weight", sa.Float', '"weight", sa.Float, nullable=False', "is NOT NULL"),
    Change(
        "shop",
        '    sa.Column("weight"',
        '    sa.Column("place", sa.Integer),\n    sa.Column("weight"',
        "tagged.place is new",
    ),
    Change(
        "shop",
        "word: Mapped[str] = mapped_column(sa.String(30)",
        "word: Mapped[str] = mapped_column(sa.String(31)",
        "Tag.word is varchar(31)",
    ),
    Change(
        "people", "    grade: Mapped[int | None]", "    grade: Mapped[str | None]", "Manager.grade"
    ),
    Change(
        "people",
        "    grade: Mapped[int | None]",
        "    grade: Mapped[int | None]\n    rank: Mapped[int | None]",
        "Manager.rank is new",
    ),
    Change(
        "people", "    language:", "    tool: Mapped[str | None]\n    language:", "Engineer.tool"
    ),
    Change("people", "sa.Unicode(60)", "sa.Unicode(70)", "Named.label is varchar(70)"),
    Change("people", '"town"', '"city"', "+ Team.city: varchar(50)"),
    Change("people", "sa.SmallInteger", "sa.Integer", "Team.size is integer"),
    Change("people", "sa.LargeBinary", "sa.Text", "Team.logo is text"),
    Change("people", '"idx_%(table', '"in_%(table', "in_teams_town"),
    Change(
        "people",
        'sa.UniqueConstraint("label", "city")',
        'sa.UniqueConstraint("label")',
        "uq_teams_label",
    ),
    Change(
        "people", '"name", sa.String(40), nullable=False', '"name", sa.String(40)', "cities.name"
    ),
    Change(
        "people",
        "    city_id =",
        "    number = sa.Column(sa.Integer)\n    city_id =",
        "Street.number is new",
    ),
    # Flask-SQLAlchemy and SQLModel
    Change("web", "db.String(80)", "db.String(90)", "UserRole.title is varchar(90)"),
    Change("web", "class APIToken(", "class APITokenPart(", "its table api_token_part"),
    Change("web", 'db.Column("since", db.Date)', 'db.Column("since", db.DateTime)', "since is"),
    Change(
        "web", "    active =", "    rank = db.Column(db.Integer)\n    active =", "UserRole.rank"
    ),
    Change("web", "    age: int | None = None", "    age: int = 0", "HeroBase.age is NOT NULL"),
    Change("web", "max_length=50", "max_length=60", "HeroBase.name is varchar(60)"),
    Change("web", "Field(index=True, max_length=50)", "Field(max_length=50)", "ix_hero_name"),
    Change("web", "decimal_places=2", "decimal_places=3", "Hero.power is numeric(5, 3)"),
    Change("web", "    secret: str", "    secret: str\n    alias: str | None = None", "Hero.alias"),
    Change(
        "web",
        'foreign_key="heroteam.id"',
        'foreign_key="heroteam.id", ondelete="CASCADE"',
        "on delete cascade",
    ),
    Change(
        "web", "sa.Column(sa.Text)", "sa.Column(sa.String(20))", "HeroTeam.motto is varchar(20)"
    ),
    Change("web", "class HeroOut(HeroBase):\n    id: int", "class HeroOut(HeroBase):\n    id: str"),
    Change("web", "class Villain(", "class Idol(", "Idol is a new model"),
    # Where models stand
    Change(
        "more",
        "",
        "from app.base import Numbered\n\n\nclass More(Numbered):\n    __tablename__ = 'more'\n",
    ),
]


class Referee(msgspec.Struct, frozen=True):
    """The project in a repository, and what `alembic check` says of each change of it."""

    dialect: Dialect
    repo: Path
    told: list[list[str]]

    def agrees(self, change: Change, folder: Path) -> None:
        """Check that guard and `alembic check` say the same, and that it is what `says` says."""
        said = guard_says(change, self.repo, self.dialect, folder)
        told = self.told[CHANGES.index(change)]
        wanted = change.says if change.only in (None, self.dialect) else ""
        assert bool(told) == bool(wanted), f"alembic check: {told}"
        assert bool(said) == bool(wanted), f"guard: {said}; alembic check: {told}"
        assert any(wanted in finding.message for finding in said) or not wanted, said


def ask(folder: Path, url: str, dialect: Dialect) -> Referee:
    question: dict[str, Any] = {
        "folder": str(folder / "project"),
        "url": url,
        "files": FILES,
        "changes": [change.files for change in CHANGES],
    }
    done = subprocess.run(
        [sys.executable, str(REFEREE)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    repo = Repo(folder / "repo")
    repo.commit({**FILES, "migrations/versions/a1.py": answer["first"]})
    return Referee(dialect, repo.root, answer["told"])


def guard_says(change: Change, base: Path, dialect: Dialect, folder: Path) -> tuple[Finding, ...]:
    copy = shutil.copytree(base, folder / "repo")
    Repo.at(copy).write(change.files)
    config = parse_config({"dialect": dialect, "select": [RULE]}, copy)
    request = Request(start=copy, roundtrip=False, today=datetime.date(2026, 11, 1))
    return run(request, SettingsFiles.everywhere(config, copy)).report.open


def named(change: Change) -> str:
    return f"{change.file}-{change.says or change.new}"[:60]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Referee:
    for package in ("flask_sqlalchemy", "sqlmodel"):  # of the dev group, for the sake of the oldest
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("sqlite")
    return ask(folder, f"sqlite:///{folder}/base.db", "sqlite")


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=named)
def test_guard_agrees_with_alembic_check_on_sqlite(
    change: Change, sqlite: Referee, tmp_path: Path
) -> None:
    sqlite.agrees(change, tmp_path)


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory, psql: Psql) -> Referee:
    pytest.importorskip("psycopg")
    socket = psql("SHOW unix_socket_directories").strip()
    psql("CREATE DATABASE base")
    folder = tmp_path_factory.mktemp("postgresql")
    return ask(folder, f"postgresql+psycopg://guard@/base?host={socket}", "postgresql")


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=named)
def test_guard_agrees_with_alembic_check_on_postgresql(
    change: Change, postgresql: Referee, tmp_path: Path
) -> None:
    postgresql.agrees(change, tmp_path)
