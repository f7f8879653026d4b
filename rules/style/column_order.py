"""Columns in an order that leaves gaps between them make each row larger than it has to be.

PostgreSQL puts a value at a multiple of its size: a bigint behind a boolean leaves seven bytes
empty, in every row. The widest types first, then those of four, two and one bytes, then text and
whatever else has no fixed length, leave no gaps. Off by default: the order of columns is also the
order in which people read them.
"""

from collections.abc import Iterator, Sequence

from guard.operations import Column, CreateTable
from guard.rule import Context, Example, Problem, rule

SIZES = {
    "bigint": (8, 8), "timestamp": (8, 8), "double": (8, 8), "time": (8, 8), "money": (8, 8),
    "interval": (16, 8), "integer": (4, 4), "real": (4, 4), "date": (4, 4), "oid": (4, 4),
    "smallint": (2, 2), "boolean": (1, 1), "uuid": (16, 1),
}  # fmt: skip


@rule(
    CreateTable,
    severity="off",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="""
            op.create_table(
                'orders',
                sa.Column('paid', sa.Boolean()),
                sa.Column('id', sa.BigInteger(), primary_key=True),
                sa.Column('open', sa.Boolean()),
                sa.Column('made_at', sa.DateTime()),
            )
            """,
            dialect="postgresql",
            config={"select": ["column-order"]},
            says="The order of its columns leaves 14 of 32 bytes empty in each row of orders.",
            help="Put the widest first: id, made_at, paid, open",
            at="op.create_table",
        ),
    ),
    safe=(
        """
        op.create_table(
            'orders',
            sa.Column('paid', sa.Boolean()),
            sa.Column('id', sa.BigInteger(), primary_key=True),
        )
        """,
        Example(
            upgrade="""
            op.create_table(
                'orders',
                sa.Column('id', sa.BigInteger(), primary_key=True),
                sa.Column('made_at', sa.DateTime()),
                sa.Column('paid', sa.Boolean()),
                sa.Column('open', sa.Boolean()),
                sa.Column('note', sa.Text()),
            )
            """,
            dialect="postgresql",
            config={"select": ["column-order"]},
        ),
    ),
)
def column_order(create: CreateTable, context: Context) -> Iterator[Problem]:
    if any(column.type is None for column in create.columns):
        return
    best = sorted(create.columns, key=_place)
    wasted = _length(create.columns) - _length(best)
    if wasted < 8:
        return
    names = ", ".join(column.name for column in best)
    yield Problem(
        message=f"The order of its columns leaves {wasted} of {_length(create.columns)} bytes "
        f"empty in each row of {create.table}.",
        remedy=f"Put the widest first: {names}",
    )


def _place(column: Column) -> int:
    """Return a number that sorts the column: the widest first, what has no fixed length last."""
    length, multiple = _size(column)
    return -multiple if length else 0


def _size(column: Column) -> tuple[int, int]:
    """Return the bytes of the type, 0 where they vary, and what its place is a multiple of."""
    kind = column.type
    return SIZES.get(kind.name, (0, 1)) if kind and not kind.array else (0, 1)


def _length(columns: Sequence[Column]) -> int:
    """Return the bytes of the columns of fixed length, with the gaps before them."""
    length = 0
    for column in columns:
        size, multiple = _size(column)
        length += -length % multiple + size
    return length
