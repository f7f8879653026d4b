"""The replayed schema: tables, new ones, partitions."""

from __future__ import annotations

import pytest
from replaying import DEPLOYED, ORDERS, TEXT, USERS, add, col, columns, create, index, names, replay

from guard.operations import (
    AddColumn,
    AlterColumn,
    AlterConstraint,
    AttachPartition,
    ChangeColumnType,
    Column,
    CreateTable,
    Default,
    Delete,
    DetachPartition,
    DropTable,
    Generated,
    Insert,
    Merge,
    Name,
    Opaque,
    Operation,
    Query,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    Truncate,
    Update,
)
from guard.schema import ABSENT, UNKNOWN

# What is there


def test_a_table_holds_what_its_statement_says() -> None:
    schema = replay(create())
    table = schema.table(ORDERS)
    assert table
    assert columns(schema) == ["id", "a", "b"]
    assert (table.primary_key, table.created_by, table.complete) == (("id",), "r1", True)
    column = schema.column(ORDERS, "a")
    assert column
    assert (column.type, column.nullable, column.created_by) == (TEXT, True, "r1")
    key = schema.column(ORDERS, "id")
    assert key
    assert not key.nullable


@pytest.mark.parametrize(
    ("operations", "known", "answer"),
    [
        ((), True, ABSENT),
        ((), False, UNKNOWN),
        ((create(), DropTable(table=ORDERS)), False, ABSENT),
        ((DropTable(table=ORDERS, if_exists=True),), False, ABSENT),
        ((create(), RenameTable(table=ORDERS, new=USERS)), False, ABSENT),
        ((Opaque(reason="dynamic", code="f()"),), True, UNKNOWN),
        ((create(Name("{name}")),), True, UNKNOWN),
        ((create(Name("orders", "{schema}")),), True, UNKNOWN),
        ((Query(tables=(ORDERS,)),), True, ABSENT),
        ((AddColumn(table=USERS, column=Column(name="a")),), True, UNKNOWN),
        ((create(USERS), AddColumn(table=USERS, column=Column(name="c"))), True, ABSENT),
        ((DropTable(table=USERS),), True, UNKNOWN),
        ((DropTable(table=USERS, if_exists=True),), True, ABSENT),
    ],
)
def test_absent_is_not_unknown(
    operations: tuple[Operation, ...], known: bool, answer: object
) -> None:
    assert replay(*operations, known=known).table(ORDERS) is answer


def test_a_table_first_seen_by_a_change_is_there_but_incomplete() -> None:
    schema = replay(AddColumn(table=ORDERS, column=col("note")), known=False)
    table = schema.table(ORDERS)
    assert table
    assert (table.complete, table.certain, table.created_by) == (False, True, None)
    assert schema.column(ORDERS, "note")
    assert schema.column(ORDERS, "other") is UNKNOWN
    assert not schema.is_new(ORDERS, frozenset({"r1"}))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (SetNotNull(table=ORDERS, column="x"), {"nullable": False}),
        (SetDefault(table=ORDERS, column="x", default=Default("1")), {"default": Default("1")}),
        (ChangeColumnType(table=ORDERS, column="x", type=TEXT), {"type": TEXT}),
    ],
)
def test_a_column_first_seen_by_a_change_is_there_but_not_certain(
    change: Operation, expected: dict[str, object]
) -> None:
    column = replay(change, known=False).column(ORDERS, "x")
    assert column
    assert not column.certain
    assert {name: getattr(column, name) for name in expected} == expected


def test_nothing_changes_in_the_schema_that_was_before() -> None:
    before = replay(create())
    after = before.apply(DropTable(table=ORDERS), revision="r2")
    assert before.table(ORDERS)
    assert after.table(ORDERS) is ABSENT


def test_thousands_of_tables_are_all_found_and_listed_in_order() -> None:
    tables = [Name(f"t{number:04}") for number in range(2000)]
    schema = replay(*(create(table) for table in tables), DropTable(table=tables[7]))
    assert [table.name for table in schema.tables()] == tables[:7] + tables[8:]
    assert schema.created_by(tables[0]) == "r1"


# New tables


