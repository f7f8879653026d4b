"""What a migration may do to its process, the disk and the network, and what guard makes of it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write
from notes import texts
from roundtrip_project import ENV, USERS, Step, project, round_trip, story

from guard.facts import DowngradeFailed, RunFailure, SecondUpgradeFailed, UpgradeFailed
from guard.judge.judge import Judge
from guard.judge.load_rules import load_rules
from guard.phrases import STAY_INSIDE
from guard.roundtrip import process
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.variables import confined, is_secret
from guard.server import Server
from guard.statement import Span

DATABASE = "of the SQLite database {file}: a migration may only use the connection it is given"
ALONE = "a round trip leaves files outside of its scratch folder alone"
# Code, and what is said of it.
LEAK = {
    "its own sqlite3 connection": ("import sqlite3; sqlite3.connect({file!r})", DATABASE),
    "a SQLite URI": ("import sqlite3; sqlite3.connect('file:{file}?mode=rw', uri=True)", DATABASE),
    "ATTACH from memory": (
        'import sqlite3\nsqlite3.connect(":memory:").execute("ATTACH DATABASE {file!r} AS other")',
        f"the attaching {DATABASE}",
    ),
    "ATTACH": ('op.execute("ATTACH DATABASE {file!r} AS other")', f"the attaching {DATABASE}"),
    "ATTACH with a parameter": (
        "op.get_bind().exec_driver_sql('ATTACH DATABASE ? AS other', ({file!r},))",
        "the attaching of a SQLite database whose name is no literal",
    ),
    "ATTACH with an expression": (
        "op.execute(\"ATTACH DATABASE '' || '{file}' AS other\")",
        "the attaching of a SQLite database whose name is no literal",
    ),
    "VACUUM INTO": ('op.get_bind().connection.execute("VACUUM INTO {file!r}")', DATABASE),
    "a socket": (
        "import socket; socket.socket().connect(('127.0.0.1', 9))",
        "a connection to 127.0.0.1:9: a migration may",
    ),
    "writing": ("open({file!r}, 'w')", f"writing to {{file}}: {ALONE}"),
    "pathlib": ("import pathlib; pathlib.Path({file!r}).write_text('')", "writing to {file}"),
    "emptying": ("import os; os.truncate({file!r}, 0)", "the emptying of {file}"),
    "removal": ("import os; os.remove({file!r})", "the removal of {file}"),
    "renaming": ("import os; os.rename({file!r}, {file!r} + '.old')", "the renaming of {file}"),
    "a link": (
        "import os, tempfile; os.link({file!r}, tempfile.gettempdir() + '/x')",
        "a link of {file}",
    ),
    "the mode": ("import os; os.chmod({file!r}, 0)", "a change of {file}"),
    "rmtree": (
        "import os, shutil; shutil.rmtree(os.path.dirname({file!r}) + '/p/migrations')",
        "the removal of ",
    ),
}


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch-folders"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))


def left_behind(folder: Path) -> list[Path]:
    return list((folder / "scratch-folders").iterdir())


@pytest.mark.parametrize(
    "alone",
    [
        pytest.param(False, id="with the kernel"),
        pytest.param(True, id="Python alone", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("how", LEAK)
def test_what_reaches_out_is_refused_by_name(
    how: str, alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SUPERVISED", process.SUPERVISED and not alone)
    code, words = (text.replace("{file!r}", "'{file}'") for text in LEAK[how])
    real = tmp_path / "real.data"
    with sqlite3.connect(real) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    before = real.read_bytes()
    folder = project(tmp_path / "p", USERS, (code.format(file=real), ""))
    result = round_trip(folder)
    (failure,) = result.facts
    assert isinstance(failure, UpgradeFailed)
    assert failure.revision == "r2"
    assert failure.error.startswith("guard refused ")
    assert words.format(file=real) in failure.error
    assert real.read_bytes() == before
    assert result.fence == "fenced by Python alone" or not alone


# What the kernel refuses where Python sees nothing: code, and the words of the finding.
BELOW = {
    "the C library": (
        "import ctypes, os\n"
        "if ctypes.CDLL(None).unlink({file!r}.encode()): raise PermissionError(1, 'no', {file!r})",
        f"a change of {{file}}: {ALONE}",
    ),
    "a Unix socket": (
        "import socket; socket.socket(socket.AF_UNIX)",
        "what a library asked for ([Errno 13] Permission denied): a migration may only use",
    ),
    "a child that is checked": (
        "import subprocess; subprocess.run(['rm', '-f', {file!r}], check=True)",
        None,
    ),
}


@pytest.mark.parametrize("how", BELOW)
def test_what_the_kernel_refuses_is_explained(how: str, tmp_path: Path) -> None:
    real = tmp_path / "real.data"
    real.write_text("kept")
    code, words = BELOW[how]
    code = code.replace("{file!r}", repr(str(real)))
    result = round_trip(project(tmp_path / "p", USERS, (code, "")))
    if not {"files", "network"} <= set(result.held):
        pytest.skip("this kernel has no such fence")
    (failure,) = result.facts
    assert isinstance(failure, UpgradeFailed)
    assert real.read_text() == "kept"
    if words is None:
        assert "rm was started by code of the project: the fence holds it as well" in str(
            texts(result.notes)
        )
    else:
        assert failure.error.startswith(f"guard refused {words.format(file=real)}")


def test_a_refusal_of_the_disk_itself_is_none_of_the_fence(tmp_path: Path) -> None:
    step = "raise PermissionError(13, 'Permission denied', '/proc/1/nowhere/x')"
    (failure,) = round_trip(project(tmp_path, USERS, (step, ""))).facts
    assert isinstance(failure, UpgradeFailed)
    assert failure.error.startswith("PermissionError: [Errno 13]")


LOGGED = """
import logging, logging.handlers, os
os.makedirs("logs/deep", exist_ok=True)
logging.getLogger().addHandler(logging.FileHandler("logs/deep/app.log"))
logging.getLogger().addHandler(logging.handlers.RotatingFileHandler("app.log"))
logging.getLogger("app").warning("hello")
"""


def test_log_files_and_their_folders_are_left_out_with_a_note(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env=LOGGED + ENV)
    before = sorted(folder.rglob("*"))
    result = round_trip(folder)
    assert story(result) == []
    said = "\n".join(texts(result.notes))
    for what in ("the making of logs/deep", "/logs/deep/app.log", "writing to", "/app.log"):
        assert what in said
    assert sorted(folder.rglob("*")) == before


@pytest.mark.real_start
def test_what_env_py_has_to_write_can_be_allowed(tmp_path: Path) -> None:
    env = "open('var/state', 'w').close()\n" + ENV
    folder = project(tmp_path, USERS, env=env)
    (folder / "var").mkdir()
    with pytest.raises(RoundTripError, match=r"env\.py:1: .*refused writing to var.*writable"):
        round_trip(folder)
    assert story(round_trip(folder, writable=["var"])) == []
    assert (folder / "var" / "state").exists()
    for wrong in ("..", "nowhere", "/tmp"):
        with pytest.raises(RoundTripError, match="is no folder of the repository"):
            round_trip(folder, writable=[wrong])


@pytest.mark.real_start
def test_what_a_revision_writes_at_home_can_be_led_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    folder = project(tmp_path, USERS)
    revision = next((folder / "migrations" / "versions").glob("r1*.py"))
    write = "import os\nopen(os.path.expanduser('~/.state'), 'w').close()\n"
    revision.write_text(write + revision.read_text())
    with pytest.raises(RoundTripError, match=r"cannot read the revisions: .*HOME = \"home\""):
        round_trip(folder)
    variables = {"HOME": "home"}
    assert story(round_trip(folder, writable=["home"], env_vars=variables)) == []
    assert (folder / "home" / ".state").exists()


SECRET = "STRIPE_API_KEY"


@pytest.mark.parametrize("where", ["env.py", "a revision"])
def test_secrets_are_withheld_and_the_setting_is_named(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "hunter2")
    code = f"import os; assert os.environ[{SECRET!r}]"
    env = f"{code}\n{ENV}" if where == "env.py" else ENV
    step = ("pass", "") if where == "env.py" else (code, "")
    folder = project(tmp_path, USERS, step, env=env)
    with pytest.raises(RoundTripError) as stopped:
        round_trip(folder)
    for words in ("py:", "withholds", f'pass-env = ["{SECRET}"]', "[tool.guard.env-vars]"):
        assert words in str(stopped.value)
    assert "hunter2" not in str(stopped.value)
    assert story(round_trip(folder, pass_env=["STRIPE_*"])) == []
    assert story(round_trip(folder, env_vars={SECRET: "another"})) == []


NAMES = {
    True: "GITHUB_TOKEN DB_PASSWORD MYSQL_PWD SECRET_KEY DJANGO_SECRET AWS_ACCESS_KEY_ID "
    "AWS_SESSION_TOKEN AZURE_CLIENT_ID GOOGLE_APPLICATION_CREDENTIALS "
    "SSH_AUTH_SOCK API_KEY OPENAI_KEY FERNET_KEYS CI_JOB_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL",
    False: "PWD OLDPWD HOME PATH DATABASE_URL FLASK_APP KEYBOARD TOKENIZERS_PARALLELISM LANG "
    "AWS_REGION AWS_DEFAULT_REGION MONKEY COMPASS_HOME POSTGRES_HOST AUTHOR PYTHONPATH",
}


@pytest.mark.parametrize(
    ("name", "secret"), [(name, secret) for secret in NAMES for name in NAMES[secret].split()]
)
def test_what_looks_like_a_secret(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


def test_the_variables_of_the_c_libraries_point_nowhere(tmp_path: Path) -> None:
    real = {
        "PGHOST": "db.example", "PGHOSTADDR": "192.0.2.1", "PGSERVICE": "prod",
        "PGSERVICEFILE": "/etc/services", "PGPASSWORD": "x", "MYSQL_UNIX_PORT": "/run/mysql.sock",
        "MYSQL_PWD": "x", "PGDATABASE": "app", "KEPT": "1",
    }  # fmt: skip
    found = confined(tmp_path, {"KEPT": "0", "GIVEN": "2"}, [], real)
    assert {name: found.get(name) for name in (*real, "GIVEN", "TMPDIR")} == {
        **dict.fromkeys(("PGHOSTADDR", "PGSERVICE", "PGPASSWORD", "MYSQL_PWD")),
        "PGHOST": "guard.invalid",
        "PGSERVICEFILE": os.devnull,
        "MYSQL_UNIX_PORT": str(tmp_path / "guard.invalid"),
        "PGDATABASE": "app",
        "KEPT": "1",
        "GIVEN": "2",
        "TMPDIR": str(tmp_path),
    }
    assert confined(tmp_path, {}, ["PG*"], real)["PGHOST"] == "db.example"


def test_a_private_database_in_memory_is_not_refused(tmp_path: Path) -> None:
    step = "import sqlite3; sqlite3.connect(':memory:').execute('SELECT 1')"
    assert story(round_trip(project(tmp_path, USERS, (step, "")))) == []


@pytest.mark.real_start
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
        round_trip(folder, writable=["."])


@pytest.mark.real_start
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
    assert [note for note in texts(result.notes) if "must not end the process" in note]
    assert (result.upgraded, result.downgraded, result.seeded_rows) == (2, 1, 14)
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
    assert [note for note in texts(result.notes) if "timeout = in [tool.guard]" in note]
    assert left_behind(tmp_path) == []


@pytest.mark.real_start
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
    import os, tempfile, time
    with open(tempfile.gettempdir() + '/pid.new', 'w') as file:
        file.write(str(os.getpid()))
    os.rename(file.name, tempfile.gettempdir() + '/pid')
    time.sleep(60)
    """
    folder, scratch = project(tmp_path / "p", USERS, (slow, "")), tmp_path / "scratch-folders"
    code = (
        "import tempfile, pathlib, roundtrip_project as p\n"
        f"tempfile.tempdir = {str(tmp_path / 'scratch-folders')!r}\n"
        f"p.round_trip(pathlib.Path({str(folder)!r}))\n"
    )
    tests = Path(__file__).parent.parent / "support"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tests, stderr=subprocess.PIPE) as guard:
        wait_for(lambda: [*scratch.glob("*/pid")])
        worker = int(next(scratch.glob("*/pid")).read_text())
        guard.send_signal(with_signal)
        guard.communicate(timeout=20)
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


