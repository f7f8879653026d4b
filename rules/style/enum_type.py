"""An enum's values can be added and renamed, but never dropped.

To be rid of one, the type is made anew and every table that has it written again. A text column
with a CHECK takes a new list NOT VALID, and a lookup table takes rows. A value that is added
without BEFORE or AFTER sorts last, which ORDER BY shows. Off unless it is selected.
"""

from collections.abc import Iterator

from guard.operations import AddEnumValue, CreateEnum, Operation
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["enum-type"]}


@rule(
    CreateEnum,
    AddEnumValue,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.execute(\"CREATE TYPE state AS ENUM ('new', 'paid')\")",
            dialect="postgresql",
            config=SELECTED,
            says="No value of the enum state can ever be dropped.",
            help="Use text with a CHECK (state IN (...)), or a lookup table",
            at="CREATE TYPE",
        ),
        Example(
            upgrade="op.execute(\"ALTER TYPE state ADD VALUE 'sent'\")",
            dialect="postgresql",
            config=SELECTED,
            says="'sent' will sort after all other values of state.",
            help="Say where it belongs: BEFORE '...' or AFTER '...'",
            at="ALTER TYPE",
        ),
    ),
    safe=(
        Example(
            upgrade="op.execute(\"ALTER TYPE state ADD VALUE 'sent' AFTER 'paid'\")",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade="op.create_table('t', sa.Column('state', sa.Text(), "
            "sa.CheckConstraint(\"state IN ('new', 'paid')\", name='known')))",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def enum_type(operation: Operation, context: Context) -> Iterator[Problem]:
    match operation:
        case CreateEnum(name=name):
            yield from _made(str(name))
        case AddEnumValue(name=name, value=value, position=None):
            yield Problem(
                message=f"'{value}' will sort after all other values of {name}.",
                remedy="Say where it belongs: BEFORE '...' or AFTER '...'",
            )


def _made(name: str) -> Iterator[Problem]:
    yield Problem(
        message=f"No value of the enum {name} can ever be dropped.",
        remedy=f"Use text with a CHECK ({name} IN (...)), or a lookup table",
    )
