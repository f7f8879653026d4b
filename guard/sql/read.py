"""Read a text: statement by statement, each by the word that it begins with."""

from __future__ import annotations

from collections.abc import Callable

from guard.operations import (
    CallRoutine,
    CreateObject,
    CreateTable,
    CreateView,
    Name,
    Opaque,
    Operation,
    Permission,
    Query,
    SetOption,
)
from guard.sql.blocks import read_do
from guard.sql.calls import called_in, calls_of
from guard.sql.create import read_create
from guard.sql.cursor import Cursor, SqlError, SqlText
from guard.sql.drop import read_drop
from guard.sql.hole_roles import assign_roles
from guard.sql.maintenance import (
    read_lock,
    read_maintenance,
    read_refresh,
    read_reindex,
    read_server,
    read_truncate,
)
from guard.sql.objects import read_alter, read_comment, read_rename
from guard.sql.plpgsql import statements_of
from guard.sql.result import Hole, Role, SqlReading, SqlStatement
from guard.sql.routines import with_body
from guard.sql.rows import read_copy, read_load, read_rows
from guard.sql.settings import (
    read_attach,
    read_discard,
    read_permission,
    read_pragma,
    read_prepare,
    read_reassign,
    read_reset,
    read_set,
    read_transaction,
    read_unlock,
    read_use,
)
from guard.sql.tokens import Token, split, words
from guard.sql.unjudged import unjudged, unjudged_kind

Reader = Callable[[Cursor], list[Operation]]

MISTAKE = "guard itself fails to read it"
_ATTEMPTS = ("postgresql", "mysql", "sqlite")
# MariaDB lets these say how long they wait; after the others, WAIT and NOWAIT are names.
_WAIT = words("ALTER CREATE DROP LOCK OPTIMIZE RENAME TRUNCATE")
_NAMES_FOLLOW = words("ADD AFTER AS CHANGE COLUMN DROP EXISTS INDEX KEY MODIFY ON TABLE TO , .")
_ROWS = words("SELECT INSERT UPDATE DELETE MERGE REPLACE WITH VALUES (")


def read_text(text: str, dialect: str | None, holes: tuple[Hole, ...]) -> SqlReading:
    """Return the reading by that dialect, or by the one that understands most of the text."""
    holes = tuple(sorted(holes, key=lambda hole: hole.start))
    readings: list[tuple[tuple[int, int], SqlReading]] = []
    for attempt in (dialect,) if dialect else _ATTEMPTS:
        reading = _read(SqlText(text, attempt, holes, known=dialect is not None))
        readings.append((_failures(reading), reading))
        if readings[-1][0] == (0, 0):
            break
    return min(readings, key=lambda pair: pair[0])[1]


def _failures(reading: SqlReading) -> tuple[int, int]:
    """Return how many operations are invalid, and how many are opaque or call who knows what."""
    opaque = [
        isinstance(op, Opaque) and op.invalid
        for found in reading.statements
        for op in found.operations
        if isinstance(op, Opaque | CallRoutine)
    ]
    return sum(opaque), len(opaque)


def _read(source: SqlText) -> SqlReading:
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


def read_statement(source: SqlText, tokens: list[Token]) -> list[Operation]:
    """Return the operations of one statement; never raises."""
    code = source.text[tokens[0].start : tokens[-1].end]
    try:
        found = _read_by_word(source, tokens, code)
        found = [*found, *unjudged(found, source.dialect, code)]
    except SqlError as error:
        found = [_unread(source, tokens, error, code)]
    except RecursionError:
        found = [Opaque(reason="the statement is nested too deeply", code=code)]
    except Exception as error:  # noqa: BLE001  (a mistake of ours must not pass for safe, nor stop)
        found = [Opaque(reason=f"{MISTAKE}: {error!r}", code=code)]
    assign_roles(source, tokens)
    return found


