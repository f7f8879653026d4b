"""The replayed schema: what may not have happened, what could not be read, differences."""

from __future__ import annotations

import pytest
from replaying import (
    CHECK,
    DEPLOYED,
    INTEGER,
    ORDERS,
    STATUS,
    USERS,
    add,
    col,
    columns,
    create,
    index,
    perhaps,
    replay,
)

from guard.operations import (
    AddColumn,
    ChangeColumnType,
    CreateEnum,
    DropColumn,
    DropIndex,
    DropTable,
    Insert,
    Name,
    Opaque,
    Operation,
    RenameColumn,
    RenameTable,
    Truncate,
    Type,
)
from guard.schema import ABSENT, UNKNOWN, Schema

# Conditions


@pytest.mark.parametrize(
    ("before", "operation", "exists", "certain"),
    [
        ((create(),), DropTable(table=ORDERS), True, False),
        ((), create(), True, False),
        ((create(),), create(ORDERS, col("x")), True, True),
        ((create(),), RenameTable(table=ORDERS, new=USERS), True, False),
        ((create(),), Insert(table=ORDERS), True, True),
        ((create(),), DropTable(table=USERS), True, True),
    ],
)
def test_what_only_may_have_happened(
    before: tuple[Operation, ...], operation: Operation, exists: bool, certain: bool
) -> None:
    table = perhaps(replay(*before), operation).table(ORDERS)
    assert bool(table) is exists
    assert table
    assert table.certain is certain


@pytest.mark.parametrize(("known", "answer"), [(True, ABSENT), (False, UNKNOWN)])
def test_a_drop_that_may_not_have_happened_proves_nothing(known: bool, answer: object) -> None:
    schema = perhaps(replay(known=known), DropTable(table=ORDERS))
    assert schema.table(ORDERS) is answer


@pytest.mark.parametrize(
    ("operation", "column"),
    [
        (AddColumn(table=ORDERS, column=col("new")), "new"),
        (DropColumn(table=ORDERS, column="a"), "a"),
        (RenameColumn(table=ORDERS, column="a", new="z"), "a"),
        (RenameColumn(table=ORDERS, column="a", new="z"), "z"),
        (ChangeColumnType(table=ORDERS, column="a", type=INTEGER), "a"),
    ],
)
def test_a_column_that_only_may_have_changed(operation: Operation, column: str) -> None:
    schema = perhaps(replay(create()), operation)
    found, untouched = schema.column(ORDERS, column), schema.column(ORDERS, "b")
    assert found
    assert untouched
    assert (found.certain, untouched.certain) == (False, True)


def test_rows_that_only_may_have_come_count_and_a_truncate_that_may_not_does_not() -> None:
    filled = perhaps(replay(create()), Insert(table=ORDERS))
    assert not filled.is_new(ORDERS, DEPLOYED)
    assert not perhaps(filled, Truncate(table=ORDERS)).is_new(ORDERS, DEPLOYED)


def test_constraints_and_indexes_that_may_not_be_there_prove_nothing() -> None:
    schema = replay(create())
    for operation in (CHECK, index("a", unique=True)):
        schema = perhaps(schema, operation)
    assert not schema.has_valid_check_not_null(ORDERS, "a")
    assert not schema.is_unique(ORDERS, ["a"])
    assert schema.indexes_covering(ORDERS, ["a"]) == ()


# What could not be read


@pytest.mark.parametrize(
    "operation",
    [
        Opaque(reason="dynamic", code="f()"),
        DropTable(table=Name("{table}")),
        AddColumn(table=Name("{table}"), column=col("x")),
        DropColumn(table=ORDERS, column="{column}"),
        RenameColumn(table=ORDERS, column="a", new="{column}"),
        DropIndex(name=Name("{index}"), table=ORDERS),
    ],
)
def test_what_could_not_be_read_leaves_doubt_and_destroys_nothing(operation: Operation) -> None:
    schema = replay(create(), operation)
    table = schema.table(ORDERS)
    assert table
    assert not table.certain
    assert columns(schema)[0] == "id"
    assert schema.column(ORDERS, "b")


# Differences


@pytest.mark.parametrize(
    ("operations", "lines"),
    [
        ((), ()),
        ((create(USERS, col("a")),), ("+ table users", "+ users.a text")),
        (
            (DropColumn(table=ORDERS, column="a"), AddColumn(table=ORDERS, column=col("a"))),
            (),
        ),
        ((DropColumn(table=ORDERS, column="a"),), ("- orders.a text",)),
        (
            (ChangeColumnType(table=ORDERS, column="a", type=Type(name="varchar", length=5)),),
            ("- orders.a text", "+ orders.a varchar(5)"),
        ),
        ((add("a", name="uq"),), ("+ orders: uq unique (a)",)),
        ((index("a", unique=True),), ("+ orders: ix unique index (a)",)),
        ((CreateEnum(name=STATUS, values=("a", "b")),), ("+ enum status (a, b)",)),
        ((create(USERS, temporary=True),), ()),
        ((AddColumn(table=ORDERS, column=col("{x}")),), ()),
    ],
)
def test_diff(operations: tuple[Operation, ...], lines: tuple[str, ...]) -> None:
    before = replay(create())
    after = before
    for operation in operations:
        after = after.apply(operation)
    assert before.diff(after) == lines


def test_what_is_not_certain_is_no_difference() -> None:
    before = replay(create())
    assert before.diff(perhaps(before, AddColumn(table=ORDERS, column=col("c")))) == ()
    assert before.diff(perhaps(before, DropTable(table=ORDERS))) == ()


def test_a_table_first_heard_of_is_no_difference_but_its_new_column_is() -> None:
    before = Schema.empty(known=False)
    after = before.apply(AddColumn(table=ORDERS, column=col("c")))
    assert before.diff(after) == ("+ orders.c text",)
    assert before.diff(after.apply(DropColumn(table=ORDERS, column="c"))) == ()
