"""What a statement does to the tables of a live PostgreSQL.

The locks are those that pg_locks shows for the statement's own session, and what they keep others
from is tried by a second session with a short lock_timeout. A table is scanned where its counters
say that rows were read, and rewritten where the event trigger table_rewrite fires, or where it has
another file that is not empty. Which table a number means is written down before the statement
runs: afterwards the catalogue may no longer tell.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Container
from typing import Any

import msgspec
from claim import STRENGTH, Claim, Seen
from postgresql_server import Postgresql, scratch_database

from guard.effects import Blocked

WEAK = (None, "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE")  # what reads and writes take
PROBES: dict[Blocked, str] = {
    "reads": "SELECT FROM ONLY {} LIMIT 0",
    "writes": "DELETE FROM ONLY {} WHERE false",
    "ddl": "ALTER TABLE {} OWNER TO CURRENT_USER",
}
NOT_IN_A_TRANSACTION, LOCK_NOT_AVAILABLE = "25001", "55P03"
WATCH = """
CREATE SCHEMA watch;
CREATE FUNCTION watch.rewritten() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'rewritten %', pg_event_trigger_table_rewrite_oid(); END $$;
CREATE EVENT TRIGGER rewritten ON table_rewrite EXECUTE FUNCTION watch.rewritten();
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|watch$)'"
TABLES = f"""
SELECT c.oid, n.nspname, c.relname, c.relkind, i.inhparent, pg_relation_filenode(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
WHERE c.relkind IN ('r', 'p', 'm', 'v') AND n.nspname IN ({SCHEMAS})
ORDER BY c.oid
"""
LOCKS = """
SELECT relation, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'
"""
WAITS = "SELECT pg_blocking_pids(%s) <> '{}'"
READ = "SELECT relid, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat{}_all_tables"
FILES = "SELECT oid, pg_relation_filenode(oid), pg_relation_size(oid) FROM pg_class"


class Table(msgspec.Struct, frozen=True):
    """A table as it was before the statement; `parent` where it is a partition."""

    oid: int
    schema: str
    name: str
    kind: str
    parent: int | None
    file: int | None

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        return f'"{self.schema}"."{self.name}"'


class Watch:
    """What is being observed of one statement; tables are known by their numbers."""

    def __init__(self, connection: Any, other: Any, tables: list[Table]) -> None:
        self.connection, self.other = connection, other
        self.tables = {table.oid: table for table in tables}
        self.locks: dict[int, str] = {}
        self.blocked: dict[int, set[Blocked]] = {}
        self.scanned: set[int] = set()
        self.rewritten: set[int] = set()
        connection.add_notice_handler(self.notice)

    def notice(self, diagnostic: Any) -> None:
        """Write down what the event trigger says."""
        word, _, number = diagnostic.message_primary.partition(" ")
        if word == "rewritten":
            self.rewritten.add(int(number))

    def look_at_locks(self) -> None:
        """Add the locks that the statement's session has or waits for, and who waits for them."""
        for oid, mode in self.other.execute(LOCKS, (self.connection.info.backend_pid,)).fetchall():
            lock = _words(mode)
            if oid in self.tables:
                self.locks[oid] = max(lock, self.locks.get(oid, lock), key=STRENGTH.index)
        for oid, table in self.tables.items():
            for blocked, probe in PROBES.items():
                if _waits(self.other, probe.format(table.sql)):
                    self.blocked.setdefault(oid, set()).add(blocked)

    def look_at_files(self, connection: Any) -> None:
        """Add the tables that have another file, and something in it."""
        for oid, file, size in connection.execute(FILES).fetchall():
            if oid in self.tables and file != self.tables[oid].file and size:
                self.rewritten.add(oid)

    def seen(self, named: Container[str]) -> dict[str, Seen]:
        """Return what was seen of the tables that count."""
        found = {oid: self._seen(oid) for oid in self.tables}
        kept = {}
        for oid, table in reversed(self.tables.items()):  # partitions are the younger
            one, whole = found[oid], table.parent and found.get(table.parent)
            if str(table) in named:
                kept[str(table)] = one
            elif table.parent and whole and _strength(one) <= _strength(whole):
                found[table.parent] = whole | Seen(scans=one.scans, rewrites=one.rewrites)
            elif one.lock not in WEAK:
                kept[str(table)] = one
        return kept

    def _seen(self, oid: int) -> Seen:
        rewrites = oid in self.rewritten
        return Seen(
            self.locks.get(oid),
            frozenset(self.blocked.get(oid, ())),
            oid in self.scanned or rewrites,
            rewrites,
        )


def watched_database(server: Postgresql) -> str:
    """Return a new database in which rewritten tables are told."""
    name = scratch_database(server)
    server.psql(WATCH, name)
    return name


