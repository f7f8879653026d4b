"""SQL that no parser accepts will hardly run.

The statement is broken, or is written for another database than the one that guard was told: no
rule has judged it. Or it is for a newer version of PostgreSQL than the one that guard was told.
MariaDB takes no name for the CHECK of a column, where MySQL does. MySQL and SQLite know IF EXISTS
and IF NOT EXISTS of whole tables only, not of a column, and Alembic writes them all the same. The
drivers of SQLite and most of MySQL, and asyncpg, run one statement at a time; that env.py uses
asyncpg is told by its URLs, or by what the project requires.
"""

import re
from collections.abc import Iterator

from guard.facts import DowngradeFailed, UpgradeFailed
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterTable,
    ChangeColumnType,
    CreateIndex,
    CreateObject,
    CreateTable,
    CreateView,
    Delete,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropTable,
    Insert,
    Merge,
    ModifyColumn,
    Opaque,
    Operation,
    Query,
    Reindex,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    SetOption,
    Update,
)
from guard.rule import Context, Example, Problem, revision_file, rule
from guard.statement import Statement

# What PostgreSQL learned new words for.
GROWN = (
    *(AddColumn, AddConstraint, AlterColumn, AlterConstraint, AlterTable, CreateIndex),
    *(CreateObject, CreateTable, DetachPartition, Merge, Reindex),
)
# What is judged besides, for the words of other servers.
OTHERS = (
    *(ChangeColumnType, CreateView, Delete, DropColumn, DropConstraint, DropDefault, DropIndex),
    *(DropNotNull, DropTable, Insert, ModifyColumn, Query, RenameColumn, RenameTable, SetDefault),
    *(SetNotNull, SetOption, Update),
)
_NAMES = {"sqlite": "SQLite", "mysql": "MySQL", "mariadb": "MariaDB"}


_BLOCK = re.compile(r"DO\b", re.IGNORECASE)
ASYNCPG = """\
import asyncio

from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine


async def run():
    engine = create_async_engine("postgresql+asyncpg://")
    async with engine.connect() as connection:
        await connection.run_sync(do_run)


def do_run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


asyncio.run(run())
"""
SEVERAL = """\
op.execute('CREATE TABLE a (id integer PRIMARY KEY); '
           'CREATE TABLE b (id integer PRIMARY KEY)')"""
DROPS = "op.drop_table('b')\nop.drop_table('a')"
APART = """\
op.execute('CREATE TABLE a (id integer PRIMARY KEY)')
op.execute('CREATE TABLE b (id integer PRIMARY KEY)')"""


