"""Histories as they lie on disk: found, read and replayed, with nothing compared and no judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from guard.cache import Cache
from guard.config import Config, ConfigError
from guard.graph import Graph, build_graph
from guard.project import find_environments, project_root
from guard.reader import Reading
from guard.reading import Read, read_revisions
from guard.replay import schemas_after
from guard.schema import Schema


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One environment's revisions and what they do."""

    name: str
    graph: Graph
    read: Read
    dialect: str | None

    def choose(self, wanted: Sequence[str], *, everything: bool) -> list[Reading]:
        """Return the readings of the revisions named by id, start of id or path.

        Without names: all of them, or only the heads.
        """
        named = {revision for name in wanted for revision in self._named(name)}
        if not wanted:
            named = set(self.graph.revisions if everything else self.graph.heads)
        return [
            self.read.readings[id_]
            for id_ in self.graph.order
            if id_ in named and id_ in self.read.readings
        ]

    def _named(self, name: str) -> list[str]:
        revisions = self.graph.revisions
        if name in revisions:
            return [name]
        if name in {"head", "heads"}:
            return list(self.graph.heads)
        path = Path(name)
        if path.exists():
            full = path.resolve()
            inside = [i for i, r in revisions.items() if r.path.resolve().is_relative_to(full)]
            return inside or ([] if full.is_file() else list(revisions))
        begins = [id_ for id_ in revisions if id_.startswith(name)]
        if len(begins) > 1:
            raise ConfigError(f"several revisions begin with {name}: {', '.join(sorted(begins))}")
        return begins

    def schemas(self, at: str | None) -> dict[str | None, Schema]:
        """Return the schema of each database after a revision and all that come before it.

        Empty where there is no such revision.
        """
        order = list(self.graph.order)
        if at is not None:
            named = self._named(at)
            if not named:
                return {}
            wanted = {*named, *(a for id_ in named for a in self.graph.ancestors(id_))}
            order = [id_ for id_ in order if id_ in wanted]
        return schemas_after(order, self.read.readings, self.dialect)


def read_histories(
    start: Path, paths: Sequence[Path], config: Config, cache: Path | None
) -> list[History]:
    """Return the histories that the paths belong to, or, without paths, those of the project."""
    root = project_root(start)
    dialect = config.server.dialect
    histories = []
    for environment in find_environments(
        start, paths, tuple(start / name for name in config.alembic_config)
    ):
        kept = Cache(cache, root, dialect, environment.script_location)
        graph = build_graph(environment, root=root, read=kept.head)
        search = (*environment.sys_path, environment.script_location)
        read = read_revisions(graph, root, search, dialect, kept)
        kept.save()
        histories.append(History(name=environment.name, graph=graph, read=read, dialect=dialect))
    return histories
