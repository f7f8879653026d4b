"""CREATE TABLE."""

from __future__ import annotations

import msgspec

from guard.action_words import ObjectType
from guard.operations import (
    Column,
    Constraint,
    Copy,
    CreateObject,
    CreateTable,
    Name,
    Operation,
    Storage,
)
from guard.sql.columns import (
    at_constraint,
    at_inline_index,
    read_column,
    read_constraint,
    read_inline_index,
)
from guard.sql.copies import copied_by_query, names_of_query
from guard.sql.cursor import Cursor
from guard.sql.types import read_word

# What a query begins with.
QUERIES = ("SELECT", "WITH", "VALUES", "TABLE", "(")


def before_table(c: Cursor) -> bool:
    """Return whether words such as TEMPORARY stand between here and TABLE."""
    kinds = ("TEMPORARY", "TEMP", "UNLOGGED", "GLOBAL", "LOCAL", "FOREIGN", "VIRTUAL")
    ahead = 0
    while c.peek(ahead).word in kinds:
        ahead += 1
    return ahead > 0 and c.peek(ahead).word == "TABLE"


class _Model(msgspec.Struct, frozen=True):
    """What else gives a table its columns; `complete`: they can be known from here."""

    partition_of: Name | None = None
    like: Name | None = None
    complete: bool = True


class _Body(msgspec.Struct, frozen=True):
    """What stands in the parentheses after a table's name."""

    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Operation, ...] = ()
    like: Name | None = None
    complete: bool = True


class _Options(msgspec.Struct, frozen=True):
    """What follows the parentheses; `complete`: no column comes from there."""

    partitioned: bool = False
    filled: bool = False
    copy: Copy | None = None
    queried: tuple[str, ...] = ()
    complete: bool = True
    partition_by: str | None = None
    bounds: str | None = None
    storage: Storage = Storage()


def read_table(c: Cursor) -> list[Operation]:
    """Read what follows CREATE: TABLE, the words before it, and all of its definition."""
    kinds: list[str] = []
    while not c.take("TABLE"):
        kinds.append(c.next().word)
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    table = c.qualified("a table name")
    if kinds[-1:] in (["FOREIGN"], ["VIRTUAL"]):
        object_type: ObjectType = "foreign table" if kinds[-1] == "FOREIGN" else "virtual table"
        c.finish()
        return [CreateObject(object_type=object_type, name=table, if_not_exists=if_not_exists)]
    model = _read_model(c)
    named = c.word == "(" and not _at_query(c)
    body = _read_body(c, table, model)
    if c.source.postgres:
        options = _read_postgres_options(c, child=model.partition_of is not None)
    else:
        options = _read_table_options(c)
    create = CreateTable(
        table=table,
        columns=body.columns,
        constraints=body.constraints,
        if_not_exists=if_not_exists,
        temporary="TEMPORARY" in kinds or "TEMP" in kinds,
        unlogged="UNLOGGED" in kinds,
        filled=options.filled,
        copy=options.copy if options.filled and not named else None,
        queried=() if named else options.queried,
        like=body.like or model.like,
        partitioned=options.partitioned,
        partition_by=options.partition_by,
        partition_of=model.partition_of,
        bounds=options.bounds,
        storage=options.storage,
        complete=model.complete and body.complete and options.complete,
    )
    return [create, *body.indexes]


def _read_model(c: Cursor) -> _Model:
    if c.take("PARTITION", "OF"):
        return _Model(partition_of=c.qualified("the partitioned table"))
    if c.take("LIKE"):
        return _Model(like=c.qualified("a table name"))
    if c.take("OF"):
        c.qualified("a type")
        return _Model(complete=False)
    return _Model()


def _read_body(c: Cursor, table: Name, model: _Model) -> _Body:
    if c.word == "(":
        if _at_query(c):
            return _Body()
        inner = c.parens()
        if _only_names(inner, c):
            return _Body()
        # The columns of a partition, or of a table OF a type, are written without their types.
        child = model.partition_of is not None or not model.complete
        return _read_definitions(inner, table, child=child)
    if model != _Model():
        return _Body()
    if c.at_hole():
        return _Body(complete=False)
    if not c.has("AS", "SELECT", "WITH"):
        raise c.fail("( and the columns")
    return _Body()


def _only_names(inner: Cursor, c: Cursor) -> bool:
    """Whether the list just names the columns of a query, CREATE TABLE t (a, b) AS ..."""
    if c.source.dialect == "sqlite" or not c.has("AS"):
        return False
    names = Cursor(inner.source, inner.tokens, inner.index, inner.stop).items()
    return all(item.stop - item.index == 1 for item in names)


def _at_query(c: Cursor) -> bool:
    return c.peek(1).word in ("SELECT", "WITH", "VALUES") or (
        c.peek(1).word == "(" and c.peek(2).word == "SELECT"
    )


