"""What an env.py does to the database, and how it has revisions run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from guard.operations import Opaque, SetOption
from guard.patterns import lazy_re
from guard.reader.modules import Module, Resolver
from guard.reader.result import EnvPy
from guard.reader.revision import read_loading
from guard.statement import Statement

# In a URL, in `connect_args`, in what a driver executes as it connects.
_TIMEOUT = lazy_re(
    r"(?<![A-Za-z_])(lock_timeout|lock_wait_timeout)\s*(?:=|%3D|\bTO\b)\s*'?([\w.]+(?: ?[a-z]+)?)",
    re.I,
)
_TIMEOUTS = ("lock_timeout", "lock_wait_timeout")
# What a listener executes as SQLite connects, and what it listens to where that is any engine.
_FOREIGN_KEYS = lazy_re(r"\s*PRAGMA\s+(foreign_keys)\s*=\s*(\w+)\s*;?\s*", re.I)
_OFF = ("0", "off", "false", "no")
# What an env.py executes that begins SQLite's transactions itself.
_BEGINS = lazy_re(r"\s*BEGIN(\s+(DEFERRED|IMMEDIATE|EXCLUSIVE))?\s*;?\s*", re.I)
# How an env.py gets its connection: it makes one, or is given one.
_CONNECTS = lazy_re(r"create_(?:async_)?engine|engine_from_config|\.connect\(")
_HANDED_OVER = lazy_re(r"attributes(?:\.get\(|\[)\s*[\"']connection[\"']")
_LISTENS = lazy_re(r"(?:.*\.)?listen(?:s_for)?")
_ANY_ENGINE = ("Engine", "Pool")
_DEEPEST = 3  # env.py imports app.models, that app.database, that app.listeners


def read_env_py(module: Module, resolver: Resolver, dialect: str | None) -> EnvPy:
    """Return what is to be known of the file; raise SourceError where it does not parse.

    What it does that could not be read is left out: most of that is Alembic's own.
    """
    given = list(_given(module.tree))
    opened_with = [*_opened_with(module.tree, given)]
    if dialect == "sqlite":
        opened_with += _listened_with(module, resolver)
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
        handed_over=_is_handed_over(module, resolver),
        transaction_per_migration=any(
            name == "transaction_per_migration" and not _is(value, False) for name, value in given
        ),
        transactional_ddl=next(
            (not _is(value, False) for name, value in given if name == "transactional_ddl"),
            True if dialect == "sqlite" and _begins(module.tree) else None,
        ),
        settings={
            name: value
            for name, value in opened_with
            if name not in executed or (name == "foreign_keys" and value.lower() in _OFF)
        },
    )


def _is_handed_over(module: Module, resolver: Resolver) -> bool:
    """Return whether env.py, or a module that it imports, only asks for a connection."""
    if _CONNECTS.search(module.source.text):
        return False
    asked = (one for one in (module, *_imported(module, resolver)))
    return any(takes_connection(one.source.text) for one in asked)


def takes_connection(text: str) -> bool:
    """Return whether the text of an env.py asks for the connection of whoever runs Alembic."""
    return _HANDED_OVER.search(text) is not None


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


def _begins(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _BEGINS.fullmatch(node.value) is not None
        for node in ast.walk(tree)
    )


def _listened_with(module: Module, resolver: Resolver) -> Iterator[tuple[str, str]]:
    """Yield what env.py, or a module that it imports, has listeners set on each connection.

    An env.py that has foreign keys off somewhere has them off while revisions run.
    """
    own = [*_pragmas(module.tree)]
    off = [(name, value) for name, value in own if value.lower() in _OFF]
    if off:
        yield from off
        return
    yield from own
    seen, level = {module.file}, [module]
    for _ in range(_DEEPEST):
        imported = [one for other in level for one in _imported(other, resolver)]
        level = [one for one in dict.fromkeys(imported) if one.file not in seen]
        seen |= {one.file for one in level}
        for one in level:
            if _listens_to_all(one.tree):
                yield from _pragmas(one.tree)


def _pragmas(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = _FOREIGN_KEYS.fullmatch(node.value)
            if found:
                yield found[1].lower(), found[2]


def _imported(module: Module, resolver: Resolver) -> Iterator[Module]:
    """Yield the modules in sight that a module imports, wherever it does so."""
    for node in ast.walk(module.tree):
        found: list[Module | None] = []
        if isinstance(node, ast.Import):
            found = [resolver.find(alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            found = [resolver.find_relative(module, node.level, node.module)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"]
            found = [resolver.find(dotted) for dotted in (node.module, *names)]
        yield from (one for one in found if one is not None)


def _listens_to_all(tree: ast.AST) -> bool:
    """Return whether it listens to each engine that is made, whoever makes it."""
    return any(
        isinstance(node, ast.Call)
        and _LISTENS.fullmatch(ast.unparse(node.func)) is not None
        and bool(node.args)
        and ast.unparse(node.args[0]).rpartition(".")[2] in _ANY_ENGINE
        for node in ast.walk(tree)
    )


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
