"""The replayed schema beside the real one, after each step: what differs is a bug of ours.

The replay is made in a SQLite database of its own, which is asked in the same words as the scratch
database was. Left out is what the replay itself is not sure of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from guard.judge.replay import Schemas, advance
from guard.patterns import lazy_re
from guard.reader import ParsedRevision
from guard.roundtrip.replayed import made_of
from guard.roundtrip.run import RoundTrip, SeenSchema
from guard.run.histories import ChangedHistory
from guard.run.part import Part
from guard.run.scope import Scope
from guard.schema import Index, Schema, Table
from guard.schema.model import StoredColumn, StoredConstraint
from guard.show.ddl import as_sql

DIALECT = "sqlite"
ONLY_SQLITE = (
    "--verify-reader compares one database on SQLite, read as such: "
    "add --backend sqlite --dialect sqlite"
)
_SHORT = {
    "integer": "int", "decimal": "numeric", "boolean": "bool",
    "double precision": "float", "double": "float", "real": "float", "uuid": "char(32)",
}  # fmt: skip
_LONG = lazy_re(rf"\b(?:{'|'.join(_SHORT)})\b")

_LEFT_OUT = lazy_re(r" with time zone| collate \w+|(?<=blob|loat)\(\d+\)")


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A step, how many of its tables were compared and how many are right; `lines` differ."""

    revision: str
    stage: str
    tables: int
    agree: int
    lines: tuple[str, ...]


def verified(scope: Scope, trip: RoundTrip, history: ChangedHistory) -> Part:
    """Return how much of a run is as it was read, and as errors what is not."""
    if (trip.dialect, scope.dialect) != (DIALECT, DIALECT) or history.environment.databases:
        return Part(errors=(ONLY_SQLITE,))
    steps = [*_steps(trip, history.parsed.revisions)]
    return Part(checked=(_agreement(steps),), errors=_errors(steps))


def _steps(trip: RoundTrip, revisions: Mapping[str, ParsedRevision]) -> Iterator[Verified]:
    """Yield each step of the run with what the replay has otherwise, each difference once."""
    schemas: Schemas = {}
    after: Schemas = {}  # the first upgrade of the revision at hand
    told: set[str] = set()
    for seen in trip.schemas:
        parsed = revisions.get(seen.revision)
        if parsed is None:
            return
        if seen.stage == "upgrade":
            schemas = dict(after or schemas)
        steps = parsed.downgrade if seen.stage == "downgrade" else parsed.upgrade
        for statement in steps.statements:
            advance(schemas, statement, DIALECT)
        if seen.stage == "upgrade":
            after = dict(schemas)
        step = _compared(seen, schemas.get(None) or Schema.empty(dialect=DIALECT))
        new = tuple(line for line in step.lines if line not in told)
        told |= {*step.lines}
        yield msgspec.structs.replace(step, lines=new)


def _agreement(steps: Sequence[Verified]) -> str:
    """Return how much of what was compared is right."""
    right = sum(step.agree == step.tables for step in steps)
    agree, tables = sum(step.agree for step in steps), sum(step.tables for step in steps)
    return f"replayed: {right} of {len(steps)} steps agree, {agree} of {tables} tables"


def _errors(steps: Sequence[Verified]) -> tuple[str, ...]:
    """Return what to say of the steps that differ."""
    return tuple(
        f"guard itself is wrong about the schema after the {step.stage} of {step.revision} "
        "(- the database, + as it was read); please report it:\n  " + "\n  ".join(step.lines)
        for step in steps
        if step.lines
    )


def _compared(seen: SeenSchema, schema: Schema) -> Verified:
    sure = {t.name.name for t in schema.tables() if _is_sure(t)}
    unsure = {t.name.name for t in schema.tables()} - sure
    made, refused = made_of(as_sql(schema).split(";\n"))
    lines = [f"+ {refused}"] if refused else []
    count = right = 0
    names = (made.keys() | seen.tables.keys()) - unsure
    for name in sorted(names if schema.known else names & sure):
        count += 1
        different = list(_difference(name, seen.tables.get(name), made.get(name)))
        right += not different
        lines += different
    return Verified(
        revision=seen.revision, stage=seen.stage, tables=count, agree=right, lines=tuple(lines)
    )


def _is_sure(table: Table) -> bool:
    parts: list[StoredColumn | StoredConstraint | Index] = [*table.columns]
    parts += [*table.constraints, *table.indexes]
    typed = all(column.type is not None for column in table.columns)
    return table.certain and table.complete and typed and all(part.certain for part in parts)


def _difference(
    name: str, real: Mapping[str, str] | None, made: Mapping[str, str] | None
) -> Iterator[str]:
    if real is None or made is None:
        yield f"{'+' if real is None else '-'} table {name}"
        return
    there, read = ({_meaning(key) for key in lines} for lines in (real, made))
    yield from (f"- {line}" for key, line in real.items() if _meaning(key) not in read)
    yield from (f"+ {line}" for key, line in made.items() if _meaning(key) not in there)


def _meaning(line: str) -> str:
    """Return a line without what SQLAlchemy writes for SQLite otherwise, and the replay leaves out.

    Of the names that SQLite takes for one type it has the shortest.
    """
    return _LEFT_OUT.sub("", _LONG.sub(lambda found: _SHORT[found[0]], line))
