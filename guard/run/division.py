"""How the round trip of all histories is divided into shards, each of which proves its revisions.

A shard runs up over the revisions that come before its own, with rows as they are there when all is
run at once, and takes its own up, down and up again. Which are its own follows from the revisions
alone, so that every shard, and who merges them, divides alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from guard.finding import Finding
from guard.note import Note
from guard.paths import relative
from guard.project.environments import Environment
from guard.run.histories import ChangedHistory
from guard.run.services import Service
from guard.run.shard import Shard

OWN, WAY = 3, 1  # what a revision costs its shard, and a shard that begins after it


class Stint(msgspec.Struct, frozen=True, kw_only=True):
    """What one shard does of a history; `passed` are the revisions that other shards prove.

    `whole`: it has the last revision, so that it also goes to the end of the history, where the
    models are compared with all that the revisions make.
    """

    own: tuple[str, ...]
    passed: tuple[str, ...]
    whole: bool


class Division(msgspec.Struct, frozen=True, kw_only=True):
    """The revisions to run, in their order by environment, and the number of each one's shard."""

    work: Mapping[str, tuple[str, ...]]
    owners: Mapping[tuple[str, str], int]

    @property
    def shards(self) -> int:
        """How many shards have something to run; 1 where none has."""
        return max(self.owners.values(), default=1)

    @property
    def size(self) -> int:
        """How many revisions there are to run."""
        return len(self.owners)

    def stint(self, environment: str, number: int) -> Stint:
        """Return what the shard does there."""
        revisions = self.work.get(environment, ())
        owners = [self.owners[environment, id_] for id_ in revisions]
        return Stint(
            own=tuple(id_ for id_, owner in zip(revisions, owners, strict=True) if owner == number),
            passed=tuple(
                id_ for id_, owner in zip(revisions, owners, strict=True) if owner != number
            ),
            whole=bool(owners) and owners[-1] == number,
        )

    def count(self, number: int) -> int:
        """Return how many revisions the shard proves."""
        return sum(owner == number for owner in self.owners.values())

    def tells(self, finding: Finding, number: int, also: Collection[str]) -> bool:
        """Return whether the shard reports it: one of no shard's revisions belongs to the first.

        `also` are revisions that its run has to tell something of.
        """
        holding = {n for (_, id_), n in self.owners.items() if id_ == finding.revision}
        return number in (holding or {1}) or finding.revision in also


def divide(histories: Sequence[tuple[Service, ChangedHistory]], of: int) -> Division:
    """Return the division into so many shards, of which the longest is as short as can be.

    The last ones get nothing where that makes none shorter.
    """
    work: dict[str, tuple[str, ...]] = {}
    for service, history in histories:
        key = key_of(history.environment, service.scope.root)
        work[key] = tuple(dict.fromkeys((*work.get(key, ()), *_work(service, history))))
    items = [(key, id_) for key, revisions in work.items() for id_ in revisions]
    return Division(work=work, owners=dict(zip(items, numbered(work.values(), of), strict=True)))


def numbered(work: Iterable[Sequence[str]], of: int) -> Sequence[int]:
    """Return the number of each revision's shard."""
    lengths = [len(revisions) for revisions in work]
    low, high = OWN, max(OWN, OWN * sum(lengths))
    while low < high:
        middle = (low + high) // 2
        numbers = _filled(lengths, middle)
        fits = numbers is not None and (not numbers or numbers[-1] <= of)
        low, high = (low, middle) if fits else (middle + 1, high)
    return _filled(lengths, low) or ()


def _filled(lengths: Iterable[int], limit: int) -> list[int] | None:
    """Return the numbers where each shard takes as much as costs no more than the limit.

    None where what comes before one revision costs more.
    """
    numbers: list[int] = []
    number = cost = 0
    for place in (place for length in lengths for place in range(length)):
        if number and cost + OWN <= limit:
            cost += OWN
        else:
            number, cost = number + 1, WAY * place + OWN
        if cost > limit:
            return None
        numbers.append(number)
    return numbers


def of_shard(division: Division | None, shard: Shard | None) -> Iterator[Note]:
    """Yield what a report of a shard says of itself."""
    if division is None or shard is None:
        return
    yield Note(
        "shard",
        f"This is shard {shard}, which ran {division.count(shard.number)} of {division.size} "
        "revisions and tells what is found in these: guard merge has the verdict on all.",
    )


def key_of(environment: Environment, root: Path) -> str:
    """Return what tells the environment from the others, wherever the checkout is."""
    config = environment.config_path
    places = (environment.script_location, *environment.version_locations)
    named = [relative(config, root) if config else "", environment.section]
    return " ".join([*named, *(relative(place, root) for place in places)])


def _work(service: Service, history: ChangedHistory) -> Iterator[str]:
    """Yield the revisions that the round trip runs, all of them where none is new."""
    runs = service.scope.roundtrip and history.environment.kind == "alembic"
    if runs and not history.is_broken:
        yield from history.runs or history.graph.order
