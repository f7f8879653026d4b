"""Which server a round trip runs on: the project's own kind, where one is at hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from guard.config import Config
from guard.roundtrip import postgresql
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.postgresql import PostgresqlServer

HOW_TO_GET_IT = (
    "pip install 'migration-guard[postgresql]' brings one, as do PostgreSQL's own packages; "
    "--url names one that runs"
)
OF_OUR_OWN = ("pg8000", "scramp", "asn1crypto", "dateutil", "six")  # a driver and what it needs


@contextlib.contextmanager
def server_for(config: Config, url: str | None) -> Iterator[PostgresqlServer | None]:
    """Give the server of the URL or of the settings, None for SQLite; raise RoundTripError.

    What was started is stopped and removed afterwards, and what was made on a server of the user's.
    """
    with contextlib.ExitStack() as stack:
        yield _server(config, url, stack)


def _server(
    config: Config, url: str | None, stack: contextlib.ExitStack
) -> PostgresqlServer | None:
    if config.backend == "sqlite":
        return None
    if url:
        return stack.enter_context(postgresql.given(url))
    if config.backend == "auto" and config.server.dialect != "postgresql":
        return None
    programs = postgresql.installed(config.server.version)
    if programs is not None:
        return stack.enter_context(postgresql.started(programs))
    if config.backend == "auto":
        return None
    raise RoundTripError(f"There is no PostgreSQL server to run on: {HOW_TO_GET_IT}.")


def notes(config: Config, server: PostgresqlServer | None) -> Iterator[str]:
    """Yield what the user should know of the choice."""
    version = config.server.version
    if server is None:
        if config.backend == "auto" and config.server.dialect == "postgresql":
            yield (
                "The project runs on PostgreSQL, and the round trip ran on SQLite, since there is "
                f"no server: {HOW_TO_GET_IT}."
            )
    elif version and version[0] != server.version[0]:
        yield (
            f"The round trip ran on {server.label}, since PostgreSQL {version[0]} is not installed."
        )


def lay_out_driver(folder: Path) -> None:
    """Put guard's own driver into a folder, for an interpreter that has none."""
    folder.mkdir()
    for name in OF_OUR_OWN:
        spec = find_spec(name)
        if spec is not None and spec.origin:
            origin = Path(spec.origin)
            source = origin.parent if origin.name == "__init__.py" else origin
            for part in (source, *source.parent.glob(f"*{name}-*.dist-info")):  # it asks for these
                (folder / part.name).symlink_to(part)
