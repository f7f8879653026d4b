"""Alembic's operations on constraints and indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guard.action_words import ConstraintType
from guard.operations import AddConstraint, Constraint, DropConstraint, DropIndex, Operation
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import Const
from guard.reader.libraries.alembic.arguments import Arguments, table_of
from guard.reader.libraries.sqlalchemy import clauses, constraints
from guard.reader.libraries.sqlalchemy.clauses import flag, name, string, strings


def create_constraint(type_: Any) -> Callable[..., list[Operation]]:
    """Return the recorder of a constraint over columns: unique, primary key."""

    def create(run: Run, given: Arguments, call: Call) -> list[Operation]:
        constraint = Constraint(
            type=type_,
            name=string(given.get("constraint_name")),
            columns=strings(given.get("columns")),
            deferrable=flag(given.get("deferrable")),
            initially_deferred=(string(given.get("initially")) or "").upper() == "DEFERRED",
            include=strings(given.get("postgresql_include")),
            nulls_not_distinct=flag(given.get("postgresql_nulls_not_distinct")),
        )
        using = string(given.get("postgresql_using_index") or given.get("postgresql_using"))
        return [AddConstraint(table=table_of(given), constraint=constraint, using_index=using)]

    return create


def create_check(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the making of a CHECK."""
    constraint = Constraint(
        type="check",
        name=string(given.get("constraint_name")),
        sql=clauses.sql(given.get("condition")),
        not_valid=flag(given.get("postgresql_not_valid")),
    )
    return [AddConstraint(table=table_of(given), constraint=constraint)]


def create_exclude(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the making of an EXCLUDE constraint."""
    constraint = Constraint(
        type="exclude", name=string(given.get("constraint_name")), sql=call.code
    )
    return [AddConstraint(table=table_of(given), constraint=constraint)]


def create_foreign_key(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the making of a foreign key."""
    constraint = Constraint(
        type="foreign key",
        name=string(given.get("constraint_name")),
        columns=strings(given.get("local_cols")),
        target=name(given.get("referent_table"), given.get("referent_schema")),
        target_columns=strings(given.get("remote_cols")),
        on_delete=string(given.get("ondelete")),
        on_update=string(given.get("onupdate")),
        not_valid=flag(given.get("postgresql_not_valid")),
        deferrable=flag(given.get("deferrable")),
        initially_deferred=(string(given.get("initially")) or "").upper() == "DEFERRED",
    )
    return [AddConstraint(table=table_of(given), constraint=constraint)]


_CONSTRAINT_TYPES: dict[str, ConstraintType] = {
    "foreignkey": "foreign key",
    "primary": "primary key",
    "unique": "unique",
    "check": "check",
}


def drop_constraint(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the drop of a constraint of any type."""
    return [
        DropConstraint(
            table=table_of(given),
            constraint=string(given.get("constraint_name")),
            type=_CONSTRAINT_TYPES.get(string(given.get("type_")) or ""),
            if_exists=flag(given.get("if_exists")),
        )
    ]


def create_index(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the making of an index."""
    label = given.get("index_name")
    columns = strings(given.get("columns"))
    return [constraints.make_index(label, table_of(given), columns, given, run.dialect)]


def drop_index(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the drop of an index."""
    table = table_of(given) if given.get("table_name") not in (None, Const(None)) else None
    return [
        DropIndex(
            name=name(given.get("index_name"), given.get("schema")),
            table=table,
            concurrently=flag(given.get("postgresql_concurrently")),
            if_exists=flag(given.get("if_exists")),
        )
    ]
