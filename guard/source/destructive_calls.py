"""Calls of ordinary code that drop or empty tables: by SQL text, or by SQLAlchemy's methods."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Literal

from guard.facts import DestructiveCall
from guard.operations import (
    Delete,
    DropColumn,
    DropDatabase,
    DropSchema,
    DropTable,
    Operation,
    Truncate,
)
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.source.bindings import Scope
from guard.source.meanings import Defined, Method, Named, Object
from guard.source.provenance import Provenance
from guard.sql import Hole, read_sql

_WORDS = r"(drop\s+(?:table|schema|database)|truncate|alter\s+table|delete\s+from)\b"
_HINT = lazy_re(rf"{_WORDS}|\.drop(_all)?\b|\bdelete\(", re.I)
_EXECUTES = {"execute", "executescript", "exec_driver_sql", "executemany", "scalar", "scalars"}
_STARTS = lazy_re(rf"\s*(--[^\n]*\n\s*)*{_WORDS}", re.I)
Action = Literal["drop", "drop column", "drop schema", "drop database", "truncate", "delete"]
_OPENS, _CLOSES = "\x01", "\x02"
_ALEMBIC = lazy_re(r"^\s*(from|import) alembic\b", re.M)


def may_destroy(text: str) -> bool:
    """Return whether the text may hold such a call; what uses Alembic is judged as a revision."""
    return bool(_HINT.search(text)) and not _ALEMBIC.search(text)


def find_destructive(source: PythonSource, where: Provenance) -> Iterator[DestructiveCall]:
    """Yield the calls of the file that drop or empty tables."""
    chosen = {
        id(node.func): keyword.value
        for node, _ in where.nodes
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "tables"
    }
    for node, scope in where.nodes:
        if isinstance(node, ast.Attribute) and node.attr in ("drop", "drop_all"):
            tables = _dropped(node, scope, where, chosen.get(id(node)))
            if tables:
                yield _fact(source, node, "drop", tables)
        elif isinstance(node, ast.Call) and node.args and _name(node) in _EXECUTES:
            yield from _executed(source, node, scope, where)
            if (tables := _deleted(node.args[0], scope, where)) is not None:
                yield _fact(source, node, "delete", tables)
        elif isinstance(node, ast.Call) and (tables := _queried(node, scope, where)) is not None:
            yield _fact(source, node, "delete", tables)


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _fact(source: PythonSource, node: ast.expr, action: Action, tables: str) -> DestructiveCall:
    code = ast.unparse(node)
    return DestructiveCall(span=source.span(node), does=action, tables=tables, code=code)


# SQLAlchemy's methods


def _dropped(
    node: ast.Attribute, scope: Scope, where: Provenance, chosen: ast.expr | None
) -> str | None:
    """Return the tables that `x.drop` or `x.drop_all` drops, None where it is none of theirs.

    `chosen` are those that it is given, where it is given any.
    """
    owner = node.value
    match where.meaning(node, scope):
        case Method(receiver=Object(kind="table"), name="drop"):
            return _table(owner, scope, where)
        case Method(receiver=Object(kind="metadata" | "flask"), name="drop_all"):
            pass
        case _ if node.attr == "drop_all" and getattr(owner, "attr", "") == "metadata":
            pass
        case _ if node.attr == "drop" and getattr(owner, "attr", "") == "__table__":
            return _table(owner, scope, where)
        case _:
            return None
    whole = ast.unparse(owner)
    return f"{ast.unparse(chosen)} of {whole}" if chosen is not None else f"every table of {whole}"


def _table(node: ast.expr, scope: Scope, where: Provenance) -> str:
    """Return the name of a table, or the code that gives it."""
    if isinstance(node, ast.Attribute) and node.attr == "__table__":
        model = where.meaning(node.value, scope)
        if isinstance(model, Defined):
            for binding in model.scope.bindings.get("__tablename__", ()):
                if isinstance(binding.value, ast.Constant):
                    return str(binding.value.value)
    return ast.unparse(node)


def _deleted(node: ast.expr, scope: Scope, where: Provenance) -> str | None:
    """Return the table of `delete(T)` and `T.__table__.delete()` without a condition."""
    if isinstance(node, ast.Name) and (holder := scope.holding(node.id)) is not None:
        bound = holder.bindings[node.id]
        if len(bound) == 1 and bound[0].how == "value" and isinstance(bound[0].value, ast.Call):
            return _deleted(bound[0].value, holder, where)
    if not isinstance(node, ast.Call):
        return None
    match where.meaning(node.func, scope):
        case Named(package="sqlalchemy" | "sqlmodel", last="delete") if len(node.args) == 1:
            return _table(node.args[0], scope, where)
        case Method(receiver=Object(kind="table"), name="delete") if not node.args:
            return _table(getattr(node.func, "value", node), scope, where)
    return None


def _queried(node: ast.Call, scope: Scope, where: Provenance) -> str | None:
    """Return the table of `session.query(T).delete()`."""
    match node.func:
        case ast.Attribute(
            attr="delete", value=ast.Call(func=ast.Attribute(attr="query"), args=[table]) as query
        ) if where.meaning(query, scope) == Object("query") or _is_model(table):
            return _table(table, scope, where)
    return None


def _is_model(node: ast.expr) -> bool:
    """Return whether it is called as a class: what else is queried is named in lower case."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name[:1].isupper() and not name.isupper()


