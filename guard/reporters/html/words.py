"""What the page says in words of its own: locks and what waits for them, times, directions."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from guard.effects import TableEffect
from guard.finding import Timing
from guard.reporters.chronicle import Deed
from guard.server import Server
from guard.statement import Statement, Steps

_SERVERS = {
    "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite",
}  # fmt: skip
_BLOCKED = (("reads", "reads"), ("writes", "writes"), ("ddl", "changes of the table"))


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """A lock in words. `level` is how much it hurts: "reads", "writes" or "none"."""

    level: str
    mode: str
    table: str
    blocks: str
    more: str = ""  # what it does to the rows meanwhile
    source: str = ""


def server_text(server: Server) -> str:
    """Return `PostgreSQL 14`, the oldest supported where no version is known, "" without any."""
    if server.dialect is None:
        return ""
    version = ".".join(map(str, server.effective_version))
    least = "" if server.version else " or newer"
    return f"{_SERVERS.get(server.dialect, server.dialect)} {version}{least}"


def locks_of(deed: Deed) -> Iterator[Lock]:
    """Yield the locks that the operation takes, on its own table and on related ones."""
    effect = deed.effect
    if deed.unnoticed:
        yield Lock(level="none", mode="", table="", blocks="the table is new: nobody waits")
    elif effect is not None:
        yield _lock(effect, effect.source)
    if effect is not None:
        yield from (_lock(one, effect.source) for one in effect.related)


def _lock(effect: TableEffect, source: str) -> Lock:
    blocked = [words for kind, words in _BLOCKED if kind in effect.blocks]
    level = "reads" if "reads" in effect.blocks else "writes" if "writes" in effect.blocks else ""
    more = ["rewrites the table"] * effect.rewrites
    more += ["reads every row"] * (effect.scans and not effect.rewrites)
    return Lock(
        level=level or "none",
        mode=effect.lock,
        table=str(effect.table),
        blocks=f"blocks {_listed(blocked)}" if blocked else "blocks nothing",
        more=" and ".join(more),
        source=source,
    )


def worst_lock(locks: list[Lock]) -> Lock | None:
    """Return the one that most is made to wait for, None where nothing does."""
    for level in ("reads", "writes"):
        for lock in locks:
            if lock.level == level:
                return lock
    return None


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def remarks_of(statement: Statement) -> str:
    """Return what is special about how the statement runs."""
    return ", ".join(
        filter(
            None,
            (
                f"only on {', '.join(statement.dialects)}" if statement.dialects else "",
                f"database {statement.database}" if statement.database else "",
                _condition(statement),
                "" if statement.in_transaction else "outside the transaction",
                statement.run_by.words if statement.run_by else "",
            ),
        )
    )


def _condition(statement: Statement) -> str:
    if statement.condition is None:
        return ""
    return f"{'guarded by' if statement.guarded else 'if'} {statement.condition}"


def nothing_text(steps: Steps) -> str:
    """Return why a direction without statements has none."""
    if steps.span is None:
        return "There is none."
    if steps.raises is not None:
        return f"Raises: {steps.raises}" if steps.raises else "Raises."
    return "Does nothing."


def seconds_text(seconds: float) -> str:
    """Return a time with its unit: `3 ms`, `0.12 s`, `14.2 s`."""
    if seconds < 0.1:
        return f"{max(seconds * 1000, 1):.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"


def steps_text(timing: Timing) -> str:
    """Return how long each step took: `up 12 ms, down 3 ms, up again 11 ms`."""
    steps = (("up", timing.up), ("down", timing.down), ("up again", timing.up_again))
    return ", ".join(
        f"{name} {seconds_text(seconds)}" for name, seconds in steps if seconds is not None
    )
