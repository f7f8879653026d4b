"""DO blocks: the static SQL in their PL/pgSQL is read, the rest is said to be opaque."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guard.operations import Opaque, Operation, Query
from guard.sql.cursor import Cursor, SqlError, SqlText
from guard.sql.result import Hole
from guard.sql.tokens import Token, split, words

_DEEPEST = 4  # bodies within bodies
_SILENT = words("RAISE RETURN NULL EXIT CONTINUE GET ASSERT OPEN FETCH MOVE CLOSE END")

# Reads one statement's tokens; given by the reader of whole texts, which is what calls this one.
Read = Callable[[SqlText, list[Token]], list[Operation]]


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
    if source.depth >= _DEEPEST:
        return [Opaque(reason="blocks are nested too deeply", code=code)]
    inner = _inner_source(source, token, body)
    steps = list(_statements(inner))
    if not steps or "END" not in [step.word for step in steps[-1]]:
        raise SqlError("the block has no END", token.end)
    found: list[Operation] = []
    declaring = False
    for tokens in steps:
        declaring = declaring and tokens[0].word != "BEGIN"
        if not declaring:
            found += _read_step(inner, tokens, read)
            declaring = "DECLARE" in [step.word for step in tokens]
    _hand_up_roles(source, inner, token)
    return found


def _inner_source(source: SqlText, token: Token, body: str) -> SqlText:
    """Return the body as a text of its own; a dollar-quoted one keeps its holes."""
    holes: tuple[Hole, ...] = ()
    if token.kind == "dollar":
        start = source.text.index("$", token.start + 1) + 1
        holes = tuple(
            Hole(hole.start - start, hole.end - start, hole.code)
            for hole in source.holes
            if token.start <= hole.start < token.end
        )
        body = source.text[start : token.end - (start - token.start)]
    return SqlText(body, "postgresql", holes, source.known, source.depth + 1)


def _hand_up_roles(source: SqlText, inner: SqlText, token: Token) -> None:
    numbers = list(source.holes_in(token.start, token.end))
    for number, role in inner.roles.items():
        if number < len(numbers):
            source.roles[numbers[number]] = role


def _statements(source: SqlText) -> Iterator[list[Token]]:
    return (tokens for tokens in split(source.masked, source.dialect) if tokens)


def _read_step(source: SqlText, tokens: list[Token], read: Read) -> list[Operation]:
    """Return what one step of the block does, after the words that control it."""
    c = Cursor(source, tokens)
    found = _skip_control(c, read)
    if c.at_end() or c.word in _SILENT or _is_assignment(c):
        return found
    if c.take("PERFORM"):
        return [*found, *_read_call(c, read)]
    if c.take("EXECUTE"):
        return [*found, *_read_execute(c, read)]
    return found + read(source, tokens[c.index : c.stop])


def _skip_control(c: Cursor, read: Read) -> list[Operation]:
    found: list[Operation] = []
    while not c.at_end():
        if c.take("<", "<"):
            c.skip_to(">")
            c.take(">", ">")
        elif c.choose("BEGIN", "ELSE", "LOOP", "EXCEPTION"):
            pass
        elif c.choose("IF", "ELSIF", "ELSEIF", "WHEN", "CASE"):
            c.skip_to("THEN")
            c.next()
        elif c.choose("FOR", "FOREACH", "WHILE"):
            found += _read_loop(c.skip_to("LOOP"), read)
            c.next()
        elif c.take("DECLARE"):
            c.finish()
        else:
            break
    return found


def _read_loop(c: Cursor, read: Read) -> list[Operation]:
    """Return what the query that a loop runs over does, where it does more than to ask."""
    c.skip_to("IN")
    c.take("IN")
    if c.take("EXECUTE"):
        return _read_execute(c, read)
    if c.word in ("INSERT", "UPDATE", "DELETE", "WITH"):
        return read(c.source, list(c.tokens[c.index : c.stop]))
    return []


def _is_assignment(c: Cursor) -> bool:
    """`x := 1`, `x.y = 2`, `x[1] := 2`."""
    ahead = Cursor(c.source, c.tokens, c.index, c.stop)
    if not ahead.is_name():
        return False
    ahead.qualified()
    if ahead.word == "[":
        ahead.skip_to(":=", "=")
    return ahead.word in (":=", "=") or c.has(":=")


def _read_call(c: Cursor, read: Read) -> list[Operation]:
    """PERFORM f(x) is SELECT f(x) without its result."""
    if c.at_end():
        return [Query()]
    first = c.peek()
    select = Token("word", "SELECT", first.start, first.start)
    return read(c.source, [select, *c.tokens[c.index : c.stop]])


def _read_execute(c: Cursor, read: Read) -> list[Operation]:
    """Return what EXECUTE runs, where its text stands in sight."""
    source, code = c.source, c.sql
    if c.word == "FORMAT" and c.peek(1).word == "(" and c.peek(3).word == ")":
        c.next()
        c = c.parens()
    token = c.peek()
    if token.kind not in ("string", "dollar") or c.peek(1).word in ("||", "::"):
        return [Opaque(reason="the SQL is put together while the block runs", code=code)]
    inner = _inner_source(source, token, source.string(token))
    if inner.depth > _DEEPEST:
        return [Opaque(reason="blocks are nested too deeply", code=code)]
    return [op for tokens in _statements(inner) for op in read(inner, tokens)]
