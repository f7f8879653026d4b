"""What a step would do to rows where keys are enforced: told where the project has them so."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from guard.facts import Fact, RowsReachable
from guard.note import Note
from guard.phrases import listed
from guard.run.application import Application


def told_of_keys(
    facts: Iterable[Fact], application: Application
) -> tuple[tuple[Fact, ...], tuple[Note, ...]]:
    """Return the facts, and a note for what is none since the application enforces no keys."""
    facts = tuple(facts)
    reachable = [fact for fact in facts if isinstance(fact, RowsReachable)]
    where = application.enforces_keys() if reachable else ""
    if where:
        given = application.hands_over()
        placed = (
            msgspec.structs.replace(fact, enforced=where, handed_over=given)
            if isinstance(fact, RowsReachable)
            else fact
            for fact in facts
        )
        return tuple(placed), ()
    others = tuple(fact for fact in facts if not isinstance(fact, RowsReachable))
    return others, (_note(reachable),) * bool(reachable)


def _note(reachable: Iterable[RowsReachable]) -> Note:
    steps = [f"the {one.stage} of {one.revision} {_harm(one)}" for one in reachable]
    return Note(
        "keys-not-enforced",
        "Foreign keys were not enforced, and nothing in this project asks SQLite for that. Over a "
        f"connection that does (PRAGMA foreign_keys=ON):\n{listed(steps)}",
    )


def _harm(one: RowsReachable) -> str:
    how = "fails" if one.error else "takes along rows or values that refer to it"
    return f"drops {one.table} to make it anew, which {how}"
