"""Blocks of PL/pgSQL, of stored programs on MySQL and MariaDB, of triggers on SQLite.

A block is a list of steps that semicolons part. The SQL among them is read, what controls them is
passed; both ways of a branch count, and a loop counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guard.operations import Opaque, Operation, Query
from guard.sql.calls import calls_of
from guard.sql.cursor import Cursor, SqlText
from guard.sql.plpgsql import DEEPEST, Read, inner_source, read_execute, steps_of
from guard.sql.tokens import Token, words

_SILENT = words(
    "RAISE NULL EXIT CONTINUE GET ASSERT FETCH MOVE CLOSE END LEAVE ITERATE SIGNAL RESIGNAL "
    "DEALLOCATE RETURN"
)


def read_do(c: Cursor, read: Read) -> list[Operation]:
    """Return the operations of `DO [LANGUAGE x] body [LANGUAGE x]`."""
    source, code = c.source, c.sql
    c.expect("DO")
    language = c.name("a language") if c.take("LANGUAGE") else "plpgsql"
    token = c.peek()
    body = c.string("the block's body")
    if c.take("LANGUAGE"):
        language = c.name("a language")
    if language.lower() != "plpgsql":
        return [Opaque(reason=f"a block in {language} cannot be read", code=code)]
    if source.depth >= DEEPEST:
        return [Opaque(reason="blocks are nested too deeply", code=code)]
    inner = inner_source(source, token, body)
    found = read_steps(inner, steps_of(inner, token.end), read)
    _hand_up_roles(source, inner, token)
    return found


def _hand_up_roles(source: SqlText, inner: SqlText, token: Token) -> None:
    numbers = list(source.holes_in(token.start, token.end))
    for number, role in inner.roles.items():
        if number < len(numbers):
            source.roles[numbers[number]] = role


def parted(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the steps among the tokens of one statement, without the semicolons between them."""
    step: list[Token] = []
    for token in tokens:
        if token.word == ";":
            if step:
                yield step
            step = []
        else:
            step.append(token)
    if step:
        yield step


def read_steps(source: SqlText, steps: Sequence[list[Token]], read: Read) -> list[Operation]:
    """Return the operations of the steps of one block, with those of the blocks in it."""
    found: list[Operation] = []
    declaring = False
    for tokens in steps:
        declaring = declaring and tokens[0].word != "BEGIN"
        if declaring:
            found += calls_of(Cursor(source, tokens))
            continue
        found += _read_step(source, tokens, read)
        declaring = source.postgres and "DECLARE" in [step.word for step in tokens]
    return found


def _read_step(source: SqlText, tokens: list[Token], read: Read) -> list[Operation]:
    """Return what one step does: the words that control it, and then its statement."""
    c = Cursor(source, tokens)
    found = _skip_control(c, read)
    found += calls_of(Cursor(source, tokens, 0, c.index))
    if c.take("RETURN", "QUERY") or (c.at("OPEN") and c.has("FOR")):
        if c.take("OPEN"):
            c.skip_to("FOR")
            c.next()
        return [*found, *_read_query(c, read)]
    if c.at_end() or c.word in (*_SILENT, "OPEN") or _is_assignment(c):
        return [*found, *calls_of(c)]
    if c.take("PERFORM"):
        return [*found, *_read_perform(c, read)]
    if source.postgres and c.take("EXECUTE"):
        return [*found, *read_execute(c, read)]
    return found + read(source, tokens[c.index : c.stop])


def _skip_control(c: Cursor, read: Read) -> list[Operation]:
    found: list[Operation] = []
    while not c.at_end():
        if c.take("<", "<"):
            c.skip_to(">")
            c.take(">", ">")
        elif c.source.mysql and c.is_name() and c.peek(1).word == ":":
            c.next()
            c.next()
        elif c.take("BEGIN"):
            c.take("NOT", "ATOMIC")
        elif c.choose("ELSE", "LOOP", "EXCEPTION", "REPEAT"):
            pass
        elif c.choose("IF", "ELSIF", "ELSEIF", "WHEN", "CASE"):
            c.skip_to("THEN")
            c.next()
        elif c.choose("FOR", "FOREACH", "WHILE"):
            found += _read_loop(c.skip_to("LOOP", "DO"), read)
            c.next()
        elif c.take("UNTIL"):
            c.finish()
        elif c.take("DECLARE"):
            _skip_declaration(c)
        else:
            break
    return found


def _skip_declaration(c: Cursor) -> None:
    """Move past it; what a handler of MySQL does is a step like any other."""
    ahead = Cursor(c.source, c.tokens, c.index, c.stop)
    ahead.skip_to("HANDLER")
    if not ahead.take("HANDLER", "FOR"):
        c.finish()
        return
    c.index = ahead.index
    while True:
        if not (c.take("NOT", "FOUND") or c.take("SQLSTATE", "VALUE")):
            c.choose("SQLSTATE") or c.next()
        if c.peek().kind == "string":
            c.next()
        if not c.take(","):
            return


def _read_loop(c: Cursor, read: Read) -> list[Operation]:
    """Return what the query that a loop runs over does, where it does more than to ask."""
    c.skip_to("IN")
    c.take("IN")
    return _read_query(c, read)


def _read_query(c: Cursor, read: Read) -> list[Operation]:
    if c.source.postgres and c.take("EXECUTE"):
        return read_execute(c, read)
    if c.word in ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH"):
        found = read(c.source, list(c.tokens[c.index : c.stop]))
        return [operation for operation in found if not isinstance(operation, Query)]
    return []


def _is_assignment(c: Cursor) -> bool:
    """`x := 1`, `x.y = 2`, `x[1] := 2`; on MySQL it begins with SET."""
    if c.source.mysql and c.at("SET"):
        return True
    ahead = Cursor(c.source, c.tokens, c.index, c.stop)
    if not ahead.is_name():
        return False
    ahead.qualified()
    if ahead.word == "[":
        ahead.skip_to(":=", "=")
    return ahead.word in (":=", "=") or c.has(":=")


def _read_perform(c: Cursor, read: Read) -> list[Operation]:
    """PERFORM f(x) is SELECT f(x) without its result."""
    if c.at_end():
        return [Query()]
    first = c.peek()
    select = Token("word", "SELECT", first.start, first.start)
    return read(c.source, [select, *c.tokens[c.index : c.stop]])
