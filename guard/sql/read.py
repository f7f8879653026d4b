"""Read a text: statement by statement, each by the word that it begins with."""

from __future__ import annotations

from collections.abc import Callable

from guard.operations import Opaque, Operation, Query
from guard.sql import Hole, Role, SqlReading, SqlStatement
from guard.sql.body import read_do
from guard.sql.create import read_create
from guard.sql.cursor import Cursor, Source, SqlError
from guard.sql.drop import read_drop
from guard.sql.others import (
    read_alter,
    read_attach,
    read_comment,
    read_discard,
    read_lock,
    read_maintenance,
    read_permission,
    read_pragma,
    read_prepare,
    read_reassign,
    read_refresh,
    read_reindex,
    read_rename,
    read_reset,
    read_set,
    read_transaction,
    read_truncate,
    read_unlock,
    read_use,
)
from guard.sql.roles import assign_roles
from guard.sql.rows import read_copy, read_load, read_rows
from guard.sql.tokens import Token, split, words

Reader = Callable[[Cursor], list[Operation]]

_ATTEMPTS = ("postgresql", "mysql", "sqlite")
_ROWS = words("SELECT INSERT UPDATE DELETE MERGE REPLACE WITH VALUES (")


def read_text(text: str, dialect: str | None, holes: tuple[Hole, ...]) -> SqlReading:
    """Return the reading by that dialect, or by the one that understands most of the text."""
    holes = tuple(sorted(holes, key=lambda hole: hole.start))
    readings: list[tuple[tuple[int, int], SqlReading]] = []
    for attempt in (dialect,) if dialect else _ATTEMPTS:
        reading = _read(Source(text, attempt, holes, folds=dialect == "postgresql"))
        readings.append((_failures(reading), reading))
        if readings[-1][0] == (0, 0):
            break
    return min(readings, key=lambda pair: pair[0])[1]


def _failures(reading: SqlReading) -> tuple[int, int]:
    """Return how many operations are invalid, and how many are opaque."""
    opaque = [
        op.invalid
        for found in reading.statements
        for op in found.operations
        if isinstance(op, Opaque)
    ]
    return sum(opaque), len(opaque)


def _read(source: Source) -> SqlReading:
    statements = []
    for tokens in split(source.masked, source.dialect):
        if not tokens:
            continue
        start, end = tokens[0].start, tokens[-1].end
        operations = tuple(read_statement(source, tokens))
        statements.append(SqlStatement(source.text[start:end], start, end, operations))
    roles: tuple[Role, ...] = tuple(
        source.roles.get(number, "syntax") for number in range(len(source.holes))
    )
    return SqlReading(tuple(statements), roles, source.dialect)


def read_statement(source: Source, tokens: list[Token]) -> list[Operation]:
    """Return the operations of one statement; never raises."""
    code = source.text[tokens[0].start : tokens[-1].end]
    try:
        found = _read_by_word(source, tokens, code)
    except SqlError as error:
        found = [_unread(source, tokens, error, code)]
    except RecursionError:
        found = [Opaque(reason="the statement is nested too deeply", code=code)]
    assign_roles(source, tokens)
    return found


def _read_by_word(source: Source, tokens: list[Token], code: str) -> list[Operation]:
    if tokens[-1].kind == "error":
        raise SqlError(tokens[-1].word, tokens[-1].start)
    c = Cursor(source, tokens)
    if c.at_hole():
        return [Opaque(reason="what the statement begins with is not known", code=code)]
    if c.word == "DO" and not source.mysql:
        return read_do(c, read_statement)
    if c.word in _ROWS:
        return _read_rows(c, tokens)
    reader = _READERS.get(c.word)
    if reader is None:
        raise c.fail("a statement")
    found = reader(c)
    if c.at_end():
        return found
    rest = Cursor(source, tokens, c.index)
    if not rest.has_hole:
        raise c.fail("the end of the statement")
    return [*found, Opaque(reason="a part of the statement is not known", code=rest.sql)]


