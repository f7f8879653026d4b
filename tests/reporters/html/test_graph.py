"""A history is drawn as rows: the newest first, each branch in a lane."""

from __future__ import annotations

import pytest

from guard.reporters.html.graph import Node, newest_first, rows_of


def drawn(*written: str) -> str:
    """Draw `child:parent,parent ...`, written oldest first: a row is its lane and those below.

    A `*` before a node says that it leads where several are heads.
    """
    nodes = []
    for text in written:
        name, _, before = text.partition(":")
        parents = tuple(filter(None, before.split(",")))
        nodes.append(Node(id=name.lstrip("*"), before=parents, first=name.startswith("*")))
    rows = rows_of(newest_first(nodes))
    return " ".join(f"{row.id}{row.lane}({''.join(map(str, row.below))})" for row in rows)


@pytest.mark.parametrize(
    ("history", "rows"),
    [
        ([], ""),
        (["a"], "a0()"),
        (["a", "b:a", "c:b"], "c0(0) b0(0) a0()"),
        # Two heads: the branch begins beside the other one, and meets it where both come from.
        (["a", "b:a", "c:a"], "c0(0) b1(0) a0()"),
        (["a", "b:a", "*c:a", "d:b"], "c0(0) d1(01) b1(0) a0()"),
        # A merge: each of what it joins has a lane until they meet.
        (["a", "b:a", "c:a", "m:b,c"], "m0(01) b0(01) c1(0) a0()"),
        (["a", "b:a", "c:a", "m:b,c", "n:m"], "n0(0) m0(01) b0(01) c1(0) a0()"),
        # Two histories in one environment, and a dependency between them.
        (["a", "x"], "x0() a0()"),
        (["a", "x:", "y:x,a"], "y0(01) x0(1) a1()"),
        # What Alembic refuses is drawn all the same.
        (["a:gone"], "a0()"),
        (["a:a"], "a0()"),
        (["a:b", "b:a"], "b0(0) a0()"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_history_has_rows(history: list[str], rows: str) -> None:
    assert drawn(*history) == rows


def test_lines_lead_from_each_revision_to_what_runs_before() -> None:
    nodes = [Node(id="a", before=()), Node(id="b", before=("a",)), Node(id="c", before=("a",))]
    lines = {row.id: [edge.path for edge in row.edges] for row in rows_of(newest_first(nodes))}
    assert lines == {
        "c": ["M8 22V44"],
        "b": ["M8 0V44", "M24 22C24 33 8 33 8 44"],  # bends into the lane that leads to a
        "a": ["M8 0V22"],
    }


def test_a_long_history_is_drawn_without_recursion() -> None:
    names = [str(number) for number in range(5000)]
    nodes = [
        Node(id=name, before=(names[number - 1],) if number else ())
        for number, name in enumerate(names)
    ]
    rows = rows_of(newest_first(nodes))
    assert [row.id for row in rows] == names[::-1]
    assert {row.lane for row in rows} == {0}
