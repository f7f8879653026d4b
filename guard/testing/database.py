"""The fixture's databases: each at a revision, with rows, and away from the project's own."""

from __future__ import annotations

import contextlib
import datetime
import os
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from guard.errors import GuardError
from guard.roundtrip.reach import ScratchDatabase, scratch_database
from guard.run.asked import Instead
from guard.run.scope import Request, open_scope
from guard.run.services import Service, Services

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from guard.project.environments import Environment

# Drivers that SQLAlchemy can be told of, the likelier ones first.
DRIVERS = {"postgresql": ("psycopg", "psycopg2", "pg8000"), "mysql": ("pymysql", "mysqldb")}


class DatabaseAt:
    """A scratch database of the project's migrations, which a test may do with as it likes."""

    def __init__(self, scratch: ScratchDatabase) -> None:
        self._scratch = scratch
        self._engine: Engine | None = None

    @property
    def urls(self) -> list[str]:
        """The URLs of the databases, where the environment has several."""
        return self._scratch.urls()

    @property
    def url(self) -> str:
        """The URL of the database, in SQLAlchemy's form; of the first, where there are several."""
        return self.urls[0]

    @property
    def engine(self) -> Engine:
        """An engine that keeps no connection; raises ImportError without SQLAlchemy."""
        if self._engine is None:
            import sqlalchemy
            from sqlalchemy.pool import NullPool

            self._engine = sqlalchemy.create_engine(_with_driver(self.url), poolclass=NullPool)
        return self._engine

    def upgrade(self, revision: str = "heads") -> None:
        """Run the upgrades to a revision, over the rows that are there.

        Raises GuardError where one fails, or there is no such revision.
        """
        self._scratch.go("upgrade", revision, fill=False)

    def downgrade(self, revision: str) -> None:
        """Run the downgrades to a revision; raise GuardError as `upgrade` does."""
        self._scratch.go("downgrade", revision, fill=False)


class Databases:
    """Those of one test. Leaving the `with` block removes them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def at(self, revision: str, *, rows: bool = True, environment: str | None = None) -> DatabaseAt:
        """Return a new database at the revision, in which every table has some `rows`.

        `environment`: the name of one, where the project has several. Raises GuardError.
        """
        service, found = self._environment(environment)
        scratch = self._stack.enter_context(
            scratch_database(
                found,
                root=service.scope.root,
                settings=service.scope.settings,
                newer=service.scope.sources.newer,
                url=os.environ.get("GUARD_SCRATCH_URL"),
            )
        )
        scratch.go("upgrade", revision, fill=rows)
        return DatabaseAt(scratch)

    def _environment(self, name: str | None) -> tuple[Service, Environment]:
        request = Request(
            start=self._root,
            history=False,
            everything=True,
            environ=dict(os.environ),
            today=datetime.date.today(),
        )
        services = Services(open_scope(request, Instead().settings(self._root)), None)
        found = [
            (service, environment)
            for service, environment in services.environments()
            if environment.kind == "alembic" and name in (None, environment.name)
        ]
        if services.errors and not found:
            raise GuardError(next(iter(services.errors)))
        if len(found) != 1:
            names = ", ".join(environment.name for _, environment in found) or "none"
            raise GuardError(f"guard_database_at(environment=...): say which one; there is {names}")
        service, environment = found[0]
        return services.on_its_server(service, environment), environment


def _with_driver(url: str) -> str:
    kind, _, rest = url.partition("://")
    installed = [
        name for name in DRIVERS.get(kind, ()) if find_spec(name.replace("mysqldb", "MySQLdb"))
    ]
    return f"{kind}+{installed[0]}://{rest}" if installed else url
