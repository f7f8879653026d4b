"""The worker process: started in a group of its own, listened to, and always ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

WORKER = Path(__file__).resolve().parent.parent / "worker" / "__main__.py"
OUTPUT_LINES = 200  # of the project's output are kept for an error message
LINE_LENGTH = 2000


class TimeLimitError(Exception):
    """The worker was still at work when its time was up."""


class Worker:
    """A running worker. Leaving the `with` block ends it and all it started."""

    def __init__(
        self, python: str, folder: Path, request: dict[str, Any], variables: dict[str, str]
    ) -> None:
        """Start it in `folder`; raises OSError where `python` cannot be run.

        `variables` are set for it where the environment does not set them.
        """
        self._process = subprocess.Popen(  # noqa: S603
            [python, "-X", "utf8", str(WORKER)],
            cwd=folder,
            # Sets of the project iterate in the same order each time, so that runs can be compared.
            env={
                "PYTHONHASHSEED": "0",
                **variables,
                **os.environ,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._output: deque[str] = deque(maxlen=OUTPUT_LINES)
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
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                self._pipe(pipe).close()

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
            yield msgspec.json.decode(line)

    def ended(self) -> str:
        """Return how a worker that said nothing any more came to its end."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its line to guard"
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def output(self, lines: int = 15) -> str:
        """Return the last lines that the project printed."""
        self._readers[1].join(timeout=0.5)
        return "\n".join(list(self._output)[-lines:])

    def _read_events(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._pipe(self._process.stdout):
                self._events.put(line)
        self._events.put(None)

    def _read_output(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            pipe = self._pipe(self._process.stderr)
            while line := pipe.readline(LINE_LENGTH):
                self._output.append(line.decode("utf-8", "replace").rstrip())

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe
