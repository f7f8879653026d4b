"""DROP: one operation for each name."""

from __future__ import annotations

from guard.action_words import ObjectType
from guard.operations import (
    DropDatabase,
    DropIndex,
    DropObject,
    DropSchema,
    DropTable,
    Name,
    Operation,
)
from guard.sql.cursor import Cursor
from guard.sql.names import DROPPED, choose_object_type, skip_host

_OF_A_TABLE = frozenset(["trigger", "rule", "policy"])


def read_drop(c: Cursor) -> list[Operation]:
    """Read a statement that begins with DROP."""
    c.expect("DROP")
    if c.take("OWNED", "BY"):
        names = c.list_of(lambda: c.qualified("a role"))
        cascade = _cascade(c)
        return [DropObject(object_type="owned", name=name, cascade=cascade) for name in names]
    while c.choose("TEMPORARY", "TRUSTED", "PROCEDURAL"):
        pass
    plural = c.source.mysql and c.take("TABLES")
    object_type = "table" if plural else choose_object_type(c, DROPPED)
    if object_type is None:
        raise c.fail("what to drop")
    concurrently = object_type == "index" and c.source.postgres and c.take("CONCURRENTLY")
    if_exists = c.take("IF", "EXISTS")
    if object_type == "index":
        return _read_indexes(c, concurrently, if_exists)
    if object_type in ("operator", "cast", "transform", "user mapping"):
        return [DropObject(object_type=object_type, name=Name(c.rest()), if_exists=if_exists)]
    names = c.list_of(lambda: _name(c, object_type))
    table = None
    if object_type in _OF_A_TABLE and c.take("ON"):
        table = c.qualified("a table name")
    if c.take("USING"):  # operator class x USING method
        c.name()
    force = c.take("WITH") or c.word == "("  # DROP DATABASE x WITH (FORCE)
    if force:
        c.parens()
    cascade = _cascade(c)
    if object_type == "database" or (object_type == "schema" and c.source.mysql):
        return [DropDatabase(name=name, if_exists=if_exists) for name in names]
    if object_type == "schema":
        return [DropSchema(name=name, if_exists=if_exists, cascade=cascade) for name in names]
    if object_type == "table":
        return [DropTable(table=name, if_exists=if_exists, cascade=cascade) for name in names]
    return [
        DropObject(
            object_type=object_type, name=name, table=table, if_exists=if_exists, cascade=cascade
        )
        for name in names
    ]


def _read_indexes(c: Cursor, concurrently: bool, if_exists: bool) -> list[Operation]:
    names = c.list_of(lambda: c.qualified("an index name"))
    table = c.qualified("a table name") if c.source.mysql and c.take("ON") else None
    options: dict[str, str] = {}
    while c.source.mysql and (option := c.choose("ALGORITHM", "LOCK")):
        c.take("=")
        options[option.lower()] = c.next().word.lower()
    cascade = _cascade(c)
    return [
        DropIndex(
            name=name,
            table=table,
            concurrently=concurrently,
            if_exists=if_exists,
            cascade=cascade,
            algorithm=options.get("algorithm"),
            lock=options.get("lock"),
        )
        for name in names
    ]


def _name(c: Cursor, object_type: ObjectType) -> Name:
    if c.source.mysql and c.peek().kind == "string":  # 'user'@'host'
        name = Name(c.string())
        skip_host(c)
        return name
    name = c.qualified(f"a {object_type} name")
    if c.word == "(" and object_type != "database":  # a function's arguments
        c.parens()
    if c.source.mysql:
        skip_host(c)
    return name


def _cascade(c: Cursor) -> bool:
    return c.choose("CASCADE", "RESTRICT") == "CASCADE"