WAITS = """
import time

def wait_for_a_server():
    print("waiting for the server")
    time.sleep(600)

wait_for_a_server()
"""


def test_a_time_limit_outside_the_revisions_gives_the_place(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, env=WAITS)
    with pytest.raises(RoundTripError) as stopped:
        round_trip(folder, timeout=6.0)
    words = str(stopped.value)
    assert words.startswith(
        "migrations/env.py:6: the round trip stopped outside the revisions, in "
        "wait_for_a_server(), still running when the 6 s"
    )
    assert 'env = "none" in [tool.guard]' in words
    assert words.endswith("Its last output:\nwaiting for the server")


def test_a_time_limit_in_a_revision_points_to_the_line_that_waits(tmp_path: Path) -> None:
    waits = ("op.get_bind()\nimport time\ntime.sleep(600)", "")
    (failure,) = round_trip(project(tmp_path, waits), timeout=6.0).facts
    assert (failure.span.path, failure.span.line) == ("migrations/versions/r1.py", 11)


WRITING = "open('orders.csv', 'w')"


@pytest.mark.parametrize("step", [(WRITING, "pass"), ("pass", WRITING)], ids=["up", "down"])
def test_what_is_refused_is_told_with_what_to_do(step: Step, tmp_path: Path) -> None:
    done = guard(write(tmp_path, chain(STEP, step)), "roundtrip", "--all", "--output-format=json")
    (found,) = json.loads(done.output)["findings"]
    assert "guard refused writing to" in found["message"]
    assert found["remedy"] == STAY_INSIDE
    assert not (tmp_path / "orders.csv").exists()
