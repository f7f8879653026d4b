"""Operations that plugins add to `op`: what they do to the database."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import pytest
from revision_code import read, reading

from guard.operations import AddEnumValue, Opaque

ENUMS = [
    ("new value", "'s', 'e', ['a'], ['a', 'b']", ["s.e b"]),
    ("several", "'s', 'e', [], ['b', 'a']", ["s.e b", "s.e a"]),
    ("under their names", "schema='s', name='e', old_values=['a'], new_values=['a', 'b']", ["s.e b"]),
    ("value goes away", "'s', 'e', ['a', 'b'], ['a', 'c']", ["s.e c", "it takes values from the type s.e: b"]),
    ("nothing changes", "'s', 'e', ['a', 'b'], ['b', 'a']", []),
    ("type made anew", "'s', 'e', ['a'], ['a'], [('t', 'c')], True", ["it recreates the type s.e and rewrites the columns that have it"]),
    ("old values unknown", "'s', 'e', x(), ['a']", ["the call does not say which values s.e gains or loses"]),
    ("new values alone", "enum_schema='s', enum_name='e', new_values=['a'], affected_columns=[]", ["the call does not say which values s.e gains or loses"]),
    ("new values alone, by place", "'s', 'e', ['a'], [('t', 'c')]", ["the call does not say which values s.e gains or loses"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"), [pytest.param(*case[1:], id=case[0]) for case in ENUMS]
)
def test_sync_enum_values(arguments: str, expected: list[str]) -> None:
    code = f"from alembic import op\ndef upgrade():\n    op.sync_enum_values({arguments})\n"
    told = []
    for statement in reading(code).upgrade.statements:
        for operation in statement.operations:
            assert isinstance(operation, AddEnumValue | Opaque)
            told.append(
                operation.reason
                if isinstance(operation, Opaque)
                else f"{operation.name} {operation.value}"
            )
    assert told == expected


def test_enums_are_kept_in_step_on_postgresql_alone() -> None:
    code = "from alembic import op\ndef upgrade():\n    op.sync_enum_values('s', 'e', [], ['a'])\n"
    (statement,) = reading(code, dialect=None).upgrade.statements
    assert statement.dialects == ("postgresql",)
    assert reading(code, dialect="mysql").upgrade.statements == ()


ENTITIES = [
    ("create", "op.create_entity(PGFunction(schema='s', signature='f()', definition=''))", ["create-object s.f"]),
    ("replace", "op.replace_entity(PGView('s', 'v', 'SELECT 1'))", ["create-object s.v"]),
    ("drop", "op.drop_entity(PGView('s', 'v', 'SELECT 1'))", ["drop-object s.v"]),
    ("arguments", "op.create_entity(PGFunction('s', 'f(a int, b int)', ''))", ["create-object s.f"]),
    ("name not known", "op.create_entity(PGFunction('s', x(), ''))", ["create-object s.{x()}"]),
    ("not in sight", "op.create_entity(x)", ["opaque op.create_entity(x)"]),
    ("of no known plugin", "op.do_magic(1)", ["opaque op.do_magic(1)"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(*case[1:], id=case[0]) for case in ENTITIES]
)
def test_objects_given_to_op(body: str, expected: list[str]) -> None:
    above = """
    from alembic_utils.pg_function import PGFunction
    from alembic_utils.pg_view import PGView
    from elsewhere import x
    """
    assert read(body, above=above) == expected
