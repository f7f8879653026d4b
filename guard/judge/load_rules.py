"""The rules: every file under `rules/` is one, found by walking the folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import msgspec

from guard.config import nearest
from guard.errors import GuardError
from guard.rule import Rule

# Where the reference is read: docs/rules/ of the repository that pyproject.toml names.
PAGES = "https://example.org/migration-guard/blob/main/docs/rules"


def page_of(rule: str) -> str:
    """Return the address of a built-in rule's page."""
    return f"{PAGES}/{rule}.md"


def rules_folder() -> Path:
    """Return the folder of the built-in rules: inside the wheel, or beside the checkout's guard."""
    here = Path(__file__).parent.parent
    shipped = here / "rules"
    return shipped if shipped.is_dir() else here.parent / "rules"


def load_rules(folder: Path | None = None) -> tuple[Rule, ...]:
    """Return the rules of a folder (default: the built-in ones), by group and name.

    Raises GuardError for a file that does not load or does not hold exactly one rule: a rule that
    is quietly skipped would be a gate that quietly opens.
    """
    if folder is None:
        built_in = load_rules(rules_folder())
        return tuple(msgspec.structs.replace(rule, url=page_of(rule.name)) for rule in built_in)
    rules = [_load(path) for path in sorted(folder.glob("*/*.py"))]
    if not rules:
        raise GuardError(f"no rules found in {folder}: the installation is incomplete")
    return tuple(rules)


def rule_called(name: str) -> Rule:
    """Return the built-in rule of that name; raise GuardError where there is none."""
    rules = {rule.name: rule for rule in load_rules()}
    if name not in rules:
        guess = nearest(name, tuple(rules))
        raise GuardError(
            f"no rule is called {name!r}"
            + (f": did you mean {guess!r}?" if guess else "; `guard rules` lists them")
        )
    return rules[name]


def _load(path: Path) -> Rule:
    name = f"guard.rules.{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise GuardError(f"the rule {path} does not load: {error}") from error
    found = [value for value in vars(module).values() if isinstance(value, Rule)]
    if len(found) != 1:
        raise GuardError(f"{path} holds {len(found)} rules: a rule file holds exactly one")
    return found[0]
