"""New revisions that a change puts below released ones, and where they belong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from guard.facts import Fact, InsertedRevision, NewParent, ReparentedRevision
from guard.history.sides import Side, line_of

# What comes before a revision; Alembic runs that first.
BEFORE = ("down_revision", "depends_on")


class Sides(msgspec.Struct, frozen=True):
    """The released revisions (of the merge base, and of the base's tip) and those of now."""

    then: Side
    tip: Side
    now: Side

    def new_among(self, ids: Iterable[str]) -> list[str]:
        """Return the ids that stand here and are not released."""
        released = self.then.revisions.keys() | self.tip.revisions.keys()
        return [id_ for id_ in ids if id_ in self.now.revisions and id_ not in released]


def with_inserted(facts: Sequence[Fact], then: Side, tip: Side, now: Side) -> Iterator[Fact]:
    """Yield the facts; released revisions that now come after a new one are told with that one."""
    sides = Sides(then, tip, now)
    found: dict[str, list[ReparentedRevision]] = {}
    for fact in facts:
        lowest = _lowest_new_parent(fact, sides) if isinstance(fact, ReparentedRevision) else None
        if lowest is None or not isinstance(fact, ReparentedRevision):
            yield fact
        else:
            found.setdefault(lowest, []).append(fact)
    for id_, moved in found.items():
        yield _inserted(id_, moved, sides)


def _lowest_new_parent(moved: ReparentedRevision, sides: Sides) -> str | None:
    """The first revision of the new ones that the released one now comes after, None for none."""
    here = sides.now.revisions.get(moved.revision or "")
    if moved.attribute not in BEFORE or here is None:  # its file may have another id now
        return None
    header = here.header
    at = next(iter(sides.new_among(header.attribute(moved.attribute))), None)
    seen = {at}
    while at is not None:
        further = sides.new_among(sides.now.revisions[at].header.parents)
        after = next((id_ for id_ in further if id_ not in seen), None)
        if after is None:
            break
        seen.add(after)
        at = after
    return at


def _inserted(id_: str, moved: Sequence[ReparentedRevision], sides: Sides) -> InsertedRevision:
    new = sides.now.revisions[id_]
    return InsertedRevision(
        span=line_of(new, "down_revision"),
        revision=id_,
        base=moved[0].base,
        below=tuple(_new_parent(fact, sides) for fact in moved),
        heads=_heads_above({fact.revision or "" for fact in moved}, sides.tip),
    )


def _new_parent(moved: ReparentedRevision, sides: Sides) -> NewParent:
    id_ = moved.revision or ""
    was = sides.then.revisions.get(id_) or sides.tip.revisions[id_]
    here = sides.now.revisions[id_]
    return NewParent(
        span=moved.span,
        revision=id_,
        attribute=moved.attribute,
        before=was.header.attribute(moved.attribute),
        after=here.header.attribute(moved.attribute),
    )


def _heads_above(ids: set[str], tip: Side) -> tuple[str, ...]:
    """The heads of the base that come after one of the revisions, or are one."""
    headers = {id_: version.header for id_, version in tip.revisions.items()}
    above = set(ids)
    while more := {id_ for id_, h in headers.items() if above & {*h.parents}} - above:
        above |= more
    followed = {parent for header in headers.values() for parent in header.parents}
    return tuple(sorted(above & headers.keys() - followed))
