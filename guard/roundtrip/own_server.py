"""A database server that a run needs: its folder, its process, and what others left behind.

A server of our own lies in memory where there is room, in a folder that is held under a lock, and
is gone afterwards; one whose guard was killed is stopped and removed by the next run. What somebody
wants to look at stays, on a disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Generic, Literal, Protocol, TypeVar

import msgspec

from guard.roundtrip.kept import KEPT, Kept

DATABASES = "guard_scratch_"  # how the names of all that guard makes on a server begin
MEMORY = Path("/dev/shm")  # noqa: S108 (a file system in memory, where there is one)
ROOM = 512 * 1024 * 1024  # bytes that have to be free there
PATIENCE = 30  # seconds for a server to start


class Listening(Protocol):
    """Where a server listens, and who may come in: the `Address` of its kind."""

    @property
    def host(self) -> str:
        """The host, as a number."""

    @property
    def port(self) -> int:
        """The port."""

    def _asdict(self) -> dict[str, Any]:
        """Return all of it, by name."""


A = TypeVar("A", bound=Listening)


class ScratchServer(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """A server that answers: its address, the database to start from, the names of ours on it.

    `product` is what its maker calls it, `label` what the summary does.
    """

    kind: Literal["postgresql", "mysql"]
    product: str
    address: A
    prefix: str
    version: tuple[int, ...]
    label: str
    own: bool  # started by guard, and not the user's
    maintenance: str = ""
    kept: Kept | None = None  # how to look at its databases, where they stay

    def request(self) -> dict[str, Any]:
        """Return what the worker has to know."""
        return {
            "kind": self.kind,
            "product": self.product,
            "address": self.address._asdict(),
            "maintenance": self.maintenance,
            "prefix": self.prefix,
        }


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of servers of our own: `folders` is how the names of theirs begin.

    `accounts` may run one for root, which it refuses to be or should not be; `pid` is the file in
    which it writes its process, `end` the signal that stops it at once, and `close` the one after
    which it has written all that it knows.
    """

    folders: str
    accounts: tuple[str, ...]
    pid: str
    end: signal.Signals
    close: signal.Signals

    @contextlib.contextmanager
    def folder(self, *, keep: bool = False) -> Iterator[Path]:
        """Yield a new folder that belongs to who may run the server, and is gone afterwards.

        `keep`: it stays, unless the run fails.
        """
        self.remove_leftovers()
        beginning = KEPT if keep else self.folders
        made = tempfile.mkdtemp(prefix=f"{beginning}{os.getpid()}-", dir=None if keep else _place())
        with Path(made, "lock").open("wb") as lock:
            _hold(lock)
            try:
                account = self._account()
                if account is not None:
                    os.chown(made, *account)
                yield Path(made)
            except BaseException:
                keep = False
                raise
            finally:
                if not keep:
                    shutil.rmtree(made, ignore_errors=True)

    @property
    def owner(self) -> dict[str, Any]:
        """How a process becomes who may run the server, in the words of `subprocess`."""
        account = self._account()
        if account is None:
            return {}
        return {"user": account[0], "group": account[1], "extra_groups": []}

    @contextlib.contextmanager
    def process(
        self, command: Sequence[str], folder: Path, *, keep: bool = False
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start a server, which writes to the file `log` of its folder; stop it afterwards.

        `keep`: with all that it holds on the disk.
        """
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt of the terminal is ours to handle
                **self.owner,
            )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.close if keep else self.end)
            try:
                process.wait(PATIENCE if keep else 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def remove_leftovers(self) -> None:
        """Stop and remove the servers whose guard was killed."""
        for place in {Path(tempfile.gettempdir()), MEMORY}:
            for folder in place.glob(f"{self.folders}*"):
                with contextlib.suppress(OSError, KeyError):
                    if folder.is_symlink() or folder.stat().st_uid not in self._ours():
                        continue
                    with (folder / "lock").open("r+b") as lock:
                        if _hold(lock):
                            self._end_left_behind(folder)
                            shutil.rmtree(folder, ignore_errors=True)

    def _end_left_behind(self, folder: Path) -> None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((folder / self.pid).read_text().split()[0])
            command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
            said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            if str(folder) in said.stdout:  # the number may be another process's by now
                os.kill(pid, self.end)
                time.sleep(0.2)

    def _ours(self) -> set[int]:
        """Return the users whose folders are of guard's making: this one, and who runs servers."""
        if not hasattr(os, "geteuid"):
            return set()
        account = self._account()
        return {os.geteuid(), *([account[0]] if account else [])}

    def _account(self) -> tuple[int, int] | None:
        """Return the user and group that run a server for root."""
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            return None
        import pwd

        for name in self.accounts:
            with contextlib.suppress(KeyError):
                found = pwd.getpwnam(name)
                return found.pw_uid, found.pw_gid
        return None


def prefix_for(key: int, *, keep: bool) -> str:
    """Return how the names of a run's databases begin; the next run drops none that is kept."""
    return f"{DATABASES}kept_{key}" if keep else f"{DATABASES}{os.getpid()}_{key}"


def end_of_log(folder: Path) -> str:
    """Return the last of what a server said."""
    return (folder / "log").read_text(errors="replace").strip()[-500:]


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def numeric(host: str, port: int) -> str:
    """Return the address of a host: the fence lets nobody inside ask a name server."""
    with contextlib.suppress(OSError):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return str(min(found, key=lambda one: one[0] != socket.AF_INET)[4][0])
    return host


def _place() -> Path | None:
    with contextlib.suppress(OSError):
        room = shutil.disk_usage(MEMORY).free
        if os.access(MEMORY, os.W_OK) and room > ROOM:
            return MEMORY
    return None


def _hold(lock: IO[bytes]) -> bool:
    """Hold the folder of a server for as long as this process lives; False if another one does."""
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
