"""A replayed schema for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from guard.operations import Column
from guard.schema import Domain, EnumType, Other, Schema, Table, View
from guard.schema.describe import column_text, constraint_text, index_text, object_text

UNREAD = "{not read}"  # stands for a default that could not be read

# For people


def as_text(schema: Schema) -> str:
    """Return a listing of all tables with their columns, keys and indexes, then the rest."""
    blocks = ["\n".join(_table_text(table)) for table in schema.tables()]
    others = [object_text(item) + _remark(item.certain) for item in schema.objects()]
    if others:
        blocks.append("\n".join(others))
    if not schema.known:
        blocks.append("There may be tables that no revision names.")
    return "\n\n".join(blocks or ["The schema is empty."]) + "\n"


def _table_text(table: Table) -> Iterator[str]:
    remarks = [
        f"created by {table.created_by}" if table.created_by else "",
        "temporary" if table.temporary else "",
        "partitioned" if table.partitioned else "",
        f"partition of {table.partition_of}" if table.partition_of else "",
        "" if table.complete else "more may be in it",
        "" if table.certain else "not certain",
    ]
    said = ", ".join(filter(None, remarks))
    yield f"{table.name}" + (f"  ({said})" if said else "")
    width = max((len(column.name) for column in table.columns), default=0)
    for column in table.columns:
        yield f"  {column.name:<{width}}  {column_text(column)}{_remark(column.certain)}"
    for constraint in table.constraints:
        text = constraint_text(constraint) + _remark(constraint.certain)
        yield f"  {text}{_named(constraint.name)}"
    for index in table.indexes:
        yield f"  {index_text(index)}{_remark(index.certain)}{_named(index.name)}"
    for item in table.objects:
        yield f"  {object_text(item)}{_remark(item.certain)}"


def _remark(certain: bool) -> str:
    return "" if certain else "  (not certain)"


def _named(name: str | None) -> str:
    return f"  {name}" if name else ""


# For programs


def as_json(schema: Schema) -> str:
    """Return the schema as JSON, a contract: nothing in it is renamed or dropped.

    `{"dialect", "known", "tables": [...], "enums": [{"name", "schema", "values", ...}], "domains":
    [{..., "type", "constrained"}], "views": [{..., "columns", "materialized"}], "objects": [{...,
    "type"}]}`. A table is `{"name", "schema", "columns": [{"name", "type", "values" (of an
    enum or set that it names itself), "unsigned", "charset", "collation", "nullable", "default",
    "generated", ...}], "constraints": [{"type", "name", "columns", "sql", "references", "valid",
    ...}], "indexes": [{"name", "columns", "unique", "where", "method", "valid", ...}],
    "triggers", "partition_of", "temporary", "charset", "collation", "row_format", "complete",
    "filled_by", ...}`. All have `created_by`, the revision
    or null, and `certain`. A type that could not be read is null, such a default `{not read}`.
    """
    objects = schema.objects()
    document = {
        "dialect": schema.dialect,
        "known": schema.known,
        "tables": [_table_json(table) for table in schema.tables()],
        "enums": [
            _head(e) | {"values": None if e.values is None else list(e.values)}
            for e in objects
            if isinstance(e, EnumType)
        ],
        "domains": [
            _head(d) | {"type": d.type and str(d.type), "constrained": d.constrained}
            for d in objects
            if isinstance(d, Domain)
        ],
        "views": [
            _head(v) | {"columns": v.columns, "materialized": v.materialized}
            for v in objects
            if isinstance(v, View)
        ],
        "objects": [_head(o) | {"type": o.object_type} for o in objects if isinstance(o, Other)],
    }
    return json.dumps(msgspec.to_builtins(document), indent=2) + "\n"  # in ASCII


def _head(item: Table | EnumType | Domain | View | Other) -> dict[str, object]:
    name = item.name
    return {"name": name.name, "schema": name.schema} | _made(item.created_by, item.certain)


def _made(created_by: str | None, certain: bool) -> dict[str, object]:
    return {"created_by": created_by, "certain": certain}


def _table_json(table: Table) -> dict[str, object]:
    return {
        **_head(table),
        "columns": [
            {
                "name": column.name,
                "type": column.type and str(column.type),
                "values": column.type and column.type.values,
                "unsigned": column.type is not None and column.type.unsigned,
                "charset": column.type and column.type.charset,
                "collation": column.type and column.type.collation,
                "nullable": column.nullable,
                "default": _default(column),
                "generated": column.generated and column.generated.by,
                **_made(column.created_by, column.certain),
            }
            for column in table.columns
        ],
        "constraints": [
            {
                "type": constraint.type,
                "name": constraint.name,
                "columns": constraint.columns,
                "sql": constraint.sql,
                "references": constraint.target
                and {"table": str(constraint.target), "columns": constraint.target_columns},
                "valid": not constraint.not_valid,
                **_made(constraint.created_by, constraint.certain),
            }
            for constraint in table.constraints
        ],
        "indexes": [
            {
                "name": index.name,
                "columns": index.columns,
                "unique": index.unique,
                "where": index.where,
                "method": index.method,
                "valid": index.valid,
                **_made(index.created_by, index.certain),
            }
            for index in table.indexes
        ],
        "triggers": [item.name.name for item in table.objects if item.object_type == "trigger"],
        "partition_of": table.partition_of and str(table.partition_of),
        "temporary": table.temporary,
        "charset": table.storage.charset,
        "collation": table.storage.collation,
        "row_format": table.storage.row_format,
        "engine": table.storage.engine,
        "complete": table.complete,
        "filled_by": table.filled_by,
    }


def _default(column: Column) -> str | None:
    if column.default is None:
        return None
    return UNREAD if column.default.sql is None else column.default.sql
