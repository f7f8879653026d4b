"""The replayed schema: operations in, answers out."""

from __future__ import annotations

from typing import Any

import pytest

from guard.action_words import ConstraintAction
from guard.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    AlterConstraint,
    AlterDomain,
    AlterTable,
    AttachPartition,
    ChangeColumnType,
    Column,
    Constraint,
    CreateDomain,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateSchema,
    CreateTable,
    CreateView,
    Default,
    Delete,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropObject,
    DropSchema,
    DropTable,
    Generated,
    Insert,
    Merge,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    Query,
    RenameColumn,
    RenameEnumValue,
    RenameIndex,
    RenameObject,
    RenameTable,
    SetDefault,
    SetNotNull,
    Truncate,
    Type,
    Update,
    ValidateConstraint,
)
from guard.schema import ABSENT, UNKNOWN, Schema

ORDERS, USERS = Name("orders"), Name("users")
INTEGER, TEXT = Type(name="integer"), Type(name="text")


def replay(
    *operations: Operation, dialect: str | None = "postgresql", known: bool = True
) -> Schema:
    """Return the schema after the operations, each by a revision of its own: r1, r2, ..."""
    schema = Schema.empty(known=known, dialect=dialect)
    for number, operation in enumerate(operations, 1):
        schema = schema.apply(operation, revision=f"r{number}")
    return schema


def perhaps(schema: Schema, operation: Operation) -> Schema:
    """Return the schema after an operation that runs only under a condition."""
    return schema.apply(operation, revision="maybe", certain=False)


def col(name: str, type_: Type = TEXT, **rest: Any) -> Column:
    return Column(name=name, type=type_, **rest)


def create(table: Name = ORDERS, *columns: Column, **rest: Any) -> CreateTable:
    """Return CREATE TABLE with a primary key and the columns `a` and `b`, or with those given."""
    columns = columns or (col("id", INTEGER, primary_key=True), col("a"), col("b"))
    return CreateTable(table=table, columns=columns, **rest)


def add(*columns: str, type: Any = "unique", table: Name = ORDERS, **rest: Any) -> AddConstraint:  # noqa: A002
    constraint = Constraint(type=type, columns=columns, **rest)
    return AddConstraint(table=table, constraint=constraint)


def index(*columns: str, **rest: Any) -> CreateIndex:
    name = rest.pop("name", "ix")
    return CreateIndex(table=ORDERS, name=name, columns=columns, **rest)


def references(column: str, target: Name, *columns: str, **rest: Any) -> AddConstraint:
    return add(column, type="foreign key", target=target, target_columns=columns, **rest)


def columns(schema: Schema, table: Name = ORDERS) -> list[str]:
    found = schema.table(table)
    return [column.name for column in found.columns] if found else []


def names(schema: Schema, table: Name = ORDERS) -> list[str | None]:
    """Return the names of a table's constraints and then of its indexes."""
    found = schema.table(table)
    if not found:
        return []
    return [c.name for c in found.constraints] + [i.name for i in found.indexes]


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


# Names


@pytest.mark.parametrize(
    ("dialect", "made", "asked", "same"),
    [
        ("postgresql", Name("orders"), Name("orders", "public"), True),
        ("postgresql", Name("orders", "public"), Name("orders"), True),
        ("postgresql", Name("orders"), Name("orders", "app"), False),
        ("postgresql", Name("orders"), Name("Orders"), False),
        ("sqlite", Name("orders"), Name("Orders", "main"), True),
        ("sqlite", Name("orders"), Name("orders", "aux"), False),
        ("mysql", Name("orders"), Name("ORDERS"), True),
        (None, Name("orders"), Name("ORDERS", "public"), True),
        ("mysql", Name("orders", "public"), Name("orders"), False),
        ("postgresql", Name("orders", "{schema}"), Name("orders", "{schema}"), True),
    ],
)
def test_which_names_are_the_same(dialect: str, made: Name, asked: Name, same: bool) -> None:
    schema = replay(create(made), dialect=dialect)
    assert bool(schema.table(asked)) is same


@pytest.mark.parametrize(("dialect", "found"), [("postgresql", False), ("mysql", True)])
def test_columns_are_compared_as_the_dialect_does(dialect: str, found: bool) -> None:
    schema = replay(create(), dialect=dialect)
    assert bool(schema.column(ORDERS, "A")) is found


# Renames


