"""Migrations in .sql files as a history: each one a revision, whose statements are read as such."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.history.graph import Graph, Revision
from guard.history.read import ParsedHistory
from guard.paths import relative
from guard.project.sql_folders import (
    SqlFolderError,
    SqlMigration,
    SqlPart,
    read_sql_file,
    read_sql_folder,
    read_sql_text,
)
from guard.python_source import Sources
from guard.reader import ParsedRevision
from guard.sql import read_sql
from guard.statement import Direction, Span, Statement, Steps


class SqlHistory(msgspec.Struct, frozen=True, kw_only=True):
    """`migrations` are the ids, by shown path, of what a migration tool runs: not of loose files.

    `loose` are the ids of files that were named and that no tool takes for a migration.
    """

    graph: Graph
    parsed: ParsedHistory
    migrations: dict[str, str]
    loose: frozenset[str]


def read_sql_history(
    folder: Path, named: Iterable[Path], root: Path, dialect: str | None, sources: Sources
) -> SqlHistory:
    """Return the migrations of a folder in the order of their tool, then the loose `named` files.

    Raises GuardError for a file that cannot be read, and for a version that stands twice.
    """
    try:
        migrations = read_sql_folder(folder, sources)
        known = {path for migration in migrations for path in migration.paths}
        asked = [path for path in sorted(named) if path not in known and sources.is_file(path)]
        loose = [read_sql_file(path, read_sql_text(path, sources), sources) for path in asked]
        everything = (*migrations, *loose)
        paths = (path for migration in everything for path in migration.paths)
        texts = {path: read_sql_text(path, sources) for path in paths}
    except SqlFolderError as error:
        raise GuardError(str(error)) from None
    graph, parsed = join_sql(everything, texts, root, dialect)
    ids = {relative(revision.path, root): id_ for id_, revision in graph.revisions.items()}
    of_tool = {
        relative(path, root): ids[relative(migration.paths[0], root)]
        for migration in migrations
        for path in migration.paths
    }
    return SqlHistory(
        graph=graph,
        parsed=parsed,
        migrations=of_tool,
        loose=frozenset(ids.values()) - frozenset(of_tool.values()),
    )


def read_sql_versions(
    versions: Mapping[Path, bytes],
    history: SqlHistory,
    root: Path,
    dialect: str | None,
    sources: Sources,
) -> ParsedHistory:
    """Return the migrations that these other versions of their files make; the rest is as it is."""
    revisions: dict[str, ParsedRevision] = {}
    texts: dict[str, str] = {}
    for path, data in versions.items():
        name, text = relative(path, root), data.decode("utf-8", "replace")
        id_ = history.migrations[name]
        migration = read_sql_file(path, text, sources)
        _, was = join_sql([migration], {path: text}, root, dialect)
        now = revisions.get(id_) or history.parsed.revisions[id_]
        for old in was.revisions.values():
            revisions[id_] = msgspec.structs.replace(
                now,
                upgrade=_in_file(name, old.upgrade, now.upgrade),
                downgrade=_in_file(name, old.downgrade, now.downgrade),
            )
        texts[name] = text
    return ParsedHistory(revisions=revisions, texts=history.parsed.texts | texts)


def _in_file(name: str, was: Steps, now: Steps) -> Steps:
    """The direction as that file had it; as it is where it stands in another file."""
    return was if now.span is None or now.span.path == name else now


def join_sql(
    migrations: Sequence[SqlMigration], texts: Mapping[Path, str], root: Path, dialect: str | None
) -> tuple[Graph, ParsedHistory]:
    """Return the graph in which each migration follows the one before it, and what they do.

    `texts` are those of the migrations' files.
    """
    revisions: dict[str, Revision] = {}
    parsed: dict[str, ParsedRevision] = {}
    parent: tuple[str, ...] = ()
    for migration in migrations:
        if not migration.paths:
            continue
        id_ = _id(migration, revisions)
        path = migration.paths[0]
        revisions[id_] = Revision(id=id_, parents=parent, path=path)
        parsed[id_] = ParsedRevision(
            path=relative(path, root),
            revision=id_,
            upgrade=_steps(migration.up, "upgrade", id_, root, dialect),
            downgrade=_steps(migration.down, "downgrade", id_, root, dialect),
        )
        parent = (id_,)
    graph = Graph(
        revisions=revisions, order=tuple(revisions), heads=parent, bases=tuple(revisions)[:1]
    )
    shown = {relative(path, root): text for path, text in texts.items()}
    return graph, ParsedHistory(revisions=parsed, texts=shown)


def _id(migration: SqlMigration, taken: Iterable[str]) -> str:
    """The file's name without its suffix: what people call the migration, and unique."""
    name = migration.paths[0].name
    id_ = name.removesuffix(".sql")
    if migration.framework == "golang-migrate":
        id_ = id_.removesuffix(".up").removesuffix(".down")
    return name if id_ in taken else id_


def _steps(
    part: SqlPart | None, direction: Direction, id_: str, root: Path, dialect: str | None
) -> Steps:
    if part is None:
        return Steps(direction=direction)
    shown = relative(part.path, root)
    ends = [place for place, letter in enumerate(part.text) if letter == "\n"]
    statements = tuple(
        Statement(
            operations=found.operations,
            span=_span(shown, part.line, ends, (found.start, found.end)),
            direction=direction,
            revision=id_,
            sql=found.text,
            in_transaction=part.transactional,
        )
        for found in read_sql(part.text, dialect, part.holes).statements
    )
    return Steps(direction=direction, statements=statements, span=Span(shown, part.line))


def _span(shown: str, first: int, ends: Sequence[int], at: tuple[int, int]) -> Span:
    """The place of two offsets: a part begins at the start of its `first` line; `ends` of lines."""
    lines = [bisect_left(ends, offset) for offset in at]
    columns = [
        offset - (ends[line - 1] + 1 if line else 0) + 1
        for offset, line in zip(at, lines, strict=True)
    ]
    return Span(shown, first + lines[0], columns[0], first + lines[1], columns[1])
