"""Each DDL statement commits by itself here, so a revision that fails halfway stays half applied.

MySQL and MariaDB commit before and after every ALTER, CREATE and DROP, and Alembic's transaction
ends with the first of them; on SQLite Python's driver does not begin one before DDL. If the second
statement fails (a duplicate key, a lock that is not granted), the first one stays, the version
table says that nothing ran, and the next attempt fails at the first statement: "duplicate column
name". What can simply run again (IF NOT EXISTS, a check of the catalogue) does no harm, nor does a
table that the deployment itself makes. It is so with every such revision, and told of the first
that a run judges. On SQLite, where nobody waits for a lock, only what the rows
can make fail is told.
"""

from collections.abc import Iterator

from guard.operations import (
    OPERATIONS,
    AddConstraint,
    CallRoutine,
    ChangeColumnType,
    CreateIndex,
    CreateTable,
    Delete,
    Insert,
    LockTable,
    Maintenance,
    Merge,
    Name,
    Opaque,
    Operation,
    Permission,
    Query,
    SetComment,
    SetNotNull,
    SetOption,
    TransactionControl,
    Update,
)
from guard.rule import Context, Example, Problem, rule
from guard.statement import Statement

ROWS = (Insert, Update, Delete, Merge)
REPEATABLE = (
    CallRoutine, LockTable, Maintenance, Opaque, Permission, Query, SetComment, SetOption,
    TransactionControl,
)  # fmt: skip
REFUSED_BY_ROWS = (AddConstraint, ChangeColumnType, CreateIndex, SetNotNull)
DDL = tuple(kind for kind in OPERATIONS if not issubclass(kind, ROWS + REPEATABLE))
HERE: dict[str, object] = {"ignore": []}
TWO = """
op.add_column('orders', sa.Column('note', sa.Text()))
op.create_index('ix_orders_state', 'orders', ['state'])
"""


@rule(
    DDL[0],
    *DDL[1:],
    severity="warning",
    dialects=("mysql", "mariadb", "sqlite"),
    instructs=(
        "ALWAYS make one change of an existing table per migration on MySQL and MariaDB, which "
        "commit after each",
    ),
    unsafe=(
        Example(
            upgrade=TWO,
            dialect="mysql",
            config=HERE,
            says="MySQL commits after each DDL statement: if this one fails, what stands before it "
            "stays (add-column orders.note), and the revision cannot run again.",
            help="Put it into a revision of its own",
            at="op.create_index",
        ),
        Example(
            upgrade="""
            op.execute('INSERT INTO orders (id) VALUES (1)')
            op.execute('ALTER TABLE orders ADD COLUMN note text')
            """,
            dialect="mariadb",
            config=HERE,
            says="MariaDB commits before and after each DDL statement: if this one fails, what "
            "stands before it stays (insert orders)",
            help="Put it into a revision of its own",
            at="ALTER TABLE orders",
        ),
        Example(
            upgrade="""
            op.execute('ALTER TABLE orders ADD COLUMN note text')
            op.execute('CREATE UNIQUE INDEX uq ON orders (number)')
            """,
            dialect="sqlite",
            config=HERE,
            says="SQLite's driver in Python begins no transaction before DDL: if this one fails, "
            "what stands before it stays (add-column orders.note)",
            help="Put it into a revision of its own, or begin transactions in env.py "
            "(transactional_ddl=True, and an event that executes BEGIN)",
            at="CREATE UNIQUE INDEX",
        ),
    ),
    safe=(
        Example(
            upgrade="op.add_column('orders', sa.Column('a', sa.Text()))",
            dialect="mysql",
            config=HERE,
        ),
        Example(
            upgrade="""
            op.create_table('notes', sa.Column('id', sa.Integer(), primary_key=True))
            op.create_index('ix_notes', 'notes', ['id'])
            op.add_column('orders', sa.Column('note', sa.Text()))
            """,
            dialect="mysql",
            config=HERE,
        ),
        Example(
            upgrade="""
            op.execute('ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text')
            op.execute('CREATE INDEX IF NOT EXISTS ix ON orders (state)')
            """,
            dialect="mariadb",
            config=HERE,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN a int, ADD COLUMN b int')",
            dialect="mysql",
            config=HERE,
        ),
        Example(
            upgrade="op.execute('SET @a = 1')\nop.execute('SELECT 1')", dialect="mysql", config=HERE
        ),
    ),
)
def implicit_commit(operation: Operation, context: Context) -> Iterator[Problem]:
    statement = context.statement
    if statement.direction != "upgrade" or operation is not statement.operations[0]:
        return
    if statement.in_sql_file or context.takes_ddl_back or not _lasts(statement, context):
        return
    before = [one for one in context.before if _lasts(one, context)]
    if context.server.dialect == "sqlite":
        if not isinstance(operation, REFUSED_BY_ROWS):
            return
        # A batch is one copy of its table.
        before = [one for one in before if one.batch is None or one.batch != statement.batch]
    if not before or any(map(_is_ddl, before[1:])):
        return  # the first of them, or told of an earlier one
    stays = before[0].operations[0]
    effect = _effect(context.server.dialect, rows=isinstance(stays, ROWS))
    yield Problem(
        message=f"{effect}: if this one fails, what stands before it stays ({stays.kind} "
        f"{stays.subject}), and the revision cannot run again.",
        remedy=_remedy(context.server.dialect),
        once=True,
    )


def _lasts(statement: Statement, context: Context) -> bool:
    """Return whether it leaves something that keeps the revision from running again."""
    if statement.guarded or statement.run_by is not None:
        return False
    return any(_is_change(operation, context) for operation in statement.operations)


def _is_change(operation: Operation, context: Context) -> bool:
    if isinstance(operation, (*REPEATABLE, CreateTable)):
        return False
    if getattr(operation, "if_exists", False) or getattr(operation, "if_not_exists", False):
        return False
    table = getattr(operation, "table", None)
    return not (isinstance(table, Name) and context.is_unreleased(table))


def _is_ddl(statement: Statement) -> bool:
    return not all(isinstance(operation, ROWS) for operation in statement.operations)


def _effect(dialect: str | None, *, rows: bool) -> str:
    if dialect == "sqlite":
        return "SQLite's driver in Python begins no transaction before DDL"
    name = "MariaDB" if dialect == "mariadb" else "MySQL"
    return f"{name} commits {'before and ' if rows else ''}after each DDL statement"


def _remedy(dialect: str | None) -> str:
    own = "Put it into a revision of its own"
    if dialect == "sqlite":
        return (
            f"{own}, or begin transactions in env.py (transactional_ddl=True, and an event that "
            "executes BEGIN)"
        )
    return own
