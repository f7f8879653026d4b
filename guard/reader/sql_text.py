"""Text that may be SQL."""

from __future__ import annotations

import re

from guard.patterns import lazy_re

_WORDS = (
    "select|insert|update|delete|create|alter|drop|truncate|with"
    "|merge|replace|pragma|grant|revoke|set|comment|vacuum|analyze|do|call|begin|commit|rollback"
    "|reindex|refresh|lock|copy|explain|attach|rename|show|exec|use|values|cluster|reset"
)
# `set -eu` and `exec /bin/x` are of a shell: there are no such statements.
_SQL_START = lazy_re(
    rf"\s*(--[^\n]*\n\s*|/\*.*?\*/\s*)*(?!(?:set|exec)\s+[-+/]\w)({_WORDS})\b", re.I | re.S
)
_QUOTED = lazy_re(rf"[\"'](?:\s|\\\n|\\[nrt])*(?:--|/\*|(?:{_WORDS})\b)", re.I)


def begins_like_sql(text: str) -> bool:
    """Return whether the text's first word is one that statements begin with."""
    return bool(_SQL_START.match(text))


def may_hold_sql(code: str) -> bool:
    """Return whether a string literal of the code may begin like SQL: a parser knows for sure."""
    return bool(_QUOTED.search(code))
