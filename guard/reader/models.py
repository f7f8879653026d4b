"""The tables that the models of an application describe, read from their source."""

from __future__ import annotations

from collections.abc import Sequence

from guard.reader.evaluate.interpreter import Interpreter, Task
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Budget
from guard.reader.evaluate.values import Module
from guard.reader.modules import Resolver
from guard.reader.result import Model
from guard.reader.revision import LIBRARY, known_dialect


def read_models(
    modules: Sequence[Module], env: Module | None, resolver: Resolver, dialect: str | None
) -> tuple[Model, ...]:
    """Return the tables that the modules describe and that env.py compares.

    Where it is not known which these are: all of them. A table whose name was not read is left out.
    """

    def reading(module: Module) -> Run:
        task = Task(
            module=module,
            resolver=resolver,
            library=LIBRARY,
            direction="upgrade",
            dialect=known_dialect(dialect),
        )
        return Interpreter(task, Budget())

    return tuple(model for read in LIBRARY.models for model in read(modules, env, reading))
