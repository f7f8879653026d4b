"""Expressions that are compiled when first asked: all of them do compile."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

GUARD = Path(__file__).parent.parent / "guard"
FILES = sorted(path for path in GUARD.rglob("*.py") if "worker" not in path.parts)

LAZY = [
    path.relative_to(GUARD.parent).with_suffix("").parts
    for path in FILES
    if "lazy_re(" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("parts", LAZY, ids=".".join)
def test_every_expression_compiles(parts: tuple[str, ...]) -> None:
    module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
    for value in vars(module).values():
        if type(value).__name__ == "_Pattern":
            re.compile(value.pattern, value._flags)


def test_they_are_constants_of_modules() -> None:
    inside = [
        f"{path}:{call.lineno}"
        for path in FILES
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "lazy_re"
    ]
    assert inside == []