def observe(
    server: Postgresql, database: str, claim: Claim, *, named: Container[str] = ()
) -> dict[str, Seen]:
    """Return what the claim's statement does after its setup, by the name of the table.

    Tables that it was not `named` for and locks no more than reads and writes do are left out, and
    partitions that it locks no more than their table: what happens there happens to the table.
    """
    with server.connect(database) as connection, server.connect(database) as other:
        other.execute("SET lock_timeout = '20ms'")
        watch = _prepare(connection, other, claim.setup)
        connection.execute("BEGIN")
        before = _counts(connection, "_xact")
        try:
            connection.execute(claim.statement)
        except connection.Error as error:
            if error.sqlstate != NOT_IN_A_TRANSACTION:
                raise
        else:
            watch.look_at_locks()
            watch.look_at_files(connection)
            watch.scanned |= _grown(before, _counts(connection, "_xact"))
            return watch.seen(named)
        finally:
            connection.execute("ROLLBACK")
    found: dict[str, Seen] = {}
    for mode in ("ACCESS SHARE", "SHARE UPDATE EXCLUSIVE"):
        for table, one in _observe_outside(server, database, claim, mode).seen(named).items():
            found[table] = found.get(table, Seen()) | one
    return found


def _prepare(connection: Any, other: Any, setup: str) -> Watch:
    for (schema,) in connection.execute(SCHEMAS).fetchall():
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
    connection.execute("CREATE SCHEMA public")
    connection.execute(setup)
    rows = connection.execute(TABLES).fetchall()
    return Watch(connection, other, [Table(*row) for row in rows])


def _observe_outside(server: Postgresql, database: str, claim: Claim, mode: str) -> Watch:
    """Run a statement that allows no transaction around it, past others that hold it up.

    One session for each table holds a lock and a snapshot, so that the statement waits, and what it
    has and wants can be seen. They let go one by one.
    """
    with contextlib.ExitStack() as stack:
        connection, other = (stack.enter_context(server.connect(database)) for _ in "ab")
        other.execute("SET lock_timeout = '20ms'")
        watch = _prepare(connection, other, claim.setup)
        connection.execute("SELECT pg_stat_force_next_flush()")
        before = _counts(connection)
        holders = []
        for table in (table for table in watch.tables.values() if table.kind in ("r", "p")):
            holders.append(stack.enter_context(server.connect(database)))
            holders[-1].execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            holders[-1].execute(f"LOCK TABLE ONLY {table.sql} IN {mode} MODE")
            holders[-1].execute("SELECT 1")
        failed: list[Exception] = []
        thread = threading.Thread(target=_run, args=(connection, claim.statement, failed))
        thread.start()
        for holder in holders:
            if _held_up(thread, connection, other):
                watch.look_at_locks()
            holder.execute("ROLLBACK")
        thread.join()
        if failed:
            raise failed[0]
        watch.look_at_files(other)
        connection.execute("SELECT pg_stat_force_next_flush()")
        watch.scanned |= _grown(before, _counts(connection))
        return watch


def _run(connection: Any, statement: str, failed: list[Exception]) -> None:
    try:
        connection.execute(statement)
    except connection.Error as error:  # the thread that waits for this one raises it
        failed.append(error)


def _held_up(thread: threading.Thread, connection: Any, other: Any) -> bool:
    """Wait until the statement waits for a lock, or is done; return whether it waits."""
    while thread.is_alive():
        found = other.execute(WAITS, (connection.info.backend_pid,)).fetchone()
        if found and found[0]:
            return True
        time.sleep(0.005)
    return False


def _counts(connection: Any, kind: str = "") -> dict[int, int]:
    """Return how many rows of each table were read, of those that were."""
    rows = connection.execute(READ.format(kind)).fetchall()
    return {oid: count for oid, count in rows if count}


def _strength(seen: Seen) -> int:
    return STRENGTH.index(seen.lock) if seen.lock else -1


def _grown(before: dict[int, int], after: dict[int, int]) -> set[int]:
    return {oid for oid, count in after.items() if count > before.get(oid, 0)}


def _waits(other: Any, probe: str) -> bool:
    """Return whether the probe has to wait for a lock; what else stops it is no matter."""
    other.execute("BEGIN")
    try:
        other.execute(probe)
    except other.Error as error:
        return bool(error.sqlstate == LOCK_NOT_AVAILABLE)
    finally:
        other.execute("ROLLBACK")
    return False


def _words(mode: str) -> str:
    """Return `ShareRowExclusiveLock` as one says it: SHARE ROW EXCLUSIVE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", mode.removesuffix("Lock")).upper()
