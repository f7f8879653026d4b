"""What the change brought to each service of a project that has several, for the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from guard.finding import SEVERITY_ORDER, Finding, Tally
from guard.paths import relative
from guard.project.environments import Environment
from guard.run.histories import ChangedHistory
from guard.run.outcome import Outcome
from guard.run.scope import Scope
from guard.run.services import Service


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    folder: Path
    history: ChangedHistory | None = None  # None: only source files

    def holds(self, path: Path) -> bool:
        inside = self.history is not None and self.history.environment.holds(path)
        return inside or path.is_relative_to(self.folder)


def names_of(environments: Sequence[Environment], root: Path) -> list[str]:
    """Return what to call each of several environments; one alone needs no name: "".

    It is the folder of its configuration, if that is below the root and no other's.
    """
    if len(environments) < 2:
        return [""] * len(environments)
    folders = [str(_folder(environment, root) or "") for environment in environments]
    return [
        relative(Path(folder), root) if folder and folders.count(folder) == 1 else environment.name
        for folder, environment in zip(folders, environments, strict=True)
    ]


def tally(
    scope: Scope,
    histories: Sequence[tuple[Service, ChangedHistory]],
    outcomes: Sequence[Outcome],
) -> tuple[Tally, ...]:
    """Return the counts of each environment, and of each service that is only source files.

    Empty for a project that is one.
    """
    changed = [history for _, history in histories]
    names = names_of([history.environment for history in changed], scope.root)
    places = [
        _Place(
            name=name or history.environment.name,
            folder=_folder(history.environment, scope.root) or history.environment.script_location,
            history=history,
        )
        for name, history in zip(names, changed, strict=True)
    ]
    known = {place.folder for place in places} | {scope.root}
    for outcome in outcomes:
        folder = outcome.service.scope.settings.folder
        if outcome.part.paths and folder not in known:
            places.append(_Place(name=outcome.service.folder, folder=folder))
    if len(places) < 2:
        return ()
    found = _counts(places, (f for one in outcomes for f in one.findings), scope.root)
    unchanged = _counts(places, (f for one in outcomes for f in one.unchanged), scope.root)
    return tuple(
        _tally(place, found.get(place.name, Counter()), unchanged.get(place.name, Counter()))
        for place in places
    )


def _folder(environment: Environment, root: Path) -> Path | None:
    """The folder of its configuration, None where that is the project's own or none."""
    path = environment.config_path
    return path.parent if path is not None and path.parent != root else None


def _counts(
    places: Sequence[_Place], findings: Iterable[Finding], root: Path
) -> dict[str, Counter[str]]:
    """The open findings by severity, each in the innermost place that holds its file."""
    counts: dict[str, Counter[str]] = {}
    for finding in dict.fromkeys(findings):
        path = root / finding.span.path
        holding = [place for place in places if place.holds(path)]
        if finding.status == "open" and holding:
            innermost = max(holding, key=lambda place: len(place.folder.parts))
            counts.setdefault(innermost.name, Counter())[finding.severity] += 1
    return counts


def _tally(place: _Place, found: Counter[str], unchanged: Counter[str]) -> Tally:
    history = place.history
    new = history.change.new if history else frozenset()
    return Tally(
        name=place.name,
        new=len(new),
        judged=len(history.judged | new) if history else 0,
        findings={severity: found[severity] for severity in SEVERITY_ORDER},
        unchanged=unchanged.total(),
    )
