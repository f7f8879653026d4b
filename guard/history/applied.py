"""Released as a database has it: where it stands, and all that comes before."""

from __future__ import annotations

from collections.abc import Iterable

from guard.history.base import Base
from guard.history.sides import Side
from guard.note import Note
from guard.project.environments import Environment


def applied_to(
    environment: Environment, base: Base, sides: Iterable[Side]
) -> tuple[frozenset[str] | None, list[Note]]:
    """Return the ids of an environment that the base's database has run, and what to say of them.

    None: the database is not asked, or stands at revisions of another environment.
    """
    if base.applied is None:
        return None, []
    before: dict[str, set[str]] = {}
    for side in sides:
        for id_, version in side.revisions.items():
            header = version.header
            before.setdefault(id_, set()).update(header.parents, header.depends_on)
    own = [id_ for id_ in base.applied if id_ in before]
    if not own:
        why = "stands at no revision of it" if base.applied else "has run no revision"
        return None, [Note("applied", f"{environment.name}: the database of --applied-in {why}.")]
    reached: set[str] = set()
    left = own
    while left:
        id_ = left.pop()
        if id_ not in reached:
            reached.add(id_)
            left += before.get(id_, ())
    count = f"{len(reached)} revision{'s' if len(reached) > 1 else ''}"
    stands = ", ".join(sorted(set(base.applied) & before.keys()))
    text = (
        f"{environment.name}: the database stands at {stands}, so {count} of it count as released."
    )
    return frozenset(reached), [Note("applied", text)]
