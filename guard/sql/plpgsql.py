"""PL/pgSQL: the texts in which it stands, and what EXECUTE makes of a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guard.operations import Opaque, Operation
from guard.sql.cursor import Cursor, SqlError, SqlText
from guard.sql.dynamic_sql import concatenated, formatted
from guard.sql.result import Hole
from guard.sql.tokens import Token, split

DEEPEST = 4  # bodies within bodies
PUT_TOGETHER = "the SQL is put together while the block runs"

# Reads one statement's tokens; given by the reader of whole texts, which is what calls this one.
Read = Callable[[SqlText, list[Token]], list[Operation]]


def inner_source(source: SqlText, token: Token, body: str) -> SqlText:
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


def statements_of(source: SqlText) -> Iterator[list[Token]]:
    """Yield the tokens of each statement or step."""
    return (tokens for tokens in split(source.masked, source.dialect) if tokens)


def steps_of(source: SqlText, end: int) -> list[list[Token]]:
    """Return the steps of a block, which stands in a string up to `end`.

    Raises SqlError where it is none.
    """
    steps = list(statements_of(source))
    if not steps or "END" not in [step.word for step in steps[-1]]:
        raise SqlError("the block has no END", end)
    return steps


def read_execute(c: Cursor, read: Read) -> list[Operation]:
    """Return what EXECUTE runs, where its text stands in sight."""
    source, code = c.source, c.sql
    if c.word == "FORMAT" and c.peek(1).word == "(":
        c.next()
        return _read_made(formatted(c.parens()), code, read)
    token = c.peek()
    if token.kind not in ("string", "dollar") or c.peek(1).word in ("||", "::"):
        return _read_made(concatenated(c.skip_to("INTO", "USING")), code, read)
    inner = inner_source(source, token, source.string(token))
    if inner.depth > DEEPEST:
        return [Opaque(reason="blocks are nested too deeply", code=code)]
    return [op for tokens in statements_of(inner) for op in read(inner, tokens)]


def _read_made(inner: SqlText | None, code: str, read: Read) -> list[Operation]:
    """Return what the text runs that the block makes; where that is no SQL, a piece was more."""
    found: list[Operation] = []
    if inner is not None and inner.depth <= DEEPEST:
        try:
            found = [op for tokens in statements_of(inner) for op in read(inner, tokens)]
        except SqlError:
            found = []
    if not found or any(isinstance(operation, Opaque) for operation in found):
        return [Opaque(reason=PUT_TOGETHER, code=code)]
    return found
