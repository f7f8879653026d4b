"""CREATE: tables, indexes, types, views and everything else that has a name."""

from __future__ import annotations

from typing import Any

from guard.action_words import ObjectType
from guard.operations import (
    Column,
    Constraint,
    CreateDatabase,
    CreateDomain,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateSchema,
    CreateTable,
    CreateView,
    Name,
    Operation,
)
from guard.sql.columns import (
    at_constraint,
    at_inline_index,
    read_column,
    read_constraint,
    read_index_options,
    read_inline_index,
    read_keys,
)
from guard.sql.cursor import Cursor, SqlError
from guard.sql.names import CREATED, choose_object_type, skip_host
from guard.sql.types import read_type


def read_create(c: Cursor) -> list[Operation]:
    """Read a statement that begins with CREATE."""
    c.expect("CREATE")
    replace = c.take("OR", "REPLACE")
    _skip_modifiers(c)
    if c.at("TABLE") or _before_table(c):
        return _read_table(c)
    if c.word in ("INDEX", "UNIQUE") or (
        c.source.mysql and c.word in ("FULLTEXT", "SPATIAL", "VECTOR")
    ):
        return [_read_index(c)]
    if _at_view(c):
        return [_read_view(c, replace)]
    if c.choose("SCHEMA", "DATABASE"):
        return _read_schema(c)
    if c.at("TYPE"):
        return [_read_type(c)]
    if c.take("DOMAIN"):
        return [_read_domain(c)]
    return [_read_object(c, replace)]


def _skip_modifiers(c: Cursor) -> None:
    """MySQL's ALGORITHM = x, DEFINER = user, SQL SECURITY x; MariaDB's AGGREGATE."""
    while c.source.mysql and c.word in ("ALGORITHM", "DEFINER", "SQL", "AGGREGATE"):
        option = c.next().word
        if option == "AGGREGATE":
            continue
        if not c.take("="):
            c.expect("SECURITY")
        c.next()
        skip_host(c)
        if c.word == "(":
            c.parens()


def _before_table(c: Cursor) -> bool:
    kinds = ("TEMPORARY", "TEMP", "UNLOGGED", "GLOBAL", "LOCAL", "FOREIGN", "VIRTUAL")
    ahead = 0
    while c.peek(ahead).word in kinds:
        ahead += 1
    return ahead > 0 and c.peek(ahead).word == "TABLE"


# Tables


def _read_table(c: Cursor) -> list[Operation]:
    parts: dict[str, Any] = {}
    kind = ""
    while not c.take("TABLE"):
        kind = c.next().word
        parts["temporary"] = parts.get("temporary", False) or kind in ("TEMPORARY", "TEMP")
        parts["unlogged"] = kind == "UNLOGGED"
    parts["if_not_exists"] = c.take("IF", "NOT", "EXISTS")
    table = c.qualified("a table name")
    if kind in ("FOREIGN", "VIRTUAL"):
        object_type: ObjectType = "foreign table" if kind == "FOREIGN" else "virtual table"
        c.finish()
        exists = parts["if_not_exists"]
        return [CreateObject(object_type=object_type, name=table, if_not_exists=exists)]
    parts["table"] = table
    indexes: list[Operation] = []
    if c.take("PARTITION", "OF"):
        parts["partition_of"] = c.qualified("the partitioned table")
    elif c.take("LIKE"):
        parts["like"] = c.qualified("a table name")
    elif c.take("OF"):
        c.qualified("a type")
        parts["complete"] = False
    if c.word == "(" and not _at_query(c):
        inner = c.parens()
        if not _only_names(inner, c):
            indexes = _read_definitions(inner, parts)
    elif c.word != "(" and not _defines(c, parts):
        raise c.fail("( and the columns")
    if c.source.postgres:
        _read_postgres_options(c, parts)
    else:
        _read_table_options(c, parts)
    return [CreateTable(**parts), *indexes]


def _only_names(inner: Cursor, c: Cursor) -> bool:
    """Whether the list just names the columns of a query, CREATE TABLE t (a, b) AS ..."""
    if c.source.dialect == "sqlite" or not c.has("AS"):
        return False
    names = Cursor(inner.source, inner.tokens, inner.index, inner.stop).items()
    return all(item.stop - item.index == 1 for item in names)


def _defines(c: Cursor, parts: dict[str, Any]) -> bool:
    """Whether the columns come from somewhere else than a list."""
    if {"partition_of", "like", "complete"} & parts.keys():
        return True
    if c.at_hole():
        parts["complete"] = False
        return True
    return c.has("AS", "SELECT", "WITH")


def _at_query(c: Cursor) -> bool:
    return c.peek(1).word in ("SELECT", "WITH", "VALUES") or (
        c.peek(1).word == "(" and c.peek(2).word == "SELECT"
    )


