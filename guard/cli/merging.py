"""What `guard merge` and `guard plan` do, and how they tell it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from json import dumps
from pathlib import Path

import msgspec

from guard.cli.arguments import Arguments
from guard.cli.destinations import destinations
from guard.cli.report import report
from guard.errors import GuardError
from guard.paths import relative
from guard.printable import safe
from guard.reporters.summary import plural
from guard.run.division import Division, divide, key_of
from guard.run.merge import merge, read_shards
from guard.run.opened import Opened, open_run
from guard.run.shard import Shard


def merge_and_report(files: Sequence[Path], told: Arguments, given: Mapping[str, object]) -> None:
    """Say what the reports of all shards come to, and exit as a run without shards does.

    `told` are the arguments `given` here: how it is told. Raises GuardError where the files are not
    those of one run of this checkout.
    """
    outputs = destinations(told, os.environ)
    shards = read_shards(files)
    record = shards[0].record
    arguments = Arguments.of_record(record.options, given)
    made_by = record.command
    alone = made_by == "roundtrip"
    request = arguments.request(roundtrip=True, statements=not alone, history=not alone)
    request = msgspec.structs.replace(request, applied=record.state.applied)
    opened = open_run(request, arguments.settings(), None)
    report(merge(opened, shards), arguments, outputs)


def planned(opened: Opened, most: int, form: str) -> str:
    """Return into which shards the round trip divides, `most` at most; there is always one.

    Raises GuardError where a part of the project cannot be opened.
    """
    if opened.services.errors:
        raise GuardError(next(iter(opened.services.errors)))
    division = divide(opened.histories, most)
    of = division.shards  # so many are divided alike
    shards = [Shard(number, of) for number in range(1, of + 1)]
    if form == "github-matrix":
        return dumps({"shard": [str(shard) for shard in shards]})
    if form == "json":
        return dumps(
            {
                "revisions": division.size,
                "shards": [
                    {"shard": str(shard), "environments": _runs(opened, division, shard)}
                    for shard in shards
                ],
            },
            indent=2,
        )
    lines = [f"{plural(division.size, 'revision')} to run up, down and up again"]
    for shard in shards:
        runs = ", ".join(
            f"{count} of {name}" for name, count in _runs(opened, division, shard).items()
        )
        lines.append(f"shard {shard}: {runs or 'nothing'}")
    return safe("\n".join(lines))


def _runs(opened: Opened, division: Division, shard: Shard) -> dict[str, int]:
    """How many revisions of each environment the shard runs, without those of which it runs none.

    Environments of the same name are told apart by the place of their migrations.
    """
    places = [(history.environment, service.scope.root) for service, history in opened.histories]
    names = Counter(environment.name for environment, _ in places)
    runs: dict[str, int] = {}
    for environment, root in places:
        count = len(division.stint(key_of(environment, root), shard.number).own)
        place = relative(environment.script_location, root)
        name = environment.name if names[environment.name] == 1 else place
        if count:
            runs[name] = runs.get(name, 0) + count
    return runs
