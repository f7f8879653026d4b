"""What lets more through in one set of settings than in another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec

from guard.config import Config
from guard.finding import SEVERITY_ORDER
from guard.judge.select_rules import select_rules
from guard.rule import Rule

CHOICES = ("select", "ignore", "severity")
MOST_NAMES = 5


class Weaker(msgspec.Struct, frozen=True):
    """A key that lets more through, what it does, and the names or values that tell how."""

    key: str
    effect: str


def weaker(
    then: Config,
    now: Config,
    rules: Sequence[Rule],
    versions: Callable[[], Collection[str | None]] = tuple,
) -> Iterator[Weaker]:
    """Yield what lets more through now. Raises GuardError for names that are no rules.

    `versions` are those of the servers as files tell them: to write one down changes nothing.
    """
    yield from _rules_weaker(then, now, rules)
    yield from _files_weaker(then, now)
    yield from _gate_weaker(then, now)
    yield from _judged_otherwise(then, now, versions)


def _rules_weaker(then: Config, now: Config, rules: Sequence[Rule]) -> Iterator[Weaker]:
    """Rules that are off or less severe, each told of the key that makes it so."""
    lost = _lost(then, now, rules)
    for key in CHOICES:
        value = getattr(now, key)
        if value == getattr(then, key) or not lost:
            continue
        alone = _lost(then, msgspec.structs.replace(then, **{key: value}), rules)
        last = key == [k for k in CHOICES if getattr(now, k) != getattr(then, k)][-1]
        told = {name: what for name, what in lost.items() if last or name in alone}
        lost = {name: what for name, what in lost.items() if name not in told}
        for what in dict.fromkeys(told.values()):
            names = [name for name, why in told.items() if why == what]
            yield Weaker(key, f"{listed(names)} {'is' if len(names) == 1 else 'are'} {what}")


def _lost(then: Config, now: Config, rules: Sequence[Rule]) -> dict[str, str]:
    """The rules that are off, or less severe, and how they are now."""
    before = {rule.name: rule.severity for rule in select_rules(then, rules)}
    after = {rule.name: rule.severity for rule in select_rules(now, rules)}
    lost = {}
    for name, severity in before.items():
        if name not in after:
            lost[name] = "off"
        elif SEVERITY_ORDER.index(after[name]) > SEVERITY_ORDER.index(severity):
            lost[name] = f"no longer {severity} but {after[name]}"
    return lost


def _files_weaker(then: Config, now: Config) -> Iterator[Weaker]:
    for glob, names in now.per_file_ignores.items():
        more = [name for name in names if name not in then.per_file_ignores.get(glob, [])]
        if more:
            yield Weaker("per-file-ignores", f"{listed(more)} no longer judged in {glob}")
    if more := _added(then.exclude, now.exclude):
        yield Weaker("exclude", f"{listed(more)} no longer looked at")
    if gone := _added(now.source, then.source):
        yield Weaker("source", f"{listed(gone)} no longer read in any case")
    if now.alembic_config and (gone := _added(now.alembic_config, then.alembic_config)):
        yield Weaker("alembic-config", f"{listed(gone)} no longer judged")
    elif now.alembic_config and not then.alembic_config:
        yield Weaker("alembic-config", f"only {listed(now.alembic_config)} judged")


def _gate_weaker(then: Config, now: Config) -> Iterator[Weaker]:
    if then.fail_on == "warning" and now.fail_on == "error":
        yield Weaker("fail-on", "warnings no longer stop the gate")
    if then.base != now.base:
        yield Weaker("base", f"what is released is read from {now.base or 'where CI says'}")
    if then.history == "on" and now.history == "off":
        yield Weaker("history", "nothing is compared with what is released")
    if now.heads > then.heads:
        yield Weaker("heads", f"{now.heads} heads pass, and {then.heads} did")
    if then.roundtrip and not now.roundtrip:
        yield Weaker("roundtrip", "guard check no longer runs the migrations")
    if then.approvals != now.approvals:
        yield Weaker("approvals", f"approvals are read from {now.approvals}")
    if then.baseline != now.baseline:
        yield Weaker("baseline", f"what was there before is read from {now.baseline}")
    for name, count in then.approvers.items():
        if now.approvers.get(name, 1) < count:
            fewer = now.approvers.get(name, 1)
            yield Weaker("approvers", f"{name} takes {fewer} to approve, and took {count}")


def _judged_otherwise(
    then: Config, now: Config, versions: Callable[[], Collection[str | None]]
) -> Iterator[Weaker]:
    """What is neither more nor less severe to the eye, and decides what the rules say."""
    if then.dialect is not None and then.dialect != now.dialect:
        yield Weaker("dialect", f"rules judge for {now.dialect or 'no dialect'}")
    given = now.server_version
    first = then.server_version is None
    if given not in (None, then.server_version) and not (first and given in versions()):
        yield Weaker("server-version", f"rules judge for version {now.server_version}")
    if then.stats != now.stats:
        yield Weaker("stats", f"sizes of tables are read from {now.stats or 'guard-stats.toml'}")
    if now.lock_timeout is not None and then.lock_timeout != now.lock_timeout:
        yield Weaker("lock-timeout", f"rules take it that locks are waited for: {now.lock_timeout}")
    for rule in sorted(then.rules.keys() | now.rules.keys()):
        if then.rules.get(rule) != now.rules.get(rule):
            yield Weaker("rules", f"{rule} has other options")


def _added(then: Iterable[str], now: Iterable[str]) -> list[str]:
    known = {*then}
    return [one for one in now if one not in known]


def listed(names: Sequence[str]) -> str:
    """Return the names as a sentence holds them, the first few of many."""
    more = len(names) - MOST_NAMES
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
