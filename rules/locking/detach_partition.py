"""DETACH PARTITION without CONCURRENTLY locks the whole partitioned table.

PostgreSQL takes ACCESS EXCLUSIVE on the parent, on the partition and on the default partition, if
only for a moment: behind any query that runs on them, everything queues. From version 14 on,
CONCURRENTLY leaves the parent open; it works in no transaction, and not beside a default partition.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, table_sql
from guard.operations import DetachPartition
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

EVENTS = """
op.execute('CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)')
op.execute("CREATE TABLE events_may PARTITION OF events FOR VALUES FROM ('2024-05-01') TO ('2024-06-01')")
"""  # noqa: E501
REST = "op.execute('CREATE TABLE events_rest PARTITION OF events DEFAULT')"
DETACH = "op.execute('ALTER TABLE events DETACH PARTITION events_may')"
CONCURRENTLY = (
    "with op.get_context().autocommit_block():\n"
    "    op.execute('ALTER TABLE events DETACH PARTITION events_may CONCURRENTLY')"
)


@rule(
    DetachPartition,
    dialects=("postgresql",),
    instructs=("ALWAYS detach a partition `CONCURRENTLY`, in an autocommit_block()",),
    unsafe=(
        Example(
            upgrade=DETACH,
            dialect="postgresql",
            says="Detaching events_may takes ACCESS EXCLUSIVE on events, and ACCESS EXCLUSIVE on "
            "events_may, for a moment, but not before each open transaction that uses it has "
            "ended: reads and writes wait.",
            help="Detach it CONCURRENTLY, which leaves events open:\n" + CONCURRENTLY,
            at="ALTER TABLE events DETACH",
            fixed=CONCURRENTLY,
        ),
        Example(
            released=(EVENTS, REST),
            upgrade=DETACH,
            dialect="postgresql",
            says="and ACCESS EXCLUSIVE on events_rest",
            help="CONCURRENTLY is refused beside the default partition events_rest: set a short "
            "lock_timeout and try again until it gets through.",
            at="ALTER TABLE events DETACH",
        ),
        Example(
            released=(EVENTS, REST),
            upgrade=CONCURRENTLY,
            dialect="postgresql",
            says="DETACH ... CONCURRENTLY fails, since events has the default partition "
            "events_rest.",
            help="Detach it without CONCURRENTLY, under a short lock_timeout",
            at="ALTER TABLE events DETACH",
        ),
        Example(
            upgrade=DETACH,
            dialect="postgresql",
            version="13",
            says="Detaching events_may takes ACCESS EXCLUSIVE on events",
            help="set a short lock_timeout and try again until it gets through; from version 14 on",
            at="ALTER TABLE events DETACH",
        ),
    ),
    safe=(
        Example(upgrade=CONCURRENTLY, dialect="postgresql"),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE events DETACH PARTITION events_may FINALIZE')
            """,
            dialect="postgresql",
        ),
        Example(upgrade=f"{EVENTS}\n{DETACH}", dialect="postgresql"),
        Example(
            released=("op.execute('CREATE TABLE logs (id int) PARTITION BY LIST (id)')",),
            upgrade="""
            op.execute('CREATE TABLE logs_8 (LIKE logs)')
            op.execute('ALTER TABLE logs ATTACH PARTITION logs_8 FOR VALUES IN (8)')
            """,
            downgrade="""
            op.execute('ALTER TABLE logs DETACH PARTITION logs_8')
            op.drop_table('logs_8')
            """,
            dialect="postgresql",
        ),
    ),
)
def detach_partition(detach: DetachPartition, context: Context) -> Iterator[Problem]:
    if detach.finalize or context.is_unreleased(detach.table) or context.undoes_upgrade(detach):
        return
    parent = context.schema.table(detach.table)
    default = parent.default_partition if parent else None
    if detach.concurrently:
        if default is not None:
            yield Problem(
                message=f"DETACH ... CONCURRENTLY fails, since {detach.table} has the default "
                f"partition {default}.",
                remedy="Detach it without CONCURRENTLY, under a short lock_timeout, and try again "
                "until it gets through.",
            )
        return
    effect = context.effect(detach)
    assert effect is not None
    can_wait = context.server.at_least(14)
    yield Problem(
        message=f"Detaching {detach.partition} {what_waits(effect, context.size(detach.table))}.",
        remedy=_remedy(detach, str(default or ""), context, can_wait=can_wait),
        effect=effect,
        severity=None if can_wait or context.statement.direction == "downgrade" else "warning",
    )


def _remedy(detach: DetachPartition, default: str, context: Context, *, can_wait: bool) -> str:
    wait = "set a short lock_timeout and try again until it gets through"
    if not can_wait:
        return f"Here, {wait}; from version 14 on, DETACH ... CONCURRENTLY leaves it open."
    if default:
        return f"CONCURRENTLY is refused beside the default partition {default}: {wait}."
    parent, part = (table_sql(n, "postgresql") for n in (detach.table, detach.partition))
    sql = f"ALTER TABLE {parent} DETACH PARTITION {part} CONCURRENTLY"
    code = executed(sql, context.statement)
    if not context.statement.in_sql_file:
        code = f"with op.get_context().autocommit_block():\n    {code}"
    return f"Detach it CONCURRENTLY, which leaves {detach.table} open:\n{code}"