@pytest.mark.parametrize(
    ("operations", "answer"),
    [
        ((create(),), True),
        ((create(filled=True),), False),
        ((create(), Insert(table=ORDERS)), False),
        ((create(), Insert(table=ORDERS, rows=0)), True),
        ((create(), Update(table=ORDERS, columns=("a",))), False),
        ((create(), Merge(table=ORDERS)), False),
        ((create(), Insert(table=ORDERS), Truncate(table=ORDERS)), True),
        ((create(), Insert(table=ORDERS), Delete(table=ORDERS, all_rows=True)), True),
        ((create(), Insert(table=ORDERS), Delete(table=ORDERS, where="a = 1")), False),
        ((create(USERS), RenameTable(table=USERS, new=ORDERS)), True),
        ((create(USERS), Insert(table=USERS), RenameTable(table=USERS, new=ORDERS)), False),
        ((create(), Opaque(reason="dynamic", code="f()")), False),
        ((Opaque(reason="dynamic", code="f()"), create()), True),
        ((create(), Insert(table=Name("{table}"))), False),
        ((create(), Insert(table=USERS)), True),
        ((DropTable(table=ORDERS), create()), True),
        ((create(Name("orders", "app")),), False),
        ((create(if_not_exists=True),), True),
        ((Query(), Query(), Query(), create()), False),  # by r4
    ],
)
def test_is_new(operations: tuple[Operation, ...], answer: bool) -> None:
    assert replay(*operations).is_new(ORDERS, DEPLOYED) is answer


def test_create_if_not_exists_is_not_new_where_the_table_may_have_been_there() -> None:
    schema = replay(create(if_not_exists=True), known=False)
    assert not schema.is_new(ORDERS, DEPLOYED)
    assert schema.column(ORDERS, "other") is UNKNOWN


def test_create_if_not_exists_changes_nothing_where_the_table_is() -> None:
    schema = replay(create(), create(ORDERS, col("other"), if_not_exists=True))
    assert columns(schema) == ["id", "a", "b"]


# Partitions


def test_partitions_come_and_go() -> None:
    part, other = Name("part"), Name("other")
    schema = replay(
        create(partitioned=True),
        CreateTable(table=part, partition_of=ORDERS),
        create(other),
        AttachPartition(table=ORDERS, partition=other, default=True),
    )
    whole = schema.table(ORDERS)
    assert whole
    assert (whole.partitions, whole.default_partition) == ((part, other), other)
    assert columns(schema, part) == ["id", "a", "b"]
    after = schema.apply(DetachPartition(table=ORDERS, partition=other)).apply(
        RenameTable(table=part, new=USERS)
    )
    whole = after.table(ORDERS)
    assert whole
    assert (whole.partitions, whole.default_partition) == ((USERS,), None)
    gone = after.apply(DropTable(table=ORDERS))
    assert gone.table(USERS) is ABSENT
    assert gone.table(other)


def test_a_partitioned_table_hands_its_changes_down() -> None:
    part = Name("part")
    schema = replay(
        create(partitioned=True),
        CreateTable(table=part, partition_of=ORDERS),
        AddColumn(table=ORDERS, column=col("c")),
        index("c"),
        RenameColumn(table=ORDERS, column="c", new="d"),
    )
    assert columns(schema, part) == ["id", "a", "b", "d"]
    assert [i.name for i in schema.indexes_covering(part, ["d"])] == ["part_c_idx"]


def test_what_is_altered_in_the_whole_is_altered_in_its_parts() -> None:
    part = Name("part")
    schema = replay(
        create(partitioned=True),
        CreateTable(table=part, partition_of=ORDERS),
        AlterColumn(table=ORDERS, column="id", action="add-identity"),
        add("a", name="uq"),
        AlterConstraint(table=ORDERS, constraint="uq", action="rename", detail="new"),
    )
    column = schema.column(part, "id")
    assert column
    assert column.generated == Generated(by="identity")
    assert "new" in names(schema, part)


@pytest.mark.parametrize(
    ("operation", "empty"),
    [
        (Truncate(table=ORDERS), True),
        (Delete(table=ORDERS, all_rows=True), True),
        (Delete(table=ORDERS, where="a > 1"), False),
    ],
)
def test_a_whole_without_rows_has_parts_without_rows(operation: Operation, empty: bool) -> None:
    part = Name("part")
    schema = replay(
        create(partitioned=True),
        CreateTable(table=part, partition_of=ORDERS),
        Insert(table=ORDERS),
        operation,
    )
    assert schema.is_new(part, DEPLOYED) == empty


@pytest.mark.parametrize("filled", [ORDERS, Name("part")])
def test_rows_in_a_part_are_rows_in_the_whole(filled: Name) -> None:
    part = Name("part")
    schema = replay(
        create(partitioned=True),
        CreateTable(table=part, partition_of=ORDERS),
        Insert(table=filled),
    )
    assert not schema.is_new(ORDERS, DEPLOYED)
    assert not schema.is_new(part, DEPLOYED)


def test_an_old_table_brings_its_rows_as_a_partition() -> None:
    attach = AttachPartition(table=ORDERS, partition=USERS)
    schema = replay(create(partitioned=True), attach, known=False)
    assert not schema.is_new(ORDERS, DEPLOYED)
