"""The routines that a statement calls, told from all else that a parenthesis follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guard.operations import CallRoutine, Name, Operation
from guard.sql.builtin import is_builtin
from guard.sql.cursor import Cursor
from guard.sql.tokens import Token, words

# An expression, or a function among tables, may follow these words; a name after any other one is
# an alias with its columns, a type, a table with those that an INSERT fills.
_BEFORE_CALL = words(
    "SELECT DISTINCT ALL FROM JOIN STRAIGHT_JOIN LATERAL WHERE AND OR XOR NOT ON IN BETWEEN LIKE "
    "ILIKE RLIKE REGEXP GLOB IS WHEN THEN ELSE CASE BY HAVING SET RETURNING VALUES LIMIT OFFSET "
    "FOR TO DIV MOD ESCAPE DEFAULT ANY SOME EXISTS UNION EXCEPT INTERSECT RETURN NEXT PERFORM IF "
    "ELSIF ELSEIF WHILE UNTIL ASSERT DO USING CALL EXECUTE QUERY VERBOSE ANALYZE"
)
_NO_CALL = words(
    "IN VALUES VALUE AND OR NOT ON USING OVER AS SELECT FROM WHERE SET FILTER GROUP BY SETS ROW "
    "ROWS PARTITION INDEX KEY INTO TABLE ONLY LATERAL UNION EXCEPT INTERSECT ALL DISTINCT EXISTS "
    "ANY SOME CASE WHEN THEN ELSE HAVING LIMIT OFFSET RETURNING JOIN WITH MATERIALIZED CONFLICT "
    "COLUMNS MATCH AGAINST ARRAY INTERVAL BETWEEN LIKE IS RANGE IF ELSIF ELSEIF WHILE UNTIL RETURN "
    "DO PERFORM THROUGH ELEMENTS WITHIN SUBSET DEFAULT"
)
_QUERIES = words("SELECT WITH VALUES TABLE INSERT UPDATE DELETE MERGE (")


def called_in(c: Cursor) -> tuple[Name, ...]:
    """Return the routines that the tokens ahead call, each once, but for the server's own."""
    found: dict[Name, None] = {}
    for index in range(c.index, c.stop - 1):
        if c.tokens[index + 1].word != "(" or c.tokens[index].kind not in ("word", "quoted"):
            continue
        first = _first_part(c.tokens, index, c.index)
        if _is_call(c, first, index):
            name = Cursor(c.source, c.tokens, first, index + 1).qualified()
            if not is_builtin(name.name.lower(), c.source.dialect):
                found[name] = None
    return tuple(found)


def calls_of(c: Cursor, within: bool = True) -> Iterator[Operation]:
    """Yield a call for each routine that the tokens ahead call."""
    code = c.sql
    for name in called_in(c):
        yield CallRoutine(name=name, code=code, within=within)


def _first_part(tokens: Sequence[Token], index: int, start: int) -> int:
    """Return where a qualified name begins."""
    while index - 2 >= start and tokens[index - 1].word == ".":
        index -= 2
    return index


def _is_call(c: Cursor, first: int, last: int) -> bool:
    if first == last and c.tokens[first].word in _NO_CALL:
        return False
    before = c.tokens[first - 1] if first > c.index else None
    if before is None:
        return True
    if before.kind == "word" and before.word not in _BEFORE_CALL:
        return False
    if before.kind not in ("word", "op") or before.word in (")", "]", "::", "."):
        return False
    if before.word == ":" and first - 2 >= c.index and c.tokens[first - 2].word == ":":
        return False
    return not _names_a_query(c, last)


def _names_a_query(c: Cursor, last: int) -> bool:
    """Whether it is `x (a, b) AS (SELECT ...)`, a query that WITH names."""
    ahead = Cursor(c.source, c.tokens, last + 1, c.stop)
    ahead.parens()
    if not ahead.take("AS"):
        return False
    ahead.take("NOT")
    ahead.take("MATERIALIZED")
    return ahead.word == "(" and ahead.peek(1).word in _QUERIES
