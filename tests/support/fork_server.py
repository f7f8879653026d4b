"""A process that has imported what every worker imports, and becomes one by a fork. Run by path.

A job comes over the socket that standard input is: what a `Popen` would be given, as JSON, and the
descriptors of the streams. Process id and, in the end, exit code go back. One job at a time.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

WORKER = Path(__file__).resolve().parents[2] / "guard" / "worker"
LIBRARIES = ("logging.config", "sqlalchemy.dialects.sqlite", "sqlalchemy.orm")
STREAMS = 3
LONGEST = 1 << 20  # bytes of a job


def serve(line: socket.socket) -> None:
    """Start what is asked for until the other end is closed."""
    while True:
        job, streams, _, _ = socket.recv_fds(line, LONGEST, STREAMS)
        if not job:
            return
        child = os.fork()
        if not child:
            _become(json.loads(job), streams)
        for stream in streams:
            os.close(stream)
        line.send(str(child).encode())
        line.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(job: dict[str, Any], streams: list[int]) -> NoReturn:
    """Turn this process into what the command would have started: a worker, or its supervisor."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(STREAMS, 256)
    os.environ.clear()
    os.environ.update(job["variables"])
    os.chdir(job["folder"])
    command: list[str] = job["command"]
    if "supervise" not in command:
        _work(command)
    start = command.index("supervise") + 1
    order = json.loads(command[start]) | {"guard": os.getppid()}
    really = os.execv

    def execute(_: str, worker: list[str]) -> NoReturn:
        vars(os)["execv"] = really
        _work(worker)

    vars(os)["execv"] = execute  # by which the supervisor starts the worker
    _module("supervisor").main([json.dumps(order), *command[start + 1 :]])
    raise AssertionError("a supervisor ends its process")


def _work(command: list[str]) -> NoReturn:
    """Be the worker, as `worker/__main__.py` is."""
    sys.argv = command[command.index(str(WORKER / "__main__.py")) :]
    _module("run").main(sys.argv[1:])
    raise AssertionError("a worker ends its process")


def _module(name: str) -> Any:
    return importlib.import_module(f"guard_worker.{name}")


def _load() -> None:
    """Import the worker's modules, by the names that they have there, and the libraries."""
    sys.path.remove(str(Path(__file__).parent))
    spec = importlib.util.spec_from_file_location(
        "guard_worker", WORKER / "__init__.py", submodule_search_locations=[str(WORKER)]
    )
    assert spec
    assert spec.loader
    sys.modules["guard_worker"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["guard_worker"])
    for file in WORKER.glob("[a-z]*.py"):
        _module(file.stem)
    for name in LIBRARIES:
        importlib.import_module(name)


if __name__ == "__main__":
    _load()
    serve(socket.socket(fileno=0))
