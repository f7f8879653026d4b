"""SQLAlchemy's constraints and indexes as values of the vocabulary."""

from __future__ import annotations

from typing import Any, Literal

from guard.operations import Column, Constraint, CreateIndex, DropIndex, Name, unknown_name
from guard.reader.evaluate.values import Construct, Value
from guard.reader.libraries.sqlalchemy.clauses import flag, last, shortened, sql, string, strings
from guard.reader.libraries.sqlalchemy.table_objects import owning_table

ConstraintType = Literal["primary key", "unique", "check", "exclude", "foreign key"]
_CONSTRAINTS: dict[str, ConstraintType] = {
    "PrimaryKeyConstraint": "primary key",
    "UniqueConstraint": "unique",
    "CheckConstraint": "check",
    "ExcludeConstraint": "exclude",
    "ForeignKeyConstraint": "foreign key",
}


def read_constraint(value: Value) -> Constraint | None:
    """Return the constraint of a `sa.UniqueConstraint(...)` and its kin; None for other things."""
    if not isinstance(value, Construct) or (kind := _CONSTRAINTS.get(last(value.path))) is None:
        return None
    label = string(value.kwargs.get("name"))
    not_valid = flag(value.kwargs.get("postgresql_not_valid"))
    if kind == "foreign key":
        columns = strings(value.args[0] if value.args else value.kwargs.get("columns"))
        targets = strings(value.args[1] if len(value.args) > 1 else value.kwargs.get("refcolumns"))
        return _references(value, columns, targets)
    if kind == "check":
        text = value.args[0] if value.args else value.kwargs.get("sqltext")
        return Constraint(type=kind, name=label, sql=sql(text), not_valid=not_valid)
    if kind == "exclude":
        return Constraint(type=kind, name=label, sql=value.code)
    return Constraint(
        type=kind,
        name=label,
        columns=tuple(sql(a) for a in value.args),
        deferrable=flag(value.kwargs.get("deferrable")),
        initially_deferred=(string(value.kwargs.get("initially")) or "").upper() == "DEFERRED",
        include=strings(value.kwargs.get("postgresql_include")),
        nulls_not_distinct=flag(value.kwargs.get("postgresql_nulls_not_distinct")),
    )


def foreign_key(item: Construct, column: str) -> Constraint:
    """Return the constraint of a `sa.ForeignKey(...)` in the column's definition."""
    target = string(item.args[0] if item.args else item.kwargs.get("column")) or "{?}"
    return _references(item, (column,), (target,))


def _references(item: Construct, columns: tuple[str, ...], targets: tuple[str, ...]) -> Constraint:
    tables = [t.rpartition(".")[0] for t in targets] or [""]
    schema, _, table = (tables[0] or "{?}").rpartition(".")
    return Constraint(
        type="foreign key",
        name=string(item.kwargs.get("name")),
        columns=columns,
        target=Name(table, schema or None),
        target_columns=tuple(t.rpartition(".")[2] for t in targets),
        **_options(item.kwargs),
    )


def _options(kwargs: dict[str, Value]) -> dict[str, Any]:
    return {
        "on_delete": string(kwargs.get("ondelete")),
        "on_update": string(kwargs.get("onupdate")),
        "deferrable": flag(kwargs.get("deferrable")),
        "initially_deferred": (string(kwargs.get("initially")) or "").upper() == "DEFERRED",
        "not_valid": flag(kwargs.get("postgresql_not_valid")),
    }


# Indexes


def read_index(value: Value, table: Name, dialect: str | None) -> CreateIndex | None:
    """Return the index of a `sa.Index("name", "a", "b")`; None for anything else."""
    if not isinstance(value, Construct) or last(value.path) != "Index":
        return None
    label, columns = (value.args[0], value.args[1:]) if value.args else (None, ())
    return make_index(label, table, tuple(sql(c) for c in columns), value.kwargs, dialect)


def index_operation(
    value: Value, dialect: str | None, *, drop: bool
) -> CreateIndex | DropIndex | None:
    """Return the making or the drop of a `sa.Index("name", table.c.a)`; None for anything else."""
    if not isinstance(value, Construct) or last(value.path) != "Index":
        return None
    table = owning_table(value)
    if not drop:
        return read_index(value, table, dialect)
    label = string(value.args[0] if value.args else value.kwargs.get("name"))
    return DropIndex(name=Name(label or unknown_name("index")), table=table)


def make_index(
    label: Value | None,
    table: Name,
    columns: tuple[str, ...],
    kwargs: dict[str, Value],
    dialect: str | None,
) -> CreateIndex:
    """Return the index; SQLAlchemy reads the options of the dialect that the URL names."""
    own = dialect or "mysql"
    mysql = own in ("mysql", "mariadb")
    method = string(kwargs.get("postgresql_using")) if dialect in (None, "postgresql") else None
    if mysql:
        kind = string(kwargs.get(f"{own}_prefix")) or string(kwargs.get(f"{own}_using"))
        method = method or (kind.lower() if kind else None)
    where = kwargs.get("postgresql_where") or kwargs.get("sqlite_where")
    parts = {name: name.partition("_") for name in kwargs}
    more = [name for name, (of, _, what) in parts.items() if what in _MORE and of in (dialect, own)]
    return CreateIndex(
        table=table,
        name=string(label),
        columns=columns,
        unique=flag(kwargs.get("unique")),
        concurrently=flag(kwargs.get("postgresql_concurrently")),
        if_not_exists=flag(kwargs.get("if_not_exists")),
        where=sql(where) if where is not None else None,
        method=method,
        algorithm=string(kwargs.get(f"{own}_algorithm")),
        lock=string(kwargs.get(f"{own}_lock")),
        detail=", ".join(more) or None,
    )


_MORE = {"include", "length", "nulls_not_distinct", "ops", "tablespace", "with", "with_parser"}


def column_index(table: Name, column: Column, dialect: str | None) -> CreateIndex:
    """Return the index of `Column(index=True)`, under the name SQLAlchemy gives it."""
    name = f"ix_{f'{table.schema}_' if table.schema else ''}{table.name}_{column.name}"
    return CreateIndex(
        table=table,
        name=shortened(name, dialect),
        columns=(column.name,),
        unique=column.unique,
    )
