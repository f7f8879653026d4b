"""Code that is cut off where it runs for too long leaves nothing behind that it had entered."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from revision_code import read, reading

pytestmark = pytest.mark.no_cover  # it runs for long in the same few lines

LIB = """
from alembic import op
from elsewhere import x, items

def spin():
    for n in range(2000):
        for m in range(2000):
            n = m

def drop(t):
    op.drop_table(t)
"""
A = "op.drop_table('a')"
MAYBE_RAISE = "if x():\n    raise ValueError('p')\n"

# What stands around the endless code in a helper, and what is done after it.
CASES = [
    ("autocommit block", "with op.get_context().autocommit_block():\n    spin()", A),
    ("two autocommit blocks", "with op.get_context().autocommit_block():\n    with op.get_context().autocommit_block():\n        spin()", A),
    ("try", "try:\n    spin()\nexcept ValueError:\n    pass", MAYBE_RAISE + A),
    ("suppress", "import contextlib\nwith contextlib.suppress(ValueError):\n    spin()", MAYBE_RAISE + A),
    ("handler", "try:\n    raise ValueError\nexcept ValueError:\n    spin()", MAYBE_RAISE + A),
    ("branch", "if x():\n    spin()", A),
    ("branch that left", "if x():\n    return\nspin()", A),
    ("conditional expression", "1 if x() else spin()", A),
    ("and", "x() and spin()", A),
    ("or", "x() or spin()", A),
    ("loop over unknown items", "for n in items():\n    spin()", A),
    ("loop that depends", "while x():\n    spin()", A),
    ("comprehension", "[spin() for n in items()]", A),
    ("comprehension with a test", "[spin() for n in [1] if x()]", A),
    ("nested comprehension", "{n: spin() for n in [1] for m in items() if x()}", A),
    ("deeper call", "def inner():\n    with op.get_context().autocommit_block():\n        spin()\ninner()", A),
    ("context manager", "import contextlib\n@contextlib.contextmanager\ndef inner():\n    with op.get_context().autocommit_block():\n        spin()\n        yield\nwith inner():\n    pass", A),
]  # fmt: skip


@pytest.mark.parametrize(
    ("around", "after"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_the_code_after_it_is_read_as_if_it_were_not_there(
    around: str, after: str, tmp_path: Path
) -> None:
    helper = LIB + "\ndef go():\n" + textwrap.indent(around, "    ")
    above = "import lib\nfrom elsewhere import x"
    told = read(f"lib.go()\n{after}", above=above, files={"lib.py": helper}, folder=tmp_path)
    assert told == ["opaque lib.go()", "drop-table a"]


def test_its_calls_are_over(tmp_path: Path) -> None:
    """A statement of a helper is told at the call of it, not at the one that was cut off."""
    code = "import lib\ndef upgrade():\n    lib.go()\n    lib.drop('a')\n"
    (tmp_path / "lib.py").write_text(LIB + "\ndef go():\n    spin()\n", encoding="utf-8")
    statements = reading(code, tmp_path).upgrade.statements
    assert [(s.operations[0].kind, s.span.line) for s in statements] == [
        ("opaque", 3),
        ("drop-table", 4),
    ]


def test_it_is_no_recursion(tmp_path: Path) -> None:
    helper = LIB + "\ndef go(n):\n    spin() if n else drop('a')\n"
    told = read(
        "for n in (1, 1, 1, 1, 0):\n    lib.go(n)",
        above="import lib",
        files={"lib.py": helper},
        folder=tmp_path,
    )
    # What could not be followed is told once, and the last turn is followed all the same.
    assert told == ["opaque lib.go(n)", "drop-table a"]


def test_the_body_of_a_module_is_no_part_of_the_revision(tmp_path: Path) -> None:
    helper = LIB + "\nif x():\n    op.drop_table('b')\n    NAME = spin()\n"
    body = f"{A}\nprint(lib.NAME)\n{A}"
    told = read(body, above="import lib", files={"lib.py": helper}, folder=tmp_path)
    assert told == ["drop-table a", "drop-table a"]


WHOLE = [
    ("autocommit block", "with op.get_context().autocommit_block():\n    spin()"),
    ("branch", "if x():\n    spin()"),
    ("boolean", "x() and spin()"),
]


@pytest.mark.parametrize("body", [pytest.param(case[1], id=case[0]) for case in WHOLE])
def test_a_revision_that_is_cut_off_says_so_of_all_of_it(body: str) -> None:
    above = LIB.replace("spin():\n", "spin():\n    for i in range(2000):\n        [*range(9)]\n")
    assert read(body, above=above) == ["opaque upgrade"]


def test_a_database_that_is_cut_off_is_not_the_only_one_that_is_not_read() -> None:
    code = LIB + textwrap.dedent("""
        def upgrade(engine_name):
            globals()["upgrade_%s" % engine_name]()

        def upgrade_users():
            spin()
            spin()

        def upgrade_klines():
            op.drop_table("b")
    """)
    (statement,) = reading(code).upgrade.statements
    assert (statement.operations[0].kind, statement.database) == ("opaque", None)
