"""Attaching a partition reads all of it, and all of the default partition, while traffic waits.

PostgreSQL takes ACCESS EXCLUSIVE on the table that is attached, and makes sure that each of its
rows lies within the bounds; a default partition is locked like that too, and read for rows that
belong into the new one. Nothing is read where validated constraints imply the bounds: a CHECK that
says what the bounds say, and NOT NULL. The parent itself stays open.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, quoted, table_sql
from guard.effects.effect import TableEffect
from guard.operations import AttachPartition, Name
from guard.partition_bounds import as_condition, key_column
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

EVENTS = """
op.create_table(
    'events',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    postgresql_partition_by='RANGE (day)',
)
op.create_table(
    'events_may',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
)
"""
REST = """
op.execute('CREATE TABLE events_rest PARTITION OF events DEFAULT')
op.execute("INSERT INTO events VALUES (1, '2024-07-01')")
"""
BOUNDS = "FOR VALUES FROM (\\'2024-05-01\\') TO (\\'2024-06-01\\')"
ATTACH = f"op.execute('ALTER TABLE events ATTACH PARTITION events_may {BOUNDS}')"
CHECK = (
    'op.execute("ALTER TABLE events_may ADD CONSTRAINT events_may_bounds CHECK (day IS NOT NULL '
    "AND day >= '2024-05-01' AND day < '2024-06-01') NOT VALID\")"
)
VALIDATE = "op.execute('ALTER TABLE events_may VALIDATE CONSTRAINT events_may_bounds')"
CHECKED = f"{CHECK}\nwith op.get_context().autocommit_block():\n    {VALIDATE}"
CHECK_REST = (
    'op.execute("ALTER TABLE events_rest ADD CONSTRAINT events_rest_bounds CHECK (NOT (day >= '
    "'2024-05-01' AND day < '2024-06-01')) NOT VALID\")\n"
    "with op.get_context().autocommit_block():\n"
    "    op.execute('ALTER TABLE events_rest VALIDATE CONSTRAINT events_rest_bounds')"
)
TREE = """
op.execute("CREATE TABLE regions (id int, code text) PARTITION BY LIST (code)")
op.execute("CREATE TABLE north (id int, code text)")
op.execute("INSERT INTO north VALUES (1, 'n')")
"""


@rule(
    AttachPartition,
    dialects=("postgresql",),
    instructs=(
        "ALWAYS give a table a validated CHECK that says what the bounds say before it is attached "
        "as a partition",
    ),
    unsafe=(
        Example(
            released=(EVENTS,),
            upgrade=ATTACH,
            dialect="postgresql",
            says="Attaching events_may to events takes SHARE UPDATE EXCLUSIVE on events, and "
            "ACCESS EXCLUSIVE on events_may while every row is read: reads and writes wait.",
            help="Before that, add a CHECK that says what the bounds say, and validate it while "
            "traffic goes on; then no row is read, and the CHECK can go:\n" + CHECKED,
            at="ALTER TABLE events ATTACH",
            fixed=f"{CHECKED}\n{ATTACH}",
        ),
        Example(
            released=(EVENTS, REST),
            upgrade=f"{CHECKED}\n{ATTACH}",
            dialect="postgresql",
            says="and ACCESS EXCLUSIVE on events_rest while every row is read",
            help="add a CHECK that says what the bounds say (of events_rest, that it lies outside "
            "of them)",
            at="ALTER TABLE events ATTACH",
            fixed=f"{CHECKED}\n{CHECK_REST}\n{ATTACH}",
        ),
        Example(
            released=(EVENTS, CHECK),
            upgrade=ATTACH,
            dialect="postgresql",
            says="ACCESS EXCLUSIVE on events_may while every row is read",
            help="and validate it while traffic goes on",
            at="ALTER TABLE events ATTACH",
            fixed=f"with op.get_context().autocommit_block():\n    {VALIDATE}\n{ATTACH}",
        ),
        Example(
            released=(TREE,),
            upgrade='op.execute("ALTER TABLE regions ATTACH PARTITION north FOR VALUES IN '
            "('n')\")",
            dialect="postgresql",
            says="ACCESS EXCLUSIVE on north while every row is read",
            help='op.execute("ALTER TABLE north ADD CONSTRAINT north_bounds CHECK (code IS NOT '
            "NULL AND code IN ('n')) NOT VALID\")",
            at="ALTER TABLE regions ATTACH",
            fixed="""
            op.execute("ALTER TABLE north ADD CONSTRAINT north_bounds CHECK (code IS NOT NULL AND code IN ('n')) NOT VALID")
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE north VALIDATE CONSTRAINT north_bounds')
            op.execute("ALTER TABLE regions ATTACH PARTITION north FOR VALUES IN ('n')")
            """,  # noqa: E501
        ),
        Example(
            upgrade="op.execute('ALTER TABLE logs ATTACH PARTITION logs_7 FOR VALUES WITH (MODULUS "
            "8, REMAINDER 7)')",
            dialect="postgresql",
            says="ACCESS EXCLUSIVE on logs_7 while every row is read",
            help="No CHECK spares that of a hash: attach it while it is empty",
            at="ALTER TABLE logs ATTACH",
        ),
    ),
    safe=(
        Example(released=(EVENTS, CHECK, VALIDATE), upgrade=ATTACH, dialect="postgresql"),
        Example(released=(EVENTS,), upgrade=f"{CHECKED}\n{ATTACH}", dialect="postgresql"),
        Example(
            released=(EVENTS,),
            upgrade=f"""
            op.execute('CREATE TABLE events_june (LIKE events)')
            {ATTACH.replace("may", "june")}
            """,
            dialect="postgresql",
        ),
        Example(
            released=(EVENTS,),
            upgrade="op.execute('ALTER TABLE events DETACH PARTITION events_may FINALIZE')",
            downgrade=ATTACH,
            dialect="postgresql",
        ),
    ),
)
def attach_partition(attach: AttachPartition, context: Context) -> Iterator[Problem]:
    effect = context.effect(attach)
    read = [one for one in effect.related if one.scans] if effect else []
    read = [one for one in read if not _is_nobodys(one.table, context)]
    if effect is None or not read or context.undoes_upgrade(attach):
        return
    size = context.size(read[0].table)
    yield Problem(
        message=f"Attaching {attach.partition} to {attach.table} {what_waits(effect, size)}.",
        remedy=_remedy(attach, read, context),
        effect=effect,
    )


def _is_nobodys(table: Name, context: Context) -> bool:
    """Return whether no traffic waits for the table, or it has no rows to read."""
    return context.is_unreleased(table) or context.is_empty(table)


def _remedy(attach: AttachPartition, read: list[TableEffect], context: Context) -> str:
    if "with" in (attach.bounds or "").lower():
        return "No CHECK spares that of a hash: attach it while it is empty, or when nobody waits."
    others = [one.table for one in read if one.table != attach.partition]
    apart = f" (of {others[0]}, that it lies outside of them)" if others else ""
    words = f"Before that, add a CHECK that says what the bounds say{apart}"
    parent = context.schema.table(attach.table)
    column = key_column(parent.partition_by if parent else None)
    condition = as_condition(column, attach.bounds) if column else None
    if condition is None:
        return f"{words}, with NOT NULL, NOT VALID at first, and validate it in a later release."
    code = "\n".join(
        _checked(
            one.table,
            f"{column} IS NOT NULL AND {condition}"
            if one.table == attach.partition
            else f"NOT ({condition})",
            context,
        )
        for one in read
    )
    return (
        f"{words}, and validate it while traffic goes on; then no row is read, and the CHECK can "
        f"go:\n{code}"
    )


def _checked(table: Name, condition: str, context: Context) -> str:
    """Return the code that lets a CHECK prove it, one that waits for its validation if there is."""
    statement, written = context.statement, table_sql(table, "postgresql")
    found = context.schema.table(table)
    checks = [c for c in found.constraints if c.type == "check"] if found else []
    waiting = [c.name for c in checks if c.not_valid and c.name]
    name = quoted(waiting[0] if waiting else f"{table.name}_bounds", "postgresql")
    add = f"ALTER TABLE {written} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"
    validate = executed(f"ALTER TABLE {written} VALIDATE CONSTRAINT {name}", statement)
    first = "" if waiting else f"{executed(add, statement)}\n"
    if statement.in_sql_file:
        return f"{first}-- in a later file\n{validate}"
    return f"{first}with op.get_context().autocommit_block():\n    {validate}"
