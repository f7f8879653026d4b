"""Whatever a revision holds, the reader ends and says something true of it.

A short run; `benchmarks/fuzz.py` makes a long one.
"""

from __future__ import annotations

import ast
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from revision_code import reading

from guard.judge.load_rules import load_rules
from guard.python_source import PythonSource, SourceError

pytestmark = pytest.mark.no_cover  # it runs for long in the same few lines

BRIEF = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
BODIES = tuple(e.upgrade for rule in load_rules() for e in (*rule.unsafe, *rule.safe))

NAMES = st.sampled_from(["a", "b", "items", "op", "sa"])
ATOMS = st.one_of(
    NAMES,
    st.sampled_from(["None", "True", "x()", "[]", "{}", "op.get_bind()", "range(10**9)", "-1"]),
    st.text("DROP TABLE%{}'\\; \n", max_size=12).map(repr),
    st.integers(-3, 10**20).map(str),
)
METHODS = st.sampled_from(
    [
        "format",
        "join",
        "split",
        "strip",
        "append",
        "pop",
        "get",
        "items",
        "execute",
        "drop",
        "center",
    ]
)
WORDS = st.sampled_from(
    ["op.execute", "op.drop_table", "op.add_column", "op.create_table", "sa.text",
     "sa.Column", "sa.Table", "sa.Enum", "sorted", "len", "str", "getattr", "map", "a", "super"]
)  # fmt: skip
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "%", "*", "in", "and"]), inner),
        st.builds("{}({})".format, WORDS, inner),
        st.builds("{}({}, {})".format, WORDS, inner, inner),
        st.builds("{}.{}({})".format, inner, METHODS, inner),
        st.builds("[{} for {} in {}]".format, inner, NAMES, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}, *{}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    ),
    max_leaves=8,
)


def _indented(block: str) -> str:
    return "    " + block.replace("\n", "\n    ")


BLOCKS = st.recursive(
    st.one_of(
        EXPRESSIONS,
        st.builds("{} = {}".format, st.sampled_from(["a", "b"]), EXPRESSIONS),
        st.builds("a += {}".format, EXPRESSIONS),
        st.builds("a[{}] = {}".format, EXPRESSIONS, EXPRESSIONS),
        st.sampled_from(["return", "raise ValueError('no')", "pass", "a = [a, a]"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("\n".join),
        st.builds("if {}:\n{}".format, EXPRESSIONS, inner.map(_indented)),
        st.builds("for a in {}:\n{}".format, EXPRESSIONS, inner.map(_indented)),
        st.builds("while {}:\n{}".format, EXPRESSIONS, inner.map(_indented)),
        st.builds("with {} as a:\n{}".format, EXPRESSIONS, inner.map(_indented)),
        st.builds("try:\n{}\nexcept Exception:\n    a".format, inner.map(_indented)),
        st.builds("def a(b=1, *items):\n{}".format, inner.map(_indented)),
    ),
    max_leaves=8,
)


def read_all(code: str) -> None:
    """Read the file for every dialect; what is said points into it."""
    lines = code.count("\n") + 1
    for statement in reading(code, dialect=None).statements:
        assert statement.operations
        assert 1 <= statement.span.line <= statement.span.end_line <= lines


@BRIEF
@given(BLOCKS)
def test_generated_revisions(block: str) -> None:
    code = (
        f"import sqlalchemy as sa\nfrom alembic import op\n\ndef upgrade():\n{_indented(block)}\n"
    )
    try:
        ast.parse(code)
    except SyntaxError:
        return
    read_all(code)


@BRIEF
@given(
    st.sampled_from(BODIES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3), st.integers(0, 9)), max_size=4),
)
def test_mutated_examples(body: str, changes: list[tuple[float, bytes, int]]) -> None:
    code = f"import sqlalchemy as sa\nfrom alembic import op\n\ndef upgrade():\n{_indented(body)}\n"
    data = code.encode()
    for place, new, length in changes:
        at = int(place * len(data))
        data = data[:at] + new + data[at + length :]
    with contextlib.suppress(SourceError):  # no Python any more: refused, with a reason
        read_all(PythonSource("r.py", data).text)