def _read_definitions(c: Cursor, table: Name, *, child: bool) -> _Body:
    """Read columns and constraints; those of a `child` have no types."""
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[Operation] = []
    like = None
    complete = True
    for item in c.items():
        if item.at_hole() and item.peek(1).kind == "end":
            hole = item.next()
            c.source.assign(hole.start, hole.end, "syntax")
            complete = False
        elif item.take("LIKE"):
            like = item.qualified("a table name")
            item.finish()
        elif at_constraint(item):
            constraints.append(read_constraint(item)[0])
        elif at_inline_index(item):
            indexes.append(read_inline_index(item, table))
        elif item.at("PERIOD", "FOR"):
            item.finish()
        elif child:
            item.column()
            item.finish()
        elif not (item.at_end() and not columns and c.peek(-1).word == "("):
            columns.append(read_column(item))
        if not item.at_end():
            raise item.fail("a comma or )")
    return _Body(tuple(columns), tuple(constraints), tuple(indexes), like, complete)


def _read_postgres_options(c: Cursor, *, child: bool) -> _Options:
    """Read what follows the columns in PostgreSQL."""
    found = _Options()
    while not c.at_end() and not c.at_hole():
        if c.take("PARTITION", "BY"):
            key = c.name("RANGE, LIST or HASH")
            columns = c.parens()
            by = f"{key.lower()} ({columns.sql})"
            found = msgspec.structs.replace(found, partitioned=True, partition_by=by)
        elif c.take("INHERITS"):
            found = msgspec.structs.replace(found, complete=False)
            c.parens()
        elif c.take("AS"):
            if c.word not in (*QUERIES, "EXECUTE"):
                raise c.fail("a query")
            query = _read_query(c)
            found = msgspec.structs.replace(
                found,
                filled=query.filled,
                copy=query.copy,
                queried=query.queried,
                complete=False,
            )
        elif c.take("FOR", "VALUES"):
            found = msgspec.structs.replace(found, bounds=_read_bounds(c))
        elif c.take("WITH"):
            c.parens()
        elif c.take("ON", "COMMIT"):
            c.skip_to("TABLESPACE", "AS")
        elif where := c.choose("TABLESPACE", "USING"):
            field = "tablespace" if where == "TABLESPACE" else "access_method"
            storage = msgspec.structs.replace(found.storage, **{field: c.name()})
            found = msgspec.structs.replace(found, storage=storage)
        elif child and c.take("DEFAULT"):
            found = msgspec.structs.replace(found, bounds="default")
        elif not c.take("WITHOUT", "OIDS"):
            raise c.fail("the end of the statement")
    return found


def _read_bounds(c: Cursor) -> str:
    """Read what follows FOR VALUES."""
    if c.at("WITH"):  # of a hash partition
        c.next()
        return f"with ({c.parens().sql})"
    return c.skip_to("PARTITION", "WITH", "TABLESPACE", "USING").sql


def _read_table_options(c: Cursor) -> _Options:
    """Move to the end, noting the options that rules look at."""
    partitioned, query = False, _Options()
    storage = Storage()
    while not c.at_end():
        if c.source.mysql and (field := _storage_option(c)):
            c.take("=")
            storage = msgspec.structs.replace(storage, **{field: read_word(c)})
        elif c.take("PARTITION", "BY"):
            partitioned = True
        elif c.at("INHERITS") and c.peek(1).word == "(":
            query = _Options(complete=False)
            c.next()
        elif c.word in ("SELECT", "WITH", "TABLE", "VALUES", "EXECUTE") and _begins_query(c):
            query = _read_query(c)
        elif c.word == "(":
            if _at_query(c):
                query = _read_query(c)
            else:
                c.parens()
        elif c.word == ")":
            raise c.fail("the end of the statement")
        else:
            c.next()
    return msgspec.structs.replace(query, partitioned=partitioned, storage=storage)


def _read_query(c: Cursor) -> _Options:
    """Return what the query ahead, from which the table is made, says of it, and pass the query."""
    copy, queried = copied_by_query(c, None), names_of_query(c)
    return _Options(filled=_fills(c), copy=copy, queried=queried, complete=False)


def _storage_option(c: Cursor) -> str | None:
    """Move past the words of an option of `Storage`, and return its field."""
    if c.take("CHARACTER", "SET") or c.choose("CHARSET"):
        return "charset"
    if c.choose("COLLATE"):
        return "collation"
    if c.choose("ENGINE"):
        return "engine"
    return "row_format" if c.choose("ROW_FORMAT") else None


def _begins_query(c: Cursor) -> bool:
    if c.word == "WITH":  # else storage parameters, or WITH SYSTEM VERSIONING
        return c.peek(1).word not in ("(", "SYSTEM", "OIDS", "TIME")
    if c.word in ("TABLE", "VALUES"):
        return c.peek(-1).word == "AS"
    return True


def _fills(c: Cursor) -> bool:
    """Return whether a query puts rows into the table, and pass it."""
    words = [token.word for token in c.tokens[c.index : c.stop]]
    c.finish()
    return words[-3:] != ["WITH", "NO", "DATA"]
