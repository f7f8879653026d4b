"""SQL that no parser accepts will hardly run.

The statement is broken, or is written for another database than the one that guard was told: no
rule has judged it. Or it is for a newer version of PostgreSQL than the one that guard was told.
MariaDB takes no name for the CHECK of a column, where MySQL does.
"""

from collections.abc import Iterator

from guard.facts import DowngradeFailed, UpgradeFailed
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterTable,
    CreateIndex,
    CreateObject,
    CreateTable,
    DetachPartition,
    Merge,
    ModifyColumn,
    Opaque,
    Operation,
    Reindex,
)
from guard.rule import Context, Example, Problem, rule

# What PostgreSQL learned new words for.
GROWN = (
    *(AddColumn, AddConstraint, AlterColumn, AlterConstraint, AlterTable, CreateIndex),
    *(CreateObject, CreateTable, DetachPartition, Merge, Reindex),
)


@rule(
    Opaque,
    *GROWN,
    ModifyColumn,
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
