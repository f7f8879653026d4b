"""The kinds of objects that CREATE, ALTER, DROP and COMMENT name, longest first."""

from __future__ import annotations

from guard.sql.cursor import Cursor

OBJECT_TYPES: tuple[tuple[str, ...], ...] = tuple(
    tuple(words.split())
    for words in (
        "TEXT SEARCH CONFIGURATION",
        "TEXT SEARCH DICTIONARY",
        "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE",
        "FOREIGN DATA WRAPPER",
        "FOREIGN TABLE",
        "MATERIALIZED VIEW",
        "EVENT TRIGGER",
        "USER MAPPING",
        "ACCESS METHOD",
        "LARGE OBJECT",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "RESOURCE GROUP",
        "PACKAGE BODY",
        "AGGREGATE",
        "CAST",
        "COLLATION",
        "COLUMN",
        "CONSTRAINT",
        "CONVERSION",
        "DATABASE",
        "DOMAIN",
        "EVENT",
        "EXTENSION",
        "FUNCTION",
        "GROUP",
        "INDEX",
        "LANGUAGE",
        "OPERATOR",
        "PACKAGE",
        "POLICY",
        "PROCEDURE",
        "PUBLICATION",
        "ROLE",
        "ROUTINE",
        "RULE",
        "SCHEMA",
        "SEQUENCE",
        "SERVER",
        "STATISTICS",
        "SUBSCRIPTION",
        "TABLE",
        "TABLESPACE",
        "TRANSFORM",
        "TRIGGER",
        "TYPE",
        "USER",
        "VIEW",
    )
)
_PARTS = (("COLUMN",), ("CONSTRAINT",))  # named by COMMENT only
DROPPED = tuple(kind for kind in OBJECT_TYPES if kind not in _PARTS)
CREATED = tuple(kind for kind in DROPPED if kind not in (("ROUTINE",), ("LARGE", "OBJECT")))


def skip_host(c: Cursor) -> None:
    """Move past the `@host` of a MySQL account."""
    if c.peek().kind == "param" or c.take("@"):
        c.next()


def choose_object_type(c: Cursor, kinds: tuple[tuple[str, ...], ...] = OBJECT_TYPES) -> str | None:
    """Move past the kind of object that comes next and return it in lower case, else None."""
    for words in kinds:
        if c.word == words[0] and c.take(*words):
            return " ".join(words).lower()
    return None