# SQL text


def _executed(
    source: PythonSource, node: ast.Call, scope: Scope, where: Provenance
) -> Iterator[DestructiveCall]:
    marked = _text(node.args[0], scope, where)
    if marked is None or not _STARTS.search(marked):
        return
    text, holes = _with_holes(marked)
    for statement in read_sql(text, None, holes).statements:
        for operation in statement.operations:
            found = _destroyed(operation)
            if found is not None and not _made_here(found[1], node, scope):
                action, table, column = found
                yield _fact(source, node, action, column or table)


def _destroyed(operation: Operation) -> tuple[Action, str, str] | None:
    """Return what an operation does, to which table, and to which column of it."""
    match operation:
        case DropTable(table=table):
            return "drop", str(table), ""
        case DropSchema(name=name):
            return "drop schema", str(name), ""
        case DropDatabase(name=name):
            return "drop database", str(name), ""
        case Truncate(table=table):
            return "truncate", str(table), ""
        case Delete(table=table, all_rows=True):
            return "delete", str(table), ""
        case DropColumn(table=table, column=column):
            return "drop column", str(table), f"{table}.{column}"
    return None


def _text(node: ast.expr, scope: Scope, where: Provenance) -> str | None:
    """Return the text of an expression, with what is put into it between `_OPENS` and `_CLOSES`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_piece(value) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first, second = _text(left, scope, where), _text(right, scope, where)
            if first is None:
                return None
            return first + (second if second is not None else _piece(right))
        case ast.BinOp(left=left, op=ast.Mod()):
            whole = _text(left, scope, where)
            return whole and re.sub(r"%s|%\((\w+)\)s", _hole, whole)
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            whole = _text(value, scope, where)
            return whole and re.sub(r"\{(\w*)\}", _hole, whole)
        case ast.Call(args=[first, *_]) if _is_text(node, scope, where):
            return _text(first, scope, where)
        case ast.Name(id=name):
            holder = scope.holding(name)
            found = holder.bindings[name] if holder else []
            if holder is not None and len(found) == 1 and found[0].how == "value":
                said = found[0].value
                return _text(said, holder, where) if said is not None else None
    return None


def _is_text(node: ast.Call, scope: Scope, where: Provenance) -> bool:
    called = where.meaning(node.func, scope)
    return isinstance(called, Named) and called.last in ("text", "DDL", "dedent", "SQL")


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    return f"{_OPENS}{ast.unparse(inner)}{_CLOSES}"


def _hole(match: re.Match[str]) -> str:
    return f"{_OPENS}{match[1] or '...'}{_CLOSES}"


def _with_holes(marked: str) -> tuple[str, tuple[Hole, ...]]:
    """Return the text with `{code}` for what is put into it, and where these stand."""
    text = ""
    holes = []
    for number, part in enumerate(re.split(f"{_OPENS}([^{_CLOSES}]*){_CLOSES}", marked)):
        written = "{" + part + "}" if number % 2 else part
        if number % 2:
            holes.append(Hole(len(text), len(text) + len(written), part))
        text += written
    return text, tuple(holes)


def _made_here(table: str, node: ast.AST, scope: Scope) -> bool:
    """Whether the same function makes the table: before, or as a temporary one."""
    bare = re.escape(table.rpartition(".")[2])
    name = rf"(?:table|schema|database)\s+(if\s+not\s+exists\s+)?(\w+\.)?[\"`\[]?{bare}\b"
    made = re.compile(rf"create\s+(\w+\s+)*{name}", re.I)
    temporary = re.compile(rf"create\s+(\w+\s+)*temp(orary)?\s+{name}", re.I)
    for text in ast.walk(scope.block):
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            before = text.lineno < getattr(node, "lineno", 0)
            if temporary.search(text.value) or (before and made.search(text.value)):
                return True
    return False
