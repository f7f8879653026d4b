"""What an env.py does to the database, and how it has revisions run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from guard.operations import Opaque, SetOption
from guard.reader.modules import Module, Resolver
from guard.reader.result import EnvPy
from guard.reader.revision import read_loading
from guard.statement import Statement

# In a URL, in `connect_args`, in what a driver executes as it connects.
_TIMEOUT = re.compile(
    r"(?<![A-Za-z_])(lock_timeout|lock_wait_timeout)\s*(?:=|%3D|\bTO\b)\s*'?([\w.]+(?: ?[a-z]+)?)",
    re.I,
)
_TIMEOUTS = ("lock_timeout", "lock_wait_timeout")


def read_env_py(module: Module, resolver: Resolver, dialect: str | None) -> EnvPy:
    """Return what is to be known of the file; raise SourceError where it does not parse.

    What it does that could not be read is left out: most of that is Alembic's own.
    """
    given = list(_given(module.tree))
    done = read_loading(module, resolver, dialect).statements
    executed = {
        operation.name.lower()
        for statement in done
        for operation in statement.operations
        if isinstance(operation, SetOption)
    }
    return EnvPy(
        statements=tuple(statement for statement in done if not _is_opaque(statement)),
        autocommit=any(
            name == "isolation_level" and _is_autocommit(value) for name, value in given
        ),
        transaction_per_migration=any(
            name == "transaction_per_migration" and not _is(value, False) for name, value in given
        ),
        transactional_ddl=next(
            (not _is(value, False) for name, value in given if name == "transactional_ddl"), None
        ),
        settings={
            name: value for name, value in _opened_with(module.tree, given) if name not in executed
        },
    )


def _is_opaque(statement: Statement) -> bool:
    return all(isinstance(operation, Opaque) for operation in statement.operations)


def _given(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield what is given by name, as arguments or in dicts, wherever that is used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def _opened_with(tree: ast.AST, given: list[tuple[str, ast.expr]]) -> Iterator[tuple[str, str]]:
    """Yield the timeouts that stand in some text or dict of the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for name, value in _TIMEOUT.findall(node.value):
                yield name.lower(), value
    for name, value in given:
        if name in _TIMEOUTS and isinstance(value, ast.Constant):
            yield name, str(value.value)


def _is_autocommit(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).upper() == "AUTOCOMMIT"


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
