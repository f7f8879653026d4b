"""What changes of columns do on PostgreSQL: those added, dropped, made NOT NULL, given defaults."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import (
    AddColumn,
    AlterColumn,
    Default,
    DropColumn,
    DropDefault,
    DropNotNull,
    Name,
    RenameColumn,
    SetComment,
    SetDefault,
    SetNotNull,
    Type,
)
from guard.schema.model import Domain, ReadOnlySchema
from guard.sql.builtin import is_builtin
from guard.sql.expressions import read_expression
from guard.sql.volatility import volatility_of

ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"
COMMENT = "https://www.postgresql.org/docs/current/sql-comment.html"
ALL_WAIT = "ACCESS EXCLUSIVE"
_DEEPEST = 10  # domains over domains


# What a new column is


def _counted_or_stored(add: AddColumn, schema: ReadOnlySchema) -> bool:
    made = add.column.generated
    return made is not None and (made.by != "expression" or made.stored is True)


def _stored_if_not_said(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """SQLAlchemy writes STORED for a server that has nothing else."""
    made = add.column.generated
    return made is not None and made.by == "expression" and made.stored is None


def _of_checked_domain(add: AddColumn, schema: ReadOnlySchema) -> bool:
    kind = add.column.type
    return kind is not None and not kind.array and _is_checked(kind, schema)


def _is_checked(kind: Type, schema: ReadOnlySchema, depth: int = 0) -> bool:
    """Return whether the type is a domain that has a constraint, or one over such a domain."""
    owner, _, name = kind.name.rpartition(".")
    domain = schema.domain(Name(name, owner or None))
    if not isinstance(domain, Domain) or depth > _DEEPEST:
        return False
    return domain.constrained or bool(domain.type and _is_checked(domain.type, schema, depth + 1))


def _volatile(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _has_default(add, schema) and _is_volatile(add.column.default, schema) is True


def _has_default(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.column.generated is None and add.column.default is not None


def _is_volatile(default: Default | None, schema: ReadOnlySchema) -> bool | None:
    """None where that is not known."""
    if default is None:
        return False
    if default.sql is None:
        return None
    found = read_expression(default.sql, "postgresql")
    if found.is_volatile is not None or not found.unknown_functions:
        return found.is_volatile
    known = [_is_volatile_function(name, schema) for name in found.unknown_functions]
    return True if True in known else None if None in known else False


def _is_volatile_function(written: str, schema: ReadOnlySchema) -> bool | None:
    """Return what the revisions, or the names of well known functions, say of one."""
    owner, _, name = written.rpartition(".")
    body = schema.routine(Name(name, owner or None))
    if body is not None:
        return body.volatile
    if owner:  # extensions are often made in a schema of their own
        return True if volatility_of(name, "postgresql") == "volatile" else None
    return False if is_builtin(name, "postgresql") and not _is_about_now(name) else None


def _is_about_now(builtin: str) -> bool:
    """Return whether one of the server's own looks at its state, or at random: those are volatile.

    Of all others that are volatile `volatility` says so.
    """
    return builtin.startswith(("pg_", "lo_", "txid_", "array_s")) or builtin == "current_query"


def _without_value(add: AddColumn, schema: ReadOnlySchema) -> bool:
    """Each row is looked at for NULL: there is no value that was put into all of them."""
    column = add.column
    if column.nullable:
        return False
    if column.generated is not None:
        return True  # virtual: a stored one is written anew
    sql = column.default.sql if column.default else "NULL"
    return sql is not None and read_expression(sql, "postgresql").is_null is True


def _known(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return _is_volatile(add.column.default, schema) is False


def _referenced(add: AddColumn, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    targets = {c.target for c in add.column.constraints if c.target} - {add.table}
    for target in sorted(targets, key=str):
        yield on(target, "SHARE ROW EXCLUSIVE", scans=True)


# What a column is that is there


def _has_no_nulls(change: SetNotNull, schema: ReadOnlySchema) -> bool:
    return schema.has_valid_check_not_null(change.table, change.column)


def _is_not_null(change: SetNotNull, schema: ReadOnlySchema) -> bool:
    column, table = schema.column(change.table, change.column), schema.table(change.table)
    key = table.primary_key if table else ()
    nullable = change.column not in key and (column.nullable if column else True)
    return bool(column and column.certain and not nullable)


def _computes_anew(change: AlterColumn, schema: ReadOnlySchema) -> bool:
    if change.action != "set-expression":
        return False
    column = schema.column(change.table, change.column)
    return not column or column.generated is None or column.generated.stored is not False


def _tunes(change: AlterColumn, schema: ReadOnlySchema) -> bool:
    return change.action in ("statistics", "set-options", "reset-options")


def _of_table(comment: SetComment, schema: ReadOnlySchema) -> bool:
    return comment.object_type in ("table", "column")


# Ahead of the rows of constraints that come with a column, which is written all the same.
REWRITES: tuple[Row, ...] = tuple(
    row(
        AddColumn,
        when=when,
        lock=ALL_WAIT,
        rewrites=True,
        related=_referenced,
        until=until,
        source=ALTER_TABLE,
    )
    for when, until in (
        (_counted_or_stored, None),
        (_stored_if_not_said, (18,)),
        (_of_checked_domain, None),
        (_volatile, None),
        (_has_default, (11,)),
    )
)
ROWS: tuple[Row, ...] = (
    row(AddColumn, when=_without_value, lock=ALL_WAIT, scans=True, source=ALTER_TABLE),
    row(AddColumn, when=_known, lock=ALL_WAIT, source=ALTER_TABLE),
    row(DropColumn, lock=ALL_WAIT, source=ALTER_TABLE),
    row(RenameColumn, lock=ALL_WAIT, source=ALTER_TABLE),
    row(SetNotNull, when=_has_no_nulls, lock=ALL_WAIT, since=(12,), source=ALTER_TABLE),
    row(SetNotNull, when=_is_not_null, lock=ALL_WAIT, source=ALTER_TABLE),
    row(SetNotNull, lock=ALL_WAIT, scans=True, source=ALTER_TABLE),
    row(DropNotNull, lock=ALL_WAIT, source=ALTER_TABLE),
    row(SetDefault, lock=ALL_WAIT, source=ALTER_TABLE),
    row(DropDefault, lock=ALL_WAIT, source=ALTER_TABLE),
    row(AlterColumn, when=_computes_anew, lock=ALL_WAIT, rewrites=True, source=ALTER_TABLE),
    row(AlterColumn, when=_tunes, lock="SHARE UPDATE EXCLUSIVE", source=ALTER_TABLE),
    row(AlterColumn, lock=ALL_WAIT, source=ALTER_TABLE),
    row(SetComment, when=_of_table, lock="SHARE UPDATE EXCLUSIVE", source=COMMENT),
)
