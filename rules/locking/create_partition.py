"""CREATE TABLE ... PARTITION OF locks the whole partitioned table.

PostgreSQL takes ACCESS EXCLUSIVE on the parent, if only for a moment: behind any query that runs on
it, everything queues. A default partition is locked and read as well, for rows that belong into the
new one, and that takes as long as it is large. ATTACH PARTITION of a table that is made on its own
does the same and leaves the parent open.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, table_sql
from guard.operations import CreateTable
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

EVENTS = """
op.execute('CREATE TABLE events (id bigint NOT NULL, day date NOT NULL) PARTITION BY RANGE (day)')
"""
REST = "op.execute('CREATE TABLE events_rest PARTITION OF events DEFAULT')"
MAY = "FOR VALUES FROM ('2024-05-01') TO ('2024-06-01')"
CREATE = f'op.execute("CREATE TABLE events_may PARTITION OF events {MAY}")'
ATTACH = (
    "op.execute('CREATE TABLE events_may (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')\n"
    f'op.execute("ALTER TABLE events ATTACH PARTITION events_may {MAY}")'
)


@rule(
    CreateTable,
    severity="warning",
    dialects=("postgresql",),
    unsafe=(
        Example(
            released=(EVENTS,),
            upgrade=CREATE,
            dialect="postgresql",
            says="Creating partition events_may takes ACCESS EXCLUSIVE on events, for a moment, "
            "but "
            "not before each open transaction that uses it has ended: reads and writes wait.",
            help="Make the table on its own and attach it, which leaves events open:\n" + ATTACH,
            at="CREATE TABLE events_may",
            fixed=ATTACH,
        ),
        Example(
            released=(EVENTS, REST),
            upgrade=CREATE,
            dialect="postgresql",
            says="takes ACCESS EXCLUSIVE on events, and ACCESS EXCLUSIVE on events_rest while "
            "every "
            "row is read: reads and writes wait.",
            help="and first let a validated CHECK of events_rest say that it has no such rows",
            at="CREATE TABLE events_may",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE IF NOT EXISTS app.events_rest PARTITION OF "
            "app.events "
            "DEFAULT')",
            dialect="postgresql",
            says="Creating partition app.events_rest takes ACCESS EXCLUSIVE on app.events",
            at="CREATE TABLE IF NOT EXISTS",
            fixed="""
            op.execute('CREATE TABLE app.events_rest (LIKE app.events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
            op.execute('ALTER TABLE app.events ATTACH PARTITION app.events_rest DEFAULT')
            """,  # noqa: E501
        ),
    ),
    safe=(
        Example(upgrade=f"{EVENTS}\n{CREATE}", dialect="postgresql"),
        Example(released=(EVENTS,), upgrade=ATTACH, dialect="postgresql"),
    ),
)
def create_partition(create: CreateTable, context: Context) -> Iterator[Problem]:
    parent = create.partition_of
    effect = context.effect(create) if parent else None
    if parent is None or effect is None or context.is_unreleased(parent):
        return
    read = [one.table for one in effect.related if one.scans and not context.is_empty(one.table)]
    upgrade = context.statement.direction == "upgrade"
    size = context.size(read[0] if read else parent)
    yield Problem(
        message=f"Creating partition {create.table} {what_waits(effect, size)}.",
        remedy=_remedy(create, context)
        if not read
        else f"Make the table on its own and attach it, which leaves {parent} open, and first let "
        f"a validated CHECK of {read[0]} say that it has no such rows.",
        effect=effect,
        severity="error" if read and upgrade else None,
    )


def _remedy(create: CreateTable, context: Context) -> str:
    assert create.partition_of is not None
    parent, table = (table_sql(n, "postgresql") for n in (create.partition_of, create.table))
    bounds = "DEFAULT" if create.bounds == "default" else f"FOR VALUES {create.bounds}"
    make = f"CREATE TABLE {table} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    attach = f"ALTER TABLE {parent} ATTACH PARTITION {table} {bounds}"
    code = "\n".join(executed(sql, context.statement) for sql in (make, attach))
    return (
        f"Make the table on its own and attach it, which leaves {create.partition_of} open:\n{code}"
    )
