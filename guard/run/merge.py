"""One report of the reports of all shards: judged anew, with what these ran.

Nothing is run, and nothing is taken on trust that can be looked at: the files have to be of the
same checkout, settings and guard, and of every shard there has to be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from guard import __version__
from guard.credentials import mask_credentials
from guard.errors import GuardError
from guard.finding import Report, Timing
from guard.judge.judge import Judge
from guard.paths import read_bytes
from guard.printable import encodable
from guard.roundtrip.run import RoundTrip
from guard.run.check import Result, judge_opened
from guard.run.division import Division, divide, key_of
from guard.run.histories import ChangedHistory
from guard.run.opened import Opened
from guard.run.record import Record, state_of
from guard.run.scope import Scope
from guard.run.trip import Trip

AGAIN = "run the shards again, and merge what one run of them wrote"
WANTED = "name what guard check --shard N/OF --output json:FILE wrote, the file of each shard"
T = TypeVar("T")
MOST_NAMED = 5  # shards or files in a message


class _Tool(msgspec.Struct, frozen=True):
    version: str


class _Told(msgspec.Struct, frozen=True):
    """A finding as a report tells it: as much as is needed to find it again."""

    rule: str
    severity: str
    status: str
    path: str
    line: int
    revision: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        return (self.rule, self.path, self.line, self.revision)


class _Written(msgspec.Struct, frozen=True):
    """The parts of a report in JSON that are merged."""

    tool: _Tool
    findings: tuple[_Told, ...]
    errors: tuple[str, ...]
    shard: dict[str, Any] | None = None


class ShardReport(msgspec.Struct, frozen=True, kw_only=True):
    """The file of a shard, and what it says."""

    file: Path
    version: str
    findings: tuple[_Told, ...]
    errors: tuple[str, ...]
    record: Record
    trips: tuple[Trip, ...]


def read_shards(files: Sequence[Path]) -> tuple[ShardReport, ...]:
    """Return the reports of all shards in their order.

    Raises GuardError where a file is no such report, or they are not one of each shard of one run.
    """
    reports = sorted((_read(file) for file in files), key=lambda one: one.record.number)
    first = reports[0]
    for one in reports:
        _check_version(one)
        _check_same(first, one)
        if one.record.interrupted:
            raise GuardError(
                f"{one.file}: shard {one.record.shard} was interrupted before its end: run it again"
            )
    for one, other in pairwise(reports):
        if one.record.number == other.record.number:
            raise GuardError(
                f"{one.file} and {other.file} are both of shard {one.record.shard}: give one of "
                "them, that of the run whose others you give"
            )
    there = {one.record.number for one in reports}
    missing = [n for n in range(1, first.record.of + 1) if n not in there][: MOST_NAMED + 1]
    if missing:
        named = ", ".join(f"{number}/{first.record.of}" for number in missing[:MOST_NAMED])
        more = " and more" * (len(missing) > MOST_NAMED)
        raise GuardError(
            f"there is no report of shard {named}{more}: what it was to run is not proven. Give "
            "its file too; a shard that ended with 2 may have written none"
        )
    return tuple(reports)


def merge(opened: Opened, shards: Sequence[ShardReport]) -> Result:
    """Return what guard says of what was opened, with what the shards ran.

    Raises GuardError where they ran something else.
    """
    _check_state(opened, shards[0])
    division = divide(opened.histories, shards[0].record.of)
    trips = {
        environment: _joined(environment, [_trip(one, environment, division) for one in shards])
        for environment in division.work
    }

    def get_trip(scope: Scope, history: ChangedHistory, _judge: Judge) -> Trip:
        return trips[key_of(history.environment, scope.root)]

    result = judge_opened(opened, get_trip=get_trip)
    errors = (*result.report.errors, *_lost(result.report, shards))
    return msgspec.structs.replace(
        result, report=msgspec.structs.replace(result.report, errors=errors)
    )


# What the files have to be


def _read(file: Path) -> ShardReport:
    try:
        written = msgspec.json.decode(read_bytes(file), type=_Written)
    except OSError as error:
        raise GuardError(f"{file}: {error.strerror or error}: {WANTED}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GuardError(f"{file}: it is no report of guard in JSON ({error}): {WANTED}") from None
    if written.shard is None:
        raise GuardError(f"{file}: it is the report of a whole run: {WANTED}")
    try:
        record = msgspec.convert(written.shard, Record)
        trips = tuple(one.trip() for one in record.trips)
    except ValueError as error:
        of = _of_version(written.tool.version)
        raise GuardError(f"{file}: what it says of its shard is not valid{of}: {error}") from None
    return ShardReport(
        file=file,
        version=written.tool.version,
        findings=written.findings,
        errors=written.errors,
        record=record,
        trips=trips,
    )


def _of_version(version: str) -> str:
    return (
        "" if version == __version__ else f" (guard {version} wrote it, and this is {__version__})"
    )


def _check_version(one: ShardReport) -> None:
    if one.version != __version__:
        raise GuardError(
            f"{one.file}: guard {one.version} wrote it, and this is guard {__version__}: install "
            "the same version for the shards and for guard merge"
        )


def _check_same(first: ShardReport, other: ShardReport) -> None:
    one, two = first.record, other.record
    both = f"{first.file} and {other.file}"
    if one.of != two.of:
        raise GuardError(
            f"{both} are of different runs, shard {one.shard} and shard {two.shard}: {AGAIN}"
        )
    if one.command != two.command:
        raise GuardError(f"{both} are of guard {one.command} and of guard {two.command}: {AGAIN}")
    for name in sorted(one.options.keys() | two.options.keys()):
        if one.options.get(name) != two.options.get(name):
            raise GuardError(
                f"{both} were made with different options, --{name.replace('_', '-')}: {AGAIN}"
            )
    for what in _differences(one, two):
        raise GuardError(f"{both} are not of the same: {what}: {AGAIN}")


def _differences(one: Record, other: Record) -> Iterator[str]:
    """Yield in what two records differ that are to be of the same."""
    here, there = one.state, other.state
    if here.folder != there.folder:
        yield f"one was started in {here.folder}, the other in {there.folder}"
    if here.commit != there.commit:
        yield f"one is of commit {_short(here.commit)}, the other of {_short(there.commit)}"
    if here.base != there.base or here.applied != there.applied:
        yield f"one compares with {_base(one)}, the other with {_base(other)}"
    if differing := _differing(here.files, there.files):
        yield f"{differing} differ between them"


def _check_state(opened: Opened, shard: ShardReport) -> None:
    then = shard.record
    now = msgspec.structs.replace(then, state=state_of(opened))
    if now.state.folder != then.state.folder:
        raise GuardError(
            f"{shard.file} is of a run in {then.state.folder}, and this is {now.state.folder}: "
            "run guard merge where the shards ran"
        )
    if now.state.commit != then.state.commit:
        raise GuardError(
            f"{shard.file} is of commit {_short(then.state.commit)}, and this is "
            f"{_short(now.state.commit)}: check out the commit that the shards ran on"
        )
    if now.state.base != then.state.base or now.state.applied != then.state.applied:
        raise GuardError(
            f"{shard.file} compares with {_base(then)}, and here it is {_base(now)}: fetch the "
            "same history as for the shards, or give each of them --base"
        )
    if differing := _differing(then.state.files, now.state.files):
        raise GuardError(
            f"{differing} changed since {shard.file} was written: run the shards again, or bring "
            "back what they ran on"
        )


def _differing(one: dict[str, str], other: dict[str, str]) -> str:
    names = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _short(commit: str | None) -> str:
    return commit[:12] if commit else "no commit"


def _base(record: Record) -> str:
    state = record.state
    stands = f" and a database at {', '.join(state.applied) or 'base'}" if state.applied else ""
    return (f"commit {state.base[:12]}" if state.base else "nothing") + stands


# What the shards ran


def _trip(shard: ShardReport, environment: str, division: Division) -> Trip:
    """Return what the shard ran of an environment: neither more nor less than its own."""
    own = division.stint(environment, shard.record.number).own
    found = [trip for trip in shard.trips if trip.environment == environment]
    if not found and not own:
        return Trip(environment=environment)
    done = found and (found[0].result is not None or found[0].errors or not own)
    if len(found) != 1 or found[0].revisions != own or not done:
        raise GuardError(
            f"{shard.file}: shard {shard.record.shard} did not run what is its part here: {AGAIN}"
        )
    return found[0]


def _joined(environment: str, trips: Sequence[Trip]) -> Trip:
    """Return the trips of all shards as if they were one. Raises GuardError for two servers."""
    results = [trip.result for trip in trips if trip.result is not None]
    servers = dict.fromkeys(result.server for result in results)
    if len(servers) > 1:
        raise GuardError(
            f"the shards ran on different servers, {' and '.join(servers)}: have each of them run "
            "on the same, with --backend or --url"
        )
    return Trip(
        environment=environment,
        revisions=tuple(id_ for trip in trips for id_ in trip.revisions),
        result=_one_result(results) if results else None,
        unread=_once(fact for trip in trips for fact in trip.unread),
        errors=_once(error for trip in trips for error in trip.errors),
    )


def _one_result(results: Sequence[RoundTrip]) -> RoundTrip:
    """Return the results as one: what each shard met on its way is told once."""
    return RoundTrip(
        facts=_once(fact for one in results for fact in one.facts),
        about_server=_once(note for one in results for note in one.about_server),
        unrun=_once(unrun for one in results for unrun in one.unrun),
        absent=_once(table for one in results for table in one.absent),
        made_up=_once(step for one in results for step in one.made_up),
        said=_once(note for one in results for note in one.said),
        met=_once(met for one in results for met in one.met),
        upgraded=sum(one.upgraded for one in results),
        downgraded=sum(one.downgraded for one in results),
        seeded_rows=sum(one.seeded_rows for one in results),
        seconds=max(one.seconds for one in results),
        server=results[0].server,
        held=tuple(what for what in results[0].held if all(what in one.held for one in results)),
        restored=_once(pair for one in results for pair in one.restored),
        timings=_timings(results),
    )


def _timings(results: Sequence[RoundTrip]) -> tuple[Timing, ...]:
    """Return those of each revision once: released ones ran in several shards."""
    known: dict[str, Timing] = {}
    for timing in (timing for one in results for timing in one.timings):
        known.setdefault(timing.revision, timing)
    return tuple(known.values())


def _once(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _lost(report: Report, shards: Sequence[ShardReport]) -> Iterator[str]:
    """Yield what a shard found wrong, or could not do, and that is not so here."""
    said = {_as_written(error) for error in report.errors}
    here = {(f.rule, encodable(f.span.path), f.span.line, f.revision) for f in report.findings}
    for one in shards:
        for error in one.errors:
            if error not in said:
                said.add(error)
                yield f"shard {one.record.shard}: {error}"
        for finding in one.findings:
            fails = finding.severity in ("error", report.fail_on)
            if fails and finding.status == "open" and finding.key not in here:
                yield (
                    f"shard {one.record.shard} found {finding.rule} at "
                    f"{finding.path}:{finding.line}, and here nothing is found there: run guard "
                    "merge with the Python and the settings that the shards ran with"
                )


def _as_written(text: str) -> str:
    return encodable(mask_credentials(text))
