"""Work dealt out to the cores of the machine, by forking: nothing is sent over but the results."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

MOST = 8
Job = TypeVar("Job")
Result = TypeVar("Result")


def processes_for(size: int, worth: int) -> int:
    """Return how many processes should share work of that size; each is worth so much of it."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1  # a fork beside threads may never come to an end
    return max(1, min(os.cpu_count() or 1, size // worth, MOST))


def spread(
    work: Callable[[Sequence[Job]], Result], jobs: Sequence[Job], processes: int
) -> list[Result]:
    """Return what `work` makes of each share of the jobs, of which this process takes the first.

    The shares depend on nothing but the number of processes. What `work` raises is raised here.
    """
    shares = [jobs[number::processes] for number in range(processes)]
    others = [_Child(partial(work, share)) for share in shares[1:]]
    try:
        return [work(shares[0]), *(child.result() for child in others)]
    finally:
        for child in others:
            child.close()


class _Child(Generic[Result]):
    """A forked process at work; where it fails, the work is done here, and fails here."""

    def __init__(self, work: Callable[[], Result]):
        self._work = work
        source, target = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _work_and_exit(work, target)
        os.close(target)
        self._stream = os.fdopen(source, "rb")

    def result(self) -> Result:
        import pickle  # here and below: most runs deal nothing out

        data = self._stream.read()
        if not data:
            return self._work()
        found: Result = pickle.loads(data)  # noqa: S301  (of our own child)
        return found

    def close(self) -> None:
        self._stream.close()
        os.waitpid(self._pid, 0)


def _work_and_exit(work: Callable[[], object], target: int) -> None:
    code = 1
    try:
        import pickle

        data = pickle.dumps(work(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(target, "wb") as stream:
            stream.write(data)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's is flushed or cleaned up twice
