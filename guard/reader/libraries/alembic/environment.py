"""The arguments of `upgrade()`: Alembic hands on what env.py gives to `run_migrations()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from guard.reader.evaluate import values
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Frame
from guard.reader.evaluate.values import DottedName, Unknown, Value

_OP = DottedName("alembic.op")


def given(
    run: Run, module: values.Module, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> dict[str, Value]:
    """Return the arguments by name. A parameter that is called `op` is Alembic's, whoever gives it.

    The env.py is the one that stands above the folder of the revision.
    """
    spec = function.args
    names = {argument.arg for argument in (*spec.args, *spec.kwonlyargs)}
    if not names and spec.kwarg is None:
        return {}
    found: dict[str, Value] = {"op": _OP} if "op" in names or spec.kwarg is not None else {}
    for name, value in _handed_on(run, module):
        if name != "op" and (name in names or spec.kwarg is not None):
            found[name] = value
    return found


def _handed_on(run: Run, module: values.Module) -> Iterator[tuple[str, Value]]:
    env = run.resolver.find_relative(module, 2, "env")
    if env is None:
        return
    frame = Frame(env, {})
    nodes = list(ast.walk(env.tree))
    with run.isolated(env):
        run.execute([n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)], frame)
        for call in (n for n in nodes if _runs_migrations(n)):
            assert isinstance(call, ast.Call)
            for keyword in call.keywords:
                if keyword.arg is not None:
                    is_name = isinstance(keyword.value, ast.Name | ast.Attribute)
                    value = run.evaluate(keyword.value, frame) if is_name else None
                    yield keyword.arg, value or Unknown(keyword.value)


def _runs_migrations(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and (getattr(node.func, "attr", None) or getattr(node.func, "id", None)) == "run_migrations"
    )
