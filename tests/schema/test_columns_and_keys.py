"""The replayed schema: columns, keys, constraints and indexes, and their drops."""

from __future__ import annotations

import pytest
from replaying import (
    CHECK,
    INTEGER,
    ORDERS,
    TEXT,
    USERS,
    add,
    col,
    columns,
    create,
    index,
    names,
    references,
    replay,
)

from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeColumnType,
    Column,
    Constraint,
    CreateObject,
    Default,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropTable,
    Generated,
    ModifyColumn,
    Name,
    Operation,
    RenameColumn,
    SetNotNull,
    ValidateConstraint,
)
from guard.schema import ABSENT, UNKNOWN

# Drops


@pytest.mark.parametrize(
    ("dialect", "left"),
    [
        ("postgresql", ["orders_pkey", "on_b"]),
        ("sqlite", [None, "on_b"]),
        ("mysql", [None, "both", "on_both", "on_b"]),
    ],
)
def test_a_dropped_column_takes_what_contains_it(dialect: str, left: list[str | None]) -> None:
    schema = replay(
        create(),
        add("a", name="alone"),
        add("a", "b", name="both"),
        add(type="check", sql="a > 1", name="ck"),
        references("a", USERS, "id", name="fk"),
        index("a", name="on_a"),
        index("b", "a", name="on_both"),
        index("b", where="a > 1", name="partial"),
        index("b", name="on_b"),
        DropColumn(table=ORDERS, column="a"),
        dialect=dialect,
    )
    assert columns(schema) == ["id", "b"]
    assert names(schema) == left


def test_mysql_shrinks_an_index_that_loses_a_column() -> None:
    schema = replay(
        create(), index("b", "a"), DropColumn(table=ORDERS, column="a"), dialect="mysql"
    )
    table = schema.table(ORDERS)
    assert table
    assert table.indexes[0].columns == ("b",)


@pytest.mark.parametrize(("dialect", "left"), [("postgresql", 0), ("sqlite", 1)])
def test_foreign_keys_to_a_dropped_table(dialect: str, left: int) -> None:
    schema = replay(
        create(),
        create(USERS),
        references("a", USERS, "id"),
        DropTable(table=USERS),
        dialect=dialect,
    )
    assert len(schema.references_to(USERS)) == left


def test_a_dropped_table_takes_its_indexes_and_triggers() -> None:
    schema = replay(
        create(),
        index("a"),
        CreateObject(object_type="trigger", name=Name("tr"), table=ORDERS),
        DropTable(table=ORDERS),
        create(),
        DropIndex(name=Name("ix"), if_exists=True),
    )
    table = schema.table(ORDERS)
    assert table
    assert (table.indexes, table.objects, table.created_by) == ((), (), "r5")


@pytest.mark.parametrize(
    ("dialect", "made", "drop", "left"),
    [
        ("postgresql", add("a"), DropConstraint(table=ORDERS, constraint="orders_a_key"), 1),
        ("postgresql", add("a"), DropConstraint(table=ORDERS, constraint="orders_pkey"), 1),
        ("postgresql", add("a"), DropConstraint(table=ORDERS, constraint="nobody"), 2),
        ("mysql", add("a"), DropConstraint(table=ORDERS, constraint="a", type="unique"), 1),
        ("mysql", add("a"), DropConstraint(table=ORDERS, constraint="x", type="primary key"), 1),
        ("mysql", add("a", name="uq"), DropIndex(name=Name("uq"), table=ORDERS), 1),
        ("mysql", index("a", unique=True), DropConstraint(table=ORDERS, constraint="ix"), 1),
        ("sqlite", add("a", name="uq"), DropConstraint(table=ORDERS, constraint="UQ"), 1),
    ],
)
def test_dropped_constraints(dialect: str, made: Operation, drop: Operation, left: int) -> None:
    assert len(names(replay(create(), made, drop, dialect=dialect))) == left


def test_a_drop_that_may_mean_either_of_two_makes_both_uncertain() -> None:
    drop = DropConstraint(table=ORDERS, constraint="orders_ibfk_2", type="foreign key")
    fks = [references(c, USERS, "id") for c in ("a", "b")]
    schema = replay(create(), *fks, drop, dialect="mysql")
    assert [r.constraint.certain for r in schema.references_to(USERS)] == [False, False]


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ((add("a", name="one"),), []),
        ((add("a", name="one"), add("b", name="two")), []),
        ((add("a", name="one"), add("a", name="two")), [False]),  # it may need either
    ],
)
def test_a_key_dropped_with_cascade_takes_the_foreign_keys_that_need_it(
    keys: tuple[Operation, ...], left: list[bool]
) -> None:
    schema = replay(
        create(),
        create(USERS),
        *keys,
        references("b", ORDERS, "a", table=USERS),
        DropConstraint(table=ORDERS, constraint="one", cascade=True),
    )
    assert [r.constraint.certain for r in schema.references_to(ORDERS)] == left


