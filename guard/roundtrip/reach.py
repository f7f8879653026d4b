"""A scratch database that is brought to one revision and stays there, for tests of migrations."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from guard.newer_python import NewerPythons
from guard.project.environments import Environment
from guard.project.settings import Settings
from guard.roundtrip import backend, mysql, postgresql
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.interpreter import find_interpreter
from guard.roundtrip.run import Log, listen, request_for, start_worker
from guard.roundtrip.scratch import scratch_folder
from guard.roundtrip.variables import withheld
from guard.worker.backends.mysql_wire import Address as MysqlAddress

Direction = Literal["upgrade", "downgrade"]


class ScratchDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """The databases that one environment makes, where nobody else's are: empty at first."""

    environment: Environment
    config_path: Path
    root: Path
    settings: Settings
    folder: Path
    server: backend.Server | None
    newer: NewerPythons | None = None

    def go(self, direction: Direction, target: str, *, fill: bool) -> None:
        """Run the migrations to the `target`; `fill`: put rows into every table there.

        Raises RoundTripError where a migration fails, or there is no such revision.
        """
        config = self.settings.config
        python = find_interpreter(self.settings, self.root, self.config_path.parent)
        request = request_for(
            self.environment, self.root, self.folder, None, self.settings, self.server
        )
        there = self._names()
        request["verify"] = False
        request["goal"] = {
            "direction": direction,
            "target": target,
            "fill": fill,
            "goes_on": bool(there),
        }
        if request["server"]:
            request["server"]["made"] = there
        log = Log(self.root, None, python, self.config_path, self.newer, withheld(config.pass_env))
        listen(log, start_worker(python.path, self.config_path.parent, request, config), config)

    def urls(self) -> list[str]:
        """Return the URLs of the databases, in the order in which env.py asked for them."""
        if self.server is None:
            return [f"sqlite:///{self.folder / name}" for name in self._names()]
        address, kind = self.server.address, self.server.kind
        login = f"{quote(address.user, safe='')}:{quote(address.password, safe='')}"
        place = f"{login}@{address.host}:{address.port}"
        return [f"{kind}://{place}/{name}" for name in self._names()]

    def _names(self) -> list[str]:
        if self.server is None:
            return sorted(file.name for file in self.folder.glob("scratch*.sqlite"))
        address, prefix = self.server.address, self.server.prefix
        if isinstance(address, MysqlAddress):
            return mysql.databases(address, prefix)
        return postgresql.databases(address, self.server.maintenance, prefix)


@contextlib.contextmanager
def scratch_database(
    environment: Environment,
    *,
    root: Path,
    settings: Settings,
    newer: NewerPythons | None = None,
    url: str | None = None,
) -> Iterator[ScratchDatabase]:
    """Yield a database, on the server of the `url` or of the settings; remove it afterwards.

    Raises RoundTripError where there can be none.
    """
    if environment.config_path is None:
        raise RoundTripError(
            f"{environment.name}: no alembic.ini points at it, so its revisions cannot be run: "
            "name one with alembic-config in [tool.guard]"
        )
    with scratch_folder() as folder, backend.server_for(settings.config, url) as server:
        yield ScratchDatabase(
            environment=environment,
            config_path=environment.config_path,
            root=root,
            settings=settings,
            folder=folder,
            server=server,
            newer=newer,
        )
