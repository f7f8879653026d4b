"""What a change does to the gate that judges it: settings, approvals, and where guard is run.

The base's settings decide whether that is told, so that no change can switch its own report off.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import PurePosixPath

import msgspec

from guard.config import Config, line_of
from guard.errors import GuardError
from guard.facts import GateWeakened
from guard.history.base import Asked, Base, find_base
from guard.history.git import Repository
from guard.history.settings_then import FilesThen, settings_in
from guard.judge.judge import Judge
from guard.judge.select_rules import select_rules
from guard.judge.weaker import listed, weaker
from guard.paths import read_bytes, relative
from guard.project.ci_calls import calls, may_run_guard, passes
from guard.project.settings import NAMES
from guard.rule import Rule
from guard.run.part import Part
from guard.run.scope import Scope
from guard.statement import Span
from guard.toml import parse_toml

BASELINE = "guard-baseline.toml"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The files that may differ from the base, on both sides.

    `revisions` are those that the change brings: to approve them is to approve itself.
    """

    scope: Scope
    base: str
    files: FilesThen
    changed: tuple[str, ...]
    approvals: frozenset[str]  # the files that hold them
    revisions: frozenset[str]

    def now(self, path: str) -> bytes | None:
        """Return what a file holds here, or as it is staged; None where there is none."""
        if self.scope.tree is not None:
            return self.scope.tree.get(self.scope.root / path)
        try:
            return read_bytes(self.scope.root / path)
        except OSError:
            return None

    def agreed(self, path: str) -> bytes | None:
        """Return what a file holds on the ref whose approvals count, None where none is named."""
        repo, ref = self.scope.repo, self.scope.request.approvals_from
        commit = repo.resolve(ref) if repo and ref else None
        return FilesThen(repo, commit).read(path) if repo and commit else None

    def fact(self, path: str, key: str, effect: str, *, line: int = 1, held: bool) -> GateWeakened:
        return GateWeakened(
            span=Span(path, line),
            base=self.base,
            key=key,
            effect=effect,
            held=held and self.scope.request.approvals_from is not None,
        )


def weakened(
    scope: Scope,
    approvals: Collection[str],
    revisions: Collection[str],
    rules: Sequence[Rule],
    versions: Callable[[], Collection[str | None]],
    as_of: Callable[[Repository, str], FilesThen] = FilesThen,
) -> Part:
    """Return what the rules of the base's settings say of what the change does to the gate.

    `versions` are those of the servers as files tell them. `as_of` returns the files of a commit.
    """
    base = _base(scope)
    repo, commit = scope.repo, base.commit
    if repo is None or commit is None or scope.request.given is not None:
        return Part()
    change = Change(
        scope=scope,
        base=base.ref,
        files=as_of(repo, commit),
        changed=_changed(scope, repo, commit),
        approvals=frozenset(approvals),
        revisions=frozenset(revisions),
    )
    then, _ = change.files.settings(relative(scope.settings.folder, scope.root))
    facts = [
        *_settings(change, rules, versions),
        *_rules(change, then),
        *_entries(change),
        *_ci(change),
    ]
    chosen = select_rules(_known(then, rules), rules) if facts else ()
    found = tuple(Judge(chosen, then.server).facts(facts))
    return Part(about_gate=found)


def _changed(scope: Scope, repo: Repository, commit: str) -> tuple[str, ...]:
    """The paths of the files that may differ from the commit: here, or as they are staged."""
    if scope.tree is None:
        return repo.changed_files(commit)
    then, now = repo.list_files(commit), scope.tree.blobs
    return tuple(sorted(path for path in {*then, *now} if then.get(path) != now.get(path)))


def _base(scope: Scope) -> Base:
    """The base, but for one that the settings set to the change itself: then what git tells."""
    base, repo = scope.base, scope.repo
    by_settings = scope.config.base is not None or scope.config.history == "off"
    if repo is None or scope.request.base is not None or not by_settings:
        return base
    if base.commit not in (None, repo.resolve("HEAD")):
        return base
    try:
        return find_base(repo, Asked(environ=scope.request.environ))
    except GuardError:
        return base


# Settings


