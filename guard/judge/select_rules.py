"""Which rules judge, how severe each is and which options it has, as the settings say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import msgspec

from guard.config import Config, explain_invalid, nearest
from guard.errors import GuardError
from guard.finding import Severity
from guard.options import NamedOptions, Option, Options, describe
from guard.rule import Rule
from guard.server import parse_dialect


def select_rules(config: Config, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules that the settings ask for, each with the severity and options it has there.

    A rule's own name counts more than its group's, and `ignore` more than `select` where both
    name the same. A rule that is off by default is switched on by its own name in `select` or
    `severity`; a group of nothing but such rules by the group's name. Raises GuardError for a
    name that is neither a rule nor a group, and for options that a rule does not have.
    """
    known = {rule.group for rule in rules} | {rule.name for rule in rules}
    for setting in ("select", "ignore", "severity", "approvers"):
        check_names(getattr(config, setting), setting, known)
    for glob, names in config.per_file_ignores.items():
        check_names(names, f"per-file-ignores of {glob}", known)
    groups = {rule.group for rule in rules}
    opt_in = groups - {rule.group for rule in rules if rule.severity != "off"}
    chosen = []
    for rule in with_options(config, rules):
        severity, is_set = _severity(config, rule, opted_in=rule.group in opt_in)
        if severity != "off" and _selected(config, rule):
            chosen.append(msgspec.structs.replace(rule, severity=severity, severity_is_set=is_set))
    return tuple(chosen)


def those_of(
    rules: Sequence[Rule],
    *,
    group: str | None = None,
    dialect: str | None = None,
    severity: str | None = None,
) -> tuple[Rule, ...]:
    """Return the rules of a group, that judge for a dialect, that are so severe by default.

    None: of all. Raises GuardError for a group or a dialect that there is not.
    """
    if group is not None:
        groups = tuple(sorted({rule.group for rule in rules}))
        if group not in groups:
            raise GuardError(f"no group is called {group!r}: there are {', '.join(groups)}")
    try:
        server = parse_dialect(dialect) if dialect is not None else None
    except ValueError as error:
        raise GuardError(f"--dialect: {error}") from None
    return tuple(
        rule
        for rule in rules
        if group in (None, rule.group)
        and (server is None or rule.dialects is None or server in rule.dialects)
        and severity in (None, rule.severity)
    )


def check_names(names: Iterable[str], said_in: str, known: Collection[str]) -> None:
    """Raise GuardError for a name that is neither a rule nor a group; `said_in` names the place."""
    for name in names:
        if name not in known:
            raise GuardError(_unknown_name(said_in, name, tuple(sorted(known))))


def with_options(config: Config, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules with the options that the settings give them; raise GuardError."""
    known = tuple(sorted(rule.name for rule in rules))
    for name in config.rules:
        if name not in known:
            raise GuardError(_unknown_name("rules", name, known))
    return tuple(
        msgspec.structs.replace(rule, options=_options(rule, config.rules[rule.name]))
        if rule.name in config.rules
        else rule
        for rule in rules
    )


def _options(rule: Rule, table: dict[str, object]) -> Options:
    place = f"rules.{rule.name}"
    if rule.options is None:
        raise GuardError(f"{place}: the rule {rule.name} has no options")
    said = {"named": table} if isinstance(rule.options, NamedOptions) else table
    try:
        return msgspec.convert(said, type(rule.options))
    except msgspec.ValidationError as error:
        raise GuardError(_explain(error, rule.options, table, place)) from None


def _explain(
    error: msgspec.ValidationError, declared: Options, table: dict[str, object], place: str
) -> str:
    """Say what is wrong: the key, its value, and what is allowed."""
    if isinstance(declared, NamedOptions):
        return f"{place}: {_explain_named(table, describe(declared)[0])}"
    known = {option.key: option for option in describe(declared)}
    found = re.search(r" - at `\$\.([\w-]+)", str(error))
    if found and found[1] in known:
        option = known[found[1]]
        value = table[option.key]
        return f"{place}.{option.key}: {value!r} is not allowed: it is {option.type}"
    return f"{place}: {explain_invalid(error, list(known), place)}"


def _explain_named(table: dict[str, object], option: Option) -> str:
    wrong = next(key for key, value in table.items() if not isinstance(value, str))
    return f"{wrong}: {table[wrong]!r} is not allowed: it is {option.type}"


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


def _severity(config: Config, rule: Rule, *, opted_in: bool) -> tuple[Severity, bool]:
    """Return how severe the rule is, and whether the user said so."""
    if rule.name in config.severity:
        return config.severity[rule.name], True
    asked = rule.name in config.select or opted_in
    if rule.severity == "off" and not asked:
        return "off", False
    if rule.group in config.severity:
        return config.severity[rule.group], True
    selected = asked and {rule.name, rule.group} & {*config.select}
    return "warning" if rule.severity == "off" and selected else rule.severity, False
