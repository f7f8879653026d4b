"""The policies that the settings name: constants that live in one module, and their values."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from guard.errors import GuardError
from guard.paths import relative
from guard.project.settings import Settings
from guard.python_source import SourceError, Sources
from guard.rule import Rule
from guard.run.scope import Scope
from guard.source.policy_constants import Policy
from guard.source.policy_values import PolicyValue, read_value

RULE = "policy-constant"


def read_policies(settings: Settings, scope: Scope, chosen: Sequence[Rule]) -> tuple[Policy, ...]:
    """Return the constants that `[tool.guard.rules.policy-constant]` names.

    Raises GuardError where a file is not there, does not define the name, or not to a value that
    can be read.
    """
    table = settings.config.rules.get(RULE, {})
    if all(rule.name != RULE for rule in chosen):
        return ()
    found = []
    for name, path in table.items():
        file = settings.folder / str(path)
        value = _value(f"rules.{RULE}.{name}", name, file, str(path), scope.sources)
        found.append(Policy(name, relative(file, scope.root), value))
    return tuple(found)


def _value(key: str, name: str, file: Path, path: str, sources: Sources) -> PolicyValue:
    try:
        tree = sources.source(path, sources.read(file)).tree
    except OSError:
        raise GuardError(f"{key}: there is no file {path}") from None
    except SourceError as error:
        raise GuardError(f"{key}: {path} cannot be read: {error}") from None
    values = [value for bound, value in _assigned(tree) if bound == name]
    if not values:
        raise GuardError(f"{key}: {path} does not define {name}")
    value = read_value(values[-1])
    if value is None:
        shown = ast.unparse(values[-1])
        raise GuardError(
            f"{key}: the value of {name} in {path} is computed ({shown}): write it out there, as a "
            "date, a number or a text"
        )
    return value


def _assigned(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    found: list[tuple[str, ast.expr]] = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets, value=value):
                found += [(t.id, value) for t in targets if isinstance(t, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.append((name, value))
    return found