def _read_by_word(source: SqlText, tokens: list[Token], code: str) -> list[Operation]:
    if tokens[-1].kind == "error":
        raise SqlError(tokens[-1].word, tokens[-1].start)
    c = Cursor(source, tokens)
    if tokens[0].kind == "client":
        return [Opaque(reason="what this command of psql runs is not in sight", code=code.strip())]
    if c.at_hole():
        return [Opaque(reason="what the statement begins with is not known", code=code)]
    if kind := unjudged_kind(c):
        return [Opaque(reason=f"no rule knows what {kind} does", code=code)]
    if source.mysql and c.word in _WAIT and (at := _waits_at(tokens)):
        return _read_waiting(source, tokens, at, code)
    if c.word == "DO" and not source.mysql:
        return read_do(c, read_statement)
    if c.word in _ROWS:
        return _read_rows(c, tokens)
    reader = _READERS[source.dialect].get(c.word)
    if reader is None:
        raise c.fail(f"a statement of {source.dialect}" if source.known else "a statement")
    found = reader(c)
    if c.at_end():
        return found
    rest = Cursor(source, tokens, c.index)
    if not rest.has_hole:
        raise c.fail("the end of the statement")
    return [*found, Opaque(reason="a part of the statement is not known", code=rest.sql)]


def _waits_at(tokens: list[Token]) -> int:
    """Return where MariaDB's WAIT or NOWAIT stands, which is no name there; 0 for nowhere."""
    depth = 0
    for number, token in enumerate(tokens):
        depth += (token.word == "(") - (token.word == ")")
        timed = token.word == "WAIT" and tokens[number + 1 : number + 2]
        waits = token.word == "NOWAIT" or (timed and timed[0].kind == "number")
        before = tokens[number - 1].word if number else ""
        if waits and token.kind == "word" and not depth and before not in _NAMES_FOLLOW:
            return number
    return 0


def _read_waiting(source: SqlText, tokens: list[Token], at: int, code: str) -> list[Operation]:
    """Read a statement that waits for its table no longer than it says, and what it says."""
    seconds = "0"
    if tokens[at].word == "WAIT":
        seconds = source.text[tokens[at + 1].start : tokens[at + 1].end]
    rest = [*tokens[:at], *tokens[at + (1 if tokens[at].word == "NOWAIT" else 2) :]]
    limit = SetOption(name="lock_wait_timeout", value=seconds, scope="statement")
    return [limit, *_read_by_word(source, rest, code)]


def _read_rows(c: Cursor, tokens: list[Token]) -> list[Operation]:
    """Rows and queries: the cursor reads them, the parser checks them."""
    whole = Cursor(c.source, tokens)
    body = c.source.depth > 0  # where variables stand, INTO fills them, and PERFORM became SELECT
    found = read_rows(c, body)
    only_asks = any(isinstance(op, Query) for op in found)
    tables = _checked(whole, only_asks, body) if only_asks or not body else ()
    calls = called_in(whole)
    within = bool(tables) or not only_asks
    kept = [op for op in found if within or not (calls and isinstance(op, Query))]
    if tables and not body:
        kept = [Query(tables=tables) if isinstance(op, Query) else op for op in kept]
    return kept + [CallRoutine(name=name, code=whole.sql, within=within) for name in calls]


def _checked(c: Cursor, only_asks: bool, body: bool) -> tuple[Name, ...]:
    """Return the tables that a query names; raises SqlError where the parser refuses it."""
    if c.word == "REPLACE":
        return ()
    from guard.sql.sqlglot_check import parse, read_tables  # imports sqlglot

    try:
        tree = parse(c.source, c.tokens)
    except SqlError as error:
        if body or c.has_hole:  # no parser can know where an unknown piece fits
            return ()
        try:
            tree = parse(c.source, c.tokens, loosely=True)
        except SqlError:
            raise error from None
    if tree is None or not (only_asks and c.has("FROM")):  # SELECT f() INTO x names a variable
        return ()
    return read_tables(tree, c.source)


def _unread(source: SqlText, tokens: list[Token], error: SqlError, code: str) -> Operation:
    """Return why the statement was not read: it is wrong, or nobody can know."""
    reason = f"{error.message} ({source.place(error.position)})"
    if Cursor(source, tokens).has_hole:
        return Opaque(reason=f"{reason}, with pieces that are not known", code=code)
    return Opaque(reason=reason, code=code, invalid=True)


