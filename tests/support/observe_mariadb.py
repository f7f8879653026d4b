"""What a statement does to its table on a live MariaDB.

The lock is the weakest that the server accepts for the statement in `LOCK=`. The table is rewritten
where the server refuses `ALGORITHM=NOCOPY`, or where InnoDB has the table under another number
afterwards: some statements take no heed of the algorithm. Whether it is scanned is not to be seen.
"""

from __future__ import annotations

from typing import Any

from claim import Seen
from mariadb_server import Mariadb

from guard.effects.row import BLOCKS

LOCKS = ("LOCK=NONE", "LOCK=SHARED", "LOCK=EXCLUSIVE")
REFUSED = (1845, 1846)  # "is not supported. Try ..."
NUMBERS = "SELECT table_id FROM information_schema.innodb_sys_tables WHERE name LIKE %s"


def observe(server: Mariadb, database: str, setup: str, statement: str) -> Seen:
    """Run the statement, after the setup each time, and return what it does to its table."""
    with server.connect() as connection:
        _run(connection, f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}")
        connection.select_db(database)

        def accepts(clause: str) -> bool:
            _prepare(connection, database, setup)
            comma = "," if statement.lstrip().upper().startswith("ALTER") else ""
            return _accepts(connection, f"{statement}{comma} {clause}")

        lock = next(lock for lock in LOCKS if accepts(lock))
        copied = not accepts("ALGORITHM=NOCOPY")
        _prepare(connection, database, setup)
        before = _numbers(connection, database)
        _run(connection, statement)
        rewritten = copied or not before <= _numbers(connection, database)
        return Seen(lock, frozenset(BLOCKS[lock]), rewrites=rewritten)


def _prepare(connection: Any, database: str, setup: str) -> None:
    _run(connection, f"DROP DATABASE {database}; CREATE DATABASE {database} CHARACTER SET utf8mb4")
    connection.select_db(database)
    _run(connection, setup)


def _accepts(connection: Any, statement: str) -> bool:
    try:
        _run(connection, statement)
    except connection.OperationalError as error:
        if error.args[0] in REFUSED:
            return False
        raise
    except connection.NotSupportedError as error:
        if error.args[0] in REFUSED:
            return False
        raise
    return True


def _run(connection: Any, statements: str) -> None:
    """Run statements, one or several; raise what the first that fails raises."""
    with connection.cursor() as cursor:
        cursor.execute(statements)
        while cursor.nextset():
            pass


def _numbers(connection: Any, database: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, (f"{database}/%",))
        return {number for (number,) in cursor.fetchall()}