def _settings(
    change: Change, rules: Sequence[Rule], versions: Callable[[], Collection[str | None]]
) -> Iterator[GateWeakened]:
    for folder in dict.fromkeys(_folders(change)):
        then, then_file = change.files.settings(folder)
        try:
            now, now_file = settings_in(change.now, folder)
            select_rules(now, rules)
        except GuardError:
            continue  # nothing is judged by settings that are refused
        shown = now_file or then_file
        own = {then_file, now_file} & {(PurePosixPath(folder) / n).as_posix() for n in NAMES}
        if shown is None or not own:
            continue
        file = change.scope.root / shown
        found = [*weaker(_known(then, rules), now, rules, versions)]
        moved = then_file is not None and then_file != now_file
        before = f" (the settings of {then_file} held before)" if moved else ""
        for one in found:
            line = (line_of(file, one.key) if file.is_file() else None) or 1
            yield change.fact(shown, one.key, f"{one.effect}{before}", line=line, held=True)


def _known(then: Config, rules: Sequence[Rule]) -> Config:
    """The settings of the base; the defaults where they name rules that there are not."""
    try:
        select_rules(then, rules)
    except GuardError:
        return Config()
    return then


def _folders(change: Change) -> Iterator[str]:
    for path in change.changed:
        place = PurePosixPath(path)
        if place.name in NAMES:
            yield place.parent.as_posix()


# Rules that are not built in


def _rules(change: Change, then: Config) -> Iterator[GateWeakened]:
    """What the change does to the project's own rules, and to those of packages."""
    home = change.scope.settings
    shown = relative(home.file, change.scope.root) if home.file else NAMES[0]
    gone = [name for name in then.rule_packages if name not in home.config.rule_packages]
    if gone:
        effect = f"the rules of {listed(gone)} no longer judge"
        yield change.fact(shown, "rule-packages", effect, held=True)
    if then.custom_rules is None:
        return
    if then.custom_rules != home.config.custom_rules:
        instead = f", but those in {home.config.custom_rules}" if home.config.custom_rules else ""
        effect = f"the rules in {then.custom_rules} no longer judge{instead}"
        yield change.fact(shown, "custom-rules", effect, held=True)
    folder = PurePosixPath(relative(home.folder / then.custom_rules, change.scope.root))
    for path in change.changed:
        before, now = change.files.read(path), change.now(path)
        if PurePosixPath(path).is_relative_to(folder) and before is not None and now != before:
            what = "is no longer there" if now is None else "is another"
            yield change.fact(path, "custom-rules", f"the rule {what}", held=True)


# Approvals and the baseline


def _entries(change: Change) -> Iterator[GateWeakened]:
    for path in change.changed:
        is_baseline = PurePosixPath(path).name == BASELINE
        if not is_baseline and path not in change.approvals:
            continue
        known = [*_tables(change.files.read(path)), *_tables(change.agreed(path))]
        new = [entry for entry in _tables(change.now(path)) if entry not in known]
        if not new:
            continue
        if is_baseline:
            count = f"{len(new)} finding{'s' if len(new) > 1 else ''}"
            yield change.fact(path, "baseline", f"{count} more pass as old ones", held=True)
            continue
        own = any(str(entry.get("revision")) in change.revisions for entry in new)
        what = listed([f"{e.get('rule')} of {e.get('object') or e.get('revision')}" for e in new])
        yield change.fact(path, "approval", f"approved: {what}", held=own)


def _tables(data: bytes | None) -> list[dict[str, object]]:
    """The tables of all lists in a TOML file; what is no TOML is refused elsewhere."""
    try:
        document = parse_toml((data or b"").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []
    lists = (value for value in document.values() if isinstance(value, list))
    return [entry for entries in lists for entry in entries if isinstance(entry, dict)]


# Where guard is run


def _ci(change: Change) -> Iterator[GateWeakened]:
    """Calls of guard that are gone from CI and hooks, wherever else they may stand now."""
    paths = [path for path in change.changed if may_run_guard(path)]
    texts = {path: (_text(change.files.read(path)), _text(change.now(path))) for path in paths}
    everywhere = {call for _, now in texts.values() for call in calls(now)}
    for path, (then, now) in texts.items():
        here = calls(now)
        gone = [call for call in calls(then) if call not in everywhere]
        come = [call for call in here if call not in calls(then)]
        if gone:
            instead = f", but `{come[0]}`" if come else ""
            what = f"it no longer has `{listed(gone)}`{instead}"
            yield change.fact(path, "run", what, line=here[come[0]] if come else 1, held=True)
        for line, number in passes(now).items():
            if line not in passes(then) and calls(then):
                what = f"with `{line}` a failure may go unseen"
                yield change.fact(path, "run", what, line=number, held=True)


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
