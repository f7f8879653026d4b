"""What the change brought to each service of a project that has several, for the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from guard.finding import SEVERITY_ORDER, Finding, Tally
from guard.paths import relative
from guard.run.histories import ChangedHistory
from guard.run.outcome import Outcome
from guard.run.services import Service


class Place(msgspec.Struct, frozen=True):
    """A history among several, or a service that is only source files, by what it is called."""

    name: str
    folder: Path
    history: ChangedHistory | None = None

    def holds(self, path: Path) -> bool:
        """Return whether the file belongs to it, or to something in its folder."""
        inside = self.history is not None and self.history.environment.holds(path)
        return inside or path.is_relative_to(self.folder)


def places_of(histories: Sequence[tuple[Service, ChangedHistory]]) -> list[Place]:
    """Return what to call each history in what is said of it, and the folder that is its own.

    Where it is the only one of its service, that is the folder of the settings; else that of its
    configuration, if it is below the root and no other's; else its own name says.
    """
    owners = Counter(service.file for service, _ in histories)
    folders = Counter(_config_folder(service, history) for service, history in histories)
    places = []
    for service, history in histories:
        environment, scope = history.environment, service.scope
        folder = _config_folder(service, history)
        if scope.settings is not scope.all_settings.home and owners[service.file] == 1:
            folder = scope.settings.folder
        if folder is None or folders[folder] > 1:
            place = Place(environment.name, environment.script_location, history)
        else:
            place = Place(relative(folder, scope.root), folder, history)
        places.append(place)
    return places


def tally(
    places: Sequence[Place],
    histories: Sequence[tuple[Service, ChangedHistory]],
    outcomes: Sequence[Outcome],
) -> tuple[Tally, ...]:
    """Return the counts of each place, and of each service that is only source files."""
    owners = {service.file for service, _ in histories}
    places = [
        *places,
        *(
            Place(one.service.folder, one.service.scope.settings.folder)
            for one in outcomes
            if one.part.paths and one.service.file not in owners and one.service.folder != "."
        ),
    ]
    root = outcomes[0].service.scope.root
    found = _counts(places, (f for one in outcomes for f in one.findings), root)
    unchanged = _counts(places, (f for one in outcomes for f in one.unchanged), root)
    return tuple(
        _tally(place, found.get(place.name, Counter()), unchanged.get(place.name, Counter()))
        for place in places
    )


def _config_folder(service: Service, history: ChangedHistory) -> Path | None:
    """The folder of its configuration, None where that is the project's own or none."""
    path = history.environment.config_path
    return path.parent if path is not None and path.parent != service.scope.root else None


def _counts(
    places: Sequence[Place], findings: Iterable[Finding], root: Path
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


def _tally(place: Place, found: Counter[str], unchanged: Counter[str]) -> Tally:
    history = place.history
    new = history.change.new if history else frozenset()
    return Tally(
        name=place.name,
        new=len(new),
        judged=len(history.judged | new) if history else 0,
        findings={severity: found[severity] for severity in SEVERITY_ORDER},
        unchanged=unchanged.total(),
    )
