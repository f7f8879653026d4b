"""Text that may be SQL."""

from __future__ import annotations

import re

_SQL_START = re.compile(
    r"\s*(--[^\n]*\n\s*|/\*.*?\*/\s*)*(select|insert|update|delete|create|alter|drop|truncate|with"
    r"|merge|replace|pragma|grant|revoke|set|comment|vacuum|analyze|do|call|begin|commit|rollback"
    r"|reindex|refresh|lock|copy|explain|attach|rename|show|exec|use|values|cluster|reset)\b",
    re.I | re.S,
)


def begins_like_sql(text: str) -> bool:
    """Return whether the text's first word is one that statements begin with."""
    return bool(_SQL_START.match(text))