@rule(
    Opaque,
    *GROWN,
    *OTHERS,
    predicts=(UpgradeFailed, DowngradeFailed),
    instructs=("NEVER write SQL for another database than the project's",),
    unsafe=(
        Example(
            upgrade="op.execute('ALTER TABEL orders ADD COLUMN note text')",
            says="This SQL could not be parsed, so no rule has judged it: expected what to alter, "
            "found 'TABEL' (line 1, column 7).",
            at="ALTER TABEL",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ENGINE = InnoDB')",
            dialect="postgresql",
            says="This SQL could not be parsed as postgresql, so no rule has judged it: ",
            help="Correct the statement, or say which database it is for: dialect in "
            "[tool.guard] or --dialect",
            at="ALTER TABLE orders ENGINE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT "
            "ENFORCED')",
            dialect="postgresql",
            version="17",
            says="PostgreSQL 17 does not know NOT ENFORCED, which is of version 18.",
            help="Write it in the words of version 17, or say which version the server has: "
            "server-version in [tool.guard]",
            at="ALTER TABLE orders ADD CONSTRAINT",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text')",
            dialect="sqlite",
            says="SQLite does not know ADD COLUMN IF NOT EXISTS: this fails.",
            help="Leave IF NOT EXISTS out",
            at="ALTER TABLE orders",
            fixed="op.execute('ALTER TABLE orders ADD COLUMN note text')",
        ),
        Example(
            upgrade="op.create_index('ix', 'orders', ['total'], if_not_exists=True)",
            dialect="mysql",
            says="MySQL does not know CREATE INDEX IF NOT EXISTS: this fails.",
            help='Leave IF NOT EXISTS out; if the server is MariaDB, say so: dialect = "mariadb" '
            "in [tool.guard]",
            at="op.create_index",
        ),
        Example(
            upgrade=SEVERAL,
            dialect="sqlite",
            says="There are several statements in this text, and Python's driver of SQLite runs "
            "one at a time: this fails.",
            help="Give each statement an op.execute of its own",
            at="CREATE TABLE a",
            fixed=APART,
        ),
        Example(
            base=revision_file("a1"),
            change={"migrations/env.py": ASYNCPG} | revision_file("b2", "a1", SEVERAL, DROPS),
            dialect="postgresql",
            says="There are several statements in this text, and asyncpg, with which env.py runs "
            "them, runs one at a time: this fails.",
            help="Give each statement an op.execute of its own",
            at="CREATE TABLE a",
        ),
        Example(
            upgrade="op.add_column('orders', sa.Column('rank', sa.Integer(), "
            "sa.CheckConstraint('rank > 0', name='ck_rank')))",
            dialect="mariadb",
            says="MariaDB does not know a name for the CHECK of a column, CONSTRAINT ck_rank "
            "behind rank: this fails.",
            help="Leave the name out: MariaDB calls the CHECK as the column",
            at="op.add_column",
            fixed="op.add_column('orders', sa.Column('rank', sa.Integer(), "
            "sa.CheckConstraint('rank > 0')))",
        ),
        Example(
            upgrade="op.create_table('ranks', sa.Column('rank', sa.Integer(), "
            "sa.CheckConstraint('rank > 0', name='ck_rank')))",
            dialect="mariadb",
            says="CONSTRAINT ck_rank behind rank: this fails.",
            help="Write the CHECK beside the columns: it belongs to the table there",
            at="op.create_table",
            fixed="op.create_table('ranks', sa.Column('rank', sa.Integer()), "
            "sa.CheckConstraint('rank > 0', name='ck_rank'))",
        ),
    ),
    safe=(
        "op.execute('ALTER TABLE orders ADD COLUMN note text')",
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT "
            "ENFORCED')",
            dialect="postgresql",
            version="18",
        ),
        Example(
            upgrade="op.create_table('ranks', sa.Column('rank', sa.Integer(), "
            "sa.CheckConstraint('rank > 0', name='ck_rank')))",
            dialect="mysql",
        ),
    ),
)
def unparsable_sql(opaque: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(opaque, Opaque):
        yield from _too_new(opaque, context)
        yield from _of_mysql(opaque, context)
        yield from _foreign(opaque, context)
        yield from _several(opaque, context)
        return
    if not opaque.invalid:
        return
    where = f" as {context.server.dialect}" if context.server.dialect else ""
    yield Problem(
        message=f"This SQL could not be parsed{where}, so no rule has judged it: {opaque.reason}.",
        remedy="Correct the statement, or say which database it is for: dialect in [tool.guard] "
        "or --dialect",
    )


def _too_new(operation: Operation, context: Context) -> Iterator[Problem]:
    first = next((o for o in context.statement.operations if isinstance(o, GROWN)), None)
    newer = context.newer_words if operation is first else None
    if newer is None:
        return
    words, since = newer[0].replace("*", "...").lstrip(") "), newer[1]
    version = context.server.effective_version[0]
    yield Problem(
        message=f"PostgreSQL {version} does not know {words}, which is of version {since}.",
        remedy=f"Write it in the words of version {version}, or say which version the server has: "
        "server-version in [tool.guard]",
    )


def _foreign(operation: Operation, context: Context) -> Iterator[Problem]:
    """Say which words are another server's, once for each statement."""
    if operation is not context.statement.operations[0]:
        return
    if context.statement.sql:
        words = context.foreign_words or _lacking(operation, context)
    else:
        words = _written(operation, context)
    if words is None:
        return
    server = _NAMES[context.server.dialect or ""]
    asks = next((asked for asked in ("IF NOT EXISTS", "IF EXISTS") if words.endswith(asked)), None)
    remedy = f"Leave {asks} out" if asks else f"Write it in the words of {server}"
    if context.server.dialect == "mysql" and (asks or "OR REPLACE" in words):
        remedy += '; if the server is MariaDB, say so: dialect = "mariadb" in [tool.guard]'
    yield Problem(message=f"{server} does not know {words}: this fails.", remedy=remedy)


def _lacking(operation: Operation, context: Context) -> str | None:
    """Return what MySQL and MariaDB lack and no single word says."""
    if not context.server.is_mysql:
        return None
    match operation:
        case CreateIndex(where=str()):
            return "an index of some rows, CREATE INDEX ... WHERE"
        case DropIndex(table=None):
            return "DROP INDEX without ON and the table"
    return None


def _written(operation: Operation, context: Context) -> str | None:
    """Return what Alembic writes for `if_exists` and `if_not_exists` and the server lacks."""
    mysql = context.server.dialect == "mysql"
    if not mysql and (context.server.dialect != "sqlite" or context.statement.batch):
        return None
    match operation:
        case AddColumn(if_not_exists=True):
            return "ADD COLUMN IF NOT EXISTS"
        case DropColumn(if_exists=True):
            return "DROP COLUMN IF EXISTS"
        case CreateIndex(if_not_exists=True) if mysql:
            return "CREATE INDEX IF NOT EXISTS"
        case DropIndex(if_exists=True) if mysql:
            return "DROP INDEX IF EXISTS"
    return None


def _several(operation: Operation, context: Context) -> Iterator[Problem]:
    """Say where one text has several statements, and the driver sends one at a time."""
    statement, server = context.statement, context.server
    if server.dialect == "sqlite":
        driver = "Python's driver of SQLite"
    elif server.is_mysql:
        driver = "PyMySQL, as aiomysql and asyncmy,"
    elif server.driver == "asyncpg":
        driver = "asyncpg, with which env.py runs them,"
    else:
        return
    if operation is not statement.operations[0] or statement.run_by is not None:
        return
    if not _is_one_of_several(statement) or any(
        _is_one_of_several(one) and one.span == statement.span for one in context.before
    ):
        return
    yield Problem(
        message=f"There are several statements in this text, and {driver} runs one at a time: this "
        "fails.",
        remedy="Give each statement an op.execute of its own",
        severity="warning" if server.is_mysql else None,  # mysqlclient takes them
    )


def _is_one_of_several(statement: Statement) -> bool:
    """Return whether the text has others; a block is one statement, whatever it runs."""
    return statement.joined and not _BLOCK.match(statement.sql or "")


def _of_mysql(operation: Operation, context: Context) -> Iterator[Problem]:
    """Say where MariaDB is sent the named CHECK of a column, which only MySQL reads."""
    if context.server.dialect != "mariadb":
        return
    match operation:
        case CreateTable(columns=columns):
            remedy = "Write the CHECK beside the columns: it belongs to the table there"
        case AddColumn(column=column) | ModifyColumn(column=column):
            columns = (column,)
            remedy = "Leave the name out: MariaDB calls the CHECK as the column"
        case _:
            return
    for column in columns:
        for check in column.constraints:
            if check.type == "check" and check.name:
                yield Problem(
                    message="MariaDB does not know a name for the CHECK of a column, CONSTRAINT "
                    f"{check.name} behind {column.name}: this fails.",
                    remedy=remedy,
                )
