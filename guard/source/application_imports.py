"""What revisions import of the application itself, told by where a module lies and who uses it.

Nothing is imported: a name leads to a file, and the file is read. A name that stands for a plain
value or a column's type is no import of code; one that nobody uses, or that only type checkers see,
is none at all.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from guard.facts import ApplicationImport, LiveModel
from guard.patterns import lazy_re
from guard.reader.modules import Module, Resolver
from guard.source import column_types
from guard.source.column_types import HOPS, defined
from guard.source.mapped_classes import live_model

LIBRARIES = {*sys.stdlib_module_names, "alembic", "sqlalchemy"}
FROM_ELSEWHERE = lazy_re(r"^[ \t]*(?:from|import)[ \t]+([.\w]+)|\bimport_module\(", re.MULTILINE)
LOGS = lazy_re(r"(^|_)log(ger|ging)?$", re.IGNORECASE)
TAKES_ALL = {"metadata", "__table__"}  # attributes that stand for whole tables

IsOwn = Callable[[Path], bool]


class Imported(msgspec.Struct, frozen=True):
    """An import in a revision or helper: the module it leads to, and the name it takes from there.

    That is None where a module is taken and not known what of it. `bound` is how it is called.
    """

    node: ast.stmt | ast.Call
    module: Module
    name: str | None
    bound: str


def may_import(text: str) -> bool:
    """Return whether a revision can import anything but what each of them does."""
    tops = (match[1] for match in FROM_ELSEWHERE.finditer(text))
    return any(top is None or top.partition(".")[0] not in LIBRARIES for top in tops)


def application_imports(
    module: Module, resolver: Resolver, is_own: IsOwn, revision: str, beside: str
) -> Iterator[ApplicationImport]:
    """Yield a fact for each import statement of a revision that leads to the application.

    `is_own` says whether a file belongs to the migrations; `beside` is the folder that a helper of
    theirs would stand in, as it is shown.
    """
    found: dict[ast.AST, list[tuple[Imported, Module, str | None]]] = {}
    for one in _imports(module, resolver):
        for target, through in _reached(one, resolver, is_own):
            found.setdefault(one.node, []).append((one, target, through))
    for node, reached in found.items():
        _, target, through = reached[0]
        names = tuple(dict.fromkeys(one.name or one.bound for one, _, _ in reached))
        models = (_model(one, module, resolver) for one, _, _ in reached if one.name)
        yield ApplicationImport(
            span=module.source.span(node),
            revision=revision,
            path=target.path,
            names=names,
            models=tuple(model for model in models if model),
            whole=_takes_all(module.tree, {one.bound for one, _, _ in reached}),
            through=through,
            beside=beside,
        )


def _reached(
    one: Imported, resolver: Resolver, is_own: IsOwn, hops: int = HOPS
) -> Iterator[tuple[Module, str | None]]:
    """Yield the modules of the application that an import leads to, at once or through a helper."""
    file = one.module.file
    if file is None or (one.name and _is_read(one.module, one.name, resolver)):
        return
    if not is_own(file):
        yield one.module, None
        return
    if not hops:
        return
    for further in _imports(one.module, resolver):
        for target, _ in _reached(further, resolver, is_own, hops - 1):
            yield target, one.module.path
            return


def _imports(module: Module, resolver: Resolver) -> Iterator[Imported]:
    """Yield the imports of a file whose names are used there, and whose modules are in sight."""
    used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)}
    for node in _running(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found = resolver.find(alias.name) if bound in used else None
                if found and _is_in_sight(alias.name):
                    called = alias.asname or alias.name
                    yield from _members(node, found, called, alias.name, module, resolver)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node, module, resolver, used)
        elif isinstance(node, ast.Call) and (dotted := _by_name(node)) and _is_in_sight(dotted):
            found = resolver.find(dotted)
            if found:
                yield Imported(node, found, None, dotted)


def _from(
    node: ast.ImportFrom, module: Module, resolver: Resolver, used: set[str]
) -> Iterator[Imported]:
    def find(dotted: str | None) -> Module | None:
        if node.level:
            return resolver.find_relative(module, node.level, dotted)
        return resolver.find(dotted) if dotted and _is_in_sight(dotted) else None

    for alias in node.names:
        bound = alias.asname or alias.name
        if bound not in used and alias.name != "*":
            continue
        inner = find(f"{node.module}.{alias.name}" if node.module else alias.name)
        if inner is not None:
            dotted = f"{node.module}.{alias.name}"
            yield from _members(node, inner, bound, dotted, module, resolver)
        elif (around := find(node.module)) is not None:
            yield Imported(node, around, alias.name, bound)


def _members(
    node: ast.stmt, found: Module, called: str, dotted: str, module: Module, resolver: Resolver
) -> Iterator[Imported]:
    """Yield what is taken of a module that was imported whole, in it or in one inside of it."""
    nodes = (n for n in ast.walk(module.tree) if isinstance(n, ast.Attribute))
    chains = {chain for n in nodes if (chain := ast.unparse(n)).startswith(f"{called}.")}
    longest = [c for c in sorted(chains) if not any(o.startswith(f"{c}.") for o in chains)]
    taken: dict[str, Imported] = {}
    for chain in longest:
        at, place, rest = found, dotted, chain.removeprefix(f"{called}.").split(".")
        while len(rest) > 1 and (inner := resolver.find(f"{place}.{rest[0]}")):
            at, place, rest = inner, f"{place}.{rest[0]}", rest[1:]
        name = rest[0].partition("(")[0].partition("[")[0]
        bound = chain.removesuffix("".join(f".{part}" for part in rest[1:]))
        taken.setdefault(f"{place}.{name}", Imported(node, at, name, bound))
    yield from taken.values()
    if not taken:
        yield Imported(node, found, None, called)


def _is_in_sight(dotted: str) -> bool:
    return dotted.partition(".")[0] not in LIBRARIES


def _running(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a file, without what only type checkers see."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _is_for_types(node.test):
            waiting += reversed(node.orelse)
        else:
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _is_for_types(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def _by_name(call: ast.Call) -> str | None:
    """The module that `importlib.import_module("app.models")` names."""
    function = getattr(call.func, "attr", getattr(call.func, "id", ""))
    match call.args:
        case [ast.Constant(value=str() as dotted), *_] if function in (
            "import_module",
            "__import__",
        ):
            return dotted
    return None


# Where a name leads


def _is_read(module: Module, name: str, resolver: Resolver) -> bool:
    """Whether the name stands for what is read and compared with the base, or only for a logger.

    That is a value which is written there, or a type of columns, which autogenerate imports itself,
    also where a function makes it.
    """
    found = defined(module, name, resolver)
    if LOGS.search(name) or (found and column_types.is_one(*found, resolver)):
        return True
    if found and isinstance(found[1], ast.ImportFrom):
        return True  # SQLAlchemy's own
    value = getattr(found[1], "value", None) if found else None
    if not isinstance(value, ast.expr):
        return False
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _model(one: Imported, module: Module, resolver: Resolver) -> LiveModel | None:
    found = defined(one.module, one.name or "", resolver)
    return live_model(found[1], one.bound, module.tree) if found else None


def _takes_all(tree: ast.Module, bound: set[str]) -> bool:
    """Whether whole tables are taken of what was imported (`Base.metadata.create_all`)."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in TAKES_ALL
        and ast.unparse(node.value) in bound
        for node in ast.walk(tree)
    )
