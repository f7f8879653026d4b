"""The bodies of functions, procedures, triggers, events and rules: what they do once they run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from guard.action_words import RowChange
from guard.operations import Body, CallRoutine, CreateObject, Opaque, Operation
from guard.patterns import lazy_re
from guard.sql.blocks import parted, read_steps
from guard.sql.builtin import is_builtin
from guard.sql.calls import calls_of
from guard.sql.cursor import Cursor, SqlError, SqlText
from guard.sql.plpgsql import DEEPEST, Read, inner_source, statements_of, steps_of
from guard.sql.types import read_type

_EVENTS: dict[str, RowChange] = {
    "INSERT": "insert",
    "UPDATE": "update",
    "DELETE": "delete",
    "TRUNCATE": "truncate",
}
_BRANCH = lazy_re(r"\b(IF(?!\s+(NOT\s+)?EXISTS\s+\w)|CASE|LOOP|WHILE|EXCEPTION|HANDLER)\b", re.I)
_WITH_BODY = ("function", "procedure", "trigger", "event", "rule")


def with_body(create: CreateObject, c: Cursor, read: Read) -> CreateObject:
    """Return the operation with what the routine, trigger or rule does that the tokens define."""
    if create.object_type not in _WITH_BODY:
        return create
    code = c.sql
    try:
        body = _read_body(create, c, read)
        if _BRANCH.search(code):
            body = msgspec.structs.replace(body, branches=True)
    except SqlError as error:
        unread = Opaque(reason=f"its body is not understood: {error.message}", code=code)
        body = Body(operations=(unread,), on=tuple(_EVENTS.values()))
    return msgspec.structs.replace(create, body=body)


def _read_body(create: CreateObject, c: Cursor, read: Read) -> Body:
    kind = create.object_type
    c.skip_to(kind.upper())
    c.next()
    c.take("IF", "NOT", "EXISTS")
    c.qualified()
    if kind in ("function", "procedure"):
        arguments = " ".join(c.parens().sql.lower().split()) if c.word == "(" else ""
        volatile = _is_volatile(c) if c.source.postgres else None
        found = _postgres_routine(c, read) if c.source.postgres else _stored_program(c, read)
        return Body(operations=tuple(_settled(found)), arguments=arguments, volatile=volatile)
    if kind == "event":
        c.skip_to("DO")
        c.next()
        return Body(operations=tuple(_settled(_read_block(c, read))))
    if kind == "rule":
        c.expect("AS", "ON")
    fired = c.skip_to("TO") if kind == "rule" else c.skip_to("ON")
    on = tuple(_EVENTS[t.word] for t in fired.tokens[fired.index : fired.stop] if t.word in _EVENTS)
    c.next()
    c.qualified("a table name")
    words = [token.word for token in c.tokens[c.index : c.stop]]
    deferred = kind == "trigger" and ("INITIALLY", "DEFERRED") in pairwise(words)
    found = _rule(c, read) if kind == "rule" else _trigger(c, read)
    return Body(operations=tuple(_settled(found)), on=on, deferred=deferred)


def _settled(found: list[Operation]) -> Iterator[Operation]:
    """Yield the operations; what is not understood in a body is no error where it is defined."""
    for operation in found:
        if isinstance(operation, Opaque) and operation.invalid:
            reason = f"a statement of its body is not understood: {operation.reason}"
            yield Opaque(reason=reason, code=operation.code)
        else:
            yield operation


# PostgreSQL


def _is_volatile(c: Cursor) -> bool | None:
    """Return what the options say; without a word a function is volatile, but for one in SQL.

    That is put in the place of its call, and is as volatile as what it calls.
    """
    words = [token.word for token in c.tokens[c.index : c.stop]]
    if "IMMUTABLE" in words or "STABLE" in words:
        return False
    language = words[words.index("LANGUAGE") + 1] if "LANGUAGE" in words[:-1] else "SQL"
    return None if language == "SQL" else True


def _postgres_routine(c: Cursor, read: Read) -> list[Operation]:
    """Return what follows the arguments: options in any order, among them language and body."""
    language, code = "sql", c.sql
    body: Cursor | None = None
    while not c.at_end():
        c.skip_to("LANGUAGE", "AS", "BEGIN", "RETURN")
        if c.take("LANGUAGE"):
            language = (c.string() if c.peek().kind == "string" else c.name("a language")).lower()
        elif c.take("BEGIN", "ATOMIC"):
            return _read_block(c, read)
        elif c.take("RETURN"):
            return list(calls_of(c))
        elif c.take("AS"):
            body = Cursor(c.source, c.tokens, c.index, c.stop)
            c.next()
        else:
            c.next()
    if body is None:
        return []
    if language not in ("sql", "plpgsql"):
        return [Opaque(reason=f"it is written in {language}, which guard does not read", code=code)]
    token = body.peek()
    if token.kind not in ("string", "dollar") or c.source.depth >= DEEPEST:
        return [Opaque(reason="its body is not in sight", code=code)]
    inner = inner_source(c.source, token, c.source.string(token))
    if language == "plpgsql":
        return read_steps(inner, steps_of(inner, token.end), read)
    return [op for tokens in statements_of(inner) for op in read(inner, tokens)]


def _trigger(c: Cursor, read: Read) -> list[Operation]:
    if c.source.postgres:
        c.skip_to("EXECUTE")
        code = c.sql
        c.expect("EXECUTE")
        c.choose("FUNCTION", "PROCEDURE")
        function = c.qualified("a function")
        if is_builtin(function.name.lower(), c.source.dialect):
            return []
        return [CallRoutine(name=function, code=code)]
    if c.source.dialect == "sqlite":
        c.skip_to("BEGIN")
        return _read_block(c, read)
    c.take("FOR", "EACH", "ROW")
    if c.choose("FOLLOWS", "PRECEDES"):
        c.name("a trigger")
    return _read_block(c, read)


def _rule(c: Cursor, read: Read) -> list[Operation]:
    c.skip_to("DO")
    c.expect("DO")
    c.choose("ALSO", "INSTEAD")
    if c.take("NOTHING"):
        return []
    inner = c.parens() if c.word == "(" and c.peek(1).word != "SELECT" else c
    return _read_block(inner, read)


# MySQL and MariaDB

_CHARACTERISTICS = (
    ("LANGUAGE", "SQL"),
    ("NOT", "DETERMINISTIC"),
    ("DETERMINISTIC",),
    ("CONTAINS", "SQL"),
    ("NO", "SQL"),
    ("READS", "SQL", "DATA"),
    ("MODIFIES", "SQL", "DATA"),
    ("SQL", "SECURITY", "DEFINER"),
    ("SQL", "SECURITY", "INVOKER"),
)


def _stored_program(c: Cursor, read: Read) -> list[Operation]:
    """Return what the statement after the characteristics does."""
    if c.take("RETURNS"):
        read_type(c)
    while True:
        if c.take("COMMENT"):
            c.string()
        elif c.take("CHARACTER", "SET") or c.choose("CHARSET", "COLLATE"):
            c.name("a name")
        elif not any(c.take(*clause) for clause in _CHARACTERISTICS):
            break
    if c.at("SONAME") or c.at("AS"):
        return [Opaque(reason="it is not written in SQL", code=c.sql)]
    return _read_block(c, read)


def _read_block(c: Cursor, read: Read) -> list[Operation]:
    """Return what the statements ahead do, which stand in the text of the definition itself."""
    source = c.source
    if source.depth >= DEEPEST:
        return [Opaque(reason="blocks are nested too deeply", code=c.sql)]
    inner = SqlText(source.text, source.dialect, source.holes, source.known, source.depth + 1)
    return read_steps(inner, list(parted(c.tokens[c.index : c.stop])), read)
