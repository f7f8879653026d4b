"""Each object of a schema in one line of words, and how two schemas differ by these lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from guard.operations import Column, Constraint
from guard.schema.model import Domain, EnumType, Index, Object, StoredConstraint, Table, View


class Line(msgspec.Struct, frozen=True):
    """An object in words; only where that is `certain` does its lack mean anything."""

    text: str
    certain: bool


def column_text(column: Column) -> str:
    """Return a column's type and properties: `varchar(20) not null default 'x'`."""
    parts = [str(column.type) if column.type else "(type not read)"]
    if column.type and column.type.unsigned:
        parts.append("unsigned")
    if not column.nullable:
        parts.append("not null")
    if column.default:
        sql = column.default.sql
        parts.append("default " + ("(not read)" if sql is None else sql))
    if column.generated:
        parts.append(column.generated.by)
        if column.generated.sql:
            stored = " stored" if column.generated.stored else ""
            parts.append(f"({column.generated.sql}){stored}")
    return " ".join(parts)


def constraint_text(constraint: Constraint) -> str:
    """Return the demand of a constraint: `foreign key (a) references b (id) on delete cascade`."""
    columns = f" ({', '.join(constraint.columns)})" if constraint.columns else ""
    text: str = constraint.type
    if constraint.type in ("check", "exclude") and constraint.sql:
        text += f" ({constraint.sql})"
    else:
        text += columns
    if constraint.target:
        target = f" ({', '.join(constraint.target_columns)})" if constraint.target_columns else ""
        text += f" references {constraint.target}{target}"
    if constraint.on_delete:
        text += f" on delete {constraint.on_delete.lower()}"
    if constraint.on_update:
        text += f" on update {constraint.on_update.lower()}"
    return text + (" not valid" if constraint.not_valid else "")


def index_text(index: Index) -> str:
    """Return the columns and rows of an index: `unique index (a, b) where c > 0`."""
    text = f"{'unique ' if index.unique else ''}index ({', '.join(index.columns)})"
    if index.method and index.method.lower() != "btree":
        text += f" using {index.method.lower()}"
    if index.where:
        text += f" where {index.where}"
    return text + ("" if index.valid else " invalid")


def object_text(item: Object) -> str:
    """Return the kind, the name and the parts of an object: `enum status (new, paid)`."""
    kind, detail = item.object_type, ""
    if isinstance(item, EnumType):
        detail = f" ({', '.join(item.values)})" if item.values is not None else ""
    elif isinstance(item, Domain):
        detail = f" {item.type}" if item.type else ""
        detail += " constrained" if item.constrained else ""
    elif isinstance(item, View):
        kind = "materialized view" if item.materialized else kind
        detail = f" ({', '.join(item.columns)})" if item.columns is not None else ""
    return f"{kind} {item.name}{detail}"


def lines_of(tables: Iterable[Table], objects: Iterable[Object]) -> dict[str, Line]:
    """Return a line for each object, by its kind and name."""
    lines: dict[str, Line] = {}
    for table in tables:
        if not table.temporary:
            lines |= dict(_table_lines(table))
    for item in objects:
        name = f"{item.object_type} {item.name}"
        lines[name] = Line(object_text(item), item.certain)
    return lines


def _table_lines(table: Table) -> Iterator[tuple[str, Line]]:
    # A table that an ALTER is the first to name was there all the time.
    yield f"table {table.name}", Line(f"table {table.name}", table.certain and table.complete)
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        yield name, Line(f"{name} {column_text(column)}", table.certain and column.certain)
    parts: list[tuple[StoredConstraint | Index, str]] = [
        *((constraint, constraint_text(constraint)) for constraint in table.constraints),
        *((index, index_text(index)) for index in table.indexes),
    ]
    for part, text in parts:
        name = f"{table.name}: {part.name or text}"
        written = f"{table.name}: {part.name} {text}" if part.name else name
        yield name, Line(written, table.certain and part.certain)
    for item in table.objects:
        text = f"{table.name}: {object_text(item)}"
        yield text, Line(text, table.certain and item.certain)


def difference(before: dict[str, Line], after: dict[str, Line]) -> tuple[str, ...]:
    """Return the lines that only one of the two has, `- ` before and `+ ` after, by their names."""
    found = []
    for name in sorted({**before, **after}):
        old, new = before.get(name), after.get(name)
        if old == new or not all(line.certain for line in (old, new) if line):
            continue
        if old:
            found.append(f"- {old.text}")
        if new:
            found.append(f"+ {new.text}")
    return tuple(found)
