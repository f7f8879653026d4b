"""The replayed schema: which names are the same, and what a rename changes."""

from __future__ import annotations

import pytest
from replaying import (
    ORDERS,
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

from guard.action_words import ConstraintAction
from guard.operations import (
    AddColumn,
    AlterConstraint,
    DropIndex,
    Generated,
    Name,
    Operation,
    RenameColumn,
    RenameIndex,
    RenameTable,
)
from guard.schema import ABSENT

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
