"""CREATE: indexes, types, views and everything else that has a name; tables: create_table."""

from __future__ import annotations

from guard.action_words import ObjectType
from guard.operations import (
    CreateDatabase,
    CreateDomain,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateSchema,
    CreateTable,
    CreateView,
    DropDatabase,
    DropTable,
    Name,
    Operation,
)
from guard.sql.columns import (
    read_index_keys,
    read_index_options,
)
from guard.sql.copies import names_of_query
from guard.sql.create_table import QUERIES, before_table, read_table
from guard.sql.cursor import Cursor, SqlError
from guard.sql.extents import skip_expression
from guard.sql.names import CREATED, choose_object_type, skip_host
from guard.sql.types import read_type
from guard.sql.used_columns import used_columns


def read_create(c: Cursor) -> list[Operation]:
    """Read a statement that begins with CREATE."""
    c.expect("CREATE")
    replace = c.take("OR", "REPLACE")
    _skip_modifiers(c)
    if c.at("TABLE") or before_table(c):
        return _replaced(read_table(c), replace)
    if c.word in ("INDEX", "UNIQUE") or (
        c.source.mysql and c.word in ("FULLTEXT", "SPATIAL", "VECTOR")
    ):
        return [_read_index(c)]
    if _at_view(c):
        return [_read_view(c, replace)]
    if c.choose("SCHEMA", "DATABASE"):
        return _replaced(_read_schema(c), replace)
    if c.at("TYPE"):
        return [_read_type(c)]
    if c.take("DOMAIN"):
        return [_read_domain(c)]
    return [_read_object(c, replace)]


def _replaced(found: list[Operation], replace: bool) -> list[Operation]:
    """MariaDB's CREATE OR REPLACE drops the table or database that is there."""
    match found[0] if replace else None:
        case CreateTable(table=table):
            return [DropTable(table=table, if_exists=True), *found]
        case CreateDatabase(name=name):
            return [DropDatabase(name=name, if_exists=True), *found]
    return found


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


# Indexes


def _read_index(c: Cursor) -> Operation:
    unique = c.take("UNIQUE")
    method = c.choose("FULLTEXT", "SPATIAL", "VECTOR")
    c.expect("INDEX")
    concurrently = c.source.postgres and c.take("CONCURRENTLY")
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    if if_not_exists and c.source.postgres and c.word == "ON":
        raise c.fail("an index name, which IF NOT EXISTS asks for")
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
    columns, more = read_index_keys(c.parens())
    where = None
    found: dict[str, str] = {}
    while not c.at_end():
        if c.take("WHERE"):
            where = c.rest()
        elif c.at("INCLUDE") or c.at("WITH") or c.at("NULLS") or c.at("TABLESPACE"):
            more = (*more, _index_option(c))
        else:
            before = c.index
            found |= read_index_options(c)
            if c.index == before:
                break
    return CreateIndex(
        table=table,
        name=name.name if name else None,
        columns=columns,
        detail=", ".join(more) or None,
        unique=unique,
        concurrently=concurrently,
        if_not_exists=if_not_exists,
        where=where,
        method=(found.get("method") or method or "").lower() or None,
        only=only,
        algorithm=found.get("algorithm"),
        lock=found.get("lock"),
    )


def _index_option(c: Cursor) -> str:
    """Return PostgreSQL's option of an index as written."""
    start = c.peek().start
    word = c.next().word
    if word == "NULLS":
        c.take("NOT")
        c.expect("DISTINCT")
    elif c.word == "(":
        c.parens()
    else:
        c.name()
    return c.source.text[start : c.tokens[c.index - 1].end]


# Views, schemas, types


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
    if c.word not in QUERIES and not c.at_hole():
        raise c.fail("a query")
    ending = [token.word for token in c.tokens[max(c.index, c.stop - 3) : c.stop]]
    known = not c.at_hole()
    queried = names_of_query(c)
    query = c.rest()
    return CreateView(
        name=name,
        replace=replace,
        materialized=materialized,
        with_data=ending != ["WITH", "NO", "DATA"],
        columns=columns,
        query=query if known else None,
        queried=queried,
    )


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
    checks, not_null, has_default = 0, False, False
    while not c.at_end() and not c.at_hole():
        if c.take("DEFAULT"):
            skip_expression(c, inside_column=True)
            has_default = True
            continue
        if c.take("CONSTRAINT"):
            c.name("a constraint name")
        if c.take("CHECK"):
            c.parens()
            checks += 1
        elif c.take("NOT", "NULL"):
            not_null = True
        elif c.take("COLLATE"):
            c.qualified("a collation")
        elif not c.take("NULL"):
            raise c.fail("DEFAULT, NOT NULL or CHECK")
    return CreateDomain(
        name=name, type=type_, checks=checks, not_null=not_null, has_default=has_default
    )


# The rest


def _read_object(c: Cursor, replace: bool) -> Operation:
    while c.choose(
        "TRUSTED", "PROCEDURAL", "TEMP", "TEMPORARY", "UNLOGGED", "CONSTRAINT", "DEFAULT"
    ):
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
    loaded = c.source.mysql and c.peek(start - c.index).word == "RETURNS"  # ... SONAME 'x.so'
    if object_type in ("function", "procedure") and not (
        loaded or c.peek(start - c.index).word == "("
    ):
        c.index = start
        raise c.fail("( and the arguments")
    c.finish()
    whole = Cursor(c.source, c.tokens, start, c.stop)
    stands_on = used_columns(whole) if table and c.source.postgres else ()
    return CreateObject(
        object_type=object_type,
        name=name,
        table=table,
        columns=stands_on,
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