def _read_definitions(c: Cursor, parts: dict[str, Any]) -> list[Operation]:
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[Operation] = []
    child = "partition_of" in parts  # there, a column is written without its type
    for item in c.items():
        if item.at_hole() and item.peek(1).kind == "end":
            hole = item.next()
            c.source.assign(hole.start, hole.end, "syntax")
            parts["complete"] = False
        elif item.take("LIKE"):
            parts["like"] = item.qualified("a table name")
            item.finish()
        elif at_constraint(item):
            constraints.append(read_constraint(item)[0])
        elif at_inline_index(item):
            indexes.append(read_inline_index(item, parts["table"]))
        elif item.at("PERIOD", "FOR"):
            item.finish()
        elif child:
            item.column()
            item.finish()
        elif not (item.at_end() and not columns and c.peek(-1).word == "("):
            columns.append(read_column(item))
        if not item.at_end():
            raise item.fail("a comma or )")
    parts["columns"] = tuple(columns)
    parts["constraints"] = tuple(constraints)
    return indexes


def _read_postgres_options(c: Cursor, parts: dict[str, Any]) -> None:
    """Read what follows the columns in PostgreSQL."""
    while not c.at_end() and not c.at_hole():
        if c.take("PARTITION", "BY"):
            parts["partitioned"] = True
            c.name("RANGE, LIST or HASH")
            c.parens()
        elif c.take("INHERITS"):
            parts["complete"] = False
            c.parens()
        elif c.take("AS"):
            if c.word not in (*_QUERIES, "EXECUTE"):
                raise c.fail("a query")
            _read_source(c, parts)
        elif c.take("FOR", "VALUES"):
            c.skip_to("PARTITION", "WITH", "TABLESPACE", "USING")
            if c.at("WITH") and c.peek(-1).word == "VALUES":  # of a hash partition
                c.next()
                c.parens()
        elif c.take("WITH"):
            c.parens()
        elif c.take("ON", "COMMIT"):
            c.skip_to("TABLESPACE", "AS")
        elif c.choose("TABLESPACE", "USING"):
            c.name()
        elif not (c.take("WITHOUT", "OIDS") or ("partition_of" in parts and c.take("DEFAULT"))):
            raise c.fail("the end of the statement")


def _read_table_options(c: Cursor, parts: dict[str, Any]) -> None:
    """Move to the end, noting what rules look at."""
    while not c.at_end():
        if c.take("PARTITION", "BY"):
            parts["partitioned"] = True
        elif c.at("INHERITS") and c.peek(1).word == "(":
            parts["complete"] = False
            c.next()
        elif c.word in ("SELECT", "WITH", "TABLE", "VALUES", "EXECUTE") and _begins_query(c):
            _read_source(c, parts)
        elif c.word == "(":
            if _at_query(c):
                _read_source(c, parts)
            else:
                c.parens()
        elif c.word == ")":
            raise c.fail("the end of the statement")
        else:
            c.next()


def _begins_query(c: Cursor) -> bool:
    if c.word == "WITH":  # else storage parameters, or WITH SYSTEM VERSIONING
        return c.peek(1).word not in ("(", "SYSTEM", "OIDS", "TIME")
    if c.word in ("TABLE", "VALUES"):
        return c.peek(-1).word == "AS"
    return True


def _read_source(c: Cursor, parts: dict[str, Any]) -> None:
    """Read the query that fills the table."""
    words = [token.word for token in c.tokens[c.index : c.stop]]
    empty = words[-3:] == ["WITH", "NO", "DATA"]
    parts |= {"filled": not empty, "complete": False}
    c.finish()


# Indexes


def _read_index(c: Cursor) -> Operation:
    unique = c.take("UNIQUE")
    method = c.choose("FULLTEXT", "SPATIAL", "VECTOR")
    c.expect("INDEX")
    concurrently = c.source.postgres and c.take("CONCURRENTLY")
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    name = c.qualified("an index name") if c.word != "ON" else None
    if c.take("USING"):
        method = c.name("an index type")
    c.expect("ON")
    only = c.take("ONLY")
    table = c.qualified("a table name")
    if name and name.schema and table.schema is None:  # SQLite writes the schema here
        table = Name(table.name, name.schema)
    if c.take("USING"):
        method = c.name("an access method")
    columns = read_keys(c.parens())
    where = None
    found: dict[str, str] = {}
    while not c.at_end():
        if c.take("WHERE"):
            where = c.rest()
        elif c.at("INCLUDE") or c.at("WITH") or c.at("NULLS") or c.at("TABLESPACE"):
            _skip_index_option(c)
        else:
            before = c.index
            found |= read_index_options(c)
            if c.index == before:
                break
    return CreateIndex(
        table=table,
        name=name.name if name else None,
        columns=columns,
        unique=unique,
        concurrently=concurrently,
        if_not_exists=if_not_exists,
        where=where,
        method=(found.get("method") or method or "").lower() or None,
        only=only,
        algorithm=found.get("algorithm"),
        lock=found.get("lock"),
    )


