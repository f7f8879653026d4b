"""Uses of what SQLAlchemy deprecated or removed on the way to 2.0, by what the objects are.

The pages behind it are the migration guide and the changelogs:
https://docs.sqlalchemy.org/en/20/changelog/migration_20.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from guard.facts import LegacyUse
from guard.finding import Edit
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.source.legacy_queries import GONE, MOVED, Use, of_call, of_name, of_subscript
from guard.source.provenance import Provenance

# What legacy code is written with; most files have none of it.
_HINT = lazy_re(
    r"ext\.declarative|\.get\(|\.(execute|scalar)\(|autocommit|subtransactions|select\(\s*\[|select"
    r"|case\(|mapper\(|\bbind\s*=|autoload|relation\(|from_self|load(_only)?\(|as_scalar|\band_\(\)"
    r"|or_\(\)|from_engine|table_names|has_table|convert_unicode|strategy=|\[[\"']|\.c\.|\.join\("
    r"|MetaData\(|close_all|eagerload|\.keys\(|\.items\(|defer\("
)
# What a try meets where a name or an argument is not there.
_MISSING = lazy_re(r"\b(ImportError|ModuleNotFoundError|AttributeError|TypeError)\b")
_VERSION = lazy_re(r"__version__|\bsqla(lchemy)?_?\w*", re.I)


def find_legacy(source: PythonSource, where: Provenance) -> tuple[LegacyUse, ...]:
    """Return the legacy uses of the file, in order."""
    return tuple(sorted(_found(source, where), key=lambda use: (use.span.line, use.span.column)))


def may_be_legacy(text: str) -> bool:
    """Return whether the text may hold legacy uses, at a cheap look."""
    return bool(_HINT.search(text))


def _found(source: PythonSource, where: Provenance) -> Iterator[LegacyUse]:
    elsewhere = set(_for_other_versions(where))
    for node, scope in where.nodes:
        if id(node) in elsewhere:
            continue
        match node:
            case ast.ImportFrom(level=0):
                yield from _imported(source, node)
                continue
            case ast.Call():
                uses = of_call(node, scope, where)
            case ast.Subscript():
                uses = of_subscript(node, scope, where)
            case ast.Attribute():
                uses = of_name(node, scope, where)
            case _:
                continue
        for use in uses:
            yield _fact(source, use)


def _for_other_versions(where: Provenance) -> Iterator[int]:
    """Yield the nodes that run where SQLAlchemy is another version: the code asks for it."""
    for node, _ in where.nodes:
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            asks = bool(_MISSING.search(ast.unparse(node.type)))
        else:
            asks = isinstance(node, ast.If) and bool(_VERSION.search(ast.unparse(node.test)))
        if asks:
            yield from (id(inside) for inside in ast.walk(node))


def _fact(source: PythonSource, use: Use) -> LegacyUse:
    edits = (Edit(source.between(first, last), text) for first, last, text in use.edits)
    return LegacyUse(
        span=source.span(use.node),
        what=use.what,
        instead=use.instead,
        deprecated=use.deprecated,
        removed=use.removed,
        ignored=use.ignored,
        fix=tuple(edits),
    )


def _imported(source: PythonSource, node: ast.ImportFrom) -> Iterator[LegacyUse]:
    names = [alias.name for alias in node.names]
    if node.module == "sqlalchemy.ext.declarative" or (node.module or "").startswith(
        "sqlalchemy.ext.declarative."
    ):
        moved = [alias for alias in node.names if alias.name in MOVED]
        if moved:
            yield _moved_import(source, node, moved)
    for name in names:
        instead = GONE.get(f"{node.module}.{name}")
        if instead:
            yield LegacyUse(
                span=source.span(node),
                what=f"`{node.module}.{name}`",
                instead=f"Use {instead}"
                if " " in instead or "(" in instead
                else (f"Import {instead}"),
                removed=(2, 0),
            )


def _moved_import(source: PythonSource, node: ast.ImportFrom, moved: list[ast.alias]) -> LegacyUse:
    line = f"from sqlalchemy.orm import {', '.join(map(_written, moved))}"
    stay = [alias for alias in node.names if alias not in moved]
    kept = f"from {node.module} import {', '.join(map(_written, stay))}"
    indent = " " * node.col_offset
    return LegacyUse(
        span=source.span(node),
        what=f"`{node.module}.{moved[0].name}`",
        instead=f"Import it from sqlalchemy.orm:\n{line}",
        deprecated=(1, 4),
        removed=None if node.module == "sqlalchemy.ext.declarative" else (2, 0),
        fix=(Edit(source.span(node), f"{kept}\n{indent}{line}" if stay else line),),
    )


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name
