"""An index that another one begins with serves no query, and each write maintains both.

An index on (a, b) answers what one on (a) does. A unique index is kept for what it forbids, a
partial one, one of another method or of other operator classes for what it alone can do. Off unless
it is selected.
"""

from collections.abc import Iterator

from guard.operations import CreateIndex
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Index

SELECTED = {"select": ["redundant-index"]}
WIDER = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('a', sa.Integer()),
    sa.Column('b', sa.Integer()),
)
op.create_index('ix_ab', 'orders', ['a', 'b'])
"""


@rule(
    CreateIndex,
    severity="off",
    unsafe=(
        Example(
            upgrade=f"{WIDER}op.create_index('ix_a', 'orders', ['a'])",
            config=SELECTED,
            says="Index ix_a of orders is redundant: ix_ab begins with the same columns.",
            help="Leave ix_a out",
            at="op.create_index('ix_a'",
        ),
        Example(
            upgrade=f"{WIDER}op.create_index('ix_id', 'orders', ['id'])",
            config=SELECTED,
            says="Index ix_id of orders is redundant: the primary key begins with the same "
            "columns.",
            at="op.create_index('ix_id'",
        ),
        Example(
            upgrade=f"{WIDER}op.create_index('ix_abc', 'orders', ['a', 'b', 'id'])",
            config=SELECTED,
            says="Index ix_ab of orders is redundant from here on: ix_abc begins with the same "
            "columns.",
            help="Drop ix_ab",
            at="op.create_index('ix_abc'",
        ),
    ),
    safe=(
        Example(upgrade=f"{WIDER}op.create_index('ix_b', 'orders', ['b'])", config=SELECTED),
        Example(
            upgrade=f"{WIDER}op.create_index('uq_a', 'orders', ['a'], unique=True)",
            config=SELECTED,
        ),
        Example(
            upgrade=WIDER.replace("'a', sa.Integer()", "'a', sa.Text()")
            + "op.execute('CREATE INDEX p ON orders (a text_pattern_ops)')",
            dialect="postgresql",
            config=SELECTED,
        ),
        Example(
            upgrade=f"{WIDER}op.execute('CREATE INDEX p ON orders (a) WHERE b > 0')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def redundant_index(operation: CreateIndex, context: Context) -> Iterator[Problem]:
    if not _plain(operation) or operation.only:
        return
    table, new = operation.table, _folded(operation.columns, context)
    label = operation.name or "the new one"
    for index in context.schema.indexes(table):
        if not index.certain or not _plain(index) or index.name == operation.name:
            continue
        other, name = _folded(index.columns, context), _called(index)
        if other[: len(new)] == new and not operation.unique:
            what, remedy = f"Index {label} of {table} is redundant: {name}", f"Leave {label} out"
        elif new[: len(other)] == other and not index.unique:
            what = f"Index {name} of {table} is redundant from here on: {label}"
            remedy = f"Drop {name}"
        else:
            continue
        yield Problem(message=f"{what} begins with the same columns.", remedy=remedy)
        return


def _plain(index: CreateIndex | Index) -> bool:
    """Return whether it is on all rows, in the usual way and order."""
    usual = index.method in (None, "btree")
    return usual and index.where is None and index.detail is None and bool(index.columns)


def _folded(columns: tuple[str, ...], context: Context) -> list[str]:
    exact = context.server.dialect == "postgresql"
    return [column if exact else column.lower() for column in columns]


def _called(index: Index) -> str:
    made_up = index.name is None or index.name.endswith("_pkey")
    return "the primary key" if made_up else f"{index.name}"
