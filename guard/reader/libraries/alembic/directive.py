"""What a call of `op` says besides its operations: its batch, and options that Alembic drops."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import get_args

from guard import statement
from guard.alembic_parameters import PARAMETERS
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import FALSE, NONE, Construct, Unknown, Value
from guard.reader.libraries.alembic.arguments import Arguments
from guard.reader.libraries.alembic.live import Batch
from guard.reader.libraries.sqlalchemy import clauses
from guard.reader.libraries.sqlalchemy.execution import MYSQLS
from guard.server import DIALECTS
from guard.statement import Directive, Span

# What says how an altered column shall be, and what says how it is.
_EXISTING = {
    "type_": "existing_type",
    "nullable": "existing_nullable",
    "server_default": "existing_server_default",
    "comment": "existing_comment",
    "autoincrement": "existing_autoincrement",
}
# All that alter_column takes; it swallows any other keyword.
ALTER_COLUMN = {
    *_EXISTING,
    *_EXISTING.values(),
    "table_name",
    "column_name",
    "new_column_name",
    "schema",
    "insert_before",
    "insert_after",
    "in_batch",
}
# What the names of Alembic's operations are made of, and what those who misremember them write.
_VERBS = {"add", "alter", "change", "create", "delete", "drop", "modify", "remove", "rename"}
_NOUNS = {
    "check", "column", "columns", "constraint", "foreign", "index", "indexes", "key", "primary",
    "table", "tables", "unique",
}  # fmt: skip
# What `op` offers besides the operations, and what nobody calls in a revision.
SET_UP = {
    "context", "create_module_class_proxy", "implementation_for", "register_operation",
}  # fmt: skip


def directive(
    operation: str, given: Arguments, dialect: str | None, batch: Batch | None
) -> Directive:
    """Return what the call says besides what it does."""
    return Directive(
        name=operation,
        ignored=tuple(_ignored(operation, given, dialect)),
        missing=tuple(_missing(given)) if operation == "alter_column" else (),
        batch=batch.said if batch else None,
    )


def no_directive(name: str, batch: Batch | None = None) -> Directive:
    """Return what is said of a call that no operation stands behind."""
    exists = name in SET_UP
    return Directive(
        name=name,
        exists=exists,
        misnamed=not exists and _is_misnamed(name),
        batch=batch.said if batch else None,
    )


def _is_misnamed(name: str) -> bool:
    """Return whether Alembic must be meant, and no plugin: `drop_colum`, `rename_column`."""
    verb, *nouns = name.split("_")
    made_alike = verb in _VERBS and bool(nouns) and _NOUNS.issuperset(nouns)
    return made_alike or bool(get_close_matches(name, PARAMETERS, 1, 0.85))


def _ignored(operation: str, given: Arguments, dialect: str | None) -> Iterator[str]:
    column = given.get("column")
    if operation == "add_column" and isinstance(column, Construct):
        keyed = clauses.flag(column.kwargs.get("primary_key"))
        if keyed and not clauses.flag(given.get("inline_primary_key")):
            yield "primary_key"
    if operation == "alter_column":
        yield from misspelt(given)
        if "postgresql_using" in given and given.get("type_", NONE) == NONE:
            yield "postgresql_using"
        if dialect and dialect not in MYSQLS and "autoincrement" in given:
            yield "autoincrement"


def misspelt(given: Arguments) -> Iterator[str]:
    """Yield the arguments of alter_column that it does not know, and leaves out without a word."""
    for key in given:
        if key not in ALTER_COLUMN and not key.startswith(tuple(f"{d}_" for d in DIALECTS)):
            yield key


def _missing(given: Arguments) -> Iterator[str]:
    for new, old in _EXISTING.items():
        unset = FALSE if new in {"server_default", "comment"} else NONE
        if given.get(new, unset) == unset and old not in given:
            yield old


def read_batch(call: Call, span: Span) -> Batch:
    """Return what `op.batch_alter_table(...)` gives, for a call at that place."""
    table = call.get(0, "table_name") or Unknown("table_name")
    schema = _given(call.get(1, "schema"))
    said = statement.Batch(
        table=clauses.name(table, schema),
        span=span,
        recreate=_recreate(call),
        copy_from=_given(call.get(4, "copy_from")) is not None,
        table_args=any(_given(call.get(*at)) for at in ((5, "table_args"), (7, "reflect_args"))),
        naming_convention=_given(call.get(9, "naming_convention")) is not None,
    )
    return Batch(table, schema, said)


def _given(value: Value | None) -> Value | None:
    return None if value == NONE else value


def _recreate(call: Call) -> statement.Recreate | None:
    value = call.get(2, "recreate")
    if value is None:
        return None if call.open else "auto"
    said = clauses.string(value)
    return next((word for word in get_args(statement.Recreate) if word == said), None)
