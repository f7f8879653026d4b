"""How large the tables are in production: a small file that the project keeps up to date.

[tables.orders]
rows = 12_000_000
bytes = 4_300_000_000
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from guard.config import explain_invalid
from guard.context import TableSize
from guard.errors import GuardError
from guard.operations import Name
from guard.paths import read_text
from guard.toml import parse_toml

DEFAULT = "guard-stats.toml"
S = TypeVar("S", bound=msgspec.Struct)


class _Stats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tables: dict[str, dict[str, object]] = {}


def read_sizes(root: Path, name: str | None) -> Callable[[Name], TableSize | None]:
    """Return what answers how large a table is, by the file of that name below `root`.

    None: by guard-stats.toml, if there is one. Raises GuardError where a file that was named is not
    there, and for one that cannot be understood.
    """
    path = root / (name or DEFAULT)
    if name is None and not path.is_file():
        return lambda table: None
    sizes = _read(path, name or DEFAULT)

    def size(table: Name) -> TableSize | None:
        """A schema counts only where both the file and the migration say one."""
        exact = sizes.get(str(table).lower())
        if exact is not None or table.schema is not None:
            return exact or sizes.get(table.name.lower())
        ends = [known for known in sizes if known.rpartition(".")[2] == table.name.lower()]
        return sizes[ends[0]] if len(ends) == 1 else None

    return size


def sizes_as_text(sizes: Mapping[str, TableSize], name: str) -> str:
    """Return the file of that name: TOML, or JSON by its ending.

    Two digits of a number count, rounded up, so that the file changes only where a table grows.
    """
    rounded = {
        table: {key: _rounded(n) for key, n in msgspec.to_builtins(size).items() if n is not None}
        for table, size in sorted(sizes.items())
    }
    if name.endswith(".json"):
        return json.dumps({"tables": rounded}, indent=2) + "\n"
    blocks = [
        f"\n[tables.{_key(table)}]\n" + "".join(f"{key} = {n:_}\n" for key, n in size.items())
        for table, size in rounded.items()
    ]
    return f"# How large the tables are in production: guard stats --url URL\n{''.join(blocks)}"


def _rounded(number: int) -> int:
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return -(-number // step) * step


def _key(table: str) -> str:
    return table if re.fullmatch(r"[\w-]+", table, re.ASCII) else json.dumps(table)


def _read(path: Path, shown: str) -> dict[str, TableSize]:
    try:
        text = read_text(path)
        document = json.loads(text) if path.suffix == ".json" else parse_toml(text)
    except OSError as error:
        raise GuardError(f"stats: {shown} cannot be read: {error.strerror}") from None
    except ValueError as error:  # of either parser, or of a text that is not UTF-8
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise GuardError(f"{shown}: not valid {kind}: {error}") from None
    tables = _convert(document, _Stats, shown, "the table sizes").tables
    return {
        name.lower(): _convert(size, TableSize, shown, f"tables.{name}")
        for name, size in tables.items()
    }


def _convert(value: object, kind: type[S], shown: str, where: str) -> S:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said = explain_invalid(error, [*kind.__struct_fields__], where)
        place = "" if where in said else f"{where}: "
        raise GuardError(f"{shown}: {place}{said}") from None
