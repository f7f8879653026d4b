"""What a migration may do to its process, the disk and the network, and what guard makes of it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from roundtrip_project import ENV, USERS, project, round_trip, story

from guard.facts import DowngradeFailed, RunFailure, SecondUpgradeFailed, UpgradeFailed
from guard.judge.judge import Judge
from guard.judge.load_rules import load_rules
from guard.roundtrip import RoundTripError
from guard.server import Server
from guard.statement import Span

LEAK = {
    "its own sqlite3 connection": "import sqlite3; sqlite3.connect({file!r})",
    "a SQLite URI": "import sqlite3; sqlite3.connect('file:{file}?mode=rw', uri=True)",
    "ATTACH from memory": "import sqlite3\n"
    'sqlite3.connect(":memory:").execute("ATTACH DATABASE {file!r} AS other")',
    "ATTACH": 'op.execute("ATTACH DATABASE {file!r} AS other")',
    "VACUUM INTO": 'op.get_bind().connection.execute("VACUUM INTO {file!r}")',
    "a socket": "import socket; socket.socket().connect(('127.0.0.1', 9))",
}


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch-folders"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))


def left_behind(folder: Path) -> list[Path]:
    return list((folder / "scratch-folders").iterdir())


@pytest.mark.parametrize("how", LEAK)
def test_what_reaches_for_another_database_is_refused_by_name(how: str, tmp_path: Path) -> None:
    real = tmp_path / "real.data"
    with sqlite3.connect(real) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    before = real.read_bytes()
    folder = project(tmp_path / "p", USERS, (LEAK[how].format(file=str(real)), ""))
    result = round_trip(folder)
    (failure,) = result.facts
    assert isinstance(failure, UpgradeFailed)
    assert failure.revision == "r2"
    target = "127.0.0.1:9" if how == "a socket" else str(real)
    assert "guard refused" in failure.error
    assert target in failure.error
    assert real.read_bytes() == before


def test_a_private_database_in_memory_is_not_refused(tmp_path: Path) -> None:
    step = "import sqlite3; sqlite3.connect(':memory:').execute('SELECT 1')"
    assert story(round_trip(project(tmp_path, USERS, (step, "")))) == []


def test_drivers_that_bring_their_own_sockets_are_refused(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        ("import psycopg2; psycopg2.connect('postgresql://u:secret@db.example/app')", ""),
        ini="prepend_sys_path = .\n",
    )
    (folder / "psycopg2.py").write_text("def connect(dsn):\n    raise AssertionError('reached')\n")
    (failure,) = round_trip(folder).facts
    assert isinstance(failure, UpgradeFailed)
    assert "refused psycopg2.connect() to postgresql://u:***@db.example/app" in failure.error


def test_a_database_of_the_project_that_changed_is_an_error(tmp_path: Path) -> None:
    script = 'import sqlite3; sqlite3.connect("app.db").execute("CREATE TABLE x (a)")'
    step = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {script!r}])"
    folder = project(tmp_path, USERS, (step, ""))
    with pytest.raises(RoundTripError, match=r"^app\.db changed while the migrations ran"):
        round_trip(folder)


def test_prints_and_reads_disturb_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noisy = """
    import os, sys
    print('{}' * 100000)
    os.write(1, b'x')
    sys.stdin.read()
    os.system('echo hi')
    """
    assert story(round_trip(project(tmp_path, USERS, (noisy, noisy)))) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("import os; os._exit(7)", "ended with exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL"),
        ("import os; os.closerange(3, 200); os._exit(0)", "ended with exit code 0"),
    ],
)
def test_a_process_that_ends_names_the_revision(step: str, message: str, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path, USERS, (step, "")))
    (failure,) = result.facts
    assert isinstance(failure, UpgradeFailed)
    assert (failure.revision, failure.stopped) == ("r2", True)
    assert (failure.span.path, failure.span.line) == ("migrations/versions/r2.py", 8)
    assert failure.error == f"the process {message}"
    assert [note for note in result.notes if "must not end the process" in note]
    assert (result.upgraded, result.downgraded, result.seeded_rows) == (2, 1, 3)
    assert left_behind(tmp_path) == []


def test_what_was_found_before_the_process_ended_is_kept(tmp_path: Path) -> None:
    end = "import os; os._exit(7)"
    result = round_trip(project(tmp_path, (USERS[0], ""), ("op.get_bind()", end), USERS))
    assert story(result) == [("r1", "downgrade drift"), ("r2", "downgrade fails")]


def test_an_environment_that_ends_the_process_after_its_migrations_is_an_error(
    tmp_path: Path,
) -> None:
    with pytest.raises(RoundTripError, match=r"outside the revisions, .* ended with exit code 7"):
        round_trip(project(tmp_path, USERS, env=f"{ENV}\nimport os; os._exit(7)\n"))


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        (UpgradeFailed, "The upgrade of r2 does not finish: it hangs."),
        (DowngradeFailed, "The downgrade of r2 does not finish: it hangs."),
        (SecondUpgradeFailed, "The upgrade of r2 does not finish when it is repeated: it"),
    ],
)
def test_what_does_not_end_is_one_finding_that_blames_no_rows(
    failed: type[RunFailure], words: str
) -> None:
    place = Span("r2.py", 8)
    fact = failed(span=place, revision="r2", error="it hangs", stopped=True)
    (finding,) = Judge(load_rules(), Server("sqlite")).facts([fact])
    assert finding.message.startswith(words)
    assert "rows" not in finding.message + finding.remedy


@pytest.mark.parametrize("step", ["import time; time.sleep(3600)", "while True: pass"])
def test_a_migration_that_does_not_end_names_the_revision(step: str, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path, (USERS[0], ""), (step, "")), timeout=6.0)
    assert story(result) == [("r1", "downgrade drift"), ("r2", "upgrade fails")]
    failure = result.facts[-1]
    assert isinstance(failure, UpgradeFailed)
    assert failure.error == "still running when the 6 s of the round trip were over"
    assert [note for note in result.notes if "timeout = in [tool.guard]" in note]
    assert left_behind(tmp_path) == []


def test_a_read_only_project(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", USERS)
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert story(round_trip(folder)) == []
    finally:
        for path in paths:
            path.chmod(0o755)
    assert not list(folder.rglob("__pycache__"))


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of POSIX")
@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_guard_leaves_nothing(with_signal: signal.Signals, tmp_path: Path) -> None:
    slow = """
    from pathlib import Path
    import os, time
    Path('pid').write_text(str(os.getpid()))
    time.sleep(60)
    """
    folder = project(tmp_path / "p", USERS, (slow, ""))
    code = (
        "import tempfile, pathlib, roundtrip_project as p\n"
        f"tempfile.tempdir = {str(tmp_path / 'scratch-folders')!r}\n"
        f"p.round_trip(pathlib.Path({str(folder)!r}))\n"
    )
    tests = Path(__file__).parent.parent / "support"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tests, stderr=subprocess.PIPE) as guard:
        wait_for(lambda: (folder / "pid").exists() and (folder / "pid").read_text() != "")
        guard.send_signal(with_signal)
        guard.communicate(timeout=10)
    worker = int((folder / "pid").read_text())
    wait_for(lambda: not is_alive(worker) and not left_behind(tmp_path))


def wait_for(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def test_the_scratch_folder_goes_after_a_clean_run_too(tmp_path: Path) -> None:
    round_trip(project(tmp_path / "p", USERS, env=ENV))
    assert left_behind(tmp_path) == []
