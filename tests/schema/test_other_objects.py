"""The replayed schema: types, views and everything else that has a name."""

from __future__ import annotations

import pytest
from replaying import ORDERS, STATUS, TEXT, USERS, col, create, replay

from guard.operations import (
    AddColumn,
    AddEnumValue,
    AlterDomain,
    AlterTable,
    CreateDomain,
    CreateEnum,
    CreateObject,
    CreateSchema,
    CreateView,
    DropObject,
    DropSchema,
    DropTable,
    Name,
    Operation,
    RenameEnumValue,
    RenameObject,
    Type,
)
from guard.schema import ABSENT, UNKNOWN

STATUS_TYPE = Type(name="enum", enum_name=STATUS, values=("new", "paid"))


@pytest.mark.parametrize(
    ("operations", "values"),
    [
        ((), ("new", "paid")),
        ((AddEnumValue(name=STATUS, value="sent"),), ("new", "paid", "sent")),
        ((AddEnumValue(name=STATUS, value="x", position="before paid"),), ("new", "x", "paid")),
        ((AddEnumValue(name=STATUS, value="x", position="after new"),), ("new", "x", "paid")),
        ((AddEnumValue(name=STATUS, value="new"),), ("new", "paid")),
        ((RenameEnumValue(name=STATUS, value="paid", new="done"),), ("new", "done")),
    ],
)
def test_enum_values(operations: tuple[Operation, ...], values: tuple[str, ...]) -> None:
    schema = replay(CreateEnum(name=STATUS, values=("new", "paid")), *operations)
    found = schema.enum(STATUS)
    assert found
    assert (found.values, found.created_by) == (values, "r1")


def test_enums_that_are_not_there_or_not_known() -> None:
    made = CreateEnum(name=STATUS, values=("new",))
    assert replay().enum(STATUS) is ABSENT
    assert replay(known=False).enum(STATUS) is UNKNOWN
    assert replay(made, DropObject(object_type="type", name=STATUS)).enum(STATUS) is ABSENT
    late = replay(AddEnumValue(name=STATUS, value="x"), known=False).enum(STATUS)
    assert late
    assert late.values is None


def test_sqlalchemy_makes_the_enum_with_its_table_but_not_with_a_column() -> None:
    by_table = replay(create(ORDERS, col("s", STATUS_TYPE)), DropTable(table=ORDERS))
    by_column = replay(create(), AddColumn(table=ORDERS, column=col("s", STATUS_TYPE)))
    assert by_table.enum(STATUS)
    assert by_column.enum(STATUS) is ABSENT


def test_a_renamed_enum_is_followed_in_its_columns() -> None:
    schema = replay(
        create(ORDERS, col("s", STATUS_TYPE)),
        RenameObject(object_type="type", name=STATUS, new=Name("state")),
    )
    column = schema.column(ORDERS, "s")
    assert column
    assert column.type
    assert column.type.enum_name == Name("state")
    assert schema.enum(Name("state"))
    assert schema.enum(STATUS) is ABSENT


@pytest.mark.parametrize(
    ("operations", "constrained"),
    [
        ((CreateDomain(name=STATUS, type=TEXT),), False),
        ((CreateDomain(name=STATUS, type=TEXT, checks=1),), True),
        ((CreateDomain(name=STATUS), AlterDomain(name=STATUS, action="set-not-null")), True),
        ((AlterDomain(name=STATUS, action="add-constraint"),), True),
    ],
)
def test_domains(operations: tuple[Operation, ...], constrained: bool) -> None:
    found = replay(*operations, known=False).domain(STATUS)
    assert found
    assert found.constrained is constrained


def test_views_are_made_and_dropped() -> None:
    view = Name("totals")
    made = CreateView(name=view, columns=("a",), materialized=True)
    schema = replay(made)
    found = schema.view(view)
    assert found
    assert (found.columns, found.materialized, found.created_by) == (("a",), True, "r1")
    dropped = schema.apply(DropObject(object_type="materialized view", name=view))
    assert dropped.view(view) is ABSENT


def test_a_cascade_leaves_doubt_about_views() -> None:
    schema = replay(create(), CreateView(name=USERS), DropTable(table=ORDERS, cascade=True))
    found = schema.view(USERS)
    assert found
    assert not found.certain


def test_other_objects_by_name() -> None:
    sequence = CreateObject(object_type="sequence", name=Name("seq"))
    schema = replay(
        sequence,
        RenameObject(object_type="sequence", name=Name("seq"), new=Name("numbers")),
        CreateObject(object_type="function", name=Name("f")),
        DropObject(object_type="function", name=Name("f")),
    )
    assert [(o.object_type, str(o.name)) for o in schema.objects()] == [("sequence", "numbers")]


@pytest.mark.parametrize("table", [ORDERS, None])
def test_a_dropped_trigger_is_found_with_or_without_its_table(table: Name | None) -> None:
    trigger = CreateObject(object_type="trigger", name=Name("tr"), table=ORDERS)
    drop = DropObject(object_type="trigger", name=Name("tr"), table=table)
    found = replay(create(), trigger, drop).table(ORDERS)
    assert found
    assert found.objects == ()


def test_a_schema_takes_all_that_is_in_it() -> None:
    app = Name("orders", "app")
    made = (CreateSchema(name=Name("app")), create(app), create())
    dropped = replay(*made, DropSchema(name=Name("app"), cascade=True))
    assert dropped.table(app) is ABSENT
    assert dropped.table(ORDERS)
    assert dropped.objects() == ()
    renamed = replay(*made, RenameObject(object_type="schema", name=Name("app"), new=Name("shop")))
    assert renamed.table(app) is ABSENT
    assert renamed.created_by(Name("orders", "shop")) == "r2"


def test_a_table_set_unlogged() -> None:
    found = replay(create(), AlterTable(table=ORDERS, action="set-unlogged")).table(ORDERS)
    assert found
    assert found.unlogged
