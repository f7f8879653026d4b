"""The fingerprint that an approval is bound to: what makes it another, and what does not."""

from __future__ import annotations

import pytest

from guard.judge.fingerprint import fingerprint_of
from guard.operations import Delete, DropTable, Name, Opaque, Operation
from guard.statement import Span, Statement

TABLE = DropTable(table=Name("a"))


def delete(where: str) -> Delete:
    return Delete(table=Name("a"), where=where)


def fingerprint(operation: Operation, **around: object) -> str:
    fields: dict[str, object] = {"direction": "upgrade", "span": Span("r1.py", 3)}
    statement = Statement(operations=(operation,), **(fields | around))  # type: ignore[arg-type]
    return fingerprint_of(operation, statement)


@pytest.mark.parametrize(
    "around",
    [
        {"span": Span("r1.py", 9)},
        {"at": Span("helpers.py", 2)},
        {"sql": "DROP TABLE a"},
        {"revision": "r1"},
    ],
)
def test_the_place_and_the_words_do_not_count(around: dict[str, object]) -> None:
    assert fingerprint(TABLE, **around) == fingerprint(TABLE)


@pytest.mark.parametrize(
    "around",
    [
        {"direction": "downgrade"},
        {"condition": "ready()"},
        {"condition": "not ready()"},
        {"dialects": ("postgresql",)},
        {"dialects": ("mysql", "postgresql")},
        {"dialects": ()},
        {"database": "klines"},
    ],
)
def test_when_it_runs_counts(around: dict[str, object]) -> None:
    seen = {fingerprint(TABLE), fingerprint(TABLE, condition="other()")}
    assert fingerprint(TABLE, **around) not in seen


def test_the_order_of_dialects_does_not_count() -> None:
    assert fingerprint(TABLE, dialects=("a", "b")) == fingerprint(TABLE, dialects=("b", "a"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x=1", "x  =\n 1", True),
        ("f( a,b )", "f(a, b)", True),
        ("x is null", "x   is null", True),
        ("x = 'b c'", "x = 'b  c'", False),
        ("x = 'it''s a'", "x = 'it''s  a'", False),
        ('"b c" = 1', '"b  c" = 1', False),
        ("x = 1", "x = 11", False),
        ("x in (1)", "x not in (1)", False),
    ],
)
def test_blanks_count_only_inside_quotes(one: str, other: str, same: bool) -> None:
    assert (fingerprint(delete(one)) == fingerprint(delete(other))) is same


def test_what_was_not_understood_is_bound_to_its_text() -> None:
    opaque = Opaque(reason="nobody can know", code="f(...)")
    assert fingerprint(opaque, sql="DO 1") != fingerprint(opaque, sql="DO 2")