def _skip_index_option(c: Cursor) -> None:
    word = c.next().word
    if word == "NULLS":
        c.take("NOT")
        c.expect("DISTINCT")
    elif c.word == "(":
        c.parens()
    else:
        c.name()


# Views, schemas, types

_QUERIES = ("SELECT", "WITH", "VALUES", "TABLE", "(")


def _at_view(c: Cursor) -> bool:
    ahead = 0
    while c.peek(ahead).word in ("MATERIALIZED", "TEMP", "TEMPORARY", "RECURSIVE"):
        ahead += 1
    return c.peek(ahead).word == "VIEW"


def _read_view(c: Cursor, replace: bool) -> Operation:
    materialized = False
    while not c.take("VIEW"):
        materialized = c.next().word == "MATERIALIZED" or materialized
    c.take("IF", "NOT", "EXISTS")
    name = c.qualified("a view name")
    columns = None
    if c.word == "(":
        columns = tuple(item.column() for item in c.parens().items())
    c.skip_to("AS")
    c.expect("AS")
    if c.word not in _QUERIES and not c.at_hole():
        raise c.fail("a query")
    c.finish()
    return CreateView(name=name, replace=replace, materialized=materialized, columns=columns)


def _read_schema(c: Cursor) -> list[Operation]:
    database = c.peek(-1).word == "DATABASE" or c.source.mysql
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    authorization = None if database else _authorization(c)
    name = authorization or c.qualified("a database name" if database else "a schema name")
    if database:
        c.finish()
        return [CreateDatabase(name=name)]
    _authorization(c)
    found: list[Operation] = [CreateSchema(name=name, if_not_exists=if_not_exists)]
    while c.word in ("CREATE", "GRANT"):  # what is made in it may be written after it
        first, creates = c.index, c.next().word == "CREATE"
        c.skip_to("CREATE", "GRANT")
        if creates:
            found += read_create(Cursor(c.source, c.tokens, first, c.index))
    return found


def _authorization(c: Cursor) -> Name | None:
    return c.qualified("a role") if c.take("AUTHORIZATION") else None


def _read_type(c: Cursor) -> Operation:
    c.expect("TYPE")
    name = c.qualified("a type name")
    if c.take("AS", "ENUM"):
        inner = c.parens()
        if inner.at_end():
            return CreateEnum(name=name, values=())
        if inner.at_hole() and inner.peek(1).kind == "end":
            inner.string()
            return CreateEnum(name=name, values=None)
        values = tuple(inner.list_of(inner.string))
        if not inner.at_end():
            raise inner.fail("a comma or )")
        return CreateEnum(name=name, values=values)
    if not (c.at_end() or c.word == "(" or c.take("AS", "RANGE") or c.take("AS")):
        raise c.fail("AS")
    c.finish()
    return CreateObject(object_type="type", name=name)


def _read_domain(c: Cursor) -> Operation:
    name = c.qualified("a domain name")
    c.take("AS")
    type_, _ = read_type(c)
    constrained = c.has("CHECK") or any(
        c.tokens[i].word == "NOT" and c.tokens[i + 1].word == "NULL"
        for i in range(c.index, c.stop - 1)
    )
    c.finish()
    return CreateDomain(name=name, type=type_, constrained=constrained)


# The rest


def _read_object(c: Cursor, replace: bool) -> Operation:
    while c.choose("TRUSTED", "PROCEDURAL", "TEMP", "TEMPORARY", "CONSTRAINT", "DEFAULT"):
        pass
    object_type = choose_object_type(c, CREATED)
    if object_type is None:
        raise c.fail("what to create")
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    name, table = _object_name(c, object_type), None
    start = c.index
    if object_type in ("trigger", "policy", "rule"):
        table = _object_table(c, object_type)
    if object_type == "trigger" and c.source.postgres and not c.has("EXECUTE"):
        c.finish()
        raise c.fail("EXECUTE FUNCTION")
    if object_type in ("function", "procedure") and c.peek(start - c.index).word != "(":
        c.index = start
        raise c.fail("( and the arguments")
    c.finish()
    return CreateObject(
        object_type=object_type,
        name=name,
        table=table,
        replace=replace,
        if_not_exists=if_not_exists,
    )


def _object_name(c: Cursor, object_type: ObjectType) -> Name:
    if object_type == "user mapping":
        c.expect("FOR")
        c.take("IF", "NOT", "EXISTS")
        return c.qualified("a role")
    if object_type in ("operator", "cast", "transform"):
        return Name(c.rest())
    if object_type == "statistics" and c.word in ("ON", "("):
        return Name("statistics")
    if c.peek().kind == "string":  # MySQL: CREATE USER 'name'@'host'
        name = Name(c.string())
        c.finish()
        return name
    return c.qualified(f"a {object_type} name")


def _object_table(c: Cursor, object_type: ObjectType) -> Name | None:
    c.skip_to("TO") if object_type == "rule" else c.skip_to("ON")
    if c.at_end():
        raise SqlError(f"the {object_type} names no table", c.peek().start)
    c.next()
    return c.qualified("a table name")
