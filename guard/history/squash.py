"""Revisions that are gone while a new one stands in their place, and whether it makes the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from guard.facts import SquashedRevisions
from guard.history.difference import content_hash
from guard.history.graph import Graph
from guard.history.sides import Side
from guard.operations import CallRoutine, Opaque
from guard.reader import ParsedRevision
from guard.schema import Schema
from guard.statement import Span

Parsed = Mapping[str, ParsedRevision]
Replay = Callable[[Sequence[str], Parsed], Mapping[str | None, Schema]]


def replaced_by(then: Side, tip: Side, now: Side) -> dict[str, str]:
    """Return the new revision for each released one that is gone and that it stands for.

    It says so (`replaces`), or comes after what the first of them came after. So may one that keeps
    the id of the last of them, which then stands for itself as it was as well.
    """
    gone = {
        id_: was
        for id_, was in then.revisions.items()
        if id_ in tip.revisions and id_ not in now.revisions and was.name not in now.files
    }
    new = {
        id_: version
        for id_, version in now.revisions.items()
        if id_ not in then.revisions and id_ not in tip.revisions
    }
    found = {old: id_ for id_, v in new.items() for old in v.header.replaces if old in gone}
    left = gone.keys() - found.keys()
    for id_, version in sorted(new.items()):
        if version.header.replaces:
            continue
        first = {
            old
            for old in left
            if not left & {*gone[old].header.parents}
            and gone[old].header.parents == version.header.parents
        }
        for old in _with_descendants(first, left, {k: v.header.parents for k, v in gone.items()}):
            found.setdefault(old, id_)
    return found | _kept_id(then, now, gone.keys() - found.keys())


def _kept_id(then: Side, now: Side, gone: Collection[str]) -> dict[str, str]:
    """Return the same for revisions with the id of the last that they stand for, and new parents.

    All that came between is gone.
    """
    found: dict[str, str] = {}
    for id_, was in then.revisions.items():
        here = now.revisions.get(id_)
        if here is None or here.header.parents == was.header.parents:
            continue
        between = _ancestors(was.header.parents, gone, then)
        before = {p for old in between for p in then.revisions[old].header.parents} - between
        if between and before == {*here.header.parents}:
            found |= dict.fromkeys((*between, id_), id_)
    return found


def _ancestors(parents: Iterable[str], among: Collection[str], side: Side) -> set[str]:
    found: set[str] = set()
    waiting = [*parents]
    while waiting:
        id_ = waiting.pop()
        if id_ in among and id_ not in found:
            found.add(id_)
            waiting += side.revisions[id_].header.parents
    return found


def _with_descendants(
    first: Collection[str], among: Collection[str], parents: Mapping[str, tuple[str, ...]]
) -> set[str]:
    found = set(first)
    waiting = bool(found)
    while waiting:
        more = {id_ for id_ in among if id_ not in found and found & {*parents[id_]}}
        found |= more
        waiting = bool(more)
    return found


def squashes(
    replaced: Mapping[str, str], old: Graph, then: Side, now: Side, base: str
) -> Iterator[SquashedRevisions]:
    """Return a fact for each new revision that stands for others; nothing is proven of it yet."""
    for id_ in sorted(set(replaced.values())):
        ids = tuple(one for one in old.order if replaced.get(one) == id_)
        version = now.revisions[id_]
        yield SquashedRevisions(
            span=Span(then.revisions[ids[0]].name, 1),
            revision=ids[-1],
            base=base,
            ids=ids,
            by=id_,
            content_hash=content_hash(" ".join(ids) + version.source.text),
        )


def prove(
    squash: SquashedRevisions, old: Graph, new: Graph, before: Parsed, after: Parsed, replay: Replay
) -> SquashedRevisions:
    """Return the fact with what the new history makes otherwise than the old one did.

    Both are replayed from their beginning, the old one up to the last revision that is gone.
    """
    then = [id_ for id_ in old.order if id_ in {*old.ancestors(squash.ids[-1]), *squash.ids}]
    now = [id_ for id_ in new.order if id_ in {*new.ancestors(squash.by), squash.by}]
    made, makes = replay(then, before), replay(now, after)
    difference = [
        line
        for database in sorted({*made, *makes}, key=str)
        for line in made.get(database, Schema.empty()).diff(makes.get(database, Schema.empty()))
    ]
    proven = _all_read(then, before) and _all_read(now, after)
    return msgspec.structs.replace(squash, difference=tuple(difference), proven=proven)


def _all_read(ids: Iterable[str], parsed: Parsed) -> bool:
    return all(
        id_ in parsed
        and not any(
            isinstance(operation, Opaque | CallRoutine) or statement.condition
            for statement in parsed[id_].upgrade.statements
            for operation in statement.operations
        )
        for id_ in ids
    )
