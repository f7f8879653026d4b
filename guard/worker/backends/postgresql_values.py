"""Values for the types of PostgreSQL, as the text that its columns take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..json_shapes import Shape
from ..seed import value_for as common_value
from .postgresql_catalog import MadeType
from .protocol import Column

_SIZED = re.compile(r"([^(]+)\((\d+)(?:,(-?\d+))?\)")
# By type; {n} is another number each time, {b} one below 250.
_TEXTS = {
    "bit": "{bits}",
    "bit varying": "{bits}",
    "box": "(({n},1),(0,0))",
    "cidr": "10.{c}.{b}.0/24",
    "circle": "<(0,0),{n}>",
    "citext": "Ünï {n}",
    "hstore": "a=>{n}",
    "inet": "10.{c}.{b}.1",
    "interval": "{n} minutes",
    "line": "{{1,-1,{n}}}",
    "lseg": "((0,0),({n},1))",
    "ltree": "top.n{n}",
    "macaddr": "08:00:2b:01:{x}",
    "macaddr8": "08:00:2b:01:02:03:{x}",
    "money": "{n}.25",
    "oid": "{n}",
    "path": "((0,0),({n},1))",
    "pg_lsn": "0/{n}",
    "point": "({n},1)",
    "polygon": "((0,0),({n},1),(1,1))",
    "tsquery": "word{n}",
    "tsvector": "word{n}:1",
    "txid_snapshot": "{n}:{n}:",
    "xml": "<a>{n}</a>",
    "int4range": "[{n},{n1})",
    "int8range": "[{n},{n1})",
    "numrange": "[{n},{n1})",
    "daterange": "[20{y}-01-01,20{y}-02-01)",
    "tsrange": "[20{y}-01-01 00:00,20{y}-02-01 00:00)",
    "tstzrange": "[20{y}-01-01 00:00+00,20{y}-02-01 00:00+00)",
    "int4multirange": "{{[{n},{n1})}}",
    "int8multirange": "{{[{n},{n1})}}",
    "nummultirange": "{{[{n},{n1})}}",
    "geometry": "POINT({n} 1)",
    "geography": "POINT(1 1)",
}


def value_for(column: Column, number: int, used: Shape | None, made: Mapping[str, MadeType]) -> Any:
    """Return a value that the column may well hold, another for each number.

    `used` is the shape in which code takes it apart; `made` are the enums and domains there are.
    """
    type_ = column.type
    if type_.endswith("[]"):
        inner = value_for(column._replace(type=type_[:-2]), number, None, made)
        return "{" + _element(str(inner)) + "}"
    known = made.get(type_)
    if known and known.labels:
        return known.labels[number % len(known.labels)]
    if known and known.base:
        return value_for(column._replace(type=known.base), number, used, made)
    sized = _SIZED.fullmatch(type_)
    name = sized[1] if sized else type_
    size = int(sized[2]) if sized else 0
    if name in ("numeric", "decimal"):
        return _numeric(number, size, int(sized[3] or 0) if sized else 2)
    if name == "boolean":
        return "true" if number % 2 else "false"
    if name == "bytea":
        return str(number).encode()
    if name == "vector":
        return "[" + ",".join(["1"] * (size or 3)) + "]"
    text = _TEXTS.get(name)
    if text is None:
        plain = column._replace(type="integer" if name == "smallint" else type_)
        return common_value(plain, number, used)
    high, low = divmod(number, 250)
    return text.format(
        n=number,
        n1=number + 1,
        b=low,
        c=high % 250,
        x=f"{high % 256:02x}:{low:02x}",
        y=f"{10 + number % 80:02}",
        bits=f"{number:0{size or 1}b}"[-(size or (1 if name == "bit" else 64)) :],
    )


def _numeric(number: int, precision: int, scale: int) -> str:
    """Return a number with all the digits that the type keeps after the point."""
    if not precision:
        return f"{number}.25"
    whole = number % 10 ** max(precision - scale, 0)
    if scale <= 0:
        return str(number % 10**precision)
    return f"{whole}.{'25'.ljust(scale, '0')[:scale]}"


def _element(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
