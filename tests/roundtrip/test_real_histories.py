"""What walking real histories taught: each case stood in one of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from notes import texts
from roundtrip_project import ENFORCING_ENV, ENV, USERS, Step, project, round_trip, story

from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.remedies import LOGGING

TAGS = "op.create_table('tags', sa.Column('id', sa.Integer(), primary_key=True))"
STOPS: Step = (f"op.execute('SELECT 1')\n{TAGS}\nraise ValueError('no')", "op.drop_table('tags')")
LOGS = "from logging.config import fileConfig\nfileConfig('alembic.ini')\n" + ENV


def test_what_of_a_failing_upgrade_runs_is_there_for_the_next(tmp_path: Path) -> None:
    more = ("op.add_column('tags', sa.Column('label', sa.Text()))", "pass")
    result = round_trip(project(tmp_path, USERS, STOPS, more))
    assert story(result) == [("r2", "upgrade fails"), ("r3", "downgrade drift")]
    assert (
        "Every revision after r2 was tested on what of it does, since its upgrade does not run."
        in texts(result.notes)
    )


def test_an_upgrade_of_which_nothing_runs_is_left_out(tmp_path: Path) -> None:
    result = round_trip(
        project(tmp_path, USERS, ("sys = __import__('sys')\nsys.exit(3)", ""), USERS)
    )
    assert ("r2", "upgrade fails") in story(result)
    assert any("after r2 was tested on a schema without it" in note for note in texts(result.notes))


@pytest.mark.parametrize("revisions", [None, ("r1",)])
def test_a_history_in_which_alembic_finds_no_revision_does_not_pass(
    revisions: tuple[str, ...] | None, tmp_path: Path
) -> None:
    folder = project(tmp_path, USERS, ini="version_locations = %(here)s/elsewhere\n")
    (folder / "elsewhere").mkdir()
    with pytest.raises(
        RoundTripError, match=r"Alembic \S+ (finds no revision|does not find r1) in"
    ):
        round_trip(folder, revisions=revisions)


def test_an_ini_file_without_anything_about_logging(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env=LOGS)
    with pytest.raises(RoundTripError, match="wants these sections in it:") as error:
        round_trip(folder)
    assert str(error.value).endswith(LOGGING)
    with (folder / "alembic.ini").open("a") as ini:
        ini.write(LOGGING)
    assert story(round_trip(folder)) == []


def test_a_folder_of_revisions_that_is_called_alembic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    folder = project(tmp_path, USERS)
    (folder / "sqlalchemy" / "versions").mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with pytest.raises(
        RoundTripError, match=r"cannot import sqlalchemy: .*Remedy: install sqlalchemy"
    ):
        round_trip(folder, python=str(bare / "bin" / "python"))


def test_a_database_whose_folder_is_missing_is_not_the_fences_doing(tmp_path: Path) -> None:
    opens = "import os, sqlite3\nsqlite3.connect(os.environ['TMPDIR'] + '/none/x.db')\n"
    with pytest.raises(RoundTripError, match="cannot run: unable to open database file"):
        round_trip(project(tmp_path, USERS, env=opens + ENV))


def test_a_slip_in_the_name_of_a_table_is_a_failure(tmp_path: Path) -> None:
    slip = (f"{USERS[0]}\nop.add_column('user', sa.Column('nick', sa.Text()))", USERS[1])
    other = ("op.create_table('tags', sa.Column('id', sa.Integer()))", "op.drop_table('tags')")
    assert story(round_trip(project(tmp_path, slip, other))) == [("r1", "upgrade fails")]


def test_rows_that_deferred_keys_refuse_are_ours(tmp_path: Path) -> None:
    tables = (
        "op.execute('CREATE TABLE jobs (id INTEGER PRIMARY KEY, run INTEGER NOT NULL'\n"
        "    ' REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED)')\n"
        "op.execute('CREATE TABLE runs (id INTEGER PRIMARY KEY, job INTEGER NOT NULL'\n"
        "    ' REFERENCES jobs (id) DEFERRABLE INITIALLY DEFERRED)')"
    )
    step = (tables, "op.drop_table('jobs')\nop.drop_table('runs')")
    result = round_trip(project(tmp_path, step, USERS, env=ENFORCING_ENV), dialect="sqlite")
    assert story(result) == []
    assert any("jobs" in note and "could not be given rows" in note for note in texts(result.notes))
