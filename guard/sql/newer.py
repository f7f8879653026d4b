"""What PostgreSQL learned since the oldest version that guard knows, by the words that say it."""

from __future__ import annotations

import re
from typing import NamedTuple

from guard.patterns import lazy_re
from guard.sql.tokens import split, stands_in


class Newer(NamedTuple):
    """Words of a statement, and the first version that understands them."""

    words: str
    since: int


# `*` is any name. One of the words stands in `_HINT` as well.
_WORDS: tuple[tuple[str, int], ...] = (
    ("NOT ENFORCED", 18),
    (") VIRTUAL", 18),
    ("ADD NOT NULL", 18),
    ("ADD CONSTRAINT * NOT NULL", 18),
    ("WITHOUT OVERLAPS", 18),
    ("SET EXPRESSION", 17),
    ("NULLS NOT DISTINCT", 15),
    ("SET ACCESS METHOD", 15),
    ("MERGE INTO", 15),
    ("DETACH PARTITION * CONCURRENTLY", 14),
    ("DETACH PARTITION * * CONCURRENTLY", 14),  # with its schema
    ("DETACH PARTITION * FINALIZE", 14),
    ("CREATE OR REPLACE TRIGGER", 14),
    ("REINDEX ( CONCURRENTLY", 14),
    ("BEGIN ATOMIC", 14),
)
_PATTERNS = tuple((words.split(), Newer(words, since)) for words, since in _WORDS)
_HINT = lazy_re(
    r"\b(ENFORCED|VIRTUAL|NOT\s+NULL|OVERLAPS|EXPRESSION|DISTINCT|METHOD|MERGE|DETACH|REPLACE"
    r"|REINDEX|ATOMIC)\b",
    re.I,
)


def newer_than(sql: str, version: tuple[int, ...]) -> Newer | None:
    """Return what of the text a PostgreSQL server of that version does not understand."""
    if not _HINT.search(sql):
        return None
    for tokens in split(sql, "postgresql"):
        words = [token.word for token in tokens if token.word != "."]
        for pattern, newer in _PATTERNS:
            if version[0] < newer.since and stands_in(words, pattern):
                return newer
    return None
