"""What a query or an UPDATE takes unchanged from the columns of one table."""

from __future__ import annotations

from guard.operations import Copy, Name
from guard.sql.cursor import Cursor, SqlError
from guard.sql.tokens import words

_AFTER_SOURCE = words(
    "JOIN INNER LEFT RIGHT FULL CROSS NATURAL STRAIGHT_JOIN WHERE GROUP HAVING WINDOW ORDER LIMIT "
    "OFFSET FETCH FOR UNION EXCEPT INTERSECT ON RETURNING TABLESAMPLE WITH"
)
Aliases = dict[str, Name]  # the tables of a statement by the name that it calls them


def ahead(c: Cursor) -> Cursor:
    """Return a cursor that looks at the same text and moves by itself."""
    return Cursor(c.source, c.tokens, c.index, c.stop)


def copied_by_query(c: Cursor, names: tuple[str, ...] | None = ()) -> Copy | None:
    """Return what the query ahead takes from its one table; `names` None: as the query says them.

    Does not move. None where it is no plain SELECT.
    """
    c = ahead(c)
    if c.word == "(":
        c = c.parens()
    if not c.take("SELECT") or c.word in ("DISTINCT", "ALL"):
        return None
    items = c.skip_to("FROM").items()
    if not c.take("FROM"):
        return None
    try:
        aliases = dict([_source(c)])
    except SqlError:
        return None
    if c.take("ORDER", "BY"):
        c.skip_to("LIMIT", "OFFSET", "FETCH", "FOR")
    [source] = aliases.values()
    columns = tuple(_taken(item, aliases, source) for item in items)
    if names is None:
        names = tuple(_output(item) for item in items) if "*" not in columns else ()
    at_end = c.at_end() or c.at("WITH", "DATA") or c.at("ON")
    return Copy(source=source, columns=columns, names=names, all_rows=at_end and not c.has_hole)


def _source(c: Cursor) -> tuple[str, Name]:
    """Return the table of a FROM and what the query calls it."""
    c.take("ONLY")
    table = c.qualified("a table name")
    if c.take("AS") or (c.is_name() and c.word not in _AFTER_SOURCE and not c.at_hole()):
        return c.name("an alias"), table
    return table.name, table


def _taken(item: Cursor, aliases: Aliases, source: Name) -> str | None:
    """Return the column of `source` that an item of a SELECT is, "*" for all, None for others."""
    item = ahead(item)
    column = "*" if item.take("*") else None
    if column is None:
        found = _column(item, aliases, source)
        column = found[1] if found and found[0] == source else None
    if item.take("AS") or item.is_name():
        item.next()
    return column if item.at_end() else None


def _column(c: Cursor, aliases: Aliases, default: Name) -> tuple[Name, str] | None:
    """Return the table and column of a name ahead, and move past it."""
    parts: list[str] = []
    while (c.is_name() and not c.at_hole()) or (parts and c.word == "*"):
        token = c.next()
        parts.append("*" if token.word == "*" else c.source.identifier(token))
        if not c.take("."):
            break
    if not parts or c.word == "(":
        return None
    table = default if len(parts) == 1 else aliases.get(parts[-2])
    return (table, parts[-1]) if table else None


def _output(item: Cursor) -> str:
    """Return the name of an item's column: the last one that is written."""
    last = item.tokens[item.stop - 1]
    return item.source.identifier(last) if last.kind in ("word", "quoted") else ""


def names_of_query(c: Cursor) -> tuple[str, ...]:
    """Return the names that the query ahead surely gives its columns, in order. Does not move.

    Only `a`, `t.a` and `... AS a` say so: how a server calls what is computed is its own affair.
    """
    c = ahead(c)
    if c.word == "(":
        c = c.parens()
    if not c.take("SELECT"):
        return ()
    if c.choose("DISTINCT", "ALL") and c.take("ON"):
        c.parens()
    items = c.skip_to("FROM", "UNION", "EXCEPT", "INTERSECT", "WHERE", "LIMIT").items()
    return tuple(name for item in items if (name := _name_of(ahead(item))))


def _name_of(item: Cursor) -> str:
    """Return the name that an item of a SELECT writes out, "" where it writes none."""
    called = ahead(item)
    called.skip_to("AS")
    named = called if called.take("AS") else item
    name = ""
    while named.is_name() and not named.at_hole():
        name = named.source.identifier(named.next())
        if not named.take("."):
            break
    return name if named.at_end() else ""


def copied_by_update(
    assignments: list[Cursor], table: Name, aliases: Aliases, rest: Cursor
) -> Copy | None:
    """Return what assignments take from other columns; `rest` is what follows them.

    All of it comes from one table: the statement's own, or one that it joins.
    """
    if rest.at("FROM"):
        tail = ahead(rest)
        tail.next()
        try:
            aliases = dict([*aliases.items(), _source(tail)])
        except SqlError:
            return None
    found = [_assignment(ahead(item), table, aliases) for item in assignments]
    sources = {source for source, _ in filter(None, found)}
    if len(sources) != 1:
        return None
    [source] = sources
    condition = ahead(rest)
    condition.skip_to("WHERE", "LIMIT")
    return Copy(
        source=source,
        columns=tuple(one[1] if one else None for one in found),
        all_rows=condition.at_end() or (source != table and _joins(condition)),
    )


def _joins(condition: Cursor) -> bool:
    """Return whether a WHERE does no more than find for each row the one that belongs to it."""
    c = ahead(condition)
    if not c.take("WHERE"):
        return False
    if c.at("EXISTS") or c.peek(1).word == "IN" or c.peek(3).word == "IN":
        return not c.has("AND", "OR", "LIMIT")
    c = c.skip_to("RETURNING", "LIMIT")
    kept = [t for t in c.tokens[c.index : c.stop] if t.word not in (".", "=", "AND")]
    names = all(t.kind == "quoted" or (t.kind == "word" and t.word != "OR") for t in kept)
    return names and len(kept) > 1 and not condition.has("LIMIT")


def _assignment(item: Cursor, table: Name, aliases: Aliases) -> tuple[Name, str] | None:
    """Return the source of `a = b`, `a = s.b` or `a = (SELECT b FROM s WHERE ...)`."""
    if item.word == "(":
        return None
    item.skip_to("=")
    item.next()
    if item.word == "(":
        inner = item.parens()
        copy = copied_by_query(inner) if item.at_end() else None
        inner.skip_to("WHERE")
        if copy and len(copy.columns) == 1 and copy.columns[0] and _joins(inner):
            return copy.source, copy.columns[0]
        return None
    found = _column(item, aliases, table)
    return found if item.at_end() else None
