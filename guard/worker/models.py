"""What the schema at head and the application's metadata do not agree on."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

WORDS = {
    "add_table": "+ table {}",
    "remove_table": "- table {}",
    "add_column": "+ column {}.{}",
    "remove_column": "- column {}.{}",
    "add_index": "+ index {} on {}",
    "remove_index": "- index {} on {}",
}


def models_difference(context: MigrationContext) -> list[str]:
    """Return what only the schema has (-) and what only the models have (+).

    Tables, columns and named indexes: types, defaults and constraints come back from SQLite in
    other words than they went in.
    """
    metadata = context.opts.get("target_metadata")
    if metadata is None or (isinstance(metadata, (list, tuple)) and not metadata):
        return []
    options = {**context.opts, "compare_type": False, "compare_server_default": False}
    assert context.connection
    comparing = MigrationContext.configure(context.connection, opts=options)
    lines = []
    for change in compare_metadata(comparing, metadata):
        if isinstance(change, tuple):
            lines += _line(change)
    return sorted(lines, key=lambda line: line[2:])


def _line(change: tuple[Any, ...]) -> list[str]:
    kind, words = change[0], WORDS.get(change[0])
    if words is None:
        return []
    if kind.endswith("_table"):
        return [words.format(_name(change[1]))]
    if kind.endswith("_column"):
        schema, table, column = change[1:4]
        return [words.format(f"{schema}.{table}" if schema else table, column.name)]
    index = change[1]
    return [words.format(index.name, _name(index.table))] if index.name else []


def _name(table: Any) -> str:
    return f"{table.schema}.{table.name}" if table.schema else str(table.name)
