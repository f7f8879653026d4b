"""The key and the bounds of PostgreSQL's partitions as conditions on one column."""

from __future__ import annotations

import re

from guard.patterns import lazy_re

_RANGE = lazy_re(r"from\s*\((?P<low>.*)\)\s*to\s*\((?P<high>.*)\)", re.I | re.S)
_LIST = lazy_re(r"in\s*(?P<values>\(.*\))", re.I | re.S)
_KEY = lazy_re(r"(?:range|list)\s*\(\s*(?P<column>\"[^\"]+\"|\w+)\s*\)", re.I)
_OPEN = ("minvalue", "maxvalue")


def key_column(partition_by: str | None) -> str | None:
    """Return the column of `range (d)` or `list (d)` as written; None for any other key."""
    found = _KEY.fullmatch((partition_by or "").strip())
    return found["column"] if found else None


def as_condition(column: str, bounds: str | None) -> str | None:
    """Return what stands after FOR VALUES as SQL about the column; None where it cannot be."""
    text = (bounds or "").strip()
    if found := _RANGE.fullmatch(text):
        ends = ((">=", found["low"]), ("<", found["high"]))
        parts = [f"{column} {sign} {v}" for sign, v in ends if v.strip().lower() not in _OPEN]
        return " AND ".join(parts) or None
    found = _LIST.fullmatch(text)
    return f"{column} IN {found['values']}" if found else None
