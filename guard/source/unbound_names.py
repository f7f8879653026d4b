"""Names that a model uses while its class is made, and that nothing has bound by then."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from guard.facts import UnboundName
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.source.bindings import Scope, all_arguments
from guard.source.meanings import Named
from guard.source.provenance import Provenance

_ALWAYS = frozenset(dir(builtins)) | {
    "__file__", "__path__", "__annotations__", "__builtins__", "__module__", "__qualname__",
    "__class__", "reveal_type", "WindowsError",
}  # fmt: skip
_BINDS_BY_NAME = lazy_re(r"\b(globals|locals|vars|exec|__import__)\s*\(|\b__getattr__\b")
_COLUMNS = {"Column", "mapped_column", "relationship"}
# What models use, by the module that exports it.
_EXPORTS = {
    "sqlalchemy": (
        "ARRAY BigInteger BINARY BLOB BOOLEAN Boolean CHAR CheckConstraint Column Computed DATE "
        "Date DateTime DDL DECIMAL Double Enum Float ForeignKey ForeignKeyConstraint Identity "
        "Index INTEGER Integer Interval JSON LargeBinary MetaData Numeric PickleType "
        "PrimaryKeyConstraint Sequence SmallInteger String Table Text Time TIMESTAMP Unicode "
        "UnicodeText UniqueConstraint Uuid VARCHAR and_ case cast desc event false func literal "
        "not_ null or_ select text true type_coerce"
    ),
    "sqlalchemy.orm": (
        "backref column_property composite DeclarativeBase declarative_base declared_attr deferred "
        "Mapped mapped_column MappedAsDataclass relationship synonym validates WriteOnlyMapped "
        "DynamicMapped"
    ),
    "sqlalchemy.dialects.postgresql": "JSONB TSVECTOR INET CIDR BYTEA HSTORE ExcludeConstraint",
    "sqlalchemy.ext.hybrid": "hybrid_property hybrid_method",
    "sqlalchemy.ext.associationproxy": "association_proxy",
    "sqlalchemy.ext.mutable": "MutableDict MutableList",
    "typing": "Any Optional Union List Dict Literal ClassVar Annotated",
    "decimal": "Decimal",
    "datetime": "timedelta timezone date",
}
_FROM = {name: module for module, names in _EXPORTS.items() for name in names.split()}
_MODULES = {"uuid": "import uuid", "enum": "import enum", "sa": "import sqlalchemy as sa"}


def find_unbound(source: PythonSource, where: Provenance) -> Iterator[UnboundName]:
    """Yield the unbound names of the models and tables that the file defines."""
    if where.top.has_star or _BINDS_BY_NAME.search(source.text):
        return
    seen: set[tuple[str, str]] = set()
    deferred = "from __future__ import annotations" in source.text
    for model, node, scope, annotates in _uses(where):
        name = node.id
        if name in _ALWAYS or (model, name) in seen or (annotates and deferred):
            continue
        if annotates and name not in _FROM:
            continue  # a class that the registry knows, maybe
        bound = _bound(node, scope, where)
        if bound is True:
            continue
        seen.add((model, name))
        yield UnboundName(
            span=source.span(node),
            name=name,
            model=model,
            later=bound or None,
            imported=None if bound else _import_line(name, source.text),
        )


def _uses(where: Provenance) -> Iterator[tuple[str, ast.Name, Scope, bool]]:
    """Yield the names that are read while a model is made, and whether they annotate."""
    annotations: set[int] = set()
    models: dict[int, bool] = {}
    tables: dict[int, str] = {}
    for node, scope in where.nodes:
        if isinstance(node, ast.AnnAssign | ast.FunctionDef | ast.AsyncFunctionDef):
            annotations |= {id(n) for one in _annotations(node) for n in ast.walk(one)}
        elif isinstance(node, ast.Call) and _is_table(node, scope, where):
            name = ast.unparse(node.args[0]).strip("'")
            tables |= {id(inner): f"table {name}" for inner in ast.walk(node)}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            block = scope.block
            if isinstance(block, ast.ClassDef):
                if id(block) not in models:
                    models[id(block)] = _is_model(block, scope, where)
                if models[id(block)]:
                    yield block.name, node, scope, id(node) in annotations
            elif id(node) in tables and isinstance(block, ast.Module):
                yield tables[id(node)], node, scope, False


def _annotations(
    node: ast.AnnAssign | ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        yield node.annotation
        return
    said = [node.returns, *(argument.annotation for argument in all_arguments(node.args))]
    yield from (annotation for annotation in said if annotation is not None)


def _is_table(node: ast.Call, scope: Scope, where: Provenance) -> bool:
    if not node.args or scope is not where.top:
        return False
    called = where.meaning(node.func, scope)
    return (
        isinstance(called, Named)
        and called.name.startswith("sqlalchemy")
        and (called.last == "Table")
    )


def _is_model(block: ast.ClassDef, scope: Scope, where: Provenance) -> bool:
    """Whether it is mapped, or holds columns: a mixin."""
    if "__tablename__" in scope.bindings:
        return True
    for statement in block.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call):
            called = where.meaning(value.func, scope)
            if isinstance(called, Named) and called.last in _COLUMNS:
                return True
    meaning = where.name(block.name, scope.parent) if scope.parent else None
    return where.is_mapped(meaning)


def _bound(node: ast.Name, scope: Scope, where: Provenance) -> bool | int:
    """Return whether the name is bound when it is read; the line where it is bound too late."""
    place = (node.lineno, node.col_offset)
    later = 0
    for each in scope.around():
        if node.id not in each.bindings:
            continue
        if isinstance(each.block, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return True  # called when it is filled
        lines = [_line(binding.node) for binding in each.bindings[node.id]]
        if any(line < place for line in lines):
            return True
        later = later or min(lines)[0]
    if any(_declares_global(other, node.id) for other, _ in where.nodes):
        return True
    return later or False


def _line(node: ast.AST) -> tuple[int, int]:
    if isinstance(node, ast.arg | ast.stmt | ast.expr | ast.ExceptHandler):
        return node.lineno, node.col_offset
    return 0, 0


def _declares_global(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Global) and name in node.names


def _import_line(name: str, text: str) -> str | None:
    if name == "datetime":
        whole = re.search(r"\bdatetime\.(datetime|date|timezone)\b", text)
        return "import datetime" if whole else "from datetime import datetime"
    if name in _MODULES:
        return _MODULES[name]
    return f"from {_FROM[name]} import {name}" if name in _FROM else None
