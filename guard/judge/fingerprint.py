"""What an approval of an operation is bound to: all that it does, and when it does it."""

from __future__ import annotations

import hashlib

import msgspec

from guard.operations import Opaque, Operation
from guard.patterns import lazy_re
from guard.printable import encodable
from guard.statement import Statement

_QUOTED = lazy_re(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")""")
_BLANKS = lazy_re(r"\s*([^\w\s])\s*|\s+")


def fingerprint_of(operation: Operation, statement: Statement) -> str:
    """Return twelve hex digits that change whenever the operation does something else.

    So they do with the direction, the condition, the dialects and the database that it runs for,
    and not with the way it is written.
    """
    around = {
        "direction": statement.direction if statement.direction == "downgrade" else None,
        "condition": statement.condition,
        "dialects": sorted(statement.dialects) if statement.dialects is not None else None,
        "database": statement.database,
        "sql": statement.sql if isinstance(operation, Opaque) else None,
    }
    said = {name: value for name, value in around.items() if value is not None}
    what = _plain(
        [msgspec.to_builtins(operation), said] if said else msgspec.to_builtins(operation)
    )
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:12]


def _plain(value: object) -> object:
    """The value with the blanks of each text taken out that mean nothing to SQL."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _without_blanks(value) if isinstance(value, str) else value


def _without_blanks(text: str) -> str:
    parts = _QUOTED.split(text)
    parts[::2] = [_BLANKS.sub(lambda blank: blank[1] or " ", part) for part in parts[::2]]
    return encodable("".join(parts))
