"""A column that is named twice makes a statement fail.

CREATE TABLE, CREATE VIEW, INSERT, UPDATE SET and an index of MySQL refuse a name that stands there
already, and ADD COLUMN one that the table has or that the same statement adds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from guard.facts import DowngradeFailed, UpgradeFailed, UpgradeFailedWithRows
from guard.operations import (
    AddColumn,
    CreateTable,
    CreateView,
    DropColumn,
    Insert,
    Operation,
    RenameColumn,
    Update,
    is_known,
)
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Missing

ORDERS = """
op.create_table(
    'orders', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('note', sa.Text())
)
"""


@rule(
    CreateTable,
    CreateView,
    AddColumn,
    Insert,
    Update,
    predicts=(UpgradeFailed, UpgradeFailedWithRows, DowngradeFailed),
    unsafe=(
        Example(
            upgrade="op.execute('CREATE TABLE logs (id int PRIMARY KEY, at date, at date)')",
            dialect="postgresql",
            says="CREATE TABLE logs names column at twice, and fails.",
            help="Leave one of them out",
            at="CREATE TABLE",
        ),
        Example(
            upgrade="op.execute('CREATE VIEW mine AS SELECT o.id, o.total, u.id FROM orders o "
            "JOIN users u ON u.id = o.user_id')",
            dialect="postgresql",
            says="CREATE VIEW mine names column id twice, and fails.",
            help="Leave one of them out",
            at="CREATE VIEW",
        ),
        Example(
            upgrade="op.execute('UPDATE orders SET note = NULL, a = 1, note = NULL WHERE id = 1')",
            dialect="postgresql",
            says="UPDATE of orders sets column note twice, and fails.",
            at="UPDATE",
        ),
        Example(
            upgrade="op.execute(\"INSERT INTO orders (id, note, id) VALUES (1, 'a', 2)\")",
            dialect="mysql",
            says="INSERT INTO orders names column id twice, and fails.",
            at="INSERT",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.add_column('orders', sa.Column('note', sa.Text()))",
            says="orders has a column note already, so that adding it fails.",
            help="Leave it out, or give it another name",
            at="op.add_column",
        ),
    ),
    safe=(
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('CREATE VIEW mine AS SELECT o.id, o.total::text, u.id AS owner, "
            "u.name::text FROM orders o JOIN users u ON u.id = o.user_id')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE logs (id int PRIMARY KEY, \"At\" date, at date)')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('UPDATE orders SET note = NULL, total = 1 WHERE id = 1')",
            dialect="postgresql",
        ),
    ),
)
def duplicate_column(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, AddColumn):
        yield from _added_again(operation, context)
        return
    match operation:
        case CreateTable(queried=[_, *_]) | Insert() | CreateView() if (
            context.server.dialect == "sqlite"
        ):
            return  # which takes one of the values, and calls the second column a:1
        case CreateTable(table=table, columns=columns, queried=queried):
            names = [*(column.name for column in columns), *queried]
            what = f"CREATE TABLE {table} names"
        case Insert(table=table, columns=listed):
            what, names = f"INSERT INTO {table} names", [*listed]
        case CreateView(name=view, columns=listed, queried=queried):
            what, names = f"CREATE VIEW {view} names", [*(listed or queried)]
        case Update(table=table, columns=listed) if context.server.dialect == "postgresql":
            what, names = f"UPDATE of {table} sets", [*listed]  # the others take the last value
        case _:
            return
    for name in _twice(names, context):
        yield Problem(
            message=f"{what} column {name} twice, and fails.", remedy="Leave one of them out"
        )


def _twice(names: Iterable[str], context: Context) -> list[str]:
    exact = context.server.dialect == "postgresql"
    counted = Counter(name if exact else name.lower() for name in names if is_known(name))
    return [name for name, count in counted.items() if count > 1]


def _added_again(add: AddColumn, context: Context) -> Iterator[Problem]:
    """Say so where the table surely has the column, and nothing asks before."""
    beside = context.statement.operations
    others = [o for o in beside if isinstance(o, AddColumn) and o.table == add.table]
    names = [o.column.name for o in others[: others.index(add) + 1] if not o.if_not_exists]
    if add.column.name in _twice(names, context):
        yield Problem(
            message=f"ALTER TABLE {add.table} adds column {add.column.name} twice, and fails.",
            remedy="Leave one of them out",
        )
        return
    found, name = context.schema.column(add.table, add.column.name), add.column.name
    table = context.schema.table(add.table)
    if isinstance(found, Missing) or isinstance(table, Missing):
        return
    statement = context.statement
    sure = found.certain and table.certain and statement.condition is None
    block = statement.run_by is not None or (statement.sql or "")[:2].upper() == "DO"
    gone = any(isinstance(o, DropColumn | RenameColumn) for o in statement.operations)
    if add.if_not_exists or block or gone or not sure:
        return  # a block may ask before it adds
    yield Problem(
        message=f"{add.table} has a column {name} already, so that adding it fails.",
        remedy="Leave it out, or give it another name",
    )
