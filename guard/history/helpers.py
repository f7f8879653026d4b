"""Released revisions that do something else now because a file that they use was edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from guard.facts import EditedDowngrade, EditedRevision
from guard.history.difference import content_hash
from guard.history.git import Repository, blob_id
from guard.history.sides import Version
from guard.paths import relative
from guard.python_source import Sources
from guard.reader import ParsedRevision
from guard.statement import Span, Statement

Fact = EditedRevision | EditedDowngrade


class Uses(msgspec.Struct, frozen=True):
    """A released revision whose own file is as it was, and the files that it may use."""

    was: Version
    now: ParsedRevision
    helpers: tuple[Path, ...]


Affected = tuple[Uses, tuple[str, ...]]  # with the paths of those that were edited


def with_edited_helpers(
    revisions: Iterable[Uses], repo: Repository, commit: str, sources: Sources
) -> Iterator[Affected]:
    """Yield the revisions that use a file which the commit has otherwise, each with such files."""
    listing = repo.files_through_links(commit)
    known: dict[Path, bool] = {}
    for uses in revisions:
        for path in uses.helpers:
            if path not in known:
                blob = listing.get(relative(path, repo.root))
                known[path] = _is_changed(path, blob, sources)
        changed = tuple(relative(path, repo.root) for path in uses.helpers if known[path])
        if changed:
            yield uses, changed


def edited_by_helpers(
    affected: Iterable[Affected], then: Mapping[str, ParsedRevision], base: str
) -> Iterator[Fact]:
    """Yield a fact for each revision that does something else now; `then` is what they did."""
    for uses, changed in affected:
        before = then.get(uses.was.header.revision or "")
        if before is not None:
            yield from _compared(before, uses.now, changed, base)


def _is_changed(path: Path, blob: str | None, sources: Sources) -> bool:
    """Whether the base has the file otherwise; one that it does not have is none of it."""
    if not blob:
        return False
    try:
        data = sources.read(path)
    except OSError:
        return True
    return blob not in (blob_id(data, blob), blob_id(data.replace(b"\r\n", b"\n"), blob))


def _compared(
    before: ParsedRevision, now: ParsedRevision, changed: tuple[str, ...], base: str
) -> Iterator[Fact]:
    for was, here in ((before.upgrade, now.upgrade), (before.downgrade, now.downgrade)):
        old, new = ([_deed(statement) for statement in side.statements] for side in (was, here))
        if old == new and was.raises == here.raises:
            continue
        come = [s for s, deed in zip(here.statements, new, strict=True) if deed not in old]
        gone = [s for s, deed in zip(was.statements, old, strict=True) if deed not in new]
        lines = (*(f"- {_told(s)}" for s in gone), *(f"+ {_told(s)}" for s in come))
        span = come[0].span if come else here.span or Span(now.path, 1)
        through = next((s.at.path for s in come if s.at and s.at.path in changed), changed[0])
        if here.direction == "downgrade":
            yield EditedDowngrade(
                span=span, revision=now.revision, base=base, difference=lines, through=through
            )
            return
        yield EditedRevision(
            span=span,
            revision=now.revision,
            base=base,
            difference=lines,
            content_hash=content_hash(repr(new)),
            through=through,
        )
        return


def _deed(statement: Statement) -> Statement:
    """The statement, wherever it stands and however its text was put together."""
    return msgspec.structs.replace(statement, span=Span("", 1), at=None, pieces=())


def _told(statement: Statement) -> str:
    if statement.sql:
        return " ".join(statement.sql.split())
    return ", ".join(f"{op.kind} {op.subject}".strip() for op in statement.operations)
