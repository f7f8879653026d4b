"""What became of the revisions that are released: each is edited, moved, gone, or as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath

import msgspec

from guard.facts import (
    DeletedRevision,
    EditedDowngrade,
    EditedRevision,
    Fact,
    MovedRevision,
    ReparentedRevision,
)
from guard.history.difference import Difference, content_hash, difference_of, meaning_hash
from guard.history.sides import Side, Version, line_of, line_span
from guard.note import Note
from guard.project.revision_header import NAMES
from guard.python_source import SourceError
from guard.statement import Span


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The three sides, and which new revision stands for which old one that is gone."""

    then: Side
    tip: Side
    now: Side
    base: str
    replaced: dict[str, str]
    unread: frozenset[str] = frozenset()  # the files that only guard finds, in sub-folders

    def facts(self) -> Iterator[Fact]:
        """What happened to each released revision; a squash and a moved folder are one fact."""
        moved: list[tuple[Version, Version]] = []
        for id_, was in sorted(self.then.revisions.items()):
            on_tip = self.tip.revisions.get(id_)
            if on_tip is None:
                continue  # the base itself has done away with it
            here = self._here(id_, was)
            if here is None:
                if id_ not in self.replaced:
                    yield self._deleted(id_, was)
                continue
            if self.replaced.get(id_) == id_:
                continue  # a squash that keeps the id tells it
            if other := self._taken_by_other(id_, was, here):
                yield other
                continue
            changes = [*self._changed(id_, was, on_tip, here)]
            yield from changes
            edits = any(isinstance(change, EditedRevision) for change in changes)
            if here.name not in (was.name, on_tip.name) and not edits:
                moved.append((was, here))
        yield from _moves(moved, self.base, self.unread)
        for id_ in sorted(self.tip.revisions.keys() - self.then.revisions.keys()):
            was = self.tip.revisions[id_]
            here = self.now.files.get(was.name)
            if here is not None:
                yield from self._changed(id_, was, was, here)

    def notes(self) -> Iterator[Note]:
        """What was changed and is allowed."""
        harmless = [
            id_
            for id_, was in sorted(self.then.revisions.items())
            if (here := self.now.files.get(was.name)) and _same_program(was, here)
        ]
        if harmless:
            told = ", ".join(harmless)
            yield Note(
                "allowed-edit",
                f"{told}: edited, and still the same for a database, so that is allowed.",
            )

    def _here(self, id_: str, was: Version) -> Version | None:
        in_place = self.now.files.get(was.name)
        if in_place is not None and in_place.header.revision == id_:
            return in_place
        return self.now.revisions.get(id_) or in_place

    def _deleted(self, id_: str, was: Version) -> DeletedRevision:
        return DeletedRevision(
            span=Span(was.name, 1), revision=id_, base=self.base, orphans=self.orphans({id_})
        )

    def orphans(self, gone: set[str]) -> tuple[str, ...]:
        """The revisions here whose down_revision or depends_on names one that is gone."""
        return tuple(
            id_
            for id_, version in sorted(self.now.revisions.items())
            if gone & {*version.header.parents, *version.header.depends_on}
        )

    def _taken_by_other(self, id_: str, was: Version, here: Version) -> DeletedRevision | None:
        """The id stands for another file now, and the old one has another id, or is gone."""
        if here.name == was.name or here.header.problem or _does_the_same(was, here):
            return None
        renamed = next(
            (
                version
                for other, version in sorted(self.now.revisions.items())
                if other not in self.then.revisions and _does_the_same(was, version)
            ),
            None,
        )
        in_place = self.now.files.get(was.name)
        if renamed is None and in_place is None:
            return None
        now_called = renamed or in_place
        return DeletedRevision(
            span=Span(was.name, 1),
            revision=id_,
            base=self.base,
            taken_by=here.name,
            now_called=now_called.header.revision if now_called else None,
        )

    def _changed(self, id_: str, was: Version, on_tip: Version, here: Version) -> Iterator[Fact]:
        if here.header.problem == "unreadable":
            return  # a broken chain tells that
        if any(same_data(here, side) for side in (was, on_tip)):
            return
        for name in NAMES:
            before, after = was.header.attribute(name), here.header.attribute(name)
            if before != after and not self._follows_squash(before, after):
                yield ReparentedRevision(
                    span=line_of(here, name),
                    revision=id_,
                    base=self.base,
                    attribute=name,
                    before=", ".join(before) or "None",
                    after=", ".join(after) or "None",
                )
        if difference := difference_of(was.source, here.source):
            moved_from = was.name if here.name not in (was.name, on_tip.name) else None
            text = here.source.text
            meaning = meaning_hash(here.source)
            yield edited(
                here.name, id_, self.base, difference, text, meaning=meaning, moved_from=moved_from
            )

    def _follows_squash(self, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
        """Whether each id that was taken out is replaced by one that was put in."""
        return bool(before) and {self.replaced.get(id_, id_) for id_ in before} == {*after}


def edited(
    name: str,
    id_: str,
    base: str,
    difference: Difference,
    text: str,
    *,
    meaning: str | None = None,
    moved_from: str | None = None,
) -> EditedRevision | EditedDowngrade:
    """Return the fact that a released file does something else now; `text` is the new one.

    An approval covers what it does by its `meaning`, a hash; without one, just this text.
    """
    span = line_span(name, difference.line, text.split("\n"))
    if difference.reach == "downgrade":
        return EditedDowngrade(span=span, revision=id_, base=base, difference=difference.lines)
    return EditedRevision(
        span=span,
        revision=id_,
        base=base,
        difference=difference.lines,
        content_hash=meaning or content_hash(text),
        only_timeouts=difference.reach == "timeout",
        moved_from=moved_from,
    )


def _moves(
    moved: Sequence[tuple[Version, Version]], base: str, unread: frozenset[str]
) -> Iterator[MovedRevision]:
    """One for each folder whose files went to another with their names, and for each other file."""
    together: dict[tuple[str, ...], list[tuple[Version, Version]]] = defaultdict(list)
    for was, here in moved:
        old, new = PurePath(was.name), PurePath(here.name)
        same_name = old.name == new.name
        together[(str(old.parent), str(new.parent)) if same_name else (was.name,)].append(
            (was, here)
        )
    for pairs in together.values():
        first, last = pairs[0][1], pairs[-1][1]
        is_unread = first.name in unread
        yield MovedRevision(
            span=line_of(first, "revision"),
            revision=last.header.revision if len(pairs) == 1 or is_unread else None,
            base=base,
            moves=tuple((was.name, here.name) for was, here in pairs),
            unread=is_unread,
        )


def same_data(one: Version, other: Version) -> bool:
    """Return whether the two hold the same, but for the ends of lines."""
    return one.data == other.data or (
        one.data.replace(b"\r\n", b"\n") == other.data.replace(b"\r\n", b"\n")
    )


def _same_program(was: Version, here: Version) -> bool:
    """Whether the file was edited, but says and does the same."""
    if here.header.problem == "unreadable" or same_data(was, here):
        return False
    if any(was.header.attribute(name) != here.header.attribute(name) for name in NAMES):
        return False
    return difference_of(was.source, here.source) is None


def _does_the_same(was: Version, here: Version) -> bool:
    try:
        return difference_of(was.source, here.source) is None
    except SourceError:
        return False
