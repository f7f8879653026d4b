"""Which lines of a difference that the run shows are of things that a finding foretold.

The run says what SQLite holds, where constraints have no names and tables no schemas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from guard.finding import Foretold
from guard.patterns import lazy_re

_SHOWN = (
    # column t.c INTEGER, t.c = 1 where id = 2
    lazy_re(r"(?P<kind>column) (?P<table>\S+)\.(?P<name>[^\s.]+)"),
    lazy_re(r"(?P<table>[^\s.]+)\.(?P<name>[^\s.]+) = "),
    # unique index i on t (a, b), foreign key on t (a) to p (b), primary key of t (a), check on t: x
    lazy_re(
        r"(?:unique )?(?P<kind>index|unique|primary key|foreign key|check)(?: (?P<name>\S+))?? "
        r"(?:on|of) (?P<table>[^\s:]+)(?: \((?P<columns>[^()]*)\))?:?(?P<rest>.*)"
    ),
    # table t, virtual t: ...
    lazy_re(r"(?:table|virtual) (?P<table>[^\s:]+)"),
    # 3 rows in t, t: id = 1, a = 2
    lazy_re(r"\d+ (?P<kind>rows) in (?P<table>\S+)"),
    lazy_re(r"(?P<table>[^\s:]+): \S+ = "),
    # view v: CREATE VIEW ...
    lazy_re(r"(?P<kind>\w+) (?P<name>[^\s:]+): "),
)
_COUNT = lazy_re(r"\d+ rows in ")
_KINDS = ("column", "column", "", "table", "rows", "rows", "")  # of those that do not name it
_SIGNS = {"left over": "+", "missing": "-", "changed": "+-"}


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    name: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    rest: str = ""


def split(foretold: Sequence[Foretold], lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the lines that the foretold things explain, and the others.

    A column explains the keys and indexes that hold it; a check explains one, whichever that is.
    """
    left = list(foretold)
    mine: list[str] = []
    others: list[str] = []
    for line in lines:
        thing = next((one for one in left if _explains(one, line)), None)
        (others if thing is None else mine).append(line)
        if thing is not None and thing.kind == "check" and thing.how != "changed":
            left.remove(thing)
    return mine, others


def names(foretold: Foretold, text: str) -> bool:
    """Return whether a text speaks of the thing by its name."""
    name = _bare(foretold.name) or (_bare(foretold.table) if foretold.kind == "table" else "")
    return has_word(text, name)


def has_word(text: str, word: str) -> bool:
    """Return whether a text holds a word, in whatever case."""
    pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
    return bool(word) and re.search(pattern, text, re.IGNORECASE) is not None


def _explains(foretold: Foretold, line: str) -> bool:
    if foretold.everything:
        return True
    shown = _read(line[2:].lower())
    if shown is None:
        return False
    name, table = _bare(foretold.name), _bare(foretold.table)
    counted = foretold.kind == "rows" and _COUNT.match(line[2:])  # and how many stay
    if line[0] not in _SIGNS.get(foretold.how, "") and not counted:
        return False
    if shown.table and shown.table != table:  # of a trigger the run names only itself
        return False
    if foretold.kind == "column" and shown.kind != "column":
        return name in shown.columns or (shown.kind == "check" and has_word(shown.rest, name))
    if shown.kind != foretold.kind.removeprefix("materialized "):
        return False
    if name and shown.name:
        return name == shown.name
    columns = tuple(_bare(column) for column in foretold.columns)
    return shown.kind in ("table", "rows", "check", "primary key") or columns == shown.columns


def _read(line: str) -> _Shown | None:
    for pattern, kind in zip(_SHOWN, _KINDS, strict=True):
        found = pattern.match(line)
        if found:
            named = found.groupdict()
            columns = (named.get("columns") or "").split(",")
            return _Shown(
                kind=named.get("kind") or kind,
                name=_bare(named.get("name") or ""),
                table=_bare(named.get("table") or ""),
                columns=tuple(_bare(column.strip()) for column in columns if column.strip()),
                rest=named.get("rest") or "",
            )
    return None


def _bare(name: str) -> str:
    """The name without its schema, as SQLite compares it."""
    return name.lower().rpartition(".")[2].strip('"')
