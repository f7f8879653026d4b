"""The revisions of an environment beside what guard.lock says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from guard.facts import (
    LOCK,
    DeletedRevision,
    EditedRevision,
    Fact,
    MovedRevision,
    ReparentedRevision,
)
from guard.history.difference import meaning_hash
from guard.history.lock import Locked, LockedRevisions, fingerprint
from guard.history.sides import Side, Version
from guard.note import Note
from guard.paths import relative
from guard.project.environments import Environment
from guard.project.revision_header import NAMES
from guard.project.sql_folders import runs_again
from guard.python_source import SourceError
from guard.statement import Span

MOST_NAMED = 5  # revisions in a note


def key_of(environment: Environment, root: Path) -> str:
    """Return what an environment is called in the lock."""
    folder = relative(environment.script_location, root)
    own_section = environment.kind == "alembic" and environment.section != "alembic"
    return f"{folder}:{environment.section}" if own_section else folder


def locked(side: Side) -> dict[str, Locked]:
    """Return what the lock says of revisions that are as they should be."""
    return {id_: _locked(version) for id_, version in side.revisions.items()}


def locked_sql(ids: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, Locked]:
    """Return what the lock says of .sql files: their ids and contents are by path."""
    marks = {name: fingerprint(files[name]) for name in ids}
    return {id_: Locked(file=name, does=marks[name], text=marks[name]) for name, id_ in ids.items()}


def facts(was: LockedRevisions, now: Side) -> Iterator[Fact]:
    """Yield what became of the revisions in the lock."""
    for id_, old in sorted(was.items()):
        here = now.revisions.get(id_) or now.files.get(old.file)
        if here is None:
            orphans = tuple(_orphans(id_, now))
            yield DeletedRevision(span=Span(old.file, 1), revision=id_, base=LOCK, orphans=orphans)
            continue
        if here.header.problem == "unreadable":
            continue  # a broken chain tells that
        yield from _reparented(id_, old, here)
        if not _does_the_same(old, here):
            yield EditedRevision(
                span=_line(here, here.header.line),
                revision=id_,
                base=LOCK,
                difference=(),
                content_hash=meaning_hash(here.source),
                moved_from=old.file if old.file != here.name else None,
            )
        elif old.file != here.name:
            moves = ((old.file, here.name),)
            at = _line(here, here.header.line)
            yield MovedRevision(span=at, revision=id_, base=LOCK, moves=moves)


def facts_of_sql(
    was: LockedRevisions, ids: Mapping[str, str], files: Mapping[str, bytes]
) -> Iterator[Fact]:
    """Yield what became of the .sql files in the lock; those that run again may be edited."""
    now = locked_sql(ids, files)
    for id_, old in sorted(was.items()):
        if old.file not in ids:
            same = (name for name in ids if now[ids[name]].text == old.text)
            yield DeletedRevision(
                span=Span(old.file, 1), revision=id_, base=LOCK, renamed_to=next(same, None)
            )
        elif now[ids[old.file]].text != old.text and not runs_again(old.file):
            mark = now[ids[old.file]].text
            at = Span(old.file, 1)
            yield EditedRevision(span=at, revision=id_, base=LOCK, difference=(), content_hash=mark)


def differences(lock: LockedRevisions, sides: Iterable[Side], now: Side, base: str) -> list[Note]:
    """Return how the lock and the base in git disagree about what is released."""
    sides = tuple(sides)
    on_base = {id_ for side in sides for id_ in side.revisions}
    otherwise = [
        id_
        for id_, old in sorted(lock.items())
        if (versions := [side.revisions[id_] for side in sides if id_ in side.revisions])
        and not any(_does_the_same(old, version) for version in versions)
    ]
    only_there = sorted(on_base - lock.keys())
    only_here = sorted(lock.keys() - on_base - now.revisions.keys())
    told = (
        (otherwise, f"{LOCK} says otherwise than {base} what {{}} does"),
        (only_there, f"{LOCK} does not have {{}}, which {base} has"),
        (only_here, f"{LOCK} has {{}}, which {base} does not have"),
    )
    return [
        Note(
            "lock-differs",
            f"{sentence.format(_named(ids))}: {base} counts, and guard history --lock writes the "
            "lock anew.",
            Span(LOCK, 1),
        )
        for ids, sentence in told
        if ids
    ]


def _named(ids: list[str]) -> str:
    more = len(ids) - MOST_NAMED
    return ", ".join(ids[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _locked(version: Version) -> Locked:
    header = version.header
    return Locked(
        file=version.name,
        down_revision=header.parents,
        depends_on=header.depends_on,
        branch_labels=header.branch_labels,
        does=_meaning(version),
        text=fingerprint(version.data),
    )


def _meaning(version: Version) -> str:
    try:
        return meaning_hash(version.source)[:16]
    except SourceError:
        return fingerprint(version.data)


def _does_the_same(old: Locked, version: Version) -> bool:
    return old.text == fingerprint(version.data) or old.does == _meaning(version)


def _orphans(gone: str, now: Side) -> Iterator[str]:
    for id_, version in sorted(now.revisions.items()):
        if gone in (*version.header.parents, *version.header.depends_on):
            yield id_


def _reparented(id_: str, old: Locked, here: Version) -> Iterator[ReparentedRevision]:
    for name in NAMES:
        before = (id_,) if name == "revision" else old.attribute(name)
        after = here.header.attribute(name)
        if before != after:
            yield ReparentedRevision(
                span=_line(here, here.header.lines.get(name, here.header.line)),
                revision=id_,
                base=LOCK,
                attribute=name,
                before=", ".join(before) or "None",
                after=", ".join(after) or "None",
            )


def _line(version: Version, number: int) -> Span:
    line = "".join(version.source.lines[number - 1 : number]).rstrip()
    start = len(line) - len(line.lstrip()) + 1
    return Span(version.name, number, start, number, len(line) + 1)
