"""The project's own rows, which stand in the tables when a revision runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from roundtrip_project import Step, project, round_trip, story

from guard.roundtrip.errors import RoundTripError

# The second trips over one text that nobody would make up, the third loses what only that row has.
STEPS: tuple[Step, ...] = (
    ("op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True),\n"
     "    sa.Column('state', sa.Text()))", "op.drop_table('orders')"),
    ("for row in op.get_bind().execute(sa.text('SELECT state FROM orders')).fetchall():\n"
     "    assert row[0] != 'half paid', 'a state that nobody thought of'", "pass"),
    ("op.execute(\"DELETE FROM orders WHERE state LIKE 'half%'\")", "pass"),
)  # fmt: skip
HALF_PAID = "INSERT INTO orders (id, state) VALUES (901, 'half paid')"
MODULE = f"""
def both(connection, revision):
    if revision in ("r2", "r3"):
        connection.exec_driver_sql("DELETE FROM orders WHERE id = 901")
        connection.exec_driver_sql({HALF_PAID!r})

def one(connection):
    connection.exec_driver_sql("SELECT 1")

def none():
    pass
"""
FAILS = ("r2", "upgrade-with-rows fails")


def written(folder: Path, *steps: Step, **files: str) -> Path:
    (folder / "rows").mkdir()
    for name, text in files.items():
        (folder / "rows" / f"{name}.sql").write_text(text)
    (folder / "putting.py").write_text(MODULE)
    return project(folder, *steps, ini="prepend_sys_path = .\n")


@pytest.mark.parametrize(
    ("given", "files", "expected"),
    [
        (None, {}, []),
        ("rows", {"r2": f"-- the one of March\n{HALF_PAID};"}, [FAILS]),
        ("rows", {"r1": "SELECT 1;", "r3": HALF_PAID}, []),
        ("putting:both", {}, [FAILS]),
        ("putting:one", {}, []),
        ("putting:none", {}, []),
    ],
)
def test_a_revision_runs_over_them(
    given: str | None, files: dict[str, str], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    result = round_trip(written(tmp_path, *STEPS, **files), rows=given)
    assert story(result) == expected
    assert result.upgraded >= len(STEPS)


def test_what_a_downgrade_loses_of_them_is_found(tmp_path: Path) -> None:
    longest = "x" * 60
    narrowing: Step = (
        "pass",
        f"op.execute(\"UPDATE orders SET state = '' WHERE state = '{longest}'\")",
    )
    rows = f"INSERT INTO orders (id, state) VALUES (902, '{longest}')"
    folder = written(tmp_path, STEPS[0], narrowing, r2=rows)
    assert story(round_trip(folder)) == []
    assert story(round_trip(folder, rows="rows")) == [("r2", "downgrade loses orders")]


@pytest.mark.parametrize(
    ("given", "files", "message"),
    [
        ("nothing", {}, "names neither a folder nor a function"),
        ("putting:nothing", {}, "cannot put its rows in before r1: AttributeError"),
        ("rows", {"r9": HALF_PAID}, r"rows = .*r9\.sql, and no revision is called r9"),
        ("rows", {"r1": HALF_PAID}, r"cannot put its rows in before r1: no such table: orders"),
    ],
)
def test_what_cannot_be_put_in_is_an_error(
    given: str, files: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RoundTripError, match=message):
        round_trip(written(tmp_path, *STEPS, **files), rows=given)
