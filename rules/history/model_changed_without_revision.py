"""A model changed, and no revision brings the change to the database.

Code is deployed with the model as it is now, and meets a table as the revisions left it: a column
that is in the model only fails each query of that model, and a NOT NULL column that is in the
database only fails each insert. What `alembic check` compares is compared, without importing
anything: the models, read from their source, with the schema that the revisions make. Only what the
change itself brings apart is told, on either side: a model that was changed without a revision, and
a revision that does not bring all of what its model gained.

Tables, columns, their types and nullability, indexes, unique constraints, foreign keys and comments
are compared; server defaults, CHECKs, primary keys and the members of enums are not, as with
`alembic check`. What code runs well beside, such as a nullable column that the model lost, is a
warning: its DROP belongs into a later deployment. A class that cannot be read surely is left out.
"""

import re
from collections.abc import Iterator

from guard.facts import ModelChanged, ModelDifference
from guard.phrases import ALWAYS_A_MIGRATION, listed
from guard.rule import Context, Example, Problem, revision_file, rule

MODELS = """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str | None] = mapped_column(sa.String(50))
"""
ENV = """\
from alembic import context
from sqlalchemy import engine_from_config

from app.models import Base

with engine_from_config({"sqlalchemy.url": "sqlite://"}).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""
CREATE = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('note', sa.String(50)),
)
"""
BASE = {
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "migrations/env.py": ENV,
    **revision_file("a1", None, CREATE, "op.drop_table('orders')"),
}
NOTE = "    note: Mapped[str | None] = mapped_column(sa.String(50))\n"
TOTAL = "    total: Mapped[int]\n"
WITH_TOTAL = CREATE.replace(
    "    sa.Column('note'",
    "    sa.Column('total', sa.Integer(), nullable=False),\n    sa.Column('note'",
)
ITEM = """

class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
CREATE_ITEM = "op.create_table('items', sa.Column('id', sa.Integer(), primary_key=True))"


def _edited(old: str, new: str) -> dict[str, str]:
    """Return the file of the models with one piece of it replaced."""
    assert MODELS.count(old) == 1
    return {"app/models.py": MODELS.replace(old, new)}


def _adding(column: str) -> dict[str, str]:
    """Return a revision that adds a column to orders."""
    label = column.split("'")[1]
    undo = f"op.drop_column('orders', '{label}')"
    return revision_file("b2", "a1", f"op.add_column('orders', sa.Column({column}))", undo)


@rule(
    ModelChanged,
    instructs=(ALWAYS_A_MIGRATION,),
    unsafe=(
        Example(
            base=BASE,
            change={"app/models.py": MODELS + TOTAL},
            says="Order.total is new, and no revision adds column total (integer not null) to "
            "orders: each query of the model fails.",
            help="Write the revision, and read it over before you commit it: "
            'alembic revision --autogenerate -m "add total to orders"',
            at="total: Mapped[int]",
        ),
        Example(
            base=BASE,
            change={"app/models.py": MODELS + TOTAL, **_adding("'sum', sa.Integer()")},
            says="Order and its table orders differ, and revision b2 does not bring them together "
            "(- as the revisions make it, + as the model has it):\n"
            "  + Order.total: integer not null\n  - column sum: integer",
            help="Complete revision b2, or write another one and read it over: alembic revision "
            '--autogenerate -m "change orders"',
            at="total: Mapped[int]",
        ),
        Example(
            base=BASE,
            change={
                "app/models.py": MODELS + TOTAL,
                **_adding("'total', sa.Integer()"),
                **revision_file("c3", "b2"),
            },
            says="A new revision makes Order.total NULL, and the model says NOT NULL.",
            help="Change the model in the same way, or correct the new revision",
            at="total: Mapped[int]",
        ),
        Example(
            base=BASE,
            change=_edited("Mapped[str | None]", "Mapped[str]"),
            says="Order.note is NOT NULL, and in orders it stays NULL: no revision changes it.",
            help='"change note of orders"',
            at="note: Mapped",
        ),
        Example(
            base=BASE,
            change=_edited(NOTE, NOTE.replace("50", "80")),
            says="Order.note is varchar(80), and in orders it stays varchar(50): no revision "
            "changes it.",
            help='alembic revision --autogenerate -m "change note of orders"',
            at="note: Mapped",
        ),
        Example(
            base=BASE,
            change=_edited(NOTE, ""),
            says="Order has no column note, and orders keeps it (varchar(50)): nothing fills it.",
            help="Drop it in a later deployment, once no running code uses it: alembic revision "
            '--autogenerate -m "drop note from orders"',
            at="class Order(Base)",
        ),
        Example(
            base=BASE
            | {"app/models.py": MODELS + TOTAL}
            | revision_file("a1", None, WITH_TOTAL, "op.drop_table('orders')"),
            change={"app/models.py": MODELS},
            says="Order has no column total, and orders keeps it (integer not null): each insert "
            "fails, since it is NOT NULL and has no default.",
            help='-m "drop total from orders"',
            at="class Order(Base)",
        ),
        Example(
            base=BASE,
            change={"app/models.py": MODELS + ITEM},
            says="Item is a new model, and no revision creates its table items: each query of it "
            "fails.",
            help='"create items"',
            at="class Item(Base)",
        ),
        Example(
            base=BASE
            | {"app/models.py": MODELS + ITEM}
            | revision_file("a2", "a1", CREATE_ITEM, "op.drop_table('items')"),
            change={"app/models.py": MODELS},
            says="The model of the table items is gone, and no revision drops the table: nothing "
            "uses it.",
            help='-m "drop items"',
            at="import sqlalchemy as sa",
        ),
        Example(
            base=BASE,
            change=_edited("String(50)", "String(50), index=True"),
            says="The index ix_orders_note on (note) of Order is new, and no revision adds it to "
            "orders: what it is for stays slow.",
            help='"add index ix_orders_note to orders"',
            at="note: Mapped",
        ),
        Example(
            base=BASE,
            change=_edited("String(50)", "String(50), unique=True"),
            says="The unique constraint on (note) of Order is new, and no revision adds it to "
            "orders: the database takes rows that the model rules out.",
            help='"add unique constraint to orders"',
            at="note: Mapped",
        ),
    ),
    safe=(
        Example(
            base=BASE,
            change={
                "app/models.py": MODELS + TOTAL,
                **_adding("'total', sa.Integer(), server_default='0', nullable=False"),
            },
        ),
        Example(base=BASE, change=_edited("class Order(Base):", "class Purchase(Base):")),
        Example(base=BASE, change=_edited(NOTE, NOTE.replace("50)", '50), default="none"'))),
        Example(
            base=BASE,
            change=_edited(NOTE, NOTE.replace("note:", "remark:").replace("(sa", '("note", sa')),
        ),
        # What the base had already is only counted.
        Example(
            base=BASE | {"app/models.py": MODELS + TOTAL},
            change={"app/models.py": MODELS + TOTAL + "\n# Orders.\n"},
        ),
    ),
)
def model_changed_without_revision(changed: ModelChanged, context: Context) -> Iterator[Problem]:
    harmless = all(one.harmless for one in changed.differences)
    yield Problem(
        message=_message(changed),
        remedy=_remedy(changed, harmless),
        severity="warning" if harmless else None,
    )


def _message(changed: ModelChanged) -> str:
    if len(changed.differences) == 1:
        return _sentence(changed.differences[0], changed)
    lines = listed(line for one in changed.differences for line in _lines(one))
    return (
        f"{changed.model} and its table {changed.table} differ, and "
        f"{_who(changed, 'brings', 'bring')} them together (- as the revisions make it, + as the "
        f"model has it):\n{lines}"
    )


def _lines(one: ModelDifference) -> Iterator[str]:
    if one.schema:
        yield f"- {one.thing}: {one.schema}"
    if one.models:
        yield f"+ {_called(one) or one.thing}: {one.models}"


def _sentence(one: ModelDifference, changed: ModelChanged) -> str:
    model, table = changed.model, changed.table
    if one.by_revision:
        return _done_by_revision(one, changed)
    if one.thing == "table":
        if one.models:
            who = _who(changed, "creates", "create")
            return f"{model} is a new model, and {who} its table {table}: each query of it fails."
        who = _who(changed, "drops", "drop")
        return f"The model of the table {table} is gone, and {who} the table: nothing uses it."
    name = _called(one) or f"The {one.thing} of {model}"
    if not one.schema:
        what = f"{one.thing} ({one.models})" if _called(one) else "it"
        who = _who(changed, "adds", "add")
        return f"{name} is new, and {who} {what} to {table}{_effect_of_lack(one)}."
    if not one.models:
        return f"{model} has no {one.thing}, and {table} keeps it ({one.schema}): {_excess(one)}."
    who = _who(changed, "changes", "change")
    return f"{name} is {one.models}, and in {table} it stays {one.schema}: {who} it."


def _done_by_revision(one: ModelDifference, changed: ModelChanged) -> str:
    """Return what a new revision does to a table whose model still says otherwise."""
    model, table = changed.model, changed.table
    who = f"revision {changed.new[0]}" if len(changed.new) == 1 else "a new revision"
    name = _called(one) or model
    if one.thing == "table":
        what = f"drops {table}, and {model} still maps it: each query of it fails"
    elif not one.schema:
        still = f"{name} still {'maps' if _called(one) else 'has'} it"
        what = f"drops {one.thing} of {table}, and {still}{_effect_of_lack(one)}"
    elif not one.models:
        what = f"adds {one.thing} ({one.schema}) to {table}, and {model} lacks it: {_excess(one)}"
    else:
        name = _called(one) or f"the {one.thing} of {model}"
        what = f"makes {name} {one.schema}, and the model says {one.models}"
    return f"{who[0].upper()}{who[1:]} {what}."


def _called(one: ModelDifference) -> str | None:
    """Return the column as the author of the model calls it, where it is about a column."""
    return one.label if one.thing.startswith("column") else None


def _who(changed: ModelChanged, one_does: str, does: str) -> str:
    match changed.new:
        case ():
            return f"no revision {one_does}"
        case (new,):
            return f"revision {new} does not {does}"
    return f"none of the new revisions {one_does}"


def _effect_of_lack(one: ModelDifference) -> str:
    if one.thing.startswith("column"):
        return ": each query of the model fails"
    if one.thing.startswith("index") and not one.models.startswith("unique"):
        return ": what it is for stays slow"
    return ": the database takes rows that the model rules out"


def _excess(one: ModelDifference) -> str:
    if one.thing.startswith("column"):
        needed = "each insert fails, since it is NOT NULL and has no default"
        return "nothing fills it" if one.harmless else needed
    if one.harmless:
        return "each write still pays for it"
    return "the database refuses rows that the model allows"


def _remedy(changed: ModelChanged, harmless: bool) -> str:
    if all(one.by_revision for one in changed.differences):
        return _model_follows(changed)
    code = f'{changed.command} -m "{_title(changed)}"'
    if harmless and not any(one.models for one in changed.differences):
        return f"Drop it in a later deployment, once no running code uses it: {code}"
    if len(changed.new) == 1:
        return f"Complete revision {changed.new[0]}, or write another one and read it over: {code}"
    return f"Write the revision, and read it over before you commit it: {code}"


def _model_follows(changed: ModelChanged) -> str:
    which = f"revision {changed.new[0]}" if len(changed.new) == 1 else "the new revision"
    for one in changed.differences:
        if not one.schema and one.thing.startswith(("table", "column")):
            what = changed.model if one.thing == "table" else one.label or one.thing
            return (
                f"Take {what} out of the models and deploy that; drop it in a later deployment, "
                f"and not in {which}"
            )
    return f"Change the model in the same way, or correct {which}"


def _title(changed: ModelChanged) -> str:
    one, table = changed.differences[0], changed.table
    name = one.thing.partition(" on ")[0]
    if one.thing.startswith("column"):
        name = one.thing.partition(" ")[2].partition(":")[0]
    if len(changed.differences) > 1:
        title = f"change {table}"
    elif one.thing == "table":
        title = f"{'create' if one.models else 'drop'} {table}"
    elif not one.schema:
        title = f"add {name} to {table}"
    elif not one.models:
        title = f"drop {name} from {table}"
    else:
        title = f"change {name} of {table}"
    return re.sub(r"[^\w .-]", "", title)
