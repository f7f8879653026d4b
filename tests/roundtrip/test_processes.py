"""What the migrations start is ended with them, whatever it does, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from notes import texts
from roundtrip_project import ENV, USERS, project, round_trip, story

from guard.facts import UpgradeFailed
from guard.roundtrip import process, scratch

pytestmark = pytest.mark.real_start
linux = pytest.mark.skipif(sys.platform != "linux", reason="a supervisor stands on Linux")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the scratch folders are made."""
    found = tmp_path / "scratch-folders"
    found.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    return found


def is_running(mark: str) -> bool:
    """Return whether a process has `mark` in its command line."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in command.read_bytes():
                return True
        except OSError:
            continue
    return False


# Code that leaves a process behind whose command line holds {mark}.
LEFT = {
    "a child": "subprocess.Popen([sys.executable, '-c', code])",
    "a child in a session of its own": "subprocess.Popen([sys.executable, '-c', code], "
    "start_new_session=True)",
    "a child that holds the pipes": "subprocess.Popen([sys.executable, '-c', code], "
    "close_fds=False, start_new_session=True)",
    "a child deaf to signals": "subprocess.Popen([sys.executable, '-c', 'import signal; "
    "signal.signal(15, signal.SIG_IGN); signal.signal(2, signal.SIG_IGN); ' + code])",
    "a stopped child": "child = subprocess.Popen([sys.executable, '-c', code]); "
    "child.send_signal(signal.SIGSTOP)",
    "a daemon": """
        if not os.fork():
            os.setsid()
            if os.fork():
                os._exit(0)
            os.execv(sys.executable, [sys.executable, '-c', code])
        os.wait()""",
}


def leaving(how: str, mark: str, then: str = "") -> str:
    return (
        "import os, signal, subprocess, sys, time\n"
        f"code = 'import time; time.sleep(600) # {mark}'\n"
        f"{textwrap.dedent(LEFT[how]).strip()}\n{then}"
    )


@linux
@pytest.mark.parametrize(
    "how",
    ["a daemon", *(pytest.param(how, marks=pytest.mark.slow) for how in LEFT if how != "a daemon")],
)
def test_no_process_outlives_the_run(how: str, tmp_path: Path, place: Path) -> None:
    mark = str(tmp_path)
    step = leaving(how, mark, "time.sleep(0.2)")
    assert story(round_trip(project(tmp_path / "p", USERS, (step, "")))) == []
    assert not is_running(mark)
    assert not [*place.iterdir()]


@pytest.mark.slow
@linux
@pytest.mark.parametrize("how", ["a child that holds the pipes", "a stopped child"])
def test_the_time_limit_holds_whatever_a_child_does(how: str, tmp_path: Path, place: Path) -> None:
    mark = str(tmp_path)
    step = leaving(how, mark, "time.sleep(600)")
    folder = project(tmp_path / "p", USERS, (step, ""))
    started = time.monotonic()
    (failure,) = round_trip(folder, timeout=6.0).facts
    assert isinstance(failure, UpgradeFailed)
    assert failure.stopped
    assert time.monotonic() - started < 30  # not the ten minutes that the child would take
    assert not is_running(mark)
    assert not [*place.iterdir()]


@linux
@pytest.mark.parametrize(
    "step",
    [
        "held = bytearray(400 << 20); import time; time.sleep(600)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'x = bytearray(400 << 20); import time; time.sleep(600)'])",
    ],
    ids=["in the process", "in a child"],
)
def test_memory_is_limited(step: str, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path / "p", USERS, (step, "")), memory=256, timeout=60.0)
    (failure,) = result.facts
    assert isinstance(failure, UpgradeFailed)
    assert failure.error == "stopped as it held more than 256 MB of memory"
    assert [note for note in texts(result.notes) if "memory = in [tool.guard]" in note]


@pytest.mark.slow
def test_what_is_printed_takes_no_time_and_no_memory(tmp_path: Path) -> None:
    step = "import os\nfor _ in range(200): os.write(1, b'\\n' * (1 << 20))"
    assert story(round_trip(project(tmp_path / "p", USERS, (step, "")), timeout=60.0)) == []


@pytest.mark.parametrize("writes", [True, False])
def test_the_worker_is_compiled_where_no_installer_did_so(
    writes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backends").mkdir()
    files = [tmp_path / "run.py", tmp_path / "backends" / "errors.py"]
    for file in files:
        file.write_text("x = 1\n")
    monkeypatch.setattr(sys, "dont_write_bytecode", not writes)
    process.compile_worker(tmp_path)
    assert [Path(cache_from_source(str(file))).is_file() for file in files] == [writes, writes]


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    step = """
    import gc, os
    for one in gc.get_objects():
        if type(one).__name__ == 'Channel':
            os.write(one._out.fileno(), b'{"event": "no')
    os.kill(os.getpid(), 9)
    """
    (failure,) = round_trip(project(tmp_path / "p", USERS, (step, ""))).facts
    assert isinstance(failure, UpgradeFailed)
    assert "was killed by SIGKILL" in failure.error


@pytest.mark.slow
def test_multiprocessing_does_not_run_the_worker_again(tmp_path: Path) -> None:
    step = """
    import multiprocessing, time
    one = multiprocessing.get_context('spawn').Process(target=time.sleep, args=(0,))
    one.start()
    one.join()
    assert one.exitcode == 0
    """
    assert story(round_trip(project(tmp_path / "p", USERS, (step, "")), timeout=60.0)) == []


@pytest.mark.slow
def test_parallel_runs_do_not_meet(tmp_path: Path, place: Path) -> None:
    write = "import tempfile, time; open(tempfile.gettempdir() + '/one', 'x'); time.sleep(1)"
    folder = project(tmp_path / "p", USERS, (write, ""), ("", ""))
    stories = []
    runs = [
        threading.Thread(
            target=lambda: stories.append(story(round_trip(folder, revisions=("r3",))))
        )
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert stories == [[], []]
    assert not [*place.iterdir()]


def old(folder: Path, hours: float = 30) -> None:
    os.utime(folder, (time.time() - hours * 3600,) * 2)


@linux
def test_what_a_killed_guard_left_is_removed_on_the_next_run(tmp_path: Path, place: Path) -> None:
    for name in ("guard-roundtrip-dead", "guard-roundtrip-older", "guard-roundtrip-being-made"):
        (place / name / "deep").mkdir(parents=True)
    (place / "guard-roundtrip-dead" / scratch.LOCK).touch()
    (place / "somebody-elses").mkdir()
    (place / "guard-roundtrip-link").symlink_to(tmp_path)
    for name in ("guard-roundtrip-older", "somebody-elses"):
        old(place / name)
    with scratch.scratch_folder() as ours:
        with scratch.scratch_folder() as second:
            assert ours != second
            assert (ours.is_dir(), second.is_dir()) == (True, True)
        left = {path.name for path in place.iterdir()} - {ours.name}
    assert left == {"guard-roundtrip-being-made", "guard-roundtrip-link", "somebody-elses"}
    assert tmp_path.is_dir()


@linux
def test_a_folder_that_is_being_made_is_nobodys_leftover(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = scratch._try

    def after_another_guard_looked(file: int) -> bool | None:
        monkeypatch.setattr(scratch, "_try", lock)
        scratch.remove_leftovers()
        return lock(file)

    monkeypatch.setattr(scratch, "_try", after_another_guard_looked)
    with scratch.scratch_folder() as folder:
        scratch.remove_leftovers()
        assert (folder / scratch.LOCK).is_file()


@pytest.mark.slow
@linux
def test_a_killed_guard_and_supervisor_leave_no_process(tmp_path: Path, place: Path) -> None:
    mark = str(tmp_path)
    slow = f"""
    import subprocess, sys, tempfile
    open(tempfile.gettempdir() + '/runs', 'w').close()
    subprocess.run([sys.executable, '-c', 'import time; time.sleep(600) # {mark}'])
    """
    folder = project(tmp_path / "p", USERS, (slow, ""), env=ENV)
    code = (
        "import tempfile, pathlib, roundtrip_project as p\n"
        f"tempfile.tempdir = {str(place)!r}\n"
        f"p.round_trip(pathlib.Path({str(folder)!r}))\n"
    )
    tests = Path(__file__).parent.parent / "support"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tests) as guard:
        _wait_for(lambda: bool([*place.glob("*/runs")]) and is_running(mark))
        guard.kill()
    _wait_for(lambda: not is_running(mark) and not [*place.iterdir()])


def _wait_for(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
