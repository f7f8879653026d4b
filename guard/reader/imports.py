"""Import statements: every import is a dotted name, followed only when its value is needed.

A helper in sight is then found by its path and its module body is run once, by the reader. What a
library offers stays a name: its words are known by name, or not at all.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from guard.reader.modules import Module
from guard.reader.state import Frame
from guard.reader.values import ModuleValue, Ref, Value

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

# Libraries whose words the reader knows by name: never followed into their source.
LIBRARIES = frozenset({"alembic", "sqlalchemy", "sqlmodel", "typing", "dataclasses", "enum"})
MAX_REEXPORTS = 8


def bind_import(run: Interpreter, node: ast.Import, frame: Frame) -> None:
    """`import a.b`, `import a.b as c`."""
    for alias in node.names:
        dotted = alias.name if alias.asname else alias.name.partition(".")[0]
        frame.names[alias.asname or dotted] = Ref(dotted)


def bind_import_from(run: Interpreter, node: ast.ImportFrom, frame: Frame) -> None:
    """`from a import b`, `from . import b`, `from a import *`."""
    for alias in node.names:
        if node.level:
            _bind_relative(run, node, alias, frame)
        elif alias.name == "*":
            source = (
                None if _is_library(node.module or "") else run.resolver.find(node.module or "")
            )
            if source is not None:
                load(run, source)
                frame.names.update(source.names)
        else:
            frame.names[alias.asname or alias.name] = Ref(f"{node.module}.{alias.name}")


def _bind_relative(run: Interpreter, node: ast.ImportFrom, alias: ast.alias, frame: Frame) -> None:
    """Relative names have no dotted path to wait under, so they are followed at once."""
    source = run.resolver.find_relative(frame.module, node.level, node.module)
    if alias.name == "*":
        if source is not None:
            load(run, source)
            frame.names.update(source.names)
        return
    value: Value = Ref("." * node.level + ".".join(filter(None, (node.module, alias.name))))
    if source is not None:
        load(run, source)
        value = source.names.get(alias.name, value)
    if isinstance(value, Ref):
        inner = ".".join(filter(None, (node.module, alias.name)))
        if module := run.resolver.find_relative(frame.module, node.level, inner):
            load(run, module)
            value = ModuleValue(module)
    frame.names[alias.asname or alias.name] = value


def settle(run: Interpreter, value: Value) -> Value:
    """Return what a dotted name stands for, where its module is in sight; else the name itself."""
    for _ in range(MAX_REEXPORTS):
        if not isinstance(value, Ref) or value.path[0] in "<." or _is_standard(value.path):
            return value
        found = _find(run, value.path.split("."))
        if found is None:
            return value
        value = found
    return value


def _find(run: Interpreter, parts: list[str]) -> Value | None:
    for length in range(len(parts) - 1, 0, -1):
        module = run.resolver.find(".".join(parts[:length]))
        if module is None:
            continue
        load(run, module)
        value = module.names.get(parts[length])
        for name in parts[length + 1 :]:
            value = run.attribute(value, name) if value is not None else None
        return value
    return None


def _is_standard(dotted: str) -> bool:
    package = dotted.partition(".")[0]
    return package in LIBRARIES or package in sys.stdlib_module_names


def _is_library(dotted: str) -> bool:
    return dotted.partition(".")[0] in LIBRARIES


def load(run: Interpreter, module: Module) -> None:
    """Run the module's body once, so that its names are there.

    What it would do to a database on import is no part of the migration, and is not recorded.
    """
    if module.loaded:
        return
    module.loaded = True
    frame = Frame(module, module.names)
    conditions, run.conditions = run.conditions, []
    statements, run.statements = run.statements, []
    try:
        run.execute(module.tree.body, frame)
    finally:
        run.statements = statements
        run.conditions = conditions
