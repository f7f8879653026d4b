"""Between guard and the worker, on Linux: fences the worker in, and ends all that it started.

It runs none of the project's code, so nothing that the project does can keep it from its work: a
process that is stopped, deaf to signals or in a session of its own, a guard that is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import time
from collections.abc import Iterator
from typing import Any, NoReturn

from . import kernel_fence

PERIOD = 0.1  # seconds between two looks at the memory
PATIENCE = 10.0  # seconds in which killed processes have to be gone
NOT_STARTED = 127
_CHILD_SUBREAPER, _PARENT_DEATH_SIGNAL = 36, 1


def main(arguments: list[str]) -> NoReturn:
    """Run a command inside the fence and end as it ends.

    The first argument is JSON: `folder` and `writable` folders, `ports`, `memory` in bytes and the
    process id of `guard`. The rest is the command; it is given, as JSON, what the kernel holds.
    """
    order, command = json.loads(arguments[0]), arguments[1:]
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    own = os.getpid()
    worker = os.fork()
    if not worker:
        _become(command, order, own)
    status = _watch(worker, order["memory"])
    _end_all()
    if os.getppid() != order["guard"]:
        import shutil  # which takes as long as everything else here

        shutil.rmtree(order["folder"], ignore_errors=True)
    _end_as(status)


def _become(command: list[str], order: dict[str, Any], supervisor: int) -> NoReturn:
    """Turn this process into the worker."""
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != supervisor:  # gone already
            os._exit(NOT_STARTED)
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by this Python, not for the next one
            signal.signal(ignored, signal.SIG_DFL)
        held = kernel_fence.put_up([order["folder"], *order["writable"]], order["ports"])
        os.execv(command[0], [*command, json.dumps(held)])  # noqa: S606
    except OSError as error:
        _say(
            event="fatal",
            text=f"The interpreter {command[0]} cannot be run ({error.strerror}).",
            remedy="correct --python or python = in [tool.guard]",
        )
    os._exit(NOT_STARTED)


def _watch(worker: int, memory: int) -> int:
    """Return the worker's exit status; None of it where guard is gone or memory is used up."""
    poll = select.poll()
    poll.register(0, 0)  # says that its other end is closed: guard wants an end, or is gone
    with contextlib.suppress(OSError, AttributeError):
        poll.register(os.pidfd_open(worker), select.POLLIN)
    while True:
        events = poll.poll(PERIOD * 1000)
        for child, status in _reaped():
            if child == worker:
                return status
        if any(descriptor == 0 for descriptor, _ in events):
            return signal.SIGKILL
        if _memory() > memory:
            _say(event="memory")
            return signal.SIGKILL


def _reaped() -> Iterator[tuple[int, int]]:
    """Yield the children that have ended, and how."""
    with contextlib.suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            yield child, status


def _end_all() -> None:
    """Kill every descendant, also those that are started meanwhile."""
    end = time.monotonic() + PATIENCE
    while (found := _descendants()) and time.monotonic() < end:
        for process in found:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        list(_reaped())
        time.sleep(0.001)


def _descendants() -> list[int]:
    """Return the processes below this one: an orphan's parent is the nearest subreaper, this."""
    own = os.getpid()
    told = os.path.exists(f"/proc/{own}/task/{own}/children")  # not by every kernel
    parents = {} if told else _parents()
    found = [own]
    for process in found:  # it grows on the way
        found += (
            _children(process)
            if told
            else [child for child, parent in parents.items() if parent == process]
        )
    return found[1:]


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    return found


def _parents() -> dict[int, int]:
    """Return the parent of every process."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            found[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    return found


def _memory() -> int:
    """Return the bytes that the descendants hold for themselves alone."""
    pages = 0
    for process in _descendants():
        with contextlib.suppress(OSError), open(f"/proc/{process}/statm", "rb") as file:
            numbers = file.read().split()
            pages += int(numbers[1]) - int(numbers[2])
    return pages * resource.getpagesize()


def _say(**event: str) -> None:
    """Tell guard, on a line of its own: the worker may have been cut off within one."""
    with contextlib.suppress(OSError):
        os.write(1, b"\n" + json.dumps(event).encode() + b"\n")


def _end_as(status: int) -> NoReturn:
    """End as the worker did, by its exit code or its signal."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError, ValueError):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))
