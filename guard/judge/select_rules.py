"""Which rules judge, and how severe each is, as the settings say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from guard.config import Config, nearest
from guard.errors import GuardError
from guard.finding import Severity
from guard.rule import Rule


def select_rules(config: Config, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules that the settings ask for, each with the severity that it has there.

    A rule's own name counts more than its group's, and `ignore` more than `select` where both
    name the same. A rule that is off by default is switched on by its own name in `select` or
    `severity`; a group of nothing but such rules by the group's name. Raises GuardError for a
    name that is neither a rule nor a group.
    """
    groups = {rule.group for rule in rules}
    known = tuple(sorted(groups | {rule.name for rule in rules}))
    for setting in ("select", "ignore", "severity"):
        for name in getattr(config, setting):
            if name not in known:
                raise GuardError(_unknown_name(setting, name, known))
    opt_in = groups - {rule.group for rule in rules if rule.severity != "off"}
    chosen = []
    for rule in rules:
        severity = _severity(config, rule, opted_in=rule.group in opt_in)
        if severity != "off" and _selected(config, rule):
            chosen.append(msgspec.structs.replace(rule, severity=severity))
    return tuple(chosen)


def _unknown_name(setting: str, name: str, known: tuple[str, ...]) -> str:
    guess = nearest(name, known)
    hint = f"did you mean {guess!r}?" if guess else "`guard rules` lists them"
    return f"{setting}: no rule or group is called {name!r}: {hint}"


def _selected(config: Config, rule: Rule) -> bool:
    for name in (rule.name, rule.group):
        if name in config.ignore:
            return False
        if name in config.select:
            return True
    return not config.select


def _severity(config: Config, rule: Rule, *, opted_in: bool) -> Severity:
    for name in (rule.name, rule.group):
        if name in config.severity:
            return config.severity[name]
    asked = rule.name in config.select or (opted_in and rule.group in config.select)
    return "warning" if rule.severity == "off" and asked else rule.severity
