"""The libraries that guard knows, each in a file or folder of this one, as its `LIBRARY`.

They are found by walking the folder: a new one is one new file, and there is no list to extend.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any

from guard.patterns import lazy_re
from guard.reader.evaluate.run import Library

# Code without any of these calls executes no SQL: it need not be read.
_EXECUTING = lazy_re(
    r"execute\w*|exec_driver_sql|exec|scalars?|text|literal_column|read_sql\w*|DDL"
    r"|fetch(row|val|_all|_one|_val)?"
)
_EXECUTES = lazy_re(rf"\b({_EXECUTING.pattern})\s*\(")
_WITHOUT_TEXT = {"sqlalchemy", "sqlmodel"}


def executes(lines: list[str]) -> bool:
    """Return whether a name in the code is one that executes SQL."""
    return bool(_EXECUTES.search("".join(lines)))


def is_executing(name: str) -> bool:
    """Return whether a function or method of that name executes SQL, or makes it executable."""
    return bool(_EXECUTING.fullmatch(name))


def gives_no_text(dotted: str) -> bool:
    """Return whether calls of an imported name give a library's objects: what is no SQL text."""
    return dotted.partition(".")[0] in _WITHOUT_TEXT


def libraries() -> dict[str, Library]:
    """Return the libraries by the name of their file, in the order of their names."""
    return {
        name: importlib.import_module(f"{__name__}.{name}").LIBRARY
        for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
    }


def combined(parts: Iterable[Library]) -> Library:
    """Return one library that knows the names of all."""
    whole = Library()
    for part in parts:
        names = whole.__struct_fields__
        joined = {name: _joined(getattr(whole, name), getattr(part, name)) for name in names}
        whole = Library(**joined)
    return whole


def _joined(first: Any, second: Any) -> Any:
    """Return the entries of two tables; where both have one, the first is asked first."""
    if isinstance(first, frozenset):
        return first | second
    if isinstance(first, tuple):
        return first + second
    both = {key: _in_turn(first[key], second[key]) for key in first.keys() & second.keys()}
    return {**first, **second, **both}


def _in_turn(first: Callable[..., Any], second: Callable[..., Any]) -> Callable[..., Any]:
    def ask(*arguments: Any) -> Any:
        found = first(*arguments)
        return second(*arguments) if found is None else found

    return ask
