"""`guard stats`: how large the tables of a database are, written into the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from guard.context import TableSize
from guard.errors import GuardError
from guard.paths import relative
from guard.project.environments import project_root
from guard.project.settings import SettingsFiles
from guard.project.table_sizes import DEFAULT, sizes_as_text
from guard.roundtrip.live_database import LiveDatabase

MOST_NAMED = 5


def write_stats(url: str, files: SettingsFiles, start: Path) -> Iterator[str]:
    """Write the sizes of a database's tables to the project's stats file, and yield what it did.

    Raises GuardError where the database does not answer or has no tables, and where the file cannot
    be written.
    """
    home, root = files.home, project_root(start)
    name = home.config.stats or DEFAULT
    path = home.folder / name
    told = LiveDatabase(url, "--url", home, root, start).ask("table_sizes")
    sizes = {
        one["name"]: TableSize(rows=one["rows"], bytes=one["bytes"])
        for one in told
        if one["rows"] is not None
    }
    if not sizes:
        raise GuardError("--url: there is no table of which the database knows the size")
    try:
        path.write_text(sizes_as_text(sizes, name), encoding="utf-8")
    except OSError as error:
        raise GuardError(f"{path} cannot be written: {error.strerror}") from None
    largest = max(sizes, key=lambda table: sizes[table].rows)
    count = f"{len(sizes)} table{'s' if len(sizes) > 1 else ''}"
    yield (
        f"{relative(path, root)} now says how large {count} {'are' if len(sizes) > 1 else 'is'}, "
        f"the largest {largest} with {sizes[largest].rows:,} rows: commit it"
    )
    unknown = [one["name"] for one in told if one["rows"] is None]
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        yield (
            f"left out, since nobody has analyzed them: {', '.join(unknown[:MOST_NAMED])}{more} "
            "(ANALYZE on the primary)"
        )
