"""A mapped class or a Table as its source has it, and what a revision uses of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from guard.facts import LiveModel

COLUMNS = {"Column", "mapped_column", "column"}


def live_model(statement: ast.stmt, bound: str, revision: ast.Module) -> LiveModel | None:
    """Return the model that a statement defines, None for any other code.

    `bound` is what the revision calls it.
    """
    match statement:
        case ast.ClassDef(name=name):
            table, columns = _table_of(statement), dict(_columns_of(statement))
            if table is None and not columns:
                return None
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(args=args) as call) if (
            _called(call) == "Table"
        ):
            table = _text(args[0]) if args else None
            calls = (arg for arg in args if isinstance(arg, ast.Call) and _called(arg) == "Column")
            columns = {t: t for c in calls if c.args and (t := _text(c.args[0]))}
        case _:
            return None
    mentioned = _mentioned(revision, bound)
    used = tuple(column for attribute, column in columns.items() if attribute in mentioned)
    return LiveModel(
        name=name, table=table, columns=tuple(columns.values()), used=used or (*columns.values(),)
    )


def _table_of(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__tablename__")], value=value):
                return _text(value)
            case ast.AnnAssign(target=ast.Name(id="__tablename__"), value=ast.expr() as value):
                return _text(value)
    is_table = any(k.arg == "table" and getattr(k.value, "value", 0) is True for k in node.keywords)
    return node.name.lower() if is_table else None  # as SQLModel does


def _columns_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yield attribute and column of each that is written in the class itself."""
    is_sqlmodel = any(keyword.arg == "table" for keyword in node.keywords)
    bases = [_last(base) for base in node.bases]
    makers = COLUMNS | {"Field"} if is_sqlmodel or "SQLModel" in bases else COLUMNS
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                if _called(call) in makers:
                    yield name, _column_name(call) or name
            case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
                written = isinstance(value, ast.Call) and _called(value) in makers
                if isinstance(value, ast.Call) and written:
                    yield name, _column_name(value) or name
                elif is_sqlmodel or (value is None and _is_mapped(annotation)):
                    yield name, name


def _is_mapped(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Subscript) and _last(annotation.value) == "Mapped"


def _column_name(call: ast.Call) -> str | None:
    return _text(call.args[0]) if call.args and _called(call) != "Field" else None


def _mentioned(revision: ast.Module, bound: str) -> set[str]:
    """The attributes and the arguments for the model that stand in the revision."""
    found = set()
    for node in ast.walk(revision):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Call):
            own = ast.unparse(node.func) == bound or _called(node) in ("values", "filter_by")
            found |= {keyword.arg or "" for keyword in node.keywords if own}
    return found


def _called(call: ast.Call) -> str:
    return _last(call.func)


def _last(node: ast.expr) -> str:
    name: str = getattr(node, "attr", getattr(node, "id", ""))
    return name


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