def _read_nothing(c: Cursor) -> list[Operation]:
    """EXPLAIN, SHOW, LISTEN and the like: they ask or tell, and change nothing."""
    c.finish()
    return [Query()]


def _read_do(c: Cursor) -> list[Operation]:
    """MySQL's DO f(x) is SELECT f(x) without its result."""
    c.next()
    first = c.peek()
    rest = c.tokens[c.index : c.stop]
    c.finish()
    select = Token("word", "SELECT", first.start, first.start)
    return _read_rows(Cursor(c.source, [select, *rest]), [select, *rest])


def _read_create(c: Cursor) -> list[Operation]:
    """CREATE, with what a routine or trigger will do when it runs, and a query does now."""
    ahead = Cursor(c.source, c.tokens, c.index, c.stop)
    found = read_create(c)
    if isinstance(found[0], CreateObject):
        return [with_body(found[0], ahead, read_statement)]
    if isinstance(found[0], CreateTable | CreateView) and ahead.has("AS"):
        ahead.skip_to("AS")
        stored = isinstance(found[0], CreateView) and not found[0].materialized
        return found if stored else [*found, *calls_of(ahead)]
    return found


def _read_call(c: Cursor) -> list[Operation]:
    code = c.sql
    c.expect("CALL")
    name = c.qualified("a procedure")
    found = list(calls_of(c))
    c.finish()
    return [CallRoutine(name=name, code=code), *found]


def _read_execute(c: Cursor) -> list[Operation]:
    """A prepared statement stands in the session; MariaDB's EXECUTE IMMEDIATE is told its text."""
    code = c.sql
    c.expect("EXECUTE")
    if c.take("IMMEDIATE") and c.peek().kind == "string" and c.peek(1).word in ("", "USING"):
        inner = SqlText(c.string(), c.source.dialect, (), c.source.known, c.source.depth + 1)
        c.finish()
        return [op for tokens in statements_of(inner) for op in read_statement(inner, tokens)]
    c.finish()
    return [Opaque(reason="what the prepared statement does is not in sight", code=code)]


def _read_set(c: Cursor) -> list[Operation]:
    """MariaDB's SET STATEMENT x = 1 FOR a statement, which runs."""
    if not c.take("SET", "STATEMENT"):
        return read_set(c)
    settings = c.skip_to("FOR")
    c.expect("FOR")
    found: list[Operation] = []
    for item in settings.items():
        name = item.name("a setting").lower()
        item.expect("=")
        found.append(SetOption(name=name, value=item.sql, scope="statement"))
    tokens = list(c.tokens[c.index : c.stop])
    c.finish()
    return [*found, *read_statement(c.source, tokens)]


def _read_analyze(c: Cursor) -> list[Operation]:
    """ANALYZE TABLE t; MariaDB's ANALYZE [FORMAT=JSON] of a statement runs that."""
    ahead = Cursor(c.source, c.tokens, c.index + 1, c.stop)
    if ahead.take("FORMAT", "="):
        ahead.next()
    if ahead.word not in _ROWS:
        return read_maintenance(c)
    c.finish()
    return _read_rest(ahead)


def _read_foreign(c: Cursor) -> list[Operation]:
    """IMPORT FOREIGN SCHEMA makes tables, which ones another server knows."""
    c.expect("IMPORT", "FOREIGN", "SCHEMA")
    c.skip_to("INTO")
    c.expect("INTO")
    return [Opaque(reason="what the foreign schema holds is not in sight", code=c.rest())]


def _read_label(c: Cursor) -> list[Operation]:
    """SECURITY LABEL, for a module of the server that decides who may do what."""
    c.expect("SECURITY", "LABEL")
    c.skip_to("ON")
    c.expect("ON")
    target = c.skip_to("IS").sql
    c.expect("IS")
    c.finish()
    return [Permission(command="grant", target=target)]


