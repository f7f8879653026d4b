"""Histories as they lie on disk: found, read and replayed, with nothing compared and no judge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.history.graph import Graph
from guard.history.read import ParsedHistory
from guard.judge.replay import schemas_after
from guard.project.settings import SettingsFiles
from guard.reader import ParsedRevision
from guard.run.scope import Request, open_scope
from guard.run.services import Services, open_histories
from guard.schema import Schema


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One environment's revisions and what they do."""

    name: str
    graph: Graph
    parsed: ParsedHistory
    dialect: str | None

    def choose(self, wanted: Sequence[str], *, everything: bool) -> list[ParsedRevision]:
        """Return the revisions named by id, start of id or path.

        Without names: all of them, or only the heads.
        """
        named = {revision for name in wanted for revision in self._named(name)}
        if not wanted:
            named = set(self.graph.revisions if everything else self.graph.heads)
        return [
            self.parsed.revisions[id_]
            for id_ in self.graph.order
            if id_ in named and id_ in self.parsed.revisions
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
            raise GuardError(f"several revisions begin with {name}: {', '.join(sorted(begins))}")
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
        return schemas_after(order, self.parsed.revisions, self.dialect)


def read_histories(request: Request, settings: SettingsFiles) -> list[History]:
    """Return the histories that the request's paths belong to, or all of the project.

    Raises GuardError, also where only some cannot be read.
    """
    plain = msgspec.structs.replace(request, history=False, everything=True)
    services = Services(open_scope(plain, settings), rules=None)
    opened = open_histories(services)
    if services.errors:
        raise GuardError(next(iter(services.errors)))
    return [
        History(
            name=changed.environment.name,
            graph=changed.graph,
            parsed=changed.parsed,
            dialect=service.scope.dialect,
        )
        for service, changed in opened
    ]
