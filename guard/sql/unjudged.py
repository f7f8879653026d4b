"""Statements that are read, or known by their first words, and whose effect no rule judges.

Each may take data away, or hides what does: they are opaque. What is in no list here is either read
in full, or refused as SQL that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guard.action_words import TableAction
from guard.operations import (
    AlterObject,
    AlterSystem,
    AlterTable,
    Delete,
    DropObject,
    Insert,
    Merge,
    Name,
    Opaque,
    Operation,
    SetOption,
    Truncate,
    Update,
)
from guard.server import is_mysql
from guard.sql.cursor import Cursor
from guard.sql.tokens import words

# First words of statements that exist, by the servers that have them.
_POSTGRESQL = (("LOAD",), ("ALTER", "SYSTEM", "RESET", "ALL"))
_MYSQL = (
    *(("XA",), ("CLONE",), ("RESTART",), ("SHUTDOWN",), ("BACKUP",), ("BINLOG",)),
    *(("IMPORT", "TABLE"), ("ALTER", "INSTANCE"), ("LOCK", "INSTANCE"), ("UNLOCK", "INSTANCE")),
    *((verb, "LOGFILE", "GROUP") for verb in ("CREATE", "ALTER", "DROP")),
    *((verb, "UNDO", "TABLESPACE") for verb in ("CREATE", "ALTER", "DROP")),
    *((verb, "SPATIAL", "REFERENCE") for verb in ("CREATE", "DROP")),
    *(("LOAD", "INDEX"), ("CREATE", "OR", "REPLACE", "SPATIAL", "REFERENCE")),
)
# Settings of MySQL's server and replication that take nothing away.
_HARMLESS_SYSTEM = ("START", "STOP", "KILL", "CACHE", "INSTALL", "UNINSTALL")
_TABLE_ACTIONS: dict[TableAction, str] = {
    "exchange-partition": "EXCHANGE PARTITION swaps rows of {} with those of another table",
    "import-partition": "IMPORT puts the rows of a file in the place of those of {}",
    "import-tablespace": "IMPORT puts the rows of a file in the place of those of {}",
}
_ENGINES = {
    "blackhole": "a table of the engine BLACKHOLE keeps no rows, and {} loses those that it has",
    "memory": "a table of the engine MEMORY is empty after a restart, so {} loses its rows then",
}
_SQLITE_CATALOGUE = words("sqlite_master sqlite_schema sqlite_temp_master sqlite_temp_schema")
_MYSQL_CATALOGUE = words("mysql information_schema performance_schema sys")


def unjudged_kind(c: Cursor) -> str | None:
    """Return the first words of a statement that the server has and guard does not read."""
    kinds = _POSTGRESQL if c.source.postgres else _MYSQL if c.source.mysql else ()
    return next((" ".join(kind) for kind in kinds if c.at(*kind)), None)


def unjudged(found: Sequence[Operation], dialect: str, code: str) -> Iterator[Operation]:
    """Yield why no rule judges all that the operations do."""
    for operation in found:
        if reason := _reason(operation, dialect):
            yield Opaque(reason=reason, code=code)


def _reason(operation: Operation, dialect: str) -> str | None:
    match operation:
        case AlterTable(action="engine", detail=engine, table=table):
            return _ENGINES.get((engine or "").lower(), "").format(table) or None
        case AlterTable(action=action, table=table):
            return _TABLE_ACTIONS.get(action, "").format(table) or None
        case AlterObject(action="drop-attribute", name=name):
            return f"every column of type {name} loses the values of the attribute"
        case DropObject(object_type="owned", name=name):
            return f"DROP OWNED drops whatever {name} owns, and what that is is not in sight"
        case AlterSystem(detail=detail) if is_mysql(dialect):
            known = detail.upper().startswith(_HARMLESS_SYSTEM)
            return None if known else f"no rule knows what {' '.join(detail.split()[:2])} does"
        case SetOption(name="writable_schema", value=value):
            off = (value or "").lower() in ("0", "off", "false", "no")
            return None if off else "with writable_schema a row of sqlite_schema may be changed"
        case Insert() | Update() | Delete() | Merge() | Truncate():
            inside = _is_catalogue(operation.table, dialect)
            return f"{operation.table} is the server's own catalogue" if inside else None
    return None


def _is_catalogue(table: Name, dialect: str) -> bool:
    name, schema = table.name.lower(), (table.schema or "").lower()
    if dialect == "sqlite":
        return name in _SQLITE_CATALOGUE
    if is_mysql(dialect):
        return schema in _MYSQL_CATALOGUE
    return schema in ("pg_catalog", "information_schema") or (not schema and name[:3] == "pg_")
