"""Import statements: every import is a dotted name, followed only when its value is needed.

A helper in sight is then found by its path and its module body is run once, by the reader. The
names of a library stay names: a `Library` knows them, or nobody does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from guard.reader.evaluate.run import Run, find
from guard.reader.evaluate.state import Call, DialectAskedError, Frame, LimitReachedError
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    Construct,
    DottedName,
    Function,
    Module,
    ModuleValue,
    Unknown,
    Value,
)

MAX_REEXPORTS = 8


def bind_import(run: Run, node: ast.Import, frame: Frame) -> None:
    """`import a.b`, `import a.b as c`."""
    for alias in node.names:
        dotted = alias.name if alias.asname else alias.name.partition(".")[0]
        frame.names[alias.asname or dotted] = DottedName(dotted)


def bind_import_from(run: Run, node: ast.ImportFrom, frame: Frame) -> None:
    """`from a import b`, `from . import b`, `from a import *`."""
    for alias in node.names:
        if alias.name == "*":
            source = _star_source(run, frame.module, node)
            if source is not None:
                load(run, source)
                names = source.names.items()
                frame.names.update({name: run.from_elsewhere(value) for name, value in names})
        elif node.level:
            _bind_relative(run, node, alias, frame)
        else:
            frame.names[alias.asname or alias.name] = DottedName(f"{node.module}.{alias.name}")


def _star_source(run: Run, module: Module, node: ast.ImportFrom) -> Module | None:
    if node.level:
        return run.resolver.find_relative(module, node.level, node.module)
    return None if _is_library(run, node.module or "") else run.resolver.find(node.module or "")


def _bind_relative(run: Run, node: ast.ImportFrom, alias: ast.alias, frame: Frame) -> None:
    """Relative names have no dotted path to wait under, so they are followed at once."""
    source = run.resolver.find_relative(frame.module, node.level, node.module)
    value: Value = DottedName("." * node.level + ".".join(filter(None, (node.module, alias.name))))
    if source is not None:
        value = attribute_of(run, source, alias.name) or value
    if isinstance(value, DottedName):
        inner = ".".join(filter(None, (node.module, alias.name)))
        if module := run.resolver.find_relative(frame.module, node.level, inner):
            value = ModuleValue(module)
    frame.names[alias.asname or alias.name] = value


def settle(run: Run, value: Value) -> Value:
    """Return the value of a dotted name whose module is in sight; else the name itself."""
    for _ in range(MAX_REEXPORTS):
        if not isinstance(value, DottedName) or value.path[0] == ".":
            return value
        if _is_library(run, value.path):
            return value
        known = run.resolver.settled.get(value.path)
        found = known or _find(run, value.path.split("."))
        run.resolver.asked += 1
        if found is None:
            return value
        run.resolver.settled[value.path] = found
        value = run.from_elsewhere(found)
    return value


def _find(run: Run, parts: list[str]) -> Value | None:
    for length in range(len(parts) - 1, 0, -1):
        module = run.resolver.find(".".join(parts[:length]))
        if module is None:
            continue
        value = attribute_of(run, module, parts[length])
        for name in parts[length + 1 :]:
            value = run.attribute(value, name) if value is not None else None
        return value
    return None


def _is_library(run: Run, dotted: str) -> bool:
    return dotted.partition(".")[0] in run.library.packages


def name_in(run: Run, module: Module, name: str) -> Value | None:
    """Return the value that the module's body gives the name; None for nothing.

    Of a helper just the statements that have to do with the name are run, when it is first asked
    for: applications are large, and a revision needs little of them.
    """
    if module is not run.module and name not in module.asked:
        module.asked.add(name)
        _run_body(run, module, module.bindings.get(name, ()))
    value = module.names.get(name)
    if isinstance(value, Construct) and _last(value.path) in run.library.registries:
        load(run, module)  # for the tables that enter themselves there
    if value is None:
        return _from_stars(run, module, name)
    return value if module is run.module else run.from_elsewhere(value)


def attribute_of(run: Run, module: Module, name: str) -> Value | None:
    """Return `module.name`, by its `__getattr__` where its body does not say; None for nothing."""
    value = name_in(run, module, name)
    if value is None and isinstance(makes := name_in(run, module, "__getattr__"), Function):
        node = ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [], []), makes.node)
        with run.isolated(module):
            made = run.call(makes, Call(node, Frame(module, {}), (Text.of(name),), {}))
        return None if isinstance(made, Construct | Unknown) else made
    return value


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _from_stars(run: Run, module: Module, name: str) -> Value | None:
    for statement in module.bindings.get("*", ()):
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            path = f"{statement.module}.{name}"
            if _is_library(run, path) and find(run.library.names, path) is not None:
                return DottedName(path)
        if statement in module.begun or not isinstance(statement, ast.ImportFrom):
            continue
        module.begun.add(statement)  # modules may import each other
        source = _star_source(run, module, statement)
        value = name_in(run, source, name) if source is not None else None
        module.begun.discard(statement)
        if value is not None:
            return value
    return None


def load(run: Run, module: Module) -> None:
    """Run the module's body, as far as it has not been run, so that all its names are there."""
    _run_body(run, module, module.tree.body)


def _run_body(run: Run, module: Module, body: Iterable[ast.stmt]) -> None:
    """Run statements of the module's body that were not run yet.

    What a helper does on import is no part of the migration, and not recorded. Nor is the SQL that
    it builds there: else it would be told of whichever revision looks at it first.
    """
    waiting = [statement for statement in body if statement not in module.begun]
    if not waiting:
        return
    frame = Frame(module, module.names)
    module.begun.update(waiting)
    try:
        with run.isolated(module):
            if module is run.module:
                run.execute(waiting, frame)
            else:
                with run.share():
                    run.execute(waiting, frame)
    except LimitReachedError:
        if run.is_exhausted:
            raise
    except DialectAskedError:
        module.begun.difference_update(waiting)
        module.asked.clear()
        raise
