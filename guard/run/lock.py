"""Writes guard.lock: what is released from now on."""

from __future__ import annotations

from pathlib import Path

from guard.facts import LOCK
from guard.history.against_lock import key_of, locked, locked_sql
from guard.history.lock import Locked, read_lock, write_lock
from guard.history.sides import side_now
from guard.note import Note
from guard.paths import read_bytes, relative
from guard.python_source import Sources
from guard.run.check import Result
from guard.run.histories import ChangedHistory
from guard.statement import Span


def lock_histories(result: Result) -> Note:
    """Write the revisions of the run's histories into the lock, and return what was done.

    What it says of environments that this run did not look at stays. Raises GuardError.
    """
    root = result.outcomes[0].service.scope.root
    lock = {**(read_lock(root) or {})}
    lock |= {key_of(one.environment, root): _locked(one, root) for one in result.histories}
    write_lock(root, lock)
    count = sum(len(history.graph.revisions) for history in result.histories)
    revisions = "1 revision was" if count == 1 else f"{count} revisions were"
    text = f"{revisions} written to {LOCK} as released: commit it."
    return Note("lock-written", text, Span(LOCK, 1))


def _locked(history: ChangedHistory, root: Path) -> dict[str, Locked]:
    if history.environment.kind == "alembic":
        return locked(side_now(history.graph, root, Sources()))
    paths = {relative(one.path, root): id_ for id_, one in history.graph.revisions.items()}
    return locked_sql(paths, {name: read_bytes(root / name) for name in paths})