def _read_rows(c: Cursor, tokens: list[Token]) -> list[Operation]:
    """Rows and queries: the cursor reads them, the parser checks them."""
    body = c.source.depth > 0  # where variables stand, INTO fills them, and PERFORM became SELECT
    found = read_rows(c, body)
    if body or c.word == "REPLACE":
        return found
    from guard.sql.parser import parse, read_tables  # noqa: PLC0415  (imports sqlglot)

    tree = parse(c.source, tokens)
    if tree is None or not any(isinstance(op, Query) for op in found):
        return found
    tables = read_tables(tree, c.source)
    return [Query(tables=tables) if isinstance(op, Query) else op for op in found]


def _unread(source: Source, tokens: list[Token], error: SqlError, code: str) -> Operation:
    """Return why the statement was not read: it is wrong, or nobody can know."""
    reason = f"{error.message} ({source.place(error.position)})"
    if Cursor(source, tokens).has_hole:
        return Opaque(reason=f"{reason}, with pieces that are not known", code=code)
    invalid = tokens[-1].kind == "error" or tokens[0].word in _ROWS
    return Opaque(reason=reason, code=code, invalid=invalid or not _accepted(source, tokens))


def _accepted(source: Source, tokens: list[Token]) -> bool:
    """Whether another parser knows the statement."""
    if tokens[0].word not in _READERS:
        return False
    from sqlglot import exp  # noqa: PLC0415

    from guard.sql.parser import parse  # noqa: PLC0415

    try:
        tree = parse(source, tokens)
    except (SqlError, RecursionError):
        return False
    return tree is not None and not isinstance(tree, exp.Command | exp.Alias | exp.Column)


def _read_nothing(c: Cursor) -> list[Operation]:
    """EXPLAIN, SHOW, LISTEN and the like: they ask or tell, and change nothing."""
    c.finish()
    return [Query()]


def _read_call(c: Cursor) -> list[Operation]:
    """CALL and EXECUTE: what they do stands in the database."""
    return [Opaque(reason="what the routine does is not in sight", code=c.rest())]


def _read_explain(c: Cursor) -> list[Operation]:
    """EXPLAIN ANALYZE runs what it explains."""
    c.next()
    options = c.parens() if c.word == "(" else c
    runs = options.has("ANALYZE")
    c.skip_to(*_ROWS)
    if not runs or c.at_end():
        return _read_nothing(c)
    return read_rows(c)


_READERS: dict[str, Reader] = {
    "CREATE": read_create,
    "ALTER": read_alter,
    "DROP": read_drop,
    "TRUNCATE": read_truncate,
    "RENAME": read_rename,
    "COMMENT": read_comment,
    "COPY": read_copy,
    "LOAD": read_load,
    "REINDEX": read_reindex,
    "REFRESH": read_refresh,
    "LOCK": read_lock,
    "UNLOCK": read_unlock,
    "SET": read_set,
    "RESET": read_reset,
    "DISCARD": read_discard,
    "USE": read_use,
    "PRAGMA": read_pragma,
    "ATTACH": read_attach,
    "DETACH": read_attach,
    "PREPARE": read_prepare,
    "REASSIGN": read_reassign,
    "EXPLAIN": _read_explain,
    **dict.fromkeys(("GRANT", "REVOKE"), read_permission),
    **dict.fromkeys(
        ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"),
        read_transaction,
    ),
    **dict.fromkeys(
        words("VACUUM ANALYZE ANALYSE CLUSTER OPTIMIZE CHECK REPAIR CHECKPOINT FLUSH CHECKSUM"),
        read_maintenance,
    ),
    **dict.fromkeys(words("CALL EXECUTE EXEC DO"), _read_call),
    **dict.fromkeys(
        words(
            "SHOW DESCRIBE DESC LISTEN UNLISTEN NOTIFY DECLARE FETCH MOVE CLOSE DEALLOCATE TABLE HELP "
            "SIGNAL HANDLER"
        ),
        _read_nothing,
    ),
}
