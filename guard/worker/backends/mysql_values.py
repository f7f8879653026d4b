"""Values for the types of MariaDB and MySQL."""

from __future__ import annotations

import re
import struct
from typing import Any

from ..json_shapes import Shape
from ..seed import value_for as common_value
from .protocol import Column

_LISTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'")
_MOST = {"tinyint": 127, "smallint": 32767, "mediumint": 8388607}
_WKB = {"point": 1, "geometry": 1, "linestring": 2, "polygon": 3}
_MANY = {"multipoint": (4, 1), "multilinestring": (5, 2), "multipolygon": (6, 3)}


def members_of(type_: str) -> tuple[str, ...]:
    """Return the members of an ENUM or a SET; none of another type."""
    if not type_.lower().startswith(("enum(", "set(")):
        return ()
    return tuple(one.replace("''", "'") for one in _LISTED.findall(type_))


def value_for(column: Column, number: int, used: Shape | None) -> Any:
    """Return a value that the column may well hold, another for each number.

    `used` is the shape in which code takes it apart.
    """
    type_ = column.type.lower()
    name = re.split(r"[( ]", type_)[0]
    size = re.search(r"\((\d+)(?:,(\d+))?\)", type_)
    if members := members_of(column.type):
        return members[number % len(members)]
    if type_ == "tinyint(1)":
        return number % 2
    if name in _MOST:
        return number if number <= _MOST[name] else number % (_MOST[name] + 1)
    if name == "year":
        return 1971 + number % 180
    if name == "bit":
        return number % 2 ** int(size[1] if size else 1)
    if name in ("decimal", "numeric"):
        return _decimal(number, int(size[1]) if size else 10, int(size[2] or 0) if size else 0)
    if name in _WKB or name in _MANY or name.startswith("geom"):
        return struct.pack("<I", 0) + _shape(name, number)
    if name in ("binary", "varbinary") and size:
        return str(number).encode()[-int(size[1]) :]
    if name in ("inet4", "inet6"):
        high, low = divmod(number, 250)
        return f"10.0.{high % 250}.{low}" if name == "inet4" else f"2001:db8::{number:x}"
    if name == "time":
        return f"12:{number % 60:02}:00"
    if name in ("datetime", "timestamp"):
        return f"20{10 + number % 20}-01-31 12:30:00"
    return common_value(column, number, used)


def _decimal(number: int, precision: int, scale: int) -> str:
    """Return a number with all the digits that the type keeps after the point."""
    whole = number % 10 ** max(precision - scale, 0)
    return f"{whole}.{'25'.ljust(scale, '0')[:scale]}" if scale else str(whole)


def _shape(name: str, number: int) -> bytes:
    """Return a geometry in the well-known binary format, little-endian."""
    if name in _MANY:
        kind, one = _MANY[name]
        inner = next(shape for shape, code in _WKB.items() if code == one)
        return struct.pack("<BII", 1, kind, 1) + _shape(inner, number)
    if name in ("geometrycollection", "geomcollection"):
        return struct.pack("<BII", 1, 7, 1) + _shape("point", number)
    x, kind = float(number % 80), _WKB[name]
    head = struct.pack("<BI", 1, kind)
    corners = {1: [(x, 1.0)], 2: [(x, 1.0), (x, 2.0)],
               3: [(x, 1.0), (x, 2.0), (x + 1, 2.0), (x, 1.0)]}[kind]  # fmt: skip
    count = struct.pack("<II", 1, len(corners)) if kind == 3 else struct.pack("<I", len(corners))
    points = b"".join(struct.pack("<dd", *corner) for corner in corners)
    return head + (b"" if kind == 1 else count) + points
