"""A revision changes both the schema and rows of tables that are in use.

In one transaction the locks of the schema change are held until the last row is written; on MySQL
and MariaDB, where each schema change commits, a failure in between leaves half of it. Two revisions
can be deployed, repeated and taken back one by one. Rows for a table that the same revision makes
hold up nobody. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.facts import Migration
from guard.operations import (
    CreateTable,
    Delete,
    Insert,
    LockTable,
    Maintenance,
    Merge,
    Opaque,
    Operation,
    Permission,
    Query,
    SetOption,
    TransactionControl,
    Truncate,
    Update,
)
from guard.rule import Context, Example, Problem, Related, rule
from guard.statement import Statement, Steps

ROWS = (Insert, Update, Delete, Merge, Truncate)
NO_SCHEMA = (LockTable, Maintenance, Opaque, Permission, Query, SetOption, TransactionControl)
CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
ADD = 'op.add_column("orders", sa.Column("note", sa.Text(), nullable=True))'
SEED = 'op.execute("INSERT INTO orders (id) VALUES (1)")'
FILL = "op.execute(\"UPDATE orders SET note = '' WHERE note IS NULL\")"
SELECTED = {"select": ["mixed-schema-and-data"]}


@rule(
    Migration,
    severity="off",
    unsafe=(
        Example(
            released=(CREATE,),
            upgrade=f"{ADD}\n{FILL}",
            config=SELECTED,
            says="The upgrade of 0002 changes the schema and rows of orders: the locks of the one "
            "are held until the other is done.",
            help="Put the rows into a revision of their own: alembic revision -m",
            at='op.execute("UPDATE',
        ),
        Example(
            released=(CREATE,),
            upgrade=f"{ADD}\n{FILL}",
            dialect="mysql",
            config=SELECTED,
            says="a failure in between leaves the one without the other",
            at='op.execute("UPDATE',
        ),
    ),
    safe=(
        Example(released=(CREATE,), upgrade=ADD, config=SELECTED),
        Example(upgrade=f"{CREATE}\n{SEED}", config=SELECTED),
    ),
)
def mixed_schema_and_data(migration: Migration, context: Context) -> Iterator[Problem]:
    for steps in (migration.upgrade, migration.downgrade):
        schema, rows = _both(steps, context)
        if not schema or not rows:
            continue
        tables = dict.fromkeys(str(o.subject) for s in rows for o in _row_changes(s))
        commits = context.server.dialect in ("mysql", "mariadb")
        effect = (
            "a failure in between leaves the one without the other"
            if commits
            else "the locks of the one are held until the other is done"
        )
        yield Problem(
            at=rows[0].span,
            message=f"The {steps.direction} of {migration.revision} changes the schema and rows of "
            f"{', '.join(tables)}: {effect}.",
            remedy='Put the rows into a revision of their own: alembic revision -m "rows of '
            f'{next(iter(tables))}"',
            related=(Related(schema[0].span, "the schema is changed here"),),
        )
        return


def _both(steps: Steps, context: Context) -> tuple[list[Statement], list[Statement]]:
    """Return the statements that change the schema, and those that change rows of other tables."""
    dialect = context.server.dialect
    here = [s for s in steps.statements if dialect is None or s.applies_to(dialect)]
    schema = [s for s in here if any(not isinstance(o, (*ROWS, *NO_SCHEMA)) for o in s.operations)]
    made = {o.subject for s in schema for o in s.operations if isinstance(o, CreateTable)}
    rows = [s for s in here if any(o.subject not in made for o in _row_changes(s))]
    return schema, rows


def _row_changes(statement: Statement) -> list[Operation]:
    return [o for o in statement.operations if isinstance(o, ROWS)]
