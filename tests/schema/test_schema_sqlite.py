"""The replayed schema against a real SQLite database that runs the same statements."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.operations import (
    AddColumn,
    Column,
    Constraint,
    CreateIndex,
    CreateTable,
    Default,
    DropColumn,
    DropIndex,
    DropTable,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    Type,
)
from guard.schema import Schema

Step = tuple[str, Operation]

tables = st.sampled_from(["users", "Users", "orders", "items"])
columns = st.sampled_from(["id", "name", "Name", "total", "parent"])
new_tables = tables | st.sampled_from(["clients", "archive", "t"])
new_columns = columns | st.sampled_from(["extra", "note", "c"])
indexes = st.sampled_from(["ix_one", "IX_one", "ix_two"])
types = st.sampled_from(["integer", "text"])


@st.composite
def column_defs(draw: st.DrawFn, name: str) -> tuple[str, Column]:
    type_, required = draw(types), draw(st.booleans())
    default = "7" if required else draw(st.sampled_from([None, "1"]))
    sql = f"{name} {type_}" + " NOT NULL" * required + (f" DEFAULT {default}" if default else "")
    constraints: tuple[Constraint, ...] = ()
    if draw(st.integers(0, 3)) == 0:
        target, to = draw(tables), draw(columns)
        sql += f" REFERENCES {target} ({to})"
        constraints = (Constraint(type="foreign key", target=Name(target), target_columns=(to,)),)
    return sql, Column(
        name=name,
        type=Type(name=type_),
        nullable=not required,
        default=Default(default) if default else None,
        constraints=constraints,
    )


@st.composite
def creates(draw: st.DrawFn) -> Step:
    table = draw(tables)
    names = draw(st.lists(columns, min_size=1, max_size=4, unique_by=str.lower))
    drawn = [draw(column_defs(name)) for name in names]
    parts = [sql for sql, _ in drawn]
    constraints = []
    if draw(st.booleans()):
        constraints.append(Constraint(type="primary key", columns=(names[0],)))
        parts.append(f"PRIMARY KEY ({names[0]})")
    if draw(st.booleans()):
        unique = tuple(draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
        constraints.append(Constraint(type="unique", columns=unique))
        parts.append(f"UNIQUE ({', '.join(unique)})")
    return f"CREATE TABLE {table} ({', '.join(parts)})", CreateTable(
        table=Name(table),
        columns=tuple(column for _, column in drawn),
        constraints=tuple(constraints),
    )


@st.composite
def adds(draw: st.DrawFn) -> Step:
    table = draw(tables)
    sql, column = draw(column_defs(draw(new_columns)))
    return f"ALTER TABLE {table} ADD COLUMN {sql}", AddColumn(table=Name(table), column=column)


@st.composite
def index_creates(draw: st.DrawFn) -> Step:
    table, name, unique = draw(tables), draw(indexes), draw(st.booleans())
    on = tuple(draw(st.lists(columns, min_size=1, max_size=2, unique_by=str.lower)))
    where = draw(st.sampled_from([None, "total > 1"]))
    sql = f"CREATE {'UNIQUE ' * unique}INDEX {name} ON {table} ({', '.join(on)})"
    return sql + (f" WHERE {where}" if where else ""), CreateIndex(
        table=Name(table), name=name, columns=on, unique=unique, where=where
    )


def drop_table(table: str) -> Step:
    return f"DROP TABLE {table}", DropTable(table=Name(table))


def rename_table(table: str, new: str) -> Step:
    sql = f"ALTER TABLE {table} RENAME TO {new}"
    return sql, RenameTable(table=Name(table), new=Name(new))


def drop_column(table: str, column: str) -> Step:
    sql = f"ALTER TABLE {table} DROP COLUMN {column}"
    return sql, DropColumn(table=Name(table), column=column)


def rename_column(table: str, column: str, new: str) -> Step:
    sql = f"ALTER TABLE {table} RENAME COLUMN {column} TO {new}"
    return sql, RenameColumn(table=Name(table), column=column, new=new)


def drop_index(name: str) -> Step:
    return f"DROP INDEX {name}", DropIndex(name=Name(name))


STEPS = st.one_of(
    creates(),
    adds(),
    index_creates(),
    index_creates(),
    st.builds(drop_table, tables),
    st.builds(rename_table, tables, new_tables),
    st.builds(drop_column, tables, columns),
    st.builds(rename_column, tables, columns, new_columns),
    st.builds(drop_index, indexes),
)

PLAIN = tuple(Column(name=name, type=Type(name="text")) for name in ("id", "name", "total"))
START: list[Step] = [
    (
        f"CREATE TABLE {table} (id text, name text, total text)",
        CreateTable(table=Name(table), columns=PLAIN),
    )
    for table in ("users", "orders")
]

Shape = dict[str, dict[str, Any]]


def lower(names: Any) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in names)


def as_the_database_says(connection: sqlite3.Connection) -> Shape:
    shape: Shape = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        info = connection.execute(f"PRAGMA table_info({table})").fetchall()
        lists = connection.execute(f"PRAGMA index_list({table})").fetchall()
        keys = {
            name: lower(row[2] for row in connection.execute(f"PRAGMA index_info({name})"))
            for _, name, *_ in lists
        }
        shape[table.lower()] = {
            "columns": [
                (name.lower(), kind.lower(), bool(required and not key), default)
                for _, name, kind, required, default, key in info  # a key says it by itself
            ],
            "primary key": lower(row[1] for row in info if row[5]),
            # One that repeats the primary key is not kept a second time.
            "unique": {keys[name] for _, name, _, origin, _ in lists if origin == "u"}
            - {lower(row[1] for row in info if row[5])},
            "indexes": {
                (name.lower(), bool(unique), keys[name], bool(partial))
                for _, name, unique, origin, partial in lists
                if origin == "c"
            },
            "foreign keys": sorted(
                lower(row[2:5]) for row in connection.execute(f"PRAGMA foreign_key_list({table})")
            ),
        }
    return shape


def as_replayed(schema: Schema) -> Shape:
    return {
        table.name.name.lower(): {
            "columns": [
                (
                    column.name.lower(),
                    str(column.type),
                    not column.nullable and column.name not in table.primary_key,
                    column.default and column.default.sql,
                )
                for column in table.columns
            ],
            "primary key": lower(table.primary_key),
            "unique": {lower(c.columns) for c in table.constraints if c.type == "unique"}
            - {lower(table.primary_key)},
            "indexes": {
                (str(i.name).lower(), i.unique, lower(i.columns), i.where is not None)
                for i in table.indexes
            },
            "foreign keys": sorted(
                lower((c.target, *c.columns, *c.target_columns))
                for c in table.constraints
                if c.target
            ),
        }
        for table in schema.tables()
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=25))
def test_the_replay_agrees_with_sqlite(steps: list[Step]) -> None:
    schema = Schema.empty(dialect="sqlite")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for sql, operation in START + steps:
            try:
                connection.execute(sql)
            except sqlite3.OperationalError:
                continue  # what the database refuses did not happen
            schema = schema.apply(operation, revision="r1")
            assert as_replayed(schema) == as_the_database_says(connection), sql
