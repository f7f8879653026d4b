"""What PostgreSQL's catalogue says, as tables and as the lines that a reader sees."""

from __future__ import annotations

import json
import re

from .postgresql_wire import Row
from .protocol import Column, ForeignKey, Table

_SHORT = (
    ("character varying", "varchar"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("time without time zone", "time"),
    ("time with time zone", "timetz"),
)
_CAST = re.compile(
    r"::(?:character varying|timestamp with(?:out)? time zone|double precision|\"[^\"]+\"|[\w.]+)"
    r"(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)

# What the server makes of `IN (...)` and `NOT IN (...)`.
_ITEMS = r"ARRAY\[((?:'(?:[^']|'')*'|[^'\]])*)\]"
_LIST = re.compile(rf"(= ANY|<> ALL) (?:\({_ITEMS}\)|\(\({_ITEMS}\)\))")


def short(type_: str) -> str:
    """Return a type as people write it: varchar(80), timestamptz."""
    for long, written in _SHORT:
        type_ = type_.replace(long, written)
    return re.sub(r"^(timestamp|time)(\(\d\)) with(out)? time zone", r"\1\2", type_)


def literal_default(sql: str | None) -> str | None:
    """Return a default without the casts that the server adds; None for none, or for NULL."""
    text = None if sql is None else _CAST.sub("", sql)
    return None if text == "NULL" else text


def table_of(row: Row, columns: list[Row], constraints: list[Row], indexes: list[Row]) -> Table:
    """Return the table of a row of the relations, with what belongs to it."""
    name = str(row[1])
    made = tuple(_column(column) for column in columns)
    keys = {"p": [], "u": [], "f": [], "c": []}  # type: dict[str, list[Row]]
    for constraint in constraints:
        keys.setdefault(str(constraint[2]), []).append(constraint)
    uniques = [_names(one[4]) for one in keys["u"]] + [
        _names(index[5])[: int(index[7] or 0)]
        for index in indexes
        if index[3] == "t" and index[6] == "f"
    ]
    lines = [*_table_lines(row), *(_column_line(name, column) for column in columns)]
    lines += [_constraint_line(name, constraint) for constraint in constraints]
    lines += [_index_line(name, index) for index in indexes]
    return Table(
        columns=made,
        primary_key=_names(keys["p"][0][4]) if keys["p"] else (),
        uniques=tuple(sorted(uniques)),
        foreign_keys=tuple(
            ForeignKey(_names(one[4]), str(one[5]), _names(one[6])) for one in keys["f"]
        ),
        checks=tuple(_plain_check(str(one[3])) for one in keys["c"]),
        lines={line: line for line in lines},
    )


def _table_lines(row: Row) -> list[str]:
    name, kind, persistence = row[1], row[2], row[3]
    word = {"p": "partitioned table", "f": "foreign table"}.get(str(kind), "table")
    word = "unlogged " + word if persistence == "u" else word
    lines = [f"{word} {name}"]
    lines += [f"table {name} WITH ({row[6]})"] if row[6] else []
    lines += [f"table {name} ENABLE ROW LEVEL SECURITY"] if row[7] == "t" else []
    lines += [f"table {name} FORCE ROW LEVEL SECURITY"] if row[8] == "t" else []
    lines += [f"table {name} GRANTED {row[9]}"] if row[9] else []
    lines += [f"table {name} COMMENT {row[10]!r}"] if row[10] else []
    lines += [f"table {name} PARTITION BY {row[11]}"] if row[11] else []
    if row[13]:
        bound = f"PARTITION OF {row[13]} {row[12]}" if row[12] else f"INHERITS {row[13]}"
        lines.append(f"table {name} {bound}")
    return lines


def _column(row: Row) -> Column:
    generated = bool(row[6]) or row[5] == "a"
    default = None if row[6] else literal_default(row[4])
    return Column(str(row[1]), short(str(row[2])), row[3] == "f", default, generated)


def _column_line(table: str, row: Row) -> str:
    line = f"column {table}.{row[1]} {short(str(row[2]))}"
    line += " NOT NULL" if row[3] == "t" else ""
    line += f" COLLATE {row[7]}" if row[7] else ""
    if row[6]:
        line += f" GENERATED ALWAYS AS ({row[4]}) {'STORED' if row[6] == 's' else 'VIRTUAL'}"
    elif row[5]:
        line += f" GENERATED {'ALWAYS' if row[5] == 'a' else 'BY DEFAULT'} AS IDENTITY"
    elif row[10] and str(row[4]).startswith("nextval("):
        line += " DEFAULT nextval(its own sequence)"  # whatever its name has become
    elif (default := literal_default(row[4])) is not None:
        line += f" DEFAULT {default}"
    line += f" COMMENT {row[8]!r}" if row[8] else ""
    return line + (f" GRANTED {row[9]}" if row[9] else "")


def _constraint_line(table: str, row: Row) -> str:
    name, kind, text = row[1], row[2], str(row[3])
    if kind == "c":
        return f"check {name} on {table}: {_plain_check(text)}" + _unvalidated(text)
    if kind == "x":
        return f"exclusion {name} on {table}: {text}"
    columns = ", ".join(_names(row[4]))
    if kind == "p":
        return f"primary key {name} of {table} ({columns})"
    rest = text.partition(")")[2]
    if kind == "u":
        return f"unique {name} on {table} ({columns}){rest}"
    rest = text.partition(" REFERENCES ")[2].partition(")")[2]
    parents = ", ".join(_names(row[6]))
    return f"foreign key {name} on {table} ({columns}) to {row[5]} ({parents}){rest}"


def _plain_check(text: str) -> str:
    inner = re.sub(r" (?:NOT VALID|NO INHERIT|NOT ENFORCED)", "", text)[len("CHECK ") :]
    bare = _CAST.sub("", inner[1:-1] if inner.startswith("(") else inner)
    bare = re.sub(r"\((\(\w+\))\)", r"\1", bare)  # what the cast had put in parentheses
    return _LIST.sub(lambda m: f"{'IN' if m[1] == '= ANY' else 'NOT IN'} ({m[2] or m[3]})", bare)


def _unvalidated(text: str) -> str:
    return " NOT VALID" if text.endswith(" NOT VALID") else ""


def _index_line(table: str, row: Row) -> str:
    method = str(row[2]).partition(" USING ")[2]
    method = method[len("btree ") :] if method.startswith("btree ") else method
    kind = "unique index" if row[3] == "t" else "index"
    return f"{kind} {row[1]} on {table} {method}" + ("" if row[4] == "t" else " INVALID")


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def view_of(row: Row) -> tuple[tuple[str, str], str]:
    """Return what a view is known by, and its line."""
    kind = "view" if row[2] == "v" else "materialized view"
    more = [f"GRANTED {row[9]}"] if row[9] else []
    more += [f"WITH ({row[6]})"] if row[6] else []
    return (kind, str(row[1])), f"{kind} {row[1]}: {' '.join([_line(row[14]), *more])}"


def others_of(others: list[Row]) -> dict[tuple[str, str], str]:
    """Return the lines of all that is no table and no view."""
    found: dict[tuple[str, str], str] = {}
    for kind, name, text in others:
        rest = f": {_line(text)}" if text else ""
        found[str(kind), f"{name} {text}" if kind == "trigger" else str(name)] = (
            f"{kind} {name}{rest}"
        )
    return found


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
