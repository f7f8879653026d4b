"""What the judge knows where a statement stands: what is new, emptied, undone, or in a dialect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write
from git_repo import Repo

CREATE_S = "op.create_table('s', sa.Column('id', sa.Integer()))"
ADD = "op.add_column('old', sa.Column('n', sa.Integer(), nullable=False))"
UNDO_ADD = "op.drop_column('old', 'n')"
POSTGRES = "if op.get_bind().dialect.name == 'postgresql':\n    "


def judged(folder: Path, *steps: tuple[str, str], dialect: str | None = None) -> list[str]:
    """Return the rules that the last of the revisions trips; those before it are released.

    The tables `a` and `old` were there before.
    """
    repo = Repo(folder)
    files = chain(STEP, *steps)
    repo.commit(
        {name: text for name, text in files.items() if not name.endswith(f"r{len(steps) + 1}.py")}
    )
    write(folder, files)
    options = ("--dialect", dialect) if dialect else ()
    done = guard(folder, "lint", "--output-format", "json", *options)
    return [finding["rule"] for finding in json.loads(done.output)["findings"]]


CASES: dict[str, tuple[str, str, list[str]]] = {
    # rows that cannot be there
    "a new table": (f"{CREATE_S}\nop.drop_table('s')", "pass", ["missing-downgrade"]),
    "a new table that was filled": (
        f"{CREATE_S}\nop.execute('INSERT INTO s SELECT 1')\nop.drop_table('s')",
        CREATE_S,
        [],
    ),
    "a column for the time being": (
        "op.add_column('old', sa.Column('n', sa.Integer()))\nop.drop_column('old', 'n')",
        "op.execute('SELECT 1')",
        ["missing-downgrade"],
    ),
    "a table that took another's name": (
        "op.rename_table('old', 'new')\nop.drop_table('new')",
        "op.create_table('old', sa.Column('id', sa.Integer()))",
        ["drop-table", "rename-table"],
    ),
    "emptied, then renamed": (
        "op.execute('DELETE FROM old')\nop.rename_table('old', 'new')\n"
        + ADD.replace("old", "new"),
        f"{UNDO_ADD.replace('old', 'new')}\nop.rename_table('new', 'old')",
        ["delete-without-where", "rename-table"],
    ),
    "a table emptied before": (
        f"op.execute('DELETE FROM old')\n{ADD}",
        UNDO_ADD,
        ["delete-without-where"],
    ),
    "a temporary table": (
        "op.execute('CREATE TEMPORARY TABLE t AS SELECT * FROM old')\nop.execute('DROP TABLE t')",
        "op.execute('SELECT 1')",
        ["missing-downgrade"],
    ),
    "emptied and filled again": (
        f"op.execute('TRUNCATE old')\nop.execute('INSERT INTO old VALUES (1)')\n{ADD}",
        UNDO_ADD,
        ["truncate", "add-required-column"],
    ),
    "emptied under a condition": (
        f"if input():\n    op.execute('TRUNCATE old')\n{ADD}",
        UNDO_ADD,
        ["truncate", "add-required-column"],
    ),
    # a downgrade that undoes its upgrade
    "undone": ("op.add_column('old', sa.Column('n', sa.Integer()))", UNDO_ADD, []),
    "undone in another schema": (
        "op.add_column('old', sa.Column('n', sa.Integer()), schema='x')",
        "op.drop_column('old', 'n', schema='y')",
        ["drop-column", "incomplete-downgrade"],
    ),
    "more than undone": (
        "op.add_column('old', sa.Column('n', sa.Integer()))",
        "op.drop_column('old', 'm')",
        ["drop-column", "incomplete-downgrade"],
    ),
    "dropped instead of renamed back": (
        "op.rename_table('old', 'new')",
        "op.drop_table('new')",
        ["drop-table", "rename-table"],
    ),
    "undone under a condition": (
        "if input():\n    op.create_table('s', sa.Column('id', sa.Integer()))",
        "op.drop_table('s')",
        [],
    ),
    "a schema undone": ("op.execute('CREATE SCHEMA s')", "op.execute('DROP SCHEMA s')", []),
    "a database undone": ("op.execute('CREATE DATABASE d')", "op.execute('DROP DATABASE d')", []),
    "rows undone": (
        "op.execute('INSERT INTO old VALUES (1)')",
        "op.execute('TRUNCATE old')",
        [],
    ),
    "an update after all rows are gone": (
        "op.execute('DELETE FROM old')\nop.execute('UPDATE old SET n = 1')",
        "op.execute('SELECT 1')",
        ["delete-without-where", "missing-downgrade"],
    ),
    "a column filled for the first time": (
        "op.add_column('old', sa.Column('n', sa.Text()))\nop.execute('UPDATE old SET n = 1')",
        UNDO_ADD,
        ["backfill"],
    ),
    "a required column on the way back": (
        "op.execute('ALTER TABLE old DROP COLUMN IF EXISTS n')",
        ADD,
        ["drop-column", "add-required-column"],
    ),
    "all rows, and those of who knows what": (
        "op.execute('TRUNCATE old CASCADE')",
        "op.execute('INSERT INTO old VALUES (1)')",
        ["drop-cascade", "truncate"],
    ),
    # SQL of one dialect, where nobody named one
    "SQL that its own dialect refuses": (
        f"{POSTGRES}op.execute('ALTER TABLE old MODIFY n int')",
        f"{POSTGRES}op.execute('ALTER TABLE old ALTER n SET STORAGE main')",
        ["unparsable-sql"],
    ),
    "SQL that one dialect refuses": (
        "if op.get_bind().dialect.name != 'sqlite':\n"
        "    op.execute('UPDATE `old` SET n = 1 WHERE n = 2')",
        "op.execute('UPDATE old SET n = 2 WHERE n = 1')",
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_in_its_situation(case: str, tmp_path: Path) -> None:
    upgrade, downgrade, rules = CASES[case]
    assert sorted(judged(tmp_path, (upgrade, downgrade))) == sorted(rules)


def test_a_table_of_an_earlier_deployment_is_not_new(tmp_path: Path) -> None:
    drop = ("op.drop_table('s')", CREATE_S)
    assert judged(tmp_path, (CREATE_S, "op.drop_table('s')"), drop) == ["drop-table"]


@pytest.mark.parametrize(
    ("dialect", "rules"), [("postgresql", ["drop-table"]), ("mysql", []), (None, ["drop-table"])]
)
def test_what_runs_elsewhere_is_not_judged(
    dialect: str | None, rules: list[str], tmp_path: Path
) -> None:
    step = (f"{POSTGRES}op.drop_table('old')", f"{POSTGRES}op.create_table('old')")
    assert judged(tmp_path, step, dialect=dialect) == rules


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        ("postgresql", "It takes unique uq_t, index ix_t_c with it."),
        ("sqlite", "and running code that still selects it fails."),  # and SQLite refuses it
    ],
)
def test_what_goes_with_a_column_is_named(dialect: str, said: str, tmp_path: Path) -> None:
    made = (
        "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('c', sa.Text()),"
        " sa.UniqueConstraint('id', 'c', name='uq_t'))\n"
        "op.create_index('ix_t_c', 't', ['c'])\nop.create_index('ix_t_id', 't', ['id'])"
    )
    dropped = ("op.drop_column('t', 'c')", "op.add_column('t', sa.Column('c', sa.Text()))")
    judged(tmp_path, (made, "op.drop_table('t')"), dropped)
    arguments = ("lint", "--dialect", dialect, "--output-format", "json")
    found = json.loads(guard(tmp_path, *arguments).output)["findings"]
    # The unique key and the index do not come back with the column.
    refused = ["unsupported-alter"] if dialect == "sqlite" else []
    assert [f["rule"] for f in found] == ["drop-column", *refused, "incomplete-downgrade"]
    finding = found[0]
    assert finding["message"].endswith(said)
