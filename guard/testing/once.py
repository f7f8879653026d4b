"""Work that is done once for all processes of a pytest run, however many workers it has."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.testing.told import Told


class Answer(msgspec.Struct, frozen=True):
    """What came of it: what a check told, or why it could not be done."""

    told: Told | None = None
    error: str = ""

    def value(self) -> Told:
        """Return what was told; raise GuardError with the reason."""
        if self.told is None:
            raise GuardError(self.error)
        return self.told


def once(folder: Path, name: str, work: Callable[[], Told]) -> Told:
    """Return what `work` tells, which the first process to come does and the others wait for.

    Its answer stands in `folder`. Where files cannot be locked (Windows), a process that comes
    before there is an answer works as well. Raises the GuardError that the work raised.
    """
    file = folder / f"{name}.json"
    with _locked(folder / f"{name}.lock"):
        if not file.exists():
            try:
                answer = Answer(told=work())
            except GuardError as error:
                answer = Answer(error=str(error))
            being_written = folder / f"{name}.new"
            being_written.write_bytes(msgspec.json.encode(answer))
            being_written.replace(file)
        return msgspec.json.decode(file.read_bytes(), type=Answer).value()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock, which goes with the process that holds it."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
