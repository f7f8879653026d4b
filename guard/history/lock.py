"""guard.lock: which revisions are released, where no git tells it.

One line a revision, by environment, so that two branches that add to it merge line by line. It says
what each does and how its file is written, both as fingerprints: a file that is only written
otherwise still does the same.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from guard.errors import GuardError
from guard.facts import LOCK
from guard.paths import read_text
from guard.patterns import lazy_re
from guard.toml import parse_toml

HEAD = """\
# The revisions that are released, and what they do. `guard history --lock` writes it.
# Do not edit it: a released revision stays as it is.
version = 1
"""
_PLAIN = lazy_re(r"[A-Za-z0-9_-]+")


class Locked(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One released revision; `does` and `text` are fingerprints: of its meaning and its bytes."""

    file: str
    down_revision: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    does: str
    text: str

    def attribute(self, name: str) -> tuple[str, ...]:
        """Return the value of down_revision, depends_on or branch_labels."""
        value: tuple[str, ...] = getattr(self, name)
        return value


LockedRevisions: TypeAlias = Mapping[str, Locked]  # by id
Lock: TypeAlias = Mapping[str, LockedRevisions]  # by the environment's folder


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    environment: dict[str, dict[str, Locked]] = {}


def read_lock(folder: Path) -> Lock | None:
    """Return what the lock of a project says, None where it has none; raise GuardError."""
    path = folder / LOCK
    try:
        text = read_text(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{LOCK} cannot be read: {error}") from None
    try:
        read = msgspec.convert(parse_toml(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise GuardError(
            f"{LOCK} is damaged ({error}): restore it as it was, since nothing else tells "
            "what is released"
        ) from None
    if read.version != 1:
        raise GuardError(f"{LOCK} was written by a newer guard: version {read.version}")
    return read.environment


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock of a project; raise GuardError where that cannot be."""
    tables = [HEAD]
    for name in sorted(lock):
        lines = [f"{_quoted(id_)} = {_line(one)}" for id_, one in sorted(lock[name].items())]
        tables.append("\n".join([f"[environment.{_quoted(name)}]", *lines, ""]))
    try:
        (folder / LOCK).write_text("\n".join(tables), encoding="utf-8", newline="\n")
    except OSError as error:
        raise GuardError(f"{LOCK} cannot be written: {error.strerror}") from None


def fingerprint(data: bytes) -> str:
    """Return sixteen hex digits for the bytes of a file; line ends do not count."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()[:16]


def _line(one: Locked) -> str:
    values = msgspec.to_builtins(one)
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in values.items()) + " }"


def _value(value: str | list[str]) -> str:
    if isinstance(value, str):
        return _string(value)
    return "[" + ", ".join(map(_string, value)) + "]"


def _quoted(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    """A string of TOML: JSON's escapes are among its own, but for the character 127."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
