"""What earlier runs read, kept per file content: a file that did not change is not read again.

One store for a project's history or its source code, replaced as a whole, so that runs side by side
do no harm: the last one wins. Whatever is wrong with it (another guard, a cut-off write), it counts
as empty.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Generic, TypeVar

import msgspec

from guard import __version__
from guard.paths import read_bytes

# Folders whose code has no part in what is read of a file.
_NOT_READING = frozenset({"cli", "reporters", "worker"})

Value = TypeVar("Value")


class Entry(msgspec.Struct, Generic[Value], frozen=True):
    """What one file says. `followed`: helpers had a part in that."""

    value: Value
    followed: bool = False


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    stamp: str
    helpers: dict[str, str]  # the helper files that were looked for, and their hashes ("": absent)
    entries: msgspec.Raw


class Cache(Generic[Value]):
    """The entries of one store. Without a folder it forgets at the end of the run.

    `read` gives the contents of helper files, where they are not as they lie on disk.
    """

    def __init__(
        self,
        folder: Path | None,
        root: Path,
        name: str,
        decode: Callable[[bytes], dict[str, Entry[Value]]],
        read: Callable[[Path], bytes] = read_bytes,
    ) -> None:
        self._root = root
        self._read_helper = read
        file = hashlib.sha256(f"{root}\0{name}".encode()).hexdigest()[:24]
        self._file = folder / f"{file}.msgpack" if folder else None
        self._stamp = _stamp() if folder else ""
        self._old: Mapping[str, Entry[Value]] = {}
        self._new: dict[str, Entry[Value]] = {}
        self._changed = False
        self._helpers: dict[str, str] = {}
        self._read(decode)

    def find(self, path: PurePath, data: bytes) -> Value | None:
        """Return what a file with these contents says, None where that is not known."""
        key = _key(path, data)
        entry = self._new.get(key) or self._old.get(key)
        if entry is None:
            return None
        self._new[key] = entry
        return entry.value

    def keep(self, path: PurePath, data: bytes, value: Value, *, followed: bool) -> None:
        """Remember what the file says."""
        self._new[_key(path, data)] = Entry(value, followed)
        self._changed = True

    def depend_on(self, helpers: Iterable[Path]) -> None:
        """Remember what the helper files hold that the followed entries may rest on."""
        self._helpers.update((str(path), self._hash_of(path)) for path in helpers)

    def helpers_of(self, path: PurePath, data: bytes) -> tuple[Path, ...]:
        """Return the helper files that may have had a part in what a file with these contents says.

        They are those of all files, and none where no helper was followed.
        """
        entry = self._new.get(_key(path, data))
        return tuple(map(Path, self._helpers)) if entry is not None and entry.followed else ()

    def save(self) -> None:
        """Write the entries that this run used.

        A folder that cannot be written is no error, nor is a text that cannot: of lone surrogates.
        """
        if self._file is None or not (self._changed or len(self._new) < len(self._old)):
            return
        try:
            entries = msgspec.Raw(msgspec.msgpack.encode(self._new))
            stored = _Stored(stamp=self._stamp, helpers=self._helpers, entries=entries)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".new")
            with os.fdopen(handle, "wb") as stream:
                stream.write(msgspec.msgpack.encode(stored))
            os.replace(name, self._file)  # noqa: PTH105  (os.replace is what is atomic)
        except (OSError, UnicodeEncodeError):
            return

    def _read(self, decode: Callable[[bytes], dict[str, Entry[Value]]]) -> None:
        if self._file is None:
            return
        try:
            stored = msgspec.msgpack.decode(self._file.read_bytes(), type=_Stored)
            if stored.stamp != self._stamp:
                return
            entries = decode(stored.entries)
        except (OSError, msgspec.DecodeError, RecursionError):
            return
        if all(self._hash_of(Path(path)) == digest for path, digest in stored.helpers.items()):
            self._old, self._helpers = entries, dict(stored.helpers)
        else:
            self._old = {key: entry for key, entry in entries.items() if not entry.followed}

    def _hash_of(self, path: Path) -> str:
        """The hash of a file's content, "" where there is no such file."""
        try:
            return hashlib.sha256(self._read_helper(self._root / path)).hexdigest()[:24]
        except OSError:
            return ""


def _key(path: PurePath, data: bytes) -> str:
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape"))
    digest.update(b"\0")
    digest.update(data)
    return digest.hexdigest()[:32]


@cache
def _stamp() -> str:
    """Return the stamp of guard's own code, which does not change during a run."""
    return stamp_of(Path(__file__).parent.parent)


def stamp_of(code: Path) -> str:
    """Return what changes whenever code does that has a part in reading: its files' times."""
    digest = hashlib.sha256(__version__.encode())
    waiting = [str(code)]
    while waiting:
        folder = waiting.pop()
        unread = _NOT_READING if folder == str(code) else frozenset()
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                digest.update(f"{entry.path}{status.st_size}{status.st_mtime_ns}".encode())
            elif entry.name != "__pycache__" and entry.name not in unread and entry.is_dir():
                waiting.append(entry.path)
    return digest.hexdigest()[:16]