def test_a_renamed_table_keeps_all_it_had_and_what_points_at_it_follows() -> None:
    shop = Name("shops")
    schema = replay(
        create(),
        create(USERS),
        index("a"),
        references("a", USERS, "id"),
        references("a", ORDERS, "id", table=USERS),
        RenameTable(table=ORDERS, new=shop),
    )
    assert schema.table(ORDERS) is ABSENT
    assert schema.created_by(shop) == "r1"
    assert columns(schema, shop) == ["id", "a", "b"]
    assert "ix" in names(schema, shop)
    assert [r.table for r in schema.references_to(shop)] == [USERS]
    assert [r.table for r in schema.references_to(USERS)] == [shop]
    assert schema.references_to(ORDERS) == ()
    assert "ix" not in names(schema.apply(DropIndex(name=Name("ix"))), shop)


def test_a_table_that_points_at_itself_still_does_under_its_new_name() -> None:
    schema = replay(create(), references("a", ORDERS, "id"), RenameTable(table=ORDERS, new=USERS))
    table = schema.table(USERS)
    assert table
    assert [c.target for c in table.constraints if c.target] == [USERS]
    assert schema.references_to(USERS) == ()


def test_a_rename_without_a_schema_stays_in_the_schema() -> None:
    schema = replay(
        create(Name("orders", "app")), RenameTable(table=Name("orders", "app"), new=USERS)
    )
    assert schema.table(Name("users", "app"))
    assert not schema.table(USERS)


def test_a_renamed_column_is_followed_everywhere() -> None:
    schema = replay(
        create(),
        create(USERS),
        AddColumn(
            table=ORDERS, column=col("twice", generated=Generated(by="expression", sql="a || a"))
        ),
        index("lower(a)", "b", where="a <> 'a'"),
        add("a", "b", name="uq"),
        add(type="check", sql="a > b AND b <> 'a'", name="ck"),
        references("a", ORDERS, "a", table=USERS),
        RenameColumn(table=ORDERS, column="a", new="c"),
    )
    table = schema.table(ORDERS)
    assert table
    assert columns(schema) == ["id", "c", "b", "twice"]
    by_name = {c.name: c for c in table.constraints}
    assert by_name["uq"].columns == ("c", "b")
    assert by_name["ck"].sql == "c > b AND b <> 'a'"
    assert table.indexes[0].columns == ("lower(c)", "b")
    assert table.indexes[0].where == "c <> 'a'"
    assert [r.constraint.target_columns for r in schema.references_to(ORDERS)] == [("c",)]
    assert table.columns[-1].generated == Generated(by="expression", sql="c || c")


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (AlterConstraint(table=ORDERS, constraint="uq", action="rename", detail="new"), "new"),
        (RenameIndex(name=Name("uq"), new="new", table=ORDERS), "new"),
        (RenameIndex(name=Name("ix"), new="new"), "new"),
        (RenameIndex(name=Name("nobody"), new="new"), "uq"),
    ],
)
def test_renamed_constraints_and_indexes(operation: Operation, left: str) -> None:
    schema = replay(create(), add("a", name="uq"), index("b"), operation)
    assert left in names(schema)
    assert len(names(schema)) == 3


@pytest.mark.parametrize(
    ("actions", "deferrable", "initially_deferred", "not_valid"),
    [
        ([], False, False, False),
        (["deferrable"], True, False, False),
        (["initially-deferred"], True, True, False),
        (["initially-deferred", "initially-immediate"], True, False, False),
        (["initially-deferred", "not-deferrable"], False, False, False),
        (["not-enforced"], False, False, True),
        (["not-enforced", "enforced"], False, False, False),
    ],
)
def test_altered_constraints(
    actions: list[ConstraintAction], deferrable: bool, initially_deferred: bool, not_valid: bool
) -> None:
    altered = [AlterConstraint(table=ORDERS, constraint="uq", action=action) for action in actions]
    table = replay(create(), add("a", name="uq"), *altered).table(ORDERS)
    assert table
    found = table.constraints[-1]
    assert (found.deferrable, found.initially_deferred) == (deferrable, initially_deferred)
    assert found.not_valid == not_valid


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


CHECK = add(type="check", sql="a IS NOT NULL", name="ck")
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


# New tables


DEPLOYED = frozenset({"r1", "r2", "r3"})


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


# Types, views and the rest


STATUS = Name("status")
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
        ((CreateDomain(name=STATUS, type=TEXT, constrained=True),), True),
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
