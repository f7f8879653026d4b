"""The worker process: fenced in, listened to, and always ended with all that it started.

On Linux a supervisor stands between (`worker/supervisor.py`); elsewhere the process group is what
can be ended, and Python's hooks are all the fence there is.
"""

from __future__ import annotations

import compileall
import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from types import TracebackType
from typing import IO, Any, Self

import msgspec

WORKER = Path(__file__).resolve().parent.parent / "worker" / "__main__.py"
OUTPUT = 100_000  # bytes of the project's output are kept for an error message
LINE_LENGTH = 2000
CHUNK = 1 << 16
SUPERVISED = sys.platform == "linux"
PATIENCE = 15  # seconds for a supervisor to end what it watches


class TimeLimitError(Exception):
    """The worker was still at work when its time was up."""


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker, with all that it starts, may write to, reach and use up."""

    folder: Path  # its scratch folder
    writable: tuple[Path, ...] = ()  # folders besides
    ports: tuple[int, ...] = ()  # of TCP servers on any host
    memory: int  # bytes


class Worker:
    """A running worker. Leaving the `with` block ends it and all it started."""

    def __init__(
        self,
        python: str,
        folder: Path,
        request: dict[str, Any],
        variables: dict[str, str],
        fence: Fence | None = None,
    ) -> None:
        """Start it in `folder`, with these environment `variables`.

        Raises OSError where `python` cannot be run; with a supervisor this is a fatal event.
        """
        compile_worker(WORKER.parent)
        self._supervised = fence is not None and SUPERVISED
        command = [python, "-X", "utf8", str(WORKER)]
        if fence is not None and self._supervised:
            command = [*_supervisor(fence), *command]
        self._process = Popen(  # noqa: S603
            command,
            cwd=folder,
            env=variables,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
        self._output = b""
        self._events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._readers = (
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_output, daemon=True),
        )
        for reader in self._readers:
            reader.start()
        with contextlib.suppress(OSError):  # dead already: its exit code says so
            stdin = self._pipe(self._process.stdin)
            stdin.write(msgspec.json.encode(request) + b"\n")
            stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._supervised:
            self._close(self._process.stdin)  # by which the supervisor knows that it is time
            with contextlib.suppress(TimeoutExpired):
                self._process.wait(PATIENCE)
        self._kill()
        self._process.wait()
        self._close(self._process.stdin)
        for reader, pipe in zip(
            self._readers, (self._process.stdout, self._process.stderr), strict=True
        ):
            reader.join(timeout=1)
            if not reader.is_alive():  # else a process that got away holds the other end
                self._close(pipe)

    def events(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the worker's events until it ends; raise TimeLimitError after `seconds` in all."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise TimeLimitError from None
            if line is None:
                return
            with contextlib.suppress(msgspec.DecodeError):  # cut off as the process was killed
                yield msgspec.json.decode(line)

    def ended(self) -> str:
        """Return how a worker that said nothing any more came to its end."""
        try:
            code = self._process.wait(timeout=5)
        except TimeoutExpired:
            return "closed its line to guard"
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def output(self, lines: int = 15) -> str:
        """Return the last lines that the project printed."""
        self._readers[1].join(timeout=0.5)
        said = self._output.decode("utf-8", "replace").splitlines()[-lines:]
        return "\n".join(line.rstrip()[:LINE_LENGTH] for line in said)

    def _read_events(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._pipe(self._process.stdout):
                if line.strip():
                    self._events.put(line)
        self._events.put(None)

    def _read_output(self) -> None:
        """Keep the end of what is printed, at the pace of whoever prints gigabytes."""
        with contextlib.suppress(OSError, ValueError):
            descriptor = self._pipe(self._process.stderr).fileno()
            while chunk := os.read(descriptor, CHUNK):
                self._output = (self._output + chunk)[-OUTPUT:]

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _close(self, pipe: IO[bytes] | None) -> None:
        with contextlib.suppress(OSError):
            self._pipe(pipe).close()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def compile_worker(folder: Path) -> None:
    """Write the bytecode of the worker's files, where an installer did not: it writes none itself.

    It serves a project with a Python of the same version, which else compiles all of it each time.
    """
    if not sys.dont_write_bytecode:
        compileall.compile_dir(folder, quiet=2)


def _supervisor(fence: Fence) -> list[str]:
    """Return the command that starts another one inside of the fence."""
    order = {
        "folder": fence.folder,
        "writable": fence.writable,
        "ports": fence.ports,
        "memory": fence.memory,
        "guard": os.getpid(),
    }
    written = msgspec.json.encode(order, enc_hook=str).decode()
    return [sys.executable, "-I", "-S", "-X", "utf8", str(WORKER), "supervise", written]
