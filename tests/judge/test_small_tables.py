"""What a stats file changes: how long a lock is likely held, and tables that may be locked."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from pathlib import Path

import pytest
from ask_rules import judge

from guard.context import TableSize
from guard.effects.effect import Blocked, Effect
from guard.operations import Name
from guard.phrases import likely_time, what_waits

LOCKS = '''
"""A lock."""

from guard.operations import CreateIndex, DropTable
from guard.rule import Problem, rule


@rule(CreateIndex, DropTable, unsafe=(), safe=())
def locks(fact, context):
    effect = context.effect(fact) if isinstance(fact, CreateIndex) else None
    yield Problem(message=fact.subject, remedy="-", effect=effect)
'''
INDEX = "op.create_index('ix', 'orders', ['a'])"


def found(folder: Path, stats: str | None, limit: int | None, step: str = INDEX) -> list[str]:
    files = {} if stats is None else {"guard-stats.toml": stats}
    given = {} if limit is None else {"small-table-rows": limit}
    findings = judge(
        folder,
        {"locking/locks": LOCKS},
        step,
        files=files,
        settings={"dialect": "postgresql", **given},
    )
    return [finding.message for finding in findings]


ORDERS = "[tables.orders]\nrows = 1000\n"
SIZES: dict[str, tuple[str | None, int | None, bool]] = {
    "no stats": (None, 5000, True),
    "no limit": (ORDERS, None, True),
    "a small table": (ORDERS, 1000, False),
    "a large one": (ORDERS, 999, True),
    "no table passes": (ORDERS, 0, True),
    "an empty one": ("[tables.orders]\nrows = 0\n", 0, False),
    "another table": ("[tables.users]\nrows = 1\n", 1000, True),
    "one of a schema": ('[tables."shop.orders"]\nrows = 1\n', 1000, False),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_small_table_may_be_locked(name: str, tmp_path: Path) -> None:
    stats, limit, expected = SIZES[name]
    assert len(found(tmp_path, stats, limit)) == expected


def test_what_is_no_lock_counts_whatever_the_size(tmp_path: Path) -> None:
    assert found(tmp_path, ORDERS, 5000, "op.drop_table('orders')") == ["orders"]


RELATED = '''
"""A lock on two tables."""

from guard.effects.effect import Effect, TableEffect
from guard.operations import CreateIndex, Name
from guard.rule import Problem, rule


@rule(CreateIndex, unsafe=(), safe=())
def locks(fact, context):
    other = TableEffect(table=Name("users"), lock="SHARE", blocks=frozenset())
    yield Problem(
        message="both",
        remedy="-",
        effect=Effect(
            table=Name("orders"), lock="SHARE", blocks=frozenset(), related=(other,), source="-"
        ),
    )
'''


@pytest.mark.parametrize(("users", "expected"), [(1, []), (9000, ["both"]), (None, ["both"])])
def test_all_that_waits_has_to_be_small(
    users: int | None, expected: list[str], tmp_path: Path
) -> None:
    stats = ORDERS if users is None else f"{ORDERS}[tables.users]\nrows = {users}\n"
    findings = judge(
        tmp_path,
        {"locking/locks": RELATED},
        INDEX,
        files={"guard-stats.toml": stats},
        settings={"dialect": "postgresql", "small-table-rows": 1000},
    )
    assert [finding.message for finding in findings] == expected


@pytest.mark.parametrize(
    ("rows", "size", "reading", "writing"),
    [
        (0, None, "less than a second", "less than a second"),
        (60_000, None, "less than a second", "seconds"),
        (4_000_000, None, "seconds", "minutes"),
        (200_000_000, None, "minutes", "hours"),
        (2_000_000_000, None, "hours", "hours"),
        (1_000, 50_000_000_000, "minutes", "minutes"),
    ],
)
def test_how_long_it_likely_takes(rows: int, size: int | None, reading: str, writing: str) -> None:
    table = TableSize(rows=rows, bytes=size)
    assert [likely_time(table, writes=writes) for writes in (False, True)] == [reading, writing]


def effect(lock: str, *, scans: bool = False, rewrites: bool = False) -> Effect:
    blocks: frozenset[Blocked] = frozenset({"writes"})
    return Effect(
        table=Name("t"), lock=lock, blocks=blocks, scans=scans, rewrites=rewrites, source="-"
    )


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        (effect("SHARE", scans=True), "takes SHARE on t while 4,000,000 rows are read (likely seconds): writes wait"),
        (effect("SHARE", rewrites=True), "takes SHARE on t while 4,000,000 rows and all indexes are written anew (likely minutes): writes wait"),
        (effect("SHARE"), "takes SHARE on t, for a moment, but not before each open transaction that uses it has ended: writes wait"),
        (effect("LOCK=SHARED", rewrites=True), "copies t (4,000,000 rows, likely minutes) with LOCK=SHARED: writes wait"),
        (effect("LOCK=SHARED"), "changes t (4,000,000 rows) with LOCK=SHARED: writes wait"),
    ],
)  # fmt: skip
def test_a_finding_says_how_long(waits: Effect, expected: str) -> None:
    assert what_waits(waits, TableSize(rows=4_000_000)) == expected
    assert "likely" not in what_waits(waits)
