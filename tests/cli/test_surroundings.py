"""What surrounds guard: streams that fail, an early interrupt, modules and names that attack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import PROJECT, STEP, VERSIONS, chain, guard, write
from roundtrip_project import USERS, project

from guard.cli.main import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX streams and signals")

DROPPING = chain(STEP, ("op.drop_table('old')", "pass"))
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def shell(folder: Path, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `guard` is guard."""
    line = f'guard() {{ "{sys.executable}" -m guard "$@"; }}; {command}'
    cache = {"GUARD_CACHE_DIR": str(folder / ".guard-cache")}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=os.environ | cache | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        pytest.param("guard lint >/dev/full", 2, "No space left on device", marks=FULL),
        pytest.param("guard --help >/dev/full", 2, "No space left on device", marks=FULL),
        pytest.param("guard --version >/dev/full", 2, "No space left on device", marks=FULL),
        pytest.param("guard rules >/dev/full", 2, "No space left on device", marks=FULL),
        pytest.param("guard lint nowhere 2>/dev/full", 2, "", marks=FULL),
        ("guard lint >&-", 2, "standard output is closed"),
        ("guard lint >&- --output-file report", 1, ""),
        ("guard lint 2>&-", 1, ""),
        ("guard lint nowhere 2>&-", 2, ""),
        ("guard lint - <&-", 2, "standard input, and that is closed"),
        ("guard lint | true; exit ${PIPESTATUS[0]}", 141, ""),
        ("guard --help | true; exit ${PIPESTATUS[0]}", 141, ""),
        ("mkdir gone && cd gone && rmdir ../gone && guard lint", 2, "no longer exists"),
    ],
)
def test_a_stream_or_folder_that_is_not_there(
    command: str, code: int, said: str, tmp_path: Path
) -> None:
    done = shell(write(tmp_path, DROPPING), command, PYTHONPATH=str(Path(__file__).parents[2]))
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.count("\n") == (1 if said else 0), done.stderr
    assert said in done.stderr
    assert "guard itself failed" not in done.stderr


def test_an_encoding_that_lacks_a_letter(tmp_path: Path) -> None:
    files = chain(STEP, ("op.drop_table('größe und жесть')", "pass"))
    done = shell(write(tmp_path, files), "guard lint | iconv -f latin1", PYTHONIOENCODING="latin-1")
    assert not done.stderr
    assert "und \\u0436\\u0435" in done.stdout


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / VERSIONS))

    monkeypatch.setattr("guard.run.opened.open_histories", refuse)
    done = guard(write(tmp_path, DROPPING), "lint")
    assert done.says(f"{VERSIONS}: Permission denied")
    assert done.code == 2


