"""A new trigger on a table in use lets no write through while it is made.

PostgreSQL takes SHARE ROW EXCLUSIVE on the table, if only for a moment: it waits for each open
transaction that writes to it, and new writes queue behind that. From then on the trigger runs for
the code that is deployed already as well.
"""

from collections.abc import Iterator

from guard.operations import CreateObject
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

FUNCTION = """
op.execute("CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
"""
TRIGGER = (
    "op.execute('CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION "
    "touch()')"
)


@rule(
    CreateObject,
    severity="warning",
    dialects=("postgresql",),
    unsafe=(
        Example(
            released=(FUNCTION,),
            upgrade=TRIGGER,
            dialect="postgresql",
            says="Creating trigger touched takes SHARE ROW EXCLUSIVE on orders, for a moment, but "
            "not before each open transaction that uses it has ended: writes wait.",
            help="Give it a revision of its own and a short lock_timeout, so that it fails and can "
            "be tried again instead of holding up writes.",
            at="CREATE TRIGGER",
        ),
        Example(
            released=(FUNCTION,),
            upgrade="op.execute('CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.orders "
            "DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touch()')",
            dialect="postgresql",
            says="Creating trigger late takes SHARE ROW EXCLUSIVE on app.orders",
            at="CREATE CONSTRAINT TRIGGER",
        ),
    ),
    safe=(
        Example(
            released=(FUNCTION,),
            upgrade=f"op.create_table('orders', sa.Column('id', sa.Integer()))\n{TRIGGER}",
            dialect="postgresql",
        ),
    ),
)
def create_trigger(create: CreateObject, context: Context) -> Iterator[Problem]:
    if create.object_type != "trigger" or create.table is None:
        return
    if context.is_unreleased(create.table) or context.statement.direction == "downgrade":
        return
    effect = context.effect(create)
    assert effect is not None
    yield Problem(
        message=f"Creating trigger {create.name} {what_waits(effect, context.size(create.table))}.",
        remedy="Give it a revision of its own and a short lock_timeout, so that it fails and can "
        "be "
        "tried again instead of holding up writes.",
        effect=effect,
    )
