"""The tables that models describe, as they are written: for the conventions of a project."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from guard.facts import WrittenColumn, WrittenTable
from guard.python_source import PythonSource
from guard.source.bindings import Scope
from guard.source.meanings import Defined, Meaning, Named
from guard.source.provenance import Provenance

_COLUMN = {"Column", "mapped_column", "Field"}
_KEYS = {"Index", "UniqueConstraint", "PrimaryKeyConstraint"}


def find_tables(source: PythonSource, where: Provenance) -> Iterator[WrittenTable]:
    """Yield the tables that the file defines, by mapped classes and by `Table(...)`."""
    indexes = dict(_indexes_beside(where))
    for node, scope in where.nodes:
        if isinstance(node, ast.ClassDef):
            table = _of_class(source, node, scope, where)
            if table is not None:
                more = tuple(indexes.get(node.name, ()))
                yield msgspec.structs.replace(table, indexed=table.indexed + more)
        elif isinstance(node, ast.Call) and len(node.args) > 1:
            called = where.meaning(node.func, scope)
            if _is_sqlalchemy(called, {"Table"}):
                table = _of_call(source, node, scope, where)
                if table is not None:
                    yield table


# Mapped classes


def _of_class(
    source: PythonSource, node: ast.ClassDef, scope: Scope, where: Provenance
) -> WrittenTable | None:
    of = where.defined(node, scope)
    name = _table_name(node, of, where)
    if name is None or not where.is_mapped(of):
        return None
    lineage = list(where.lineage(of))
    classes = [each for each in lineage if isinstance(each, Defined)]
    columns = tuple(_columns_of(source, of, where))
    inherited = [c for each in classes[1:] for c in _columns_of(source, each, where)]
    keys = [key for each in classes for key in _keys_of(each, where)]
    bases = sum(len(each.node.bases) for each in classes if isinstance(each.node, ast.ClassDef))
    return WrittenTable(
        span=source.span_of_name(node),
        table=name,
        model=node.name,
        columns=columns,
        keyed=any(c.primary_key for c in (*columns, *inherited))
        or any(kind == "PrimaryKeyConstraint" for kind, _ in keys),
        indexed=tuple(first for _, first in keys if first),
        whole=len(lineage) - 1 == bases,
    )


def _table_name(node: ast.ClassDef, of: Defined, where: Provenance) -> str | None:
    """Return the name of its own table, None where it has none or that is computed."""
    if "__abstract__" in of.scope.bindings:
        return None
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=name))
                | ast.AnnAssign(target=ast.Name(id="__tablename__"), value=ast.Constant(value=name))
            ):
                return str(name)
    sqlmodel = any(k.arg == "table" and ast.unparse(k.value) == "True" for k in node.keywords)
    return node.name.lower() if sqlmodel else None


def _columns_of(source: PythonSource, of: Defined, where: Provenance) -> Iterator[WrittenColumn]:
    if not isinstance(of.node, ast.ClassDef):
        return
    for statement in of.node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                annotation = None
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
                annotation = statement.annotation
            case _:
                continue
        if _is_sqlalchemy(where.meaning(call.func, of.scope), _COLUMN):
            yield _column(source, name, call, annotation, of.scope, where)


def _keys_of(of: Defined, where: Provenance) -> Iterator[tuple[str, str]]:
    """Yield the kind and the first column of each key and index in `__table_args__`."""
    body = of.node.body if isinstance(of.node, ast.ClassDef) else []
    for statement in body:
        if "__table_args__" in ast.unparse(statement)[:40]:
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    yield from _key(node, of.scope, where)


def _key(node: ast.Call, scope: Scope, where: Provenance) -> Iterator[tuple[str, str]]:
    called = where.meaning(node.func, scope)
    if isinstance(called, Named) and _is_sqlalchemy(called, _KEYS):
        columns = node.args[1:] if called.last == "Index" else node.args
        yield called.last, _column_name(columns[0]) if columns else ""


def _column_name(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(name)) | ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _indexes_beside(where: Provenance) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns that an `Index(name, Model.column)` beside the classes begins with."""
    found: dict[str, list[str]] = {}
    for node, scope in where.nodes:
        if isinstance(node, ast.Call) and scope is where.top and len(node.args) > 1:
            first = node.args[1]
            if not isinstance(first, ast.Attribute) or not isinstance(first.value, ast.Name):
                continue
            if _is_sqlalchemy(where.meaning(node.func, scope), {"Index"}):
                found.setdefault(first.value.id, []).append(first.attr)
    yield from found.items()


# Table(...)


def _of_call(
    source: PythonSource, node: ast.Call, scope: Scope, where: Provenance
) -> WrittenTable | None:
    name = node.args[0]
    parts = [part for part in node.args[2:] if isinstance(part, ast.Call)]
    if not isinstance(name, ast.Constant) or not parts:
        return None  # computed, or read from the database
    columns, keys = [], []
    for part in parts:
        called = where.meaning(part.func, scope)
        if _is_sqlalchemy(called, {"Column"}) and part.args:
            label = _column_name(part.args[0])
            columns.append(_column(source, label, part, None, scope, where))
        keys += list(_key(part, scope, where))
    return WrittenTable(
        span=source.span(name),
        table=str(name.value),
        model=f"Table {name.value!s}",
        columns=tuple(columns),
        keyed=any(c.primary_key for c in columns)
        or any(k == "PrimaryKeyConstraint" for k, _ in keys),
        indexed=tuple(first for _, first in keys if first),
        whole=len(parts) == len(node.args) - 2
        and not any(k.arg in (None, "autoload", "autoload_with") for k in node.keywords),
    )


# Columns


def _column(
    source: PythonSource,
    name: str,
    call: ast.Call,
    annotation: ast.expr | None,
    scope: Scope,
    where: Provenance,
) -> WrittenColumn:
    said = {k.arg: k.value for k in call.keywords}
    key = _is_true(said.get("primary_key"))
    inside = [n for n in call.args if isinstance(n, ast.Call)]
    nullable = _said_nullable(said.get("nullable"), annotation)
    return WrittenColumn(
        name=name,
        span=source.span(call),
        nullable=False if key else nullable,
        primary_key=key,
        foreign_key="foreign_key" in said
        or any(_is_sqlalchemy(where.meaning(n.func, scope), {"ForeignKey"}) for n in inside),
        indexed=_is_true(said.get("index")) or _is_true(said.get("unique")),
    )


def _said_nullable(said: ast.expr | None, annotation: ast.expr | None) -> bool | None:
    if said is not None:
        return _is_true(said)
    if annotation is None:
        return None
    text = ast.unparse(annotation)
    return "Optional[" in text or "None" in text


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_sqlalchemy(meaning: Meaning | None, names: set[str]) -> bool:
    if isinstance(meaning, Named):
        return meaning.package in ("sqlalchemy", "sqlmodel") and meaning.last in names
    return False