# Columns


@pytest.mark.parametrize(
    ("operation", "field", "expected"),
    [
        (SetNotNull(table=ORDERS, column="a"), "nullable", False),
        (DropNotNull(table=ORDERS, column="id"), "nullable", True),
        (DropDefault(table=ORDERS, column="a"), "default", None),
        (ChangeColumnType(table=ORDERS, column="a", type=None), "type", None),
        (AlterColumn(table=ORDERS, column="a", action="drop-expression"), "generated", None),
        (
            ModifyColumn(table=ORDERS, column=col("a", INTEGER)),
            "default",  # what MODIFY does not say is lost
            None,
        ),
        (ModifyColumn(table=ORDERS, column=col("id", TEXT)), "nullable", False),
    ],
)
def test_changed_columns(operation: Operation, field: str, expected: object) -> None:
    column = col("a", default=Default("1"), generated=Generated(by="expression", sql="1"))
    schema = replay(create(ORDERS, col("id", INTEGER, primary_key=True), column), operation)
    name = getattr(operation, "column", None)
    found = schema.column(ORDERS, name.name if isinstance(name, Column) else str(name))
    assert found
    assert getattr(found, field) == expected
    assert found.created_by == "r1"


def test_mysql_change_renames_and_moves() -> None:
    change = ModifyColumn(table=ORDERS, column=col("a"), new="z", position="first")
    schema = replay(create(), add("a", name="uq"), change, dialect="mysql")
    assert columns(schema) == ["z", "id", "b"]
    assert schema.is_unique(ORDERS, ["z"])


def test_the_place_of_a_new_column() -> None:
    one = AddColumn(table=ORDERS, column=col("x"), position="after id")
    assert columns(replay(create(), one, dialect="mysql")) == ["id", "x", "a", "b"]


def test_columns_that_could_not_be_read_leave_the_table_incomplete() -> None:
    schema = replay(create(), AddColumn(table=ORDERS, column=col("{name}")))
    assert columns(schema) == ["id", "a", "b"]
    assert schema.column(ORDERS, "x") is UNKNOWN
    assert replay(create()).column(ORDERS, "x") is ABSENT


# Keys and indexes


@pytest.mark.parametrize(
    ("operations", "asked", "answer"),
    [
        ((create(),), ["id"], True),
        ((create(),), ["id", "a"], True),
        ((create(),), ["a"], False),
        ((create(ORDERS, col("a", unique=True)),), ["a"], True),
        ((create(), add("a")), ["a"], True),
        ((create(), add("a", "b")), ["a"], False),
        ((create(), add("a", "b")), ["b", "a"], True),
        ((create(), index("a", unique=True)), ["a"], True),
        ((create(), index("a")), ["a"], False),
        ((create(), index("a", unique=True, where="b > 1")), ["a"], False),
        ((create(), index("lower(a)", unique=True)), ["a"], False),
        ((create(), index("a", unique=True), DropIndex(name=Name("ix"))), ["a"], False),
        ((create(), index("a", unique=True, only=True)), ["a"], False),
        ((create(), AddColumn(table=ORDERS, column=col("c", unique=True))), ["c"], True),
    ],
)
def test_is_unique(operations: tuple[Operation, ...], asked: list[str], answer: bool) -> None:
    assert replay(*operations).is_unique(ORDERS, asked) is answer


@pytest.mark.parametrize(
    ("operations", "asked", "dialect", "found"),
    [
        ((index("a", "b"),), ["a"], "postgresql", ["ix"]),
        ((index("a", "b"),), ["b", "a"], "postgresql", ["ix"]),
        ((index("a", "b"),), ["b"], "postgresql", []),
        ((index("a DESC NULLS LAST"),), ["a"], "postgresql", ["ix"]),
        ((index("a", where="b > 1"),), ["a"], "postgresql", []),
        ((add("a", name="uq"),), ["a"], "postgresql", ["uq"]),
        ((), ["id"], "postgresql", ["orders_pkey"]),
        ((references("a", USERS, "id", name="fk"),), ["a"], "postgresql", []),
        ((references("a", USERS, "id", name="fk"),), ["a"], "mysql", ["fk"]),
    ],
)
def test_indexes_covering(
    operations: tuple[Operation, ...], asked: list[str], dialect: str, found: list[str]
) -> None:
    schema = replay(create(), *operations, dialect=dialect)
    assert [i.name for i in schema.indexes_covering(ORDERS, asked)] == found


