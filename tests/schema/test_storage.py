"""What decides on MySQL how wide a column is: its character set, the table's, the row format."""

from __future__ import annotations

import pytest
from replaying import ORDERS, replay
from revision_code import HEAD, reading

from guard.operations import CreateIndex, CreateTable, Name, Storage, Type
from guard.schema import Schema
from guard.sql import read_sql


def after(sql: str) -> Schema:
    found = [o for s in read_sql(sql, "mysql").statements for o in s.operations]
    return replay(*found, dialect="mysql")


LATIN = "CREATE TABLE orders (note varchar(50), size int) DEFAULT CHARSET=latin1"


@pytest.mark.parametrize(
    ("sql", "table", "column"),
    [
        (LATIN, "latin1", None),
        (f"{LATIN}; ALTER TABLE orders DEFAULT CHARACTER SET utf8mb4", "utf8mb4", "latin1"),
        (f"{LATIN}; ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4", "utf8mb4", "utf8mb4"),
        ("CREATE TABLE orders (note varchar(50) CHARACTER SET ascii)", None, "ascii"),
        ("CREATE TABLE orders (note varchar(50) NOT NULL CHARSET 'ascii')", None, "ascii"),
        (
            f"{LATIN}; ALTER TABLE orders MODIFY note text CHARSET utf8mb3",
            "latin1",
            "utf8mb3",
        ),
    ],
)
def test_the_character_set(sql: str, table: str | None, column: str | None) -> None:
    schema = after(sql)
    found, note = schema.table(ORDERS), schema.column(ORDERS, "note")
    assert found
    assert note
    assert note.type
    assert (found.storage.charset, note.type.charset) == (table, column)
    size = schema.column(ORDERS, "size")
    assert not size or size.type == Type(name="integer")


def test_the_other_options() -> None:
    table = after(
        "CREATE TABLE orders (a int) ENGINE=InnoDB ROW_FORMAT=COMPRESSED COLLATE utf8mb4_bin;"
        "ALTER TABLE orders ROW_FORMAT=DYNAMIC"
    ).table(ORDERS)
    assert table
    assert table.storage == Storage(collation="utf8mb4_bin", row_format="dynamic", engine="innodb")


@pytest.mark.parametrize(("dialect", "charset"), [("mysql", "latin1"), ("mariadb", "ascii")])
def test_sqlalchemy_reads_the_options_of_the_dialect(dialect: str, charset: str) -> None:
    create, index = _operations(
        "op.create_table('orders', sa.Column('a', sa.Text()), sa.Index('ix', 'a', "
        "mysql_prefix='SPATIAL', mariadb_prefix='FULLTEXT'), "
        "mysql_charset='latin1', mariadb_default_charset='ascii', postgresql_inherits='x')",
        dialect,
    )
    assert isinstance(create, CreateTable)
    assert isinstance(index, CreateIndex)
    assert create.storage == Storage(charset=charset)
    assert index.method == ("spatial" if dialect == "mysql" else "fulltext")


@pytest.mark.parametrize(
    ("code", "dialect", "kind"),
    [
        ("sa.TIMESTAMP(timezone=True)", "postgresql", Type(name="timestamp", timezone=True)),
        ("postgresql.TIMESTAMP(precision=0)", "postgresql", Type(name="timestamp", precision=0)),
        (
            "postgresql.TIMESTAMP(True, 3)",
            "postgresql",
            Type(name="timestamp", timezone=True, precision=3),
        ),
        ("postgresql.BIT(8, varying=True)", "postgresql", Type(name="varbit", length=8)),
        ("sa.Numeric(12, 0)", "postgresql", Type(name="numeric", precision=12, scale=0)),
        ("sa.Numeric(precision=12, scale=0)", "mysql", Type(name="numeric", precision=12, scale=0)),
        ("mysql.DATETIME(fsp=6)", "mysql", Type(name="datetime", precision=6)),
        ("mysql.TIME(fsp=0)", "mysql", Type(name="time", precision=0)),
        (
            "mysql.VARCHAR(9, charset='ascii')",
            "mysql",
            Type(name="varchar", length=9, charset="ascii"),
        ),
        ("mysql.TINYINT(1)", "mysql", Type(name="tinyint", length=1)),
        ("mysql.TINYINT(display_width=4)", "mysql", Type(name="tinyint")),
        ("sa.Float()", "mysql", Type(name="float")),
        ("sa.Float()", "postgresql", Type(name="double")),
    ],
)
def test_the_digits_of_sqlalchemys_types(code: str, dialect: str, kind: Type) -> None:
    create, *_ = _operations(f"op.create_table('orders', sa.Column('a', {code}))", dialect)
    assert isinstance(create, CreateTable)
    assert create.columns[0].type == kind


def _operations(code: str, dialect: str) -> list[object]:
    imports = f"{HEAD}from sqlalchemy.dialects import mysql, postgresql\n"
    upgrade = reading(f"{imports}def upgrade():\n    {code}\n", dialect=dialect).upgrade
    return [o for statement in upgrade.statements for o in statement.operations]


def test_postgresql_cuts_names_off_after_63_bytes() -> None:
    long, other = "a" * 70, "ü" * 40  # 80 bytes
    schema = replay(
        *(
            o
            for s in read_sql(
                f"CREATE TABLE {long} ({other} int, CONSTRAINT {long}_key UNIQUE ({other}));"
                f"ALTER TABLE {'a' * 63} RENAME TO b; CREATE TYPE {other}_kind AS ENUM ('x');",
                "postgresql",
            ).statements
            for o in s.operations
        )
    )
    table = schema.table(Name("b"))
    assert table
    assert [c.name for c in table.columns] == ["ü" * 31]
    assert [c.name for c in table.constraints] == ["a" * 63]
    assert schema.column(Name("b"), other)
    assert schema.enum(Name("ü" * 31))
