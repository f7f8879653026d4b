"""Column types: one name for each, whatever a dialect calls it.

Names used: integer, bigint, smallint, tinyint, mediumint, boolean, numeric, real, double, float,
varchar, char, text (tinytext, mediumtext, longtext), bytea, blob (tinyblob, mediumblob, longblob),
binary, varbinary, bit, varbit, date, time, timestamp, datetime, year, interval, json, jsonb, uuid,
xml, money, inet, cidr, tsvector, enum, set. A type that is none of these keeps its written name.
`datetime` stays apart from `timestamp`, since MySQL has both. A display width (`int(11)`) is
no length and is left out, but `tinyint(1)` keeps it: that is how MySQL spells a boolean.
"""

from __future__ import annotations

import msgspec

from guard.operations import Generated, Type
from guard.sql.cursor import Cursor
from guard.sql.tokens import words

ALIASES = {
    "int": "integer",
    "int4": "integer",
    "int8": "bigint",
    "int2": "smallint",
    "int1": "tinyint",
    "int3": "mediumint",
    "middleint": "mediumint",
    "bool": "boolean",
    "decimal": "numeric",
    "dec": "numeric",
    "fixed": "numeric",
    "float4": "real",
    "float8": "double",
    "double precision": "double",
    "character varying": "varchar",
    "char varying": "varchar",
    "national character varying": "varchar",
    "national char varying": "varchar",
    "national varchar": "varchar",
    "nvarchar": "varchar",
    "varcharacter": "varchar",
    "varying character": "varchar",
    "character": "char",
    "national character": "char",
    "national char": "char",
    "native character": "char",
    "nchar": "char",
    "bpchar": "char",
    "bit varying": "varbit",
    "timestamptz": "timestamp",
    "timetz": "time",
    "character large object": "text",
    "long varchar": "mediumtext",
    "long": "mediumtext",
    "long varbinary": "mediumblob",
}
SERIALS = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}
_FIRST_OF_TWO = {
    "DOUBLE": ("PRECISION",),
    "CHARACTER": ("VARYING",),
    "CHAR": ("VARYING",),
    "BIT": ("VARYING",),
    "VARYING": ("CHARACTER",),
    "NATIVE": ("CHARACTER",),
    "LONG": ("VARCHAR", "VARBINARY"),
    "UNSIGNED": ("BIG",),
    "BIG": ("INT",),
}
AFTER_TYPE = words(
    "CONSTRAINT NOT NULL PRIMARY UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS AUTOINCREMENT"
)
_WIDTHS = frozenset(["integer", "bigint", "smallint", "mediumint"])
_PRECISE = frozenset(["timestamp", "time", "datetime", "interval", "float", "double", "real"])
_INTERVAL = frozenset(["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TO"])


def read_type(c: Cursor) -> tuple[Type, Generated | None]:
    """Return the type that comes next, and how it generates its values (`serial`)."""
    start, quoted = c.peek().start, c.peek().kind == "quoted"
    name = _name(c)
    c.source.assign(start, c.peek(-1).end, "syntax")  # a type can neither be bound nor be quoted
    lower = name if quoted or "{" in name else name.lower()
    serial = SERIALS.get(lower)
    canonical = serial or ALIASES.get(lower, lower)
    changes: dict[str, object] = {"timezone": lower in ("timestamptz", "timetz")}
    if lower == "interval":
        while c.word in _INTERVAL:
            c.next()
    if c.word == "(":
        changes |= _arguments(c.parens(), canonical)
    if c.take("WITH", "TIME", "ZONE") or c.take("WITH", "LOCAL", "TIME", "ZONE"):
        changes["timezone"] = True
    c.take("WITHOUT", "TIME", "ZONE")
    changes |= _attributes(c)
    dimensions = _dimensions(c)
    changes |= _attributes(c)  # VARCHAR[] COLLATE "C"
    if serial and c.source.mysql:  # BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE
        kind = Type(name="bigint", unsigned=True)
        return kind, Generated(by="autoincrement")
    kind = msgspec.structs.replace(Type(name=canonical, array=dimensions), **changes)
    return kind, Generated(by="serial") if serial else None


def _name(c: Cursor) -> str:
    token = c.peek()
    if token.kind == "quoted":
        return str(c.qualified("a type"))
    if token.kind != "word" or not c.is_name():
        raise c.fail("a type")
    if c.source.dialect == "sqlite":  # any words are a type: UNSIGNED BIG INT
        first = c.next()
        while c.peek().kind == "word" and c.word not in AFTER_TYPE and not c.at_hole():
            c.next()
        return c.source.restore(c.source.masked[first.start : c.peek(-1).end]).lower()
    if token.word == "NATIONAL":
        c.next()
        second = c.choose("CHARACTER", "CHAR", "VARCHAR") or ""
        varying = " varying" if c.take("VARYING") else ""
        return f"national {second.lower()}{varying}"
    if token.word in _FIRST_OF_TWO and c.peek(1).word in _FIRST_OF_TWO[token.word]:
        c.next()
        return f"{token.word} {c.next().word}".lower()
    name = c.qualified("a type")
    if name.schema == "pg_catalog":
        return name.name
    return str(name)


def _arguments(c: Cursor, name: str) -> dict[str, object]:
    if name in ("enum", "set"):
        values = tuple(c.list_of(c.string)) if not c.at_hole() else None
        if values is None:
            c.finish()
        return {"values": values}
    if not c.at_end():
        c.source.assign(c.peek().start, c.tokens[c.stop - 1].end, "syntax")
    if name in _WIDTHS:
        return {}
    first = c.integer()
    second = c.integer() if c.take(",") else None
    if first is None:
        return {}
    if name == "numeric":
        return {"precision": first, "scale": second}
    if name in _PRECISE:
        return {"precision": first}
    if second is not None:
        return {"precision": first, "scale": second}
    return {"length": first}


def _attributes(c: Cursor) -> dict[str, object]:
    """MySQL's words after a type, and COLLATE."""
    changes: dict[str, object] = {}
    while True:
        if c.source.mysql and c.choose("UNSIGNED", "ZEROFILL"):
            changes["unsigned"] = True
        elif c.source.mysql and c.choose("SIGNED", "BINARY", "ASCII", "UNICODE"):
            pass
        elif c.take("CHARACTER", "SET") or (c.source.mysql and c.choose("CHARSET")):
            c.take("=")
            changes["charset"] = read_word(c)
        elif c.take("COLLATE"):
            c.take("=")
            changes["collation"] = str(c.qualified("a collation"))
        else:
            return changes


def read_word(c: Cursor) -> str | None:
    """Return the name of a character set, a collation or the like; None where it is a hole."""
    known = not c.at_hole()
    token = c.next()
    return c.source.text[token.start : token.end].strip("'\"`").lower() if known else None


def _dimensions(c: Cursor) -> int:
    if c.take("ARRAY"):
        _bounds(c)
        return 1
    dimensions = 0
    while _bounds(c):
        dimensions += 1
    return dimensions


def _bounds(c: Cursor) -> bool:
    if not c.take("["):
        return False
    c.integer()
    c.expect("]")
    return True