def test_a_constraint_takes_over_the_index_it_uses() -> None:
    schema = replay(
        create(),
        index("a", unique=True),
        AddConstraint(
            table=ORDERS, constraint=Constraint(type="unique", name="uq"), using_index="ix"
        ),
    )
    assert names(schema) == ["orders_pkey", "uq"]
    assert schema.is_unique(ORDERS, ["a"])


@pytest.mark.parametrize(("dialect", "count"), [("postgresql", 2), ("sqlite", 2), ("mysql", 3)])
def test_a_key_that_repeats_another_is_made_once_but_on_mysql(dialect: str, count: int) -> None:
    keys = (Constraint(type="unique", columns=("a",)), Constraint(type="unique", columns=("id",)))
    schema = replay(create(constraints=keys), dialect=dialect)
    assert len(names(schema)) == count


def test_a_table_has_one_primary_key() -> None:
    schema = replay(create(), add("a", type="primary key", name="other"))
    assert names(schema) == ["other"]


def test_a_foreign_key_without_columns_means_the_primary_key() -> None:
    schema = replay(create(), create(USERS), references("a", USERS))
    assert [r.constraint.target_columns for r in schema.references_to(USERS)] == [("id",)]


UNPROVEN = add(type="check", sql="a IS NOT NULL", name="ck", not_valid=True)


@pytest.mark.parametrize(
    ("operations", "answer"),
    [
        ((CHECK,), True),
        ((UNPROVEN,), False),
        ((UNPROVEN, ValidateConstraint(table=ORDERS, constraint="ck")), True),
        ((UNPROVEN, ValidateConstraint(table=ORDERS, constraint="other")), False),
        ((CHECK, DropConstraint(table=ORDERS, constraint="ck")), False),
        ((add(type="check", sql="(((a)) is not null) and b > 'x'"),), True),
        ((add(type="check", sql='NOT ("a" IS NULL)'),), True),
        ((add(type="check", sql="orders.a IS NOT NULL"),), True),
        ((add(type="check", sql="b > 1 OR a IS NOT NULL"),), False),
        ((add(type="check", sql="(b > 1 OR a > 1) AND a IS NOT NULL"),), True),
        ((add(type="check", sql="b = 'a IS NOT NULL'"),), False),
        ((add(type="check", sql="CASE WHEN b AND a IS NOT NULL AND c THEN 1 END"),), False),
        ((add(type="check", sql="b > 1 /* AND a IS NOT NULL AND */"),), False),
        ((add(type="check", sql="a > 1"),), False),
        ((add(type="check", sql="a IS NULL"),), False),
        ((add("a", type="not null", not_valid=True, name="nn"),), False),
        (
            (
                add("a", type="not null", not_valid=True, name="nn"),
                ValidateConstraint(table=ORDERS, constraint="nn"),
            ),
            True,
        ),
        ((CHECK, RenameColumn(table=ORDERS, column="a", new="z")), False),
    ],
)
def test_has_valid_check_not_null(operations: tuple[Operation, ...], answer: bool) -> None:
    assert replay(create(), *operations).has_valid_check_not_null(ORDERS, "a") is answer


def test_a_validated_not_null_constraint_makes_the_column_not_null() -> None:
    unproven = replay(create(), add("a", type="not null", not_valid=True, name="nn"))
    proven = unproven.apply(ValidateConstraint(table=ORDERS, constraint="nn"))
    dropped = proven.apply(DropConstraint(table=ORDERS, constraint="nn"))
    found = [schema.column(ORDERS, "a") for schema in (unproven, proven, dropped)]
    assert [column and column.nullable for column in found] == [True, False, True]


@pytest.mark.parametrize("column", ["a", "b"])
def test_drop_not_null_drops_the_constraint_that_says_it(column: str) -> None:
    """PostgreSQL 18 does, also where it is not validated."""
    schema = replay(create(), add("a", type="not null", not_valid=True, name="nn"))
    table = schema.apply(DropNotNull(table=ORDERS, column=column)).table(ORDERS)
    assert table
    assert ("nn" in [c.name for c in table.constraints]) is (column == "b")


def test_an_index_leads_to_its_table() -> None:
    schema = replay(create(), index("a", name="ix"))
    assert [schema.table_of_index(Name(name)) for name in ("ix", "orders_pkey")] == [
        schema.table(ORDERS)
    ] * 2
    assert schema.table_of_index(Name("other")) is ABSENT
    assert schema.apply(DropIndex(name=Name("ix"))).table_of_index(Name("ix")) is ABSENT
