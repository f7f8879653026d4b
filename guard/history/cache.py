"""What earlier runs read, kept per file content: a revision that did not change is not read again.

One file per project and dialect, replaced as a whole, so that runs side by side do no harm: the
last one wins. Whatever is wrong with it (another guard, a cut-off write), it counts as empty.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path, PurePath

import msgspec

from guard import __version__
from guard.project.revision_header import RevisionHeader, read_file
from guard.reader import ParsedRevision


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One revision file: its header, and what it does. `followed`: helpers had a part in that."""

    header: RevisionHeader | None = None
    parsed: ParsedRevision | None = None
    followed: bool = False


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    stamp: str
    helpers: dict[str, str]  # the helper files that were looked for, and their hashes ("": absent)
    entries: dict[str, Entry]


class Cache:
    """The entries of one project and dialect. Without a folder it forgets at the end of the run."""

    def __init__(
        self, folder: Path | None, root: Path, dialect: str | None, location: Path
    ) -> None:
        self._root = root
        name = hashlib.sha256(f"{root}\0{dialect}\0{location}".encode()).hexdigest()[:24]
        self._file = folder / f"{name}.msgpack" if folder else None
        self._stamp = _stamp() if folder else ""
        self._old: dict[str, Entry] = {}
        self._new: dict[str, Entry] = {}
        self._changed = False
        self.helpers: dict[str, str] = {}
        self._read()

    def header(self, path: PurePath, data: bytes) -> RevisionHeader:
        """Return the header of a revision file, as `revision_header.read_file` does."""
        entry = self._entry(path, data)
        if entry.header is not None:
            return entry.header
        header = read_file(path, data)
        self._put(path, data, msgspec.structs.replace(entry, header=header))
        return header

    def parsed(self, path: PurePath, data: bytes) -> ParsedRevision | None:
        """Return what the file was read to do, None where that is not known."""
        return self._entry(path, data).parsed

    def keep(self, path: PurePath, data: bytes, parsed: ParsedRevision, *, followed: bool) -> None:
        """Remember what the file does."""
        entry = self._entry(path, data)
        self._put(path, data, msgspec.structs.replace(entry, parsed=parsed, followed=followed))

    def save(self) -> None:
        """Write the entries that this run used; a folder that cannot be written is no error."""
        if self._file is None or not (self._changed or len(self._new) < len(self._old)):
            return
        stored = _Stored(stamp=self._stamp, helpers=self.helpers, entries=self._new)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._file.parent, suffix=".new")
            with os.fdopen(handle, "wb") as stream:
                stream.write(msgspec.msgpack.encode(stored))
            os.replace(name, self._file)  # noqa: PTH105  (os.replace is what is atomic)
        except OSError:
            return

    def _entry(self, path: PurePath, data: bytes) -> Entry:
        key = _key(path, data)
        entry = self._new.get(key)
        if entry is None:
            entry = self._new[key] = self._old.get(key) or Entry()
        return entry

    def _put(self, path: PurePath, data: bytes, entry: Entry) -> None:
        self._new[_key(path, data)] = entry
        self._changed = True

    def _read(self) -> None:
        if self._file is None:
            return
        try:
            stored = msgspec.msgpack.decode(self._file.read_bytes(), type=_Stored)
        except (OSError, msgspec.DecodeError, RecursionError):
            return
        if stored.stamp != self._stamp:
            return
        same = all(hash_of(self._root / path) == digest for path, digest in stored.helpers.items())
        self._old = {
            key: entry if same or not entry.followed else Entry(header=entry.header)
            for key, entry in stored.entries.items()
        }
        self.helpers = dict(stored.helpers) if same else {}


def hash_of(path: Path) -> str:
    """Return the hash of a file's content, "" where there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:24]
    except OSError:
        return ""


def _key(path: PurePath, data: bytes) -> str:
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape"))
    digest.update(b"\0")
    digest.update(data)
    return digest.hexdigest()[:32]


def _stamp() -> str:
    """Return what changes whenever guard's own code does: its version, and its files' times."""
    digest = hashlib.sha256(__version__.encode())
    here = Path(__file__).parent.parent
    for folder, folders, names in os.walk(here):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                status = (Path(folder) / name).stat()
                digest.update(f"{name}{status.st_size}{status.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
