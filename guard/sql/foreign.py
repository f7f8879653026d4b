"""Words of other servers that guard reads for the sake of its rules, and the server does not."""

from __future__ import annotations

import re

from guard.patterns import lazy_re
from guard.sql.tokens import split, stands_in

_POSTGRESQL = (
    "CREATE MATERIALIZED VIEW",
    "ALTER COLUMN * TYPE",
    "ALTER COLUMN * SET NOT NULL",
    "ALTER COLUMN * DROP NOT NULL",
)
_OF_SQLITE = (
    "ALTER TABLE IF EXISTS",
    "ADD COLUMN IF NOT EXISTS",
    "ADD IF NOT EXISTS",
    "DROP COLUMN IF EXISTS",
    "CREATE OR REPLACE",
    "CREATE SEQUENCE",
    "CREATE MATERIALIZED VIEW",
)
# The pages of the manual have no such words: ALTER TABLE, CREATE INDEX, DROP INDEX, CREATE TABLE.
_OF_MYSQL = (
    "ALTER TABLE IF EXISTS",
    "ADD COLUMN IF NOT EXISTS",
    "ADD IF NOT EXISTS",
    "ADD CONSTRAINT IF NOT EXISTS",
    "ADD INDEX IF NOT EXISTS",
    "ADD KEY IF NOT EXISTS",
    "ADD UNIQUE INDEX IF NOT EXISTS",
    "DROP COLUMN IF EXISTS",
    "DROP CONSTRAINT IF EXISTS",
    "DROP FOREIGN KEY IF EXISTS",
    "DROP INDEX IF EXISTS",
    "DROP KEY IF EXISTS",
    "MODIFY COLUMN IF EXISTS",
    "MODIFY IF EXISTS",
    "CHANGE COLUMN IF EXISTS",
    "CHANGE IF EXISTS",
    "CREATE INDEX IF NOT EXISTS",
    "CREATE UNIQUE INDEX IF NOT EXISTS",
    "CREATE OR REPLACE TABLE",
    "CREATE OR REPLACE INDEX",
    "CREATE SEQUENCE",
)
_UNKNOWN: dict[str, tuple[str, ...]] = {
    "sqlite": _OF_SQLITE,
    "mysql": (*_OF_MYSQL, *_POSTGRESQL),
    "mariadb": _POSTGRESQL,
}
_PATTERNS = {
    dialect: tuple((words, words.split()) for words in listed)
    for dialect, listed in _UNKNOWN.items()
}
_HINT = lazy_re(r"\b(IF|REPLACE|SEQUENCE|MATERIALIZED|TYPE|NOT)\b", re.I)


def foreign_to(sql: str, dialect: str | None) -> str | None:
    """Return which words of the text the server never understands."""
    patterns = _PATTERNS.get(dialect or "", ())
    if not patterns or not _HINT.search(sql):
        return None
    for tokens in split(sql, dialect or ""):
        listed = [token.word for token in tokens if token.word != "."]
        for words, pattern in patterns:
            if stands_in(listed, pattern):
                return words
    return None
