"""Workers that are forked from one process which has imported everything: many runs in little time.

Nothing else is different: supervisor, fence, streams and time limit are those of guard.
"""

from __future__ import annotations

import functools
import json
import os
import select
import socket
import sys
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from typing import Any

from guard.roundtrip.variables import inherited

SERVER = Path(__file__).with_name("fork_server.py")
VARIABLES = inherited(os.environ)  # as they were before any test


@functools.cache
def _server() -> tuple[socket.socket, Popen[bytes]]:
    """Return the line to the process that forks. It ends when that is closed: with the tests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-X", "utf8", str(SERVER)]
    with theirs:
        return ours, Popen(command, stdin=theirs.fileno(), stdout=DEVNULL, env=VARIABLES)


def start(
    command: list[str], *, cwd: Path, env: dict[str, str], **options: Any
) -> Popen[bytes] | _Forked:
    """Do as `Popen`, by a fork where the worker's interpreter is this one and is told the same."""
    *_, python, _, _, _ = command  # -X utf8 and the file
    if python == sys.executable and _told(env) == _told(VARIABLES):
        return _Forked(command, cwd, env)
    return Popen(command, cwd=cwd, env=env, **options)


def _told(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables that an interpreter reads as it starts."""
    return {name: value for name, value in variables.items() if name.startswith(("PYTHON", "LD_"))}


class _Forked:
    """What guard uses of a `Popen`."""

    def __init__(self, command: list[str], folder: Path, variables: dict[str, str]) -> None:
        job = {"command": command, "folder": str(folder), "variables": variables}
        self._line, *_ = _server()
        self._code: int | None = None
        (given, stdin), (stdout, said), (stderr, printed) = (os.pipe() for _ in range(3))
        socket.send_fds(self._line, [json.dumps(job).encode()], [given, said, printed])
        for theirs in (given, said, printed):
            os.close(theirs)
        self.stdin = os.fdopen(stdin, "wb")
        self.stdout, self.stderr = os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb")
        self.pid = self._answer()

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended; raise TimeoutExpired."""
        if self._code is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise TimeoutExpired("guard", timeout or 0)
            self._code = self._answer()
        return self._code

    def _answer(self) -> int:
        return int(self._line.recv(100))
