"""Rows and queries: INSERT, UPDATE, DELETE, MERGE, COPY, SELECT, and WITH around them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from guard.expression import Among
from guard.operations import (
    CreateTable,
    Delete,
    Insert,
    Merge,
    Name,
    Operation,
    Query,
    SetOption,
    Update,
)
from guard.sql.copies import ahead, copied_by_query, copied_by_update
from guard.sql.cursor import Cursor
from guard.sql.expressions import read_expression
from guard.sql.tokens import words

_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "WITH")
NO_LIMIT = 1_000_000  # rows: a LIMIT of more is there to say that there is none


def read_rows(c: Cursor, body: bool = False) -> list[Operation]:
    """Read what changes or asks for rows. `body`: inside a routine, where INTO fills a variable."""
    found: list[Operation] = []
    named = c.take("WITH")
    if named:
        found = _read_ctes(c)
    word = c.word
    if word == "INSERT":
        found.append(_read_insert(c))
    elif word == "UPDATE":
        replaces = c.at("UPDATE", "OR", "REPLACE")
        update = _read_update(c)
        found += [update, Merge(table=update.table, deletes=True)] if replaces else [update]
    elif word == "DELETE":
        found += _read_delete(c)
    elif word == "MERGE":
        found.append(_read_merge(c))
    elif word == "REPLACE":
        found.append(_read_replace(c))
    else:
        found += _read_select(c, body)
        if len(found) > 1:
            found = [op for op in found if not isinstance(op, Query)]
    c.finish()
    return [_without_copy(op) for op in found] if named else found


def _without_copy(operation: Operation) -> Operation:
    """What it takes may come from a table that only the statement knows."""
    return replace(operation, copy=None) if isinstance(operation, Insert | Update) else operation


def _read_ctes(c: Cursor) -> list[Operation]:
    found: list[Operation] = []
    c.take("RECURSIVE")
    while True:
        c.name("the name of a common table expression")
        if c.word == "(":
            c.parens()
        c.expect("AS")
        if not c.take("NOT", "MATERIALIZED"):
            c.take("MATERIALIZED")
        inner = c.parens()
        if inner.word in _WRITES:
            found += [op for op in read_rows(inner) if not isinstance(op, Query)]
        if c.word in ("SEARCH", "CYCLE"):
            c.skip_to(",", "SELECT", *_WRITES)
        if not c.take(","):
            return found


# INSERT


def _read_insert(c: Cursor) -> Operation:
    c.expect("INSERT")
    replaces = c.at("OR", "REPLACE")
    keeps_all = not ahead(c).skip_to("INTO").has("IGNORE") and not c.has("CONFLICT")
    _skip_insert_options(c)
    table = c.qualified("a table name")
    if c.take("AS"):
        c.name("an alias")
    if c.take("PARTITION"):
        c.parens()
    columns: tuple[str, ...] = ()
    if c.word == "(" and c.peek(1).word not in ("SELECT", "WITH", "VALUES", "("):
        columns = tuple(_column(item) for item in c.parens().items() if not item.at_end())
    if c.take("OVERRIDING"):
        c.skip_to("VALUE")
        c.next()
    if c.take("DEFAULT", "VALUES"):
        return Insert(table=table, rows=1, replaces=replaces)
    if c.source.mysql and c.take("SET"):
        return Insert(table=table, columns=_assigned(c.skip_to("ON")), rows=1)
    if c.choose("VALUES", "VALUE"):
        return Insert(table=table, columns=columns, rows=_count_rows(c), replaces=replaces)
    if c.at_end():
        raise c.fail("VALUES or a query")
    if _is_of_dual(c):
        return Insert(table=table, columns=columns, rows=1)
    copy = copied_by_query(c, columns)
    if copy and not keeps_all:
        copy = replace(copy, all_rows=False)
    return Insert(
        table=table, columns=columns, from_query=not c.at_hole(), copy=copy, replaces=replaces
    )


def _is_of_dual(c: Cursor) -> bool:
    """Return whether a query asks DUAL, which has one row and is no table."""
    c = ahead(c)
    if not c.source.mysql or not c.take("SELECT"):
        return False
    c.skip_to("FROM")
    alone = c.take("FROM", "DUAL") and (c.at_end() or c.word in ("WHERE", "LIMIT", "ON"))
    return alone and not c.has("UNION")


def _read_replace(c: Cursor) -> Operation:
    c.expect("REPLACE")
    _skip_insert_options(c)
    table = c.qualified("a table name")
    if c.word == "(" and c.peek(1).word not in ("SELECT", "WITH", "VALUES", "("):
        c.parens()
    rows = 1 if c.at("SET") else None
    if c.choose("VALUES", "VALUE"):
        rows = _count_rows(c)
    return Merge(table=table, deletes=True, rows=rows)


def _skip_insert_options(c: Cursor) -> None:
    if c.source.dialect == "sqlite" and c.take("OR"):
        c.next()
    while c.choose("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"):
        pass
    if not c.take("INTO") and not c.source.mysql:
        raise c.fail("INTO")


def _count_rows(c: Cursor) -> int | None:
    rows = 0
    while c.word in ("(", "ROW"):
        c.take("ROW")
        c.parens()
        rows += 1
        if not c.take(","):
            break
    return rows if rows and not c.at_hole() else None


# UPDATE and DELETE


def _read_update(c: Cursor) -> Update:
    c.expect("UPDATE")
    if c.source.dialect == "sqlite" and c.take("OR"):
        c.next()
    while c.choose("LOW_PRIORITY", "IGNORE", "ONLY"):
        pass
    targets = c.skip_to("SET")
    narrowed = _is_narrowed(targets)
    aliases, unknown = _read_targets(targets)
    c.expect("SET")
    assignments = c.skip_to("FROM", "WHERE", "RETURNING", "ORDER", "LIMIT")
    changed = _assigned_table(assignments, aliases)
    items = ahead(assignments).items()
    columns = _assigned(ahead(assignments))
    copy = copied_by_update(items, changed, aliases, c)
    chosen = narrowed or unknown or _may_end_in_where(assignments)
    found = _read_where(c, aliases.values())
    return Update(
        table=changed,
        columns=columns,
        where=found.where,
        all_rows=found.all_rows and not chosen,
        but_nulls=() if chosen else found.but_nulls,
        copy=copy,
    )


def _may_end_in_where(assignments: Cursor) -> bool:
    """Return whether a hole follows the last value: it may stand for the whole WHERE."""
    tokens = assignments.tokens[assignments.index : assignments.stop]
    if len(tokens) < 2 or (tokens[-2].kind == "op" and tokens[-2].word != ")"):
        return False
    last = Cursor(assignments.source, assignments.tokens, assignments.stop - 1, assignments.stop)
    return last.at_hole()


def _is_narrowed(targets: Cursor) -> bool:
    """Return whether a join leaves rows out: no outer one does, nor one of any row with any."""
    if not targets.has("JOIN") or targets.has("LEFT", "RIGHT"):
        return False
    if targets.has("NATURAL", "USING"):
        return True
    c = ahead(targets)
    conditions = []
    while c.has("ON"):
        c.skip_to("ON")
        c.next()
        conditions.append(c.skip_to("JOIN", "INNER", "CROSS", "ON", ","))
    return any(condition.has_hole or not _is_always_true(condition) for condition in conditions)


def _is_always_true(condition: Cursor) -> bool:
    """Return whether every row fulfils the condition; holes are names in it."""
    if condition.at_end():
        return False
    start, end = condition.peek().start, condition.tokens[condition.stop - 1].end
    source = condition.source
    return read_expression(source.masked[start:end], source.dialect).always_true is True


def _read_targets(c: Cursor) -> tuple[dict[str, Name], bool]:
    """Return the tables of UPDATE or DELETE by the name that the statement calls them.

    Also whether a piece that is not known follows them, which may be anything, also a condition.
    """
    found: dict[str, Name] = {}
    unknown = False
    while True:
        if c.word == "(":
            c.parens()
            c.take("AS")
            if c.is_name():
                c.name()
        else:
            c.take("ONLY")
            table = c.qualified("a table name")
            c.take("*")
            alias = table.name
            plain = c.is_name() and c.word not in _AFTER_TABLE and not c.at_hole()
            if c.take("AS") or plain:
                alias = c.name("an alias")
            found[alias] = table
        unknown = c.skip_to(",", "JOIN", "STRAIGHT_JOIN").has_hole or unknown
        if c.at_end() and not found:
            raise c.fail("a table name")
        if c.at_end():
            return found, unknown
        c.next()
        c.take("LATERAL")


_AFTER_TABLE = words(
    "JOIN INNER LEFT RIGHT CROSS NATURAL STRAIGHT_JOIN SET WHERE USING PARTITION INDEXED NOT "
    "RETURNING ORDER LIMIT USE FORCE IGNORE FULL"
)


def _assigned_table(c: Cursor, aliases: dict[str, Name]) -> Name:
    first = next(iter(aliases.values()))
    ahead = Cursor(c.source, c.tokens, c.index, c.stop)
    if ahead.is_name() and ahead.peek(1).word == ".":
        return aliases.get(ahead.name(), first)
    return first


def _assigned(c: Cursor) -> tuple[str, ...]:
    """Return the columns that `a = 1, (b, c) = (2, 3)` assigns to."""
    columns: list[str] = []
    for item in c.items():
        if item.word == "(":
            columns += [_column(part) for part in item.parens().items()]
        else:
            columns.append(_column(item))
    return tuple(columns)


def _column(c: Cursor) -> str:
    """Return the column that is written to; on PostgreSQL what follows a dot is a field of it."""
    return c.name("a column name") if c.source.postgres else c.column()


def _read_delete(c: Cursor) -> list[Operation]:
    c.expect("DELETE")
    while c.choose("LOW_PRIORITY", "QUICK", "IGNORE"):
        pass
    named = None
    if c.word != "FROM":  # MySQL: DELETE a, b FROM a JOIN b ...
        if not c.source.mysql:
            raise c.fail("FROM")
        named = c.skip_to("FROM")
    c.expect("FROM")
    ends = ("WHERE", "RETURNING", "ORDER", "LIMIT")
    targets = c.skip_to(*ends) if named else c.skip_to("USING", *ends)
    if c.take("USING"):
        using = c.skip_to(*ends)
        if c.source.mysql:  # DELETE FROM a USING a JOIN b ...
            named, targets = targets, using
    narrowed = _is_narrowed(targets)
    aliases, unknown = _read_targets(targets)
    tables = _named_tables(named, aliases) if named else [next(iter(aliases.values()))]
    found = _read_where(c, aliases.values())
    chosen = narrowed or unknown
    every = found.all_rows and not chosen
    but = () if chosen else found.but_nulls
    limited = found.limited and not chosen
    return [
        Delete(table=table, where=found.where, all_rows=every, but_nulls=but, limited=limited)
        for table in tables
    ]


def _named_tables(c: Cursor, aliases: dict[str, Name]) -> list[Name]:
    names = c.list_of(lambda: c.qualified("a table name") if not c.take(".", "*") else Name("*"))
    return [aliases.get(name.name, name) for name in names]


class _Where(msgspec.Struct, frozen=True):
    """A condition, None where there is none, and what it leaves out: see Update."""

    where: str | None
    all_rows: bool
    but_nulls: tuple[str, ...] = ()
    limited: bool = False


def _read_where(c: Cursor, tables: Iterable[Name]) -> _Where:
    between = c.skip_to("WHERE", "RETURNING", "LIMIT")
    if not c.take("WHERE"):
        limited = _is_limited(c)
        unknown = between.has_hole or limited
        return _Where(None, not unknown, limited=limited and not between.has_hole)
    condition = c.skip_to("RETURNING", "ORDER", "LIMIT")
    if condition.at_end():
        raise c.fail("a condition")
    c.skip_to("LIMIT")
    if _is_limited(c):
        return _Where(condition.sql, all_rows=False)
    start, end = condition.peek().start, condition.tokens[condition.stop - 1].end
    read = read_expression(c.source.masked[start:end], c.source.dialect)  # holes are names in it
    if read.always_true is True:
        return _Where(condition.sql, all_rows=True)
    among = read.among
    if among is not None and list(tables) == [Name(among.table, among.schema)]:
        return _its_own(condition.sql, among)
    return _Where(condition.sql, all_rows=False, but_nulls=read.true_but_for_null or ())


_ROW_IDS = {"ctid", "rowid", "_rowid_", "oid"}  # what no row is without


def _its_own(where: str, among: Among) -> _Where:
    """Return the rows that have the value of a row of their own table: all that have one."""
    if among.limited:
        return _Where(where, all_rows=False, limited=True)
    every = among.column.lower() in _ROW_IDS
    return _Where(where, every, () if every else (among.column,))


def _is_limited(c: Cursor) -> bool:
    """Return whether a LIMIT follows that leaves rows out: a huge one says that there is none."""
    if not c.at("LIMIT"):
        return False
    count = c.peek(1)
    digits = c.source.text[count.start : count.end]
    alone = c.peek(2).kind == "end" and count.kind == "number" and digits.isdecimal()
    return not alone or int(digits) < NO_LIMIT


def _read_merge(c: Cursor) -> Operation:
    c.expect("MERGE")
    c.take("INTO")
    c.take("ONLY")
    table = c.qualified("a table name")
    words = [token.word for token in c.tokens[c.index : c.stop]]
    return Merge(table=table, deletes=("THEN", "DELETE") in pairwise(words))


# Queries


def _read_select(c: Cursor, body: bool) -> list[Operation]:
    found = _read_effects(c)
    ahead = Cursor(c.source, c.tokens, c.index, c.stop)
    ahead.skip_to("INTO", "FROM")
    if ahead.take("INTO") and not body and not c.source.mysql:
        temporary = ahead.choose("TEMPORARY", "TEMP") is not None
        unlogged = ahead.take("UNLOGGED")
        ahead.take("TABLE")
        table = ahead.qualified("a table name")
        found.append(
            CreateTable(
                table=table,
                temporary=temporary,
                unlogged=unlogged,
                filled=True,
                complete=False,
            )
        )
    return found or [Query()]


def _read_effects(c: Cursor) -> list[Operation]:
    """Return what the functions that a query calls are known to change."""
    found: list[Operation] = []
    for index in range(c.index, c.stop):
        if c.tokens[index].word == "SET_CONFIG":
            call = Cursor(c.source, c.tokens, index + 1, c.stop)
            if call.word == "(":
                found.append(_read_set_config(call.parens().items()))
    return found


def _read_set_config(arguments: list[Cursor]) -> Operation:
    name = arguments[0]
    local = len(arguments) > 2 and arguments[2].sql.lower() in ("true", "'t'", "'true'")
    value = arguments[1] if len(arguments) > 1 else name
    known = value.peek().kind == "string" and value.peek(1).kind == "end"
    return SetOption(
        name=name.string() if name.peek().kind == "string" else name.sql,
        value=value.string() if known else value.sql,
        scope="local" if local else "session",
    )


def read_copy(c: Cursor) -> list[Operation]:
    """PostgreSQL's COPY: from a file it adds rows, to one it only reads."""
    c.expect("COPY")
    if c.word == "(":
        c.finish()
        return [Query()]
    if c.is_name(1):  # the old form, COPY BINARY t
        c.take("BINARY")
    table = c.qualified("a table name")
    if c.word == "(":
        c.parens()
    direction = c.choose("FROM", "TO")
    if direction is None or c.at_end():
        raise c.fail("FROM or TO")
    c.finish()
    return [Merge(table=table)] if direction == "FROM" else [Query(tables=(table,))]


def read_load(c: Cursor) -> list[Operation]:
    """MySQL's LOAD DATA."""
    c.expect("LOAD")
    if not c.choose("DATA", "XML"):
        raise c.fail("DATA")
    before = c.skip_to("INTO")
    c.expect("INTO", "TABLE")
    table = c.qualified("a table name")
    c.finish()
    return [Merge(table=table, deletes=before.has("REPLACE"))]