def _read_explain(c: Cursor) -> list[Operation]:
    """EXPLAIN ANALYZE runs what it explains."""
    c.next()
    options = c.parens() if c.word == "(" else c
    runs = options.has("ANALYZE")
    c.skip_to(*_ROWS)
    if not runs or c.at_end():
        return _read_nothing(c)
    return _read_rest(c)


def _read_rest(c: Cursor) -> list[Operation]:
    """Return what the statement does that stands in the rest of another one."""
    tokens = list(c.tokens[c.index : c.stop])
    c.finish()
    return _read_rows(Cursor(c.source, tokens), tokens)


def _read_copy(c: Cursor) -> list[Operation]:
    """COPY of a query runs that, and whatever program it is given."""
    ahead = Cursor(c.source, c.tokens, c.index + 1, c.stop)
    program = ahead.has("PROGRAM")
    code = c.sql
    if ahead.word == "(":
        found = _read_rest(ahead.parens())
        c.finish()
    else:
        found = read_copy(c)
    if program:
        found.append(Opaque(reason="what the program does is not in sight", code=code))
    return found


def _read_declare(c: Cursor) -> list[Operation]:
    """A cursor runs its query."""
    c.skip_to("FOR")
    return _read_rest(c) if c.take("FOR") and c.word in _ROWS else _read_nothing(c)


def _of(names: str, reader: Reader) -> dict[str, Reader]:
    return dict.fromkeys(words(names), reader)


_EVERYWHERE: dict[str, Reader] = {
    "CREATE": _read_create,
    "ALTER": read_alter,
    "DROP": read_drop,
    "EXPLAIN": _read_explain,
    **_of("BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE", read_transaction),
    "ANALYZE": read_maintenance,
}
_SERVERS: dict[str, Reader] = {
    "TRUNCATE": read_truncate,
    "LOCK": read_lock,
    "SET": read_set,
    "PREPARE": read_prepare,
    **_of("GRANT REVOKE", read_permission),
    "START": read_transaction,
    "CALL": _read_call,
    "EXECUTE": _read_execute,
    "DECLARE": _read_declare,
    **_of("SHOW FETCH CLOSE DEALLOCATE TABLE", _read_nothing),
}
_POSTGRES: dict[str, Reader] = {
    "COMMENT": read_comment,
    "COPY": _read_copy,
    "REINDEX": read_reindex,
    "REFRESH": read_refresh,
    "RESET": read_reset,
    "DISCARD": read_discard,
    "REASSIGN": read_reassign,
    "ABORT": read_transaction,
    **_of("VACUUM ANALYSE CLUSTER CHECKPOINT", read_maintenance),
    "IMPORT": _read_foreign,
    "SECURITY": _read_label,
    **_of("LISTEN UNLISTEN NOTIFY MOVE", _read_nothing),
}
_MYSQL: dict[str, Reader] = {
    "RENAME": read_rename,
    "LOAD": read_load,
    "UNLOCK": read_unlock,
    "USE": read_use,
    **_of("RESET KILL INSTALL UNINSTALL CHANGE CACHE PURGE STOP BINLOG", read_server),
    **_of("OPTIMIZE CHECK REPAIR FLUSH CHECKSUM", read_maintenance),
    **_of("DESCRIBE DESC HELP SIGNAL RESIGNAL HANDLER GET", _read_nothing),
    "DO": _read_do,
    "SET": _read_set,
    "ANALYZE": _read_analyze,
}
_SQLITE: dict[str, Reader] = {
    "PRAGMA": read_pragma,
    "REINDEX": read_reindex,
    "VACUUM": read_maintenance,
    **_of("ATTACH DETACH", read_attach),
}
_READERS: dict[str, dict[str, Reader]] = {
    "postgresql": {**_EVERYWHERE, **_SERVERS, **_POSTGRES},
    "mysql": {**_EVERYWHERE, **_SERVERS, **_MYSQL},
    "mariadb": {**_EVERYWHERE, **_SERVERS, **_MYSQL},
    "sqlite": {**_EVERYWHERE, **_SQLITE},
}
