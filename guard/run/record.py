"""What the JSON of a shard carries for `guard merge`: how it was asked, of what, and what ran."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from guard.facts import LOCK, Fact, UnreadStatement
from guard.history.git import blob_id
from guard.paths import read_bytes, relative
from guard.roundtrip.run import KINDS, RoundTrip
from guard.run.check import Result
from guard.run.opened import Opened
from guard.run.scope import Scope
from guard.run.shard import Shard
from guard.run.trip import Trip

FACTS: dict[str, type[Fact]] = {
    **{kind.__name__: kind for kind in KINDS},
    UnreadStatement.__name__: UnreadStatement,
}


class RecordedFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact by the name of its kind; the other fields are its own."""

    kind: str
    fields: dict[str, Any]


class RecordedTrip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `Trip`, with all of its facts as they are written down."""

    environment: str
    revisions: tuple[str, ...]
    facts: tuple[RecordedFact, ...]
    result: RoundTrip | None
    errors: tuple[str, ...]

    @classmethod
    def of(cls, trip: Trip) -> RecordedTrip:
        """Return what to write down of it; what only the run itself needs is left out."""
        result, facts = trip.result, tuple[Fact, ...](trip.unread)
        if result is not None:
            facts = (*result.facts, *facts)
            result = msgspec.structs.replace(result, facts=(), ran=(), schemas=())
        return cls(
            environment=trip.environment,
            revisions=trip.revisions,
            facts=tuple(
                RecordedFact(kind=type(fact).__name__, fields=msgspec.to_builtins(fact))
                for fact in facts
            ),
            result=result,
            errors=trip.errors,
        )

    def trip(self) -> Trip:
        """Return the trip; raise ValueError where a fact is none."""
        facts = [_fact(one) for one in self.facts]
        unread = tuple(fact for fact in facts if isinstance(fact, UnreadStatement))
        shown = tuple(fact for fact in facts if not isinstance(fact, UnreadStatement))
        result = self.result and msgspec.structs.replace(self.result, facts=shown)
        return Trip(
            environment=self.environment,
            revisions=self.revisions,
            result=result,
            unread=unread,
            errors=self.errors,
        )


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is of: the same for all whose results may be put together.

    `folder` is where it was started, `applied` where the database of --applied-in stands, `files`
    are hashes of what the revisions are run from, and of all that differs from the `commit`.
    """

    folder: str
    commit: str | None
    base: str | None
    applied: tuple[str, ...] | None
    files: dict[str, str]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shard: its part, the command and its options as they were given, its state and its trips.

    `interrupted`: somebody ended it before its end.
    """

    number: int
    of: int
    command: str
    options: dict[str, Any]
    state: State
    trips: tuple[RecordedTrip, ...]
    interrupted: bool = False

    @property
    def shard(self) -> Shard:
        """Which part it is."""
        return Shard(self.number, self.of)


def record_of(
    opened: Opened, result: Result, command: str, options: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what the report of a shard carries, as it is written; None for what is no shard's."""
    shard = opened.scope.request.shard
    if shard is None:
        return None
    record = Record(
        number=shard.number,
        of=shard.of,
        command=command,
        options=dict(options),
        state=state_of(opened),
        trips=tuple(map(RecordedTrip.of, result.trips)),
        interrupted=result.interrupted,
    )
    return msgspec.to_builtins(record)  # type: ignore[no-any-return]


def state_of(opened: Opened) -> State:
    """Return what a run is of that was opened."""
    scope, base = opened.scope, opened.scope.base
    files = {path: _hash(partial(scope.sources.read, scope.root / path)) for path in _run(opened)}
    return State(
        folder=relative(scope.request.start, scope.root),
        commit=scope.repo.resolve("HEAD") if scope.repo else None,
        base=base.commit,
        applied=base.applied,
        files=dict(sorted((_changed(scope) | files).items())),
    )


def _run(opened: Opened) -> Iterator[str]:
    """Yield the paths of what a round trip runs: revisions, env.py, and what configures them."""
    root = opened.scope.root
    if opened.scope.base.lock is not None:
        yield LOCK
    for service, history in opened.histories:
        environment = history.environment
        yield from history.graph.files
        for path in (
            environment.script_location / "env.py",
            environment.config_path,
            service.file,
        ):
            if path is not None:
                yield relative(path, root)


def _changed(scope: Scope) -> dict[str, str]:
    """Return hashes of the tracked files that are not as the commit has them."""
    repo = scope.repo
    commit = repo.resolve("HEAD") if repo else None
    if repo is None or commit is None:
        return {}
    then, tracked = repo.list_files(commit), repo.staged_files()
    found = {}
    for name in repo.changed_files(commit):
        if name not in then and name not in tracked:
            continue  # a report, an environment of Python: nobody's work
        path = repo.root / name
        blob = then.get(name, "")
        if _hash(partial(_blob, path, blob or commit)) != _hash(blob.encode):
            found[relative(path, scope.root)] = _hash(partial(read_bytes, path))
    return found


def _blob(path: Path, like: str) -> bytes:
    return blob_id(read_bytes(path), like).encode()


def _hash(read: Callable[[], bytes]) -> str:
    try:
        return hashlib.sha256(read()).hexdigest()
    except OSError:
        return "not readable"


def _fact(recorded: RecordedFact) -> Fact:
    kind = FACTS.get(recorded.kind)
    if kind is None:
        raise ValueError(f"{recorded.kind} is no kind of fact")
    return msgspec.convert(recorded.fields, kind)
