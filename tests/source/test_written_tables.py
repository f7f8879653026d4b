"""The conventions that a project may ask of its models."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_files import findings

RULE = "table-without-model-convention"
HEAD = """
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declarative_base, mapped_column

class Base(DeclarativeBase):
    pass

"""
KEY = "id = Column(Integer, primary_key=True)"


def model(*lines: str, name: str = "orders", bases: str = "Base") -> str:
    body = "\n".join(f"    {line}" for line in (f"__tablename__ = '{name}'", *lines))
    return f"{HEAD}class Order({bases}):\n{body}\n"


BROKEN = {
    model(KEY, name="Order"): "is called Order, which does not match",
    model(KEY, name="tblOrders"): "is called tblOrders",
    model("id = Column(Integer, nullable=False)"): "Table orders has no primary key",
    model(KEY, "note = Column(String)"): "orders.note does not say whether it is nullable",
    model(KEY, "note = mapped_column(String)"): "orders.note does not say",
    model(KEY, "a = Column(ForeignKey('a.id'), nullable=False)"): "The foreign key orders.a has no",
    model(
        "id: Mapped[int] = mapped_column(primary_key=True)",
        "a: Mapped[int] = mapped_column(ForeignKey('a.id'))",
    ): ("The foreign key orders.a has no index"),
    model(
        KEY,
        "__table_args__ = (Index('i', 'id', 'a'),)",
        "a = Column(ForeignKey('a.id'), nullable=True)",
    ): ("orders.a has no index"),
    HEAD + "t = Table('orders', MetaData(), Column('id', Integer, primary_key=True),\n"
    "    Column('note', String))\n": ("orders.note does not say"),
    HEAD + "t = Table('orders', MetaData(), Column('a', Integer, nullable=False))\n": (
        "Table orders has no primary key"
    ),
    "from sqlmodel import Field, SQLModel\nclass Orders(SQLModel, table=True):\n"
    "    id: int = Field(primary_key=True)\n"
    "    a: int = Field(foreign_key='a.id')\n": "The foreign key orders.a has no index",
}
KEPT = (
    model(KEY),
    model(KEY, "note = Column(String, nullable=True)"),
    model(
        "id: Mapped[int] = mapped_column(primary_key=True)",
        "note: Mapped[str | None] = mapped_column()",
    ),
    model("id: Mapped[int] = mapped_column(primary_key=True)", "note: Mapped[str]"),
    model(
        "__table_args__ = (PrimaryKeyConstraint('a', 'b'),)", "a = Column(Integer, nullable=False)"
    ),
    model(KEY, "a = Column(ForeignKey('a.id'), nullable=True, index=True)"),
    model(
        KEY,
        "__table_args__ = (UniqueConstraint('a', 'id'),)",
        "a = Column(ForeignKey('a.id'), nullable=True)",
    ),
    model(
        "a = Column(ForeignKey('a.id'), primary_key=True)", "b = Column(Integer, primary_key=True)"
    ),
    model(KEY, "a = Column(ForeignKey('a.id'), nullable=True)") + "Index('i', Order.a)\n",
    model("note = Column(String, nullable=True)", bases="Base, elsewhere.WithKey"),
    HEAD
    + f"class WithKey:\n    {KEY}\n\nclass Order(WithKey, Base):\n    __tablename__ = 'orders'\n",
    model(KEY, "__abstract__ = True", "note = Column(String)"),
    HEAD + "class Form:\n    note = Column(String)\n",
    HEAD + "t = Table('orders', MetaData(), autoload_with=engine)\n",
    HEAD + "t = Table(name, MetaData(), Column('a', Integer))\n",
    "from reportlab.platypus import Table\nt = Table('Orders', data, Column('a', Integer))\n",
    HEAD + "class Order(Base):\n    __tablename__ = compute()\n",
)


@pytest.mark.parametrize("code", BROKEN)
def test_broken(code: str, tmp_path: Path) -> None:
    settings = {"rules": {RULE: {"table-name": "[a-z_]+"}}}
    messages = [f.message for f in findings(tmp_path, code, rule=RULE, settings=settings)]
    assert len(messages) == 1, messages
    assert BROKEN[code] in messages[0]


@pytest.mark.parametrize("code", KEPT)
def test_kept(code: str, tmp_path: Path) -> None:
    settings = {"rules": {RULE: {"table-name": "[a-z_]+"}}}
    assert findings(tmp_path, code, rule=RULE, settings=settings) == []


BAD = model("a = Column(ForeignKey('a.id'))", name="O")


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({}, 3),
        ({"explicit-nullable": False}, 2),
        ({"explicit-nullable": False, "primary-key": False}, 1),
        ({"explicit-nullable": False, "primary-key": False, "indexed-foreign-keys": False}, 0),
        ({"table-name": "o"}, 4),
    ],
)
def test_options(settings: dict[str, object], count: int, tmp_path: Path) -> None:
    found = findings(tmp_path, BAD, rule=RULE, settings={"rules": {RULE: settings}})
    assert len(found) == count


def test_mysql_makes_the_index_itself(tmp_path: Path) -> None:
    code = model(KEY, "a = Column(ForeignKey('a.id'), nullable=True)")
    assert findings(tmp_path, code, rule=RULE, settings={"dialect": "mysql"}) == []
