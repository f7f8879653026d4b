"""A worker that is forked from one which has imported everything already: many runs in little time.

It does what `guard.roundtrip.process.Worker` does, apart from the time limit.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guard.roundtrip.process import WORKER

SERVER = f"""
import importlib, importlib.util, json, os, sys
sys.dont_write_bytecode = True
folder = {str(WORKER.parent)!r}
spec = importlib.util.spec_from_file_location(
    "guard_worker", folder + "/__init__.py", submodule_search_locations=[folder]
)
sys.modules["guard_worker"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["guard_worker"])
for name in ("sqlalchemy.dialects.sqlite", "sqlalchemy.orm", "guard_worker.environment"):
    importlib.import_module(name)
for line in sys.stdin:
    job = json.loads(line)
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()
        os.chdir(job["folder"])
        for name, value in job["variables"].items():
            os.environ.setdefault(name, value)
        for number, path in ((1, job["events"]), (2, job["output"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
        os.close(theirs)
        os.dup2(ours, 0)
        importlib.import_module("guard_worker.run").main([])
    os.close(ours)
    os.write(theirs, (json.dumps(job["request"]) + "\\n").encode())
    status = os.waitpid(child, 0)[1]
    os.close(theirs)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


class _Server:
    """The process that forks; started with the first run, ended with the tests."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, job: dict[str, Any]) -> int:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "utf8", "-c", SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONHASHSEED": "0"},
            )
            atexit.register(self._process.kill)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


SERVER_OF_THIS_PROCESS = _Server()


class WarmWorker:
    """Stands in for a `Worker`: the run is over before its first event is read."""

    def __init__(
        self,
        python: str,
        folder: Path,
        request: dict[str, Any],
        variables: dict[str, str],
        _: object = None,
    ) -> None:
        with tempfile.TemporaryDirectory(prefix="guard-warm-") as kept:
            files = {"events": f"{kept}/events", "output": f"{kept}/output"}
            job = {"folder": str(folder), "request": request, "variables": variables, **files}
            self._code = SERVER_OF_THIS_PROCESS.run(job)
            self._events = Path(files["events"]).read_text(encoding="utf-8")
            self._output = Path(files["output"]).read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> WarmWorker:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to end."""

    def events(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield what the worker said."""
        return map(json.loads, self._events.splitlines())

    def ended(self) -> str:
        """Return how it came to its end."""
        return f"ended with exit code {self._code}"

    def output(self, lines: int = 15) -> str:
        """Return the last lines that the project printed."""
        return "\n".join(self._output.splitlines()[-lines:])
