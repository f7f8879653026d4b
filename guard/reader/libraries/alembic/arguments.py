"""The arguments of Alembic's operations, under the names of its newest version."""

from __future__ import annotations

from guard.alembic_parameters import PARAMETERS
from guard.operations import Name
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import Value
from guard.reader.libraries.sqlalchemy.clauses import name
from guard.server import DIALECTS

Arguments = dict[str, Value]

# Spellings of older Alembic versions.
_SPELLINGS = {
    "name": "constraint_name",
    "source": "table_name",
    "source_table": "table_name",
    "tablename": "table_name",
    "referent": "referent_table",
    "type": "type_",
    "cols": "columns",
    "local_columns": "columns",
    "source_schema": "schema",
}
_BY_INDEX_NAME = {"create_index", "drop_index"}


def arguments(operation: str, call: Call, in_batch: bool = False) -> Arguments:
    """Return the call's arguments under the names of the newest Alembic."""
    parameters = PARAMETERS[operation]
    if in_batch:
        parameters = tuple(p for p in parameters if p not in {"table_name"})
    given: Arguments = {}
    for position, parameter in enumerate(parameters):
        if parameter.startswith("*"):
            break
        if position < len(call.args):
            given[parameter] = call.args[position]
    for key, value in call.kwargs.items():
        given[_modern(operation, key, given)] = value
    return given


def _modern(operation: str, key: str, given: Arguments) -> str:
    if key == "name" and operation in _BY_INDEX_NAME:
        return "index_name"
    if key == "name" and operation in {"create_table", "drop_table"}:
        return "table_name"
    new = _SPELLINGS.get(key, key)
    return new if new in PARAMETERS[operation] or new == "schema" else key


def of_dialect(given: Arguments, dialect: str | None) -> Arguments:
    """Return the arguments without those for other dialects: `postgresql_concurrently=True`."""
    others = {*DIALECTS} - {dialect or "", "mysql" if dialect == "mariadb" else ""}
    foreign = tuple(f"{other}_" for other in others)
    return {k: v for k, v in given.items() if not dialect or not k.startswith(foreign)}


def table_of(given: Arguments) -> Name:
    """Return the table that the operation is given."""
    return name(given.get("table_name"), given.get("schema"))
