"""`--keep`: the scratch databases stay, and what guard says of them is true."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write
from notes import texts
from roundtrip_project import USERS, project, round_trip
from servers import need

from guard.roundtrip import scratch

SERVER = [pytest.mark.slow, pytest.mark.server]
FAILS = ("op.drop_table('nothing')", "pass")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which all that guard makes lies; a server of another user reaches it."""
    with tempfile.TemporaryDirectory(prefix="kept-") as place:
        Path(place).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", place)
        yield Path(place)


def commands(output: str) -> list[str]:
    """Return the command lines of the note on what was kept, in a report or alone."""
    note = next(one for one in re.split(r"^note: |\n\n", output, flags=re.M) if "kept" in one)
    lines = note.splitlines()
    deepest = max(len(line) - len(line.lstrip()) for line in lines)
    return [line.strip() for line in lines if line.startswith(" " * deepest)]


@pytest.mark.parametrize("step", [STEP, FAILS])
def test_a_file_of_sqlite(step: tuple[str, str], tmp_path: Path, temporary: Path) -> None:
    folder = write(tmp_path / "p", chain(STEP, ("op.execute('CREATE TABLE b (x)')", ""), step))
    done = guard(folder, "roundtrip", "--keep", "--exit-zero")
    opens, removes = commands(done.output)
    program, file = shlex.split(opens)
    assert program == "sqlite3"
    guard(folder, "roundtrip")
    scratch.remove_leftovers()
    with sqlite3.connect(file) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert {"a", "b", "alembic_version"} <= names
    subprocess.run(shlex.split(removes), check=True)
    assert not [*temporary.iterdir()]


def test_what_is_kept_in_the_project_is_none_of_its_databases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "p", chain(STEP))
    (folder / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
    for _ in range(2):
        assert guard(folder, "roundtrip", "--keep").says("was kept as the run left it")
    assert len([*folder.rglob("*.sqlite")]) == 2


@pytest.mark.parametrize("format_", ["text", "concise"])
def test_quiet_says_where_and_no_more(format_: str, tmp_path: Path, temporary: Path) -> None:
    folder = write(tmp_path / "p", chain(STEP))
    done = guard(folder, "roundtrip", "--quiet", "--keep", "--output", format_)
    assert done.output.startswith("note: The scratch database was kept")
    assert done.output.count("note: ") == 1
    assert Path(shlex.split(commands(done.output)[0])[1]).is_file()


def test_without_it_nothing_stays(tmp_path: Path, temporary: Path) -> None:
    done = guard(write(tmp_path / "p", chain(STEP)), "roundtrip")
    assert "kept" not in done.output
    assert not [*temporary.iterdir()]


def test_a_run_that_cannot_start_keeps_nothing(tmp_path: Path, temporary: Path) -> None:
    files = {**chain(STEP), "migrations/env.py": "raise RuntimeError('no')"}
    assert guard(write(tmp_path / "p", files), "roundtrip", "--keep").code == 2
    assert not [*temporary.iterdir()]


def looked_at(note: str, client: str, asked: str) -> tuple[str, str]:
    """Start the server of a note, ask it, and stop it; return the answer and how to remove it."""
    start, opens, removes = commands(note)
    words = [word for word in shlex.split(opens) if "=" not in word or word.startswith("--")]
    environ = dict(word.split("=", 1) for word in shlex.split(opens) if word.startswith("PG"))
    words[0] = client
    with subprocess.Popen(shlex.split(start), stderr=subprocess.DEVNULL) as server:
        for _ in range(100):
            done = subprocess.run(
                [*words, *shlex.split(asked)],
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            if not done.returncode:
                break
            time.sleep(0.1)
        server.terminate()
    return done.stdout + done.stderr, removes


@pytest.mark.parametrize(
    "backend", [pytest.param(b, marks=SERVER) for b in ("postgresql", "mariadb")]
)
def test_a_server_of_guards_own(backend: str, tmp_path: Path, temporary: Path) -> None:
    client = shutil.which("psql" if backend == "postgresql" else "mariadb")
    need(client, f"a client of {backend}")
    assert client
    result = round_trip(project(tmp_path / "p", USERS), backend=backend, keep=True)
    round_trip(project(tmp_path / "q", USERS), backend=backend)
    (note,) = (note for note in texts(result.notes) if "kept" in note)
    asked = "-c '\\dt'" if backend == "postgresql" else "-e 'SHOW TABLES'"
    said, removes = looked_at(note, client, asked)
    assert {"users", "alembic_version"} <= set(re.findall(r"\w+", said)), said
    subprocess.run(shlex.split(removes), check=True)
    assert not [*temporary.iterdir()]
