"""A disabled trigger is off for everybody, and the lock for it lets no write through.

PostgreSQL takes SHARE ROW EXCLUSIVE on the table, and holds it until the transaction ends: writes
wait for whatever is done meanwhile. Once that is committed, no session runs the trigger until it is
enabled again; with ALL, foreign keys are among them, and rows that break those stay in the table.
"""

from collections.abc import Iterator

from guard.operations import AlterTable
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

REPLICA = "SET LOCAL session_replication_role = replica"


@rule(
    AlterTable,
    dialects=("postgresql",),
    instructs=("NEVER use `DISABLE TRIGGER`",),
    unsafe=(
        Example(
            upgrade="op.execute('ALTER TABLE orders DISABLE TRIGGER ALL')",
            dialect="postgresql",
            says="DISABLE TRIGGER ALL takes SHARE ROW EXCLUSIVE on orders, for a moment, but not "
            "before each open transaction that uses it has ended: writes wait. Until they are "
            "enabled again, no session checks the foreign keys of orders or runs its triggers.",
            help="Change the rows so that the triggers may run. Where they must not, let a "
            "superuser "
            "turn them off for this transaction alone:\nop.execute('SET LOCAL "
            "session_replication_role = replica')",
            at="ALTER TABLE",
            fixed="op.execute('SET LOCAL session_replication_role = replica')",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders DISABLE TRIGGER touched, ADD note text')",
            dialect="postgresql",
            says="Until it is enabled again, no session runs it.",
            at="ALTER TABLE",
            fixed="op.execute('SET LOCAL session_replication_role = replica')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.execute('ALTER TABLE orders ENABLE TRIGGER touched')",
            downgrade="op.execute('ALTER TABLE orders DISABLE TRIGGER touched')",
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.create_table('orders', sa.Column('id', sa.Integer()))
            op.execute('ALTER TABLE orders DISABLE TRIGGER ALL')
            """,
            dialect="postgresql",
        ),
        Example(upgrade=f"op.execute('{REPLICA}')", dialect="postgresql"),
    ),
)
def disable_trigger(disable: AlterTable, context: Context) -> Iterator[Problem]:
    if disable.action != "disable-trigger" or context.is_unreleased(disable.table):
        return
    if context.undoes_upgrade(disable):
        return
    effect = context.effect(disable)
    assert effect is not None
    detail = disable.detail or "ALL"
    everything = detail.upper() in ("ALL", "USER")
    then = (
        f"they are enabled again, no session checks the foreign keys of {disable.table} or runs "
        f"its "
        "triggers"
        if detail.upper() == "ALL"
        else "they are enabled again, no session runs them"
        if everything
        else "it is enabled again, no session runs it"
    )
    code = f"{REPLICA};" if context.statement.in_sql_file else f"op.execute({REPLICA!r})"
    yield Problem(
        message=f"DISABLE TRIGGER {detail} {what_waits(effect, context.size(disable.table))}. "
        f"Until "
        f"{then}.",
        remedy="Change the rows so that the triggers may run. Where they must not, let a superuser "
        f"turn them off for this transaction alone:\n{code}",
        effect=effect,
    )