@pytest.mark.parametrize("milliseconds", [0, 20, 40, 60, 80, 120, 200])
def test_an_interrupt(milliseconds: int, tmp_path: Path) -> None:
    """Before Python has come to guard it is Python that says so; after that, one line."""
    code = (
        "import guard.__main__ as program; leave = program._leave_current_folder\n"
        "def here(): print('here', flush=True); leave()\n"
        "program._leave_current_folder = here; program.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "lint", "-"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        run.stdout.readline()
        time.sleep(milliseconds / 1000)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
    assert run.returncode == 130, said
    assert said.strip() == "error: interrupted"


def test_an_interrupt_before_the_command_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("guard.cli.main.CommandFolder.make_context", interrupt)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.strip() == "error: interrupted"


@pytest.mark.parametrize("command", [["--version"], ["rules"], ["lint"]])
def test_python_modules_of_the_current_folder_do_not_run(
    command: list[str], tmp_path: Path
) -> None:
    trap = "raise SystemExit('a module of the project ran')"
    names = ("click", "msgspec", "platformdirs", "pathlib", "json", "datetime", "tomllib", "re")
    write(tmp_path, {**chain(STEP), **{f"{name}.py": trap for name in names}})
    done = subprocess.run(
        [sys.executable, "-m", "guard", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Names that would be commands

EVIL = "x\n::error file=app.py::owned"
PAINT = "y\x1b[31mred"


@pytest.mark.parametrize("name", [EVIL, PAINT, "z##[error]owned"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", "{}/nowhere.py"),
        ("lint",),
        ("show", "--all"),
        ("show", "{}"),
        ("schema",),
        ("schema", "--at", "{}"),
        ("explain", "{}"),
        ("approve", "{}", "--reason", "x", "--approver", "{}"),
        ("check", "--python", "{}"),
        ("history", "--base", "{}"),
    ],
    ids=" ".join,
)
def test_a_name_never_becomes_a_command(
    arguments: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    path = f"{VERSIONS}/{name.replace('/', '_')}.py"
    body = f"revision = {name!r}\ndown_revision = None\ndef upgrade():\n    "
    steps = f"op.create_table({name!r})\n    op.drop_table({name + 'old'!r})\n"
    files = {**PROJECT, path: f"from alembic import op\n{body}{steps}"}
    done = guard(write(tmp_path, files), *(part.replace("{}", name) for part in arguments))
    assert "\x1b" not in done.output
    assert "##[" not in done.output
    assert not [line for line in done.output.splitlines() if line.strip().startswith("::")]


# Names that would paint, turn or move what stands on the screen

TURNED = "a\u202eb\u2066c"
ODD = {"paint": PAINT, "turned": TURNED, "c1": "a\x9b2Jb", "bell": "a\x07b", "back": "a\x08\rb"}
HARMLESS = {"\n"}


@pytest.mark.parametrize("name", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize(
    "arguments",
    [
        *(
            (command, "--output-format", form)
            for command in ("lint", "history", "check", "roundtrip")
            for form in ("text", "json", "github")
        ),
        *(("show", "--all", "--output-format", form) for form in ("text", "json")),
        *(("schema", "--output-format", form) for form in ("text", "json")),
        *(("approvals", "--output-format", form) for form in ("text", "json")),
        *(("config", "--output-format", form) for form in ("text", "json")),
        *(("rules", "--output-format", form) for form in ("text", "json", "instructions")),
        ("baseline",),
        ("init",),
        ("lint", "{}"),
        ("explain", "{}"),
        ("config", "{}"),
    ],
    ids=" ".join,
)
def test_nothing_that_moves_the_screen_is_printed(
    arguments: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    body = f"revision = {name!r}\ndown_revision = None\ndef upgrade():\n    "
    steps = f"op.create_table({name!r})\n    op.drop_table({name + 'old'!r})\n"
    approval = {"rule": "drop-table", "object": name, "revision": name, "reason": name}
    toml = "\n".join(f"{key} = {json.dumps(value)}" for key, value in approval.items())
    files = {
        **PROJECT,
        f"{VERSIONS}/{name}.py": f"from alembic import op\n{body}{steps}    # {name}",
        "app/models.py": f"import sqlite3\nsqlite3.connect('{name.replace(chr(13), '')}.db')\n",
        "guard.toml": f"exclude = [{json.dumps(name)}]\n",
        "guard-approvals.toml": f"[[approval]]\n{toml}\nfingerprint = 'x'\n",
    }
    done = guard(write(tmp_path, files), *(part.replace("{}", name) for part in arguments))
    assert [c for c in done.output if not c.isprintable() and c not in HARMLESS] == []


def test_an_interrupt_of_the_round_trip_keeps_what_was_found(tmp_path: Path) -> None:
    mark = "import pathlib, tempfile\npathlib.Path(tempfile.gettempdir(), 'running').touch()\n"
    scratch = tmp_path / "scratch"  # the only place where a migration may leave a mark
    scratch.mkdir()
    folder = project(tmp_path, (USERS[0], ""), (f"{mark}import time\ntime.sleep(60)", ""))
    with subprocess.Popen(
        [sys.executable, "-m", "guard", "roundtrip", "--all"],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        end = time.monotonic() + 30
        while not [*scratch.rglob("running")] and time.monotonic() < end:
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        found, said = run.communicate(timeout=20)
    assert run.returncode == 130
    assert "schema-not-restored" in found
    assert "interrupted: the round trip ended in the upgrade of r2, so nothing after" in said
