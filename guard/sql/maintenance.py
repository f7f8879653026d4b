"""Work on existing tables and indexes: TRUNCATE, REINDEX, VACUUM and the like, REFRESH, LOCK."""

from __future__ import annotations

from typing import Literal, get_args

from guard.action_words import LockMode, MaintenanceCommand
from guard.operations import (
    AlterSystem,
    LockTable,
    Maintenance,
    Name,
    Opaque,
    Operation,
    RefreshMaterializedView,
    Reindex,
    Truncate,
)
from guard.sql.cursor import Cursor

_COMMANDS: dict[str, MaintenanceCommand] = {
    **{command.upper(): command for command in get_args(MaintenanceCommand)},
    "ANALYSE": "analyze",
}
_LOCK_MODES: dict[str, LockMode] = {mode.upper(): mode for mode in get_args(LockMode)}


def _table(c: Cursor) -> Name:
    c.take("ONLY")
    name = c.qualified("a table name")
    c.take("*")
    return name


def read_truncate(c: Cursor) -> list[Operation]:
    c.expect("TRUNCATE")
    c.take("TABLE")
    tables = c.list_of(lambda: _table(c))
    if not c.take("RESTART", "IDENTITY"):
        c.take("CONTINUE", "IDENTITY")
    cascade = c.choose("CASCADE", "RESTRICT") == "CASCADE"
    return [Truncate(table=name, cascade=cascade) for name in tables]


def read_reindex(c: Cursor) -> list[Operation]:
    c.expect("REINDEX")
    concurrently = False
    if c.word == "(":
        concurrently = "CONCURRENTLY" in [
            token.word for token in c.tokens[c.index : c.stop] if token.kind == "word"
        ]
        c.parens()
    kinds: dict[str, Literal["index", "table", "schema", "database", "system"]] = {
        "INDEX": "index",
        "TABLE": "table",
        "SCHEMA": "schema",
        "DATABASE": "database",
        "SYSTEM": "system",
    }
    word = c.choose(*kinds)
    if word is None and c.source.postgres:
        raise c.fail("INDEX, TABLE, SCHEMA, DATABASE or SYSTEM")
    concurrently = c.take("CONCURRENTLY") or concurrently
    target = kinds[word] if word else "index"
    optional = not c.source.postgres or target in ("database", "system")
    name = None if c.at_end() and optional else c.qualified("a name")
    return [Reindex(target=target, name=name, concurrently=concurrently)]


def read_maintenance(c: Cursor) -> list[Operation]:
    """VACUUM, ANALYZE, CLUSTER, OPTIMIZE, CHECK, REPAIR: an operation for each table named."""
    command = _COMMANDS[c.next().word]
    full = False
    if c.word == "(":
        options = [token.word for token in c.tokens[c.index : c.stop]]
        c.parens()
        at = options.index("FULL") if "FULL" in options else -1
        full = at >= 0 and options[at + 1] not in ("FALSE", "OFF")
    while option := c.choose(
        "FULL", "FREEZE", "VERBOSE", "ANALYZE", "LOCAL", "NO_WRITE_TO_BINLOG", "TABLE"
    ):
        full = full or option == "FULL"
    if c.source.mysql and command != "flush":
        c.take("TABLES")
    if command == "vacuum" and c.source.dialect == "sqlite" and c.has("INTO"):
        code = c.rest()
        into = Opaque(reason="VACUUM INTO writes a file", code=code)
        return [Maintenance(command=command, full=full), into]
    if command == "flush":
        c.finish()
    if c.at_end():
        return [Maintenance(command=command, full=full)]

    def table() -> Name:
        c.take("ONLY")
        name = c.qualified("a table name")
        if c.word == "(":
            c.parens()
        return name

    tables = c.list_of(table)
    if command == "cluster":
        if c.take("USING"):
            c.name("an index name")
        elif c.take("ON"):  # the old form: CLUSTER index ON table
            tables = [c.qualified("a table name")]
    elif c.source.mysql:
        c.finish()
    return [Maintenance(command=command, table=name, full=full) for name in tables]


def read_server(c: Cursor) -> list[Operation]:
    """Statements that configure the server or its replication: RESET MASTER, KILL, ..."""
    return [AlterSystem(detail=c.rest())]


def read_refresh(c: Cursor) -> list[Operation]:
    c.expect("REFRESH", "MATERIALIZED", "VIEW")
    concurrently = c.take("CONCURRENTLY")
    name = c.qualified("a view name")
    with_data = not c.take("WITH", "NO", "DATA")
    c.take("WITH", "DATA")
    return [RefreshMaterializedView(name=name, concurrently=concurrently, with_data=with_data)]


def read_lock(c: Cursor) -> list[Operation]:
    c.expect("LOCK")
    if c.source.mysql:
        if not c.choose("TABLES", "TABLE"):
            raise c.fail("TABLES")
        return [_mysql_lock(item) for item in c.items()]
    c.take("TABLE")
    tables = c.list_of(lambda: _table(c))
    mode = None
    if c.take("IN"):
        mode = _lock_mode(c.skip_to("MODE"))
        c.expect("MODE")
    c.take("NOWAIT")
    return [LockTable(table=name, mode=mode) for name in tables]


def _mysql_lock(c: Cursor) -> Operation:
    table = c.qualified("a table name")
    if c.take("AS") or c.word not in ("READ", "WRITE", "LOW_PRIORITY"):
        c.name("an alias")
    mode = _lock_mode(c)
    return LockTable(table=table, mode=mode)


def _lock_mode(c: Cursor) -> LockMode | None:
    """Read a lock's mode to the end; None where not all of it is known."""
    if c.has_hole:
        c.source.assign(c.peek().start, c.tokens[c.stop - 1].end, "syntax")
        c.finish()
        return None
    mode = _LOCK_MODES.get(" ".join(c.sql.upper().split()))
    if mode is None:
        raise c.fail("a lock mode")
    c.finish()
    return mode
