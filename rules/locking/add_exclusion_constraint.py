"""Adding an exclusion constraint builds an index and reads the table twice while all traffic waits.

PostgreSQL takes ACCESS EXCLUSIVE on the table, so that reads and writes wait, builds the index,
then compares every row with the others. There is neither NOT VALID nor USING INDEX for it, so that
no way around is shorter than a new table.
"""

from collections.abc import Iterator

from guard.operations import AddConstraint
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

ROOMS = "op.execute('CREATE TABLE stays (room int4range, during tsrange)')"
EXCLUDE = (
    "op.execute('ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (room WITH &&, during "
    "WITH &&)')"
)


@rule(
    AddConstraint,
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade=EXCLUDE,
            dialect="postgresql",
            says="Adding exclusion constraint apart takes ACCESS EXCLUSIVE on stays while every "
            "row is read: reads and writes wait.",
            help="Make a new table that has the constraint from the start",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.create_exclude_constraint('apart', 'stays', ('during', '&&'))",
            dialect="postgresql",
            says="Adding exclusion constraint apart takes ACCESS EXCLUSIVE on stays",
            at="op.create_exclude",
        ),
    ),
    safe=(Example(upgrade=f"{ROOMS}\n{EXCLUDE}", dialect="postgresql"),),
)
def add_exclusion_constraint(add: AddConstraint, context: Context) -> Iterator[Problem]:
    effect = context.effect(add)
    if add.constraint.type != "exclude" or effect is None:
        return
    if context.is_unreleased(add.table) or context.is_empty(add.table):
        return
    name = f"exclusion constraint {add.constraint.name or ''}".strip()
    yield Problem(
        message=f"Adding {name} {what_waits(effect, context.size(add.table))}.",
        remedy="Make a new table that has the constraint from the start, and move the rows in "
        f"batches; or let a trigger check new rows; or add it when nobody uses {add.table}, with "
        "a lock_timeout",
        effect=effect,
    )
