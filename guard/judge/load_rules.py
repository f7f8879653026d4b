"""The rules: every file of a folder is one, built in, of an installed package, or the project's."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from guard.config import nearest
from guard.context import Context
from guard.errors import GuardError
from guard.facts import Fact
from guard.operations import Operation
from guard.project.settings import Settings
from guard.rule import Problem, Rule

# Where the reference is read: docs/rules/ of the repository that pyproject.toml names.
PAGES = "https://example.org/migration-guard/blob/main/docs/rules"
PACKAGES = "guard.rules"  # the group of entry points
TRUST = "GUARD_TRUST_RULES"


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
        return _built_in(rules_folder())
    rules = [_load(path) for path in _files(folder)]
    if not rules:
        raise GuardError(f"no rules found in {folder}: the installation is incomplete")
    return tuple(rules)


@cache
def _built_in(folder: Path) -> tuple[Rule, ...]:
    """Return the built-in rules, with their pages; they are the same for as long as guard runs."""
    return tuple(
        msgspec.structs.replace(rule, url=page_of(rule.name)) for rule in load_rules(folder)
    )


def trusts_rules(environ: Mapping[str, str]) -> bool:
    """Return whether the user lets rules run that are code of the repository."""
    return environ.get(TRUST, "").lower() in ("1", "true", "yes", "on")


def all_rules(settings: Settings, *, trusted: bool) -> tuple[Rule, ...]:
    """Return the built-in rules and those that the settings add; raise GuardError."""
    known = load_rules()
    return (*known, *more_rules(settings, known, trusted=trusted))


def more_rules(settings: Settings, known: Sequence[Rule], *, trusted: bool) -> tuple[Rule, ...]:
    """Return the rules that the settings add to the known ones: of packages, and the project's.

    Raises GuardError for what does not load, for a name that there is already, and where the
    project's own are not `trusted`.
    """
    found: list[Rule] = []
    for name in settings.config.rule_packages:
        found += map(_named_when_it_fails, load_rules(_package(name)))
    found += map(_named_when_it_fails, own_rules(settings, trusted=trusted))
    names: dict[str, str] = {rule.group: "a group" for rule in (*known, *found)}
    names |= {rule.name: "a rule" for rule in known}
    for rule in found:
        if rule.name in names:
            raise GuardError(
                f"the rule {rule.group}/{rule.name} cannot be called so: there is "
                f"{names[rule.name]} of that name"
            )
        names[rule.name] = "a rule"
    return tuple(found)


def own_rules(settings: Settings, *, trusted: bool) -> tuple[Rule, ...]:
    """Return the rules in the project's own folder, none where it names none; or GuardError."""
    named = settings.config.custom_rules
    if named is None:
        return ()
    folder = settings.folder / named
    if not [*_files(folder)]:
        raise GuardError(f"custom-rules: {named} holds no rules: there is no <group>/<rule>.py")
    if not trusted:
        raise GuardError(
            f"custom-rules = {named!r} is code of this repository, and this command runs none "
            f"unless you say that you trust it: {TRUST}=1"
        )
    return load_rules(folder)


def known_names(settings: Settings) -> set[str]:
    """Return the names of rules and groups that there are, without running the project's own."""
    packages = [load_rules(_package(name)) for name in settings.config.rule_packages]
    rules = [rule for some in (load_rules(), *packages) for rule in some]
    names = {name for rule in rules for name in (rule.group, rule.name)}
    if settings.config.custom_rules is not None:
        for path in _files(settings.folder / settings.config.custom_rules):
            names |= {path.parent.name, path.stem.replace("_", "-")}
    return names


def rule_called(name: str, rules: Sequence[Rule]) -> Rule:
    """Return the rule of that name; raise GuardError where there is none."""
    known = {rule.name: rule for rule in rules}
    if name not in known:
        guess = nearest(name, tuple(known))
        raise GuardError(
            f"no rule is called {name!r}"
            + (f": did you mean {guess!r}?" if guess else "; `guard rules` lists them")
        )
    return known[name]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.py"))


def _package(name: str) -> Path:
    """The folder of an installed package's rules."""
    from importlib.metadata import entry_points

    found = [*entry_points(group=PACKAGES, name=name)]
    if not found:
        raise GuardError(
            f"rule-packages: no installed package has the entry point {name!r} of the group "
            f"{PACKAGES!r}: install it beside guard"
        )
    try:
        module = found[0].load()
        return Path(next(iter(module.__path__)))
    except Exception as error:
        raise GuardError(f"rule-packages: {name} does not load: {error}") from error


def _named_when_it_fails(rule: Rule) -> Rule:
    """Return the rule with a check that says whose fault it is."""

    def check(fact: Operation | Fact, context: Context) -> Iterator[Problem]:
        try:
            yield from rule.check(fact, context)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise GuardError(f"the rule {rule.group}/{rule.name} failed: {said}") from error

    return msgspec.structs.replace(rule, check=check)


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
