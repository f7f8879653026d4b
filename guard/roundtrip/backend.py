"""Which server a round trip runs on: the project's own kind, where one is at hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from guard.config import Config
from guard.credentials import mask_credentials
from guard.note import Note
from guard.roundtrip import mysql, postgresql
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.kept import keep_files
from guard.roundtrip.mysql import MysqlServer
from guard.roundtrip.postgresql import PostgresqlServer
from guard.server import is_mysql, parse_dialect
from guard.worker.backends.mysql_wire import Address as MysqlAddress

Server = PostgresqlServer | MysqlServer
TITLES = {"postgresql": "PostgreSQL", **mysql.PRODUCTS}
# Drivers of our own, and what they need.
OF_OUR_OWN = {
    "postgresql": ("pg8000", "scramp", "asn1crypto", "dateutil", "six"),
    "mysql": ("pymysql",),
}


@contextlib.contextmanager
def server_for(config: Config, url: str | None, *, keep: bool = False) -> Iterator[Server | None]:
    """Give the server of the URL or of the settings, None for SQLite; raise RoundTripError.

    What was started is stopped and removed afterwards, and what was made on a server of the user's;
    `keep`: the databases stay.
    """
    with contextlib.ExitStack() as stack:
        yield _server(config, url, keep, stack)


def _server(
    config: Config, url: str | None, keep: bool, stack: contextlib.ExitStack
) -> Server | None:
    if config.backend == "sqlite":
        return None
    if url:
        if is_mysql(_dialect_of(url)):
            return stack.enter_context(mysql.given(url, keep=keep))
        return stack.enter_context(postgresql.given(url, keep=keep))
    wanted = _wanted(config)
    if wanted is None:
        return None
    if is_mysql(wanted):
        programs = mysql.installed(wanted, config.server.version)
        if programs is not None:
            return stack.enter_context(mysql.started(programs, keep=keep))
    else:
        folder = postgresql.installed(config.server.version)
        if folder is not None:
            return stack.enter_context(postgresql.started(folder, keep=keep))
    if config.backend == "auto":
        return None
    raise RoundTripError(f"There is no {TITLES[wanted]} server to run on: {_how_to_get(wanted)}.")


def _dialect_of(url: str) -> str:
    """Return the kind of server of a URL; raise RoundTripError for one that guard cannot use."""
    try:
        dialect = parse_dialect(url.partition("://")[0])
    except ValueError:
        dialect = ""
    if dialect not in TITLES:
        raise RoundTripError(
            f"--url {mask_credentials(url)}: guard makes its scratch databases on PostgreSQL, "
            "MariaDB or MySQL: write it as in postgresql://user:password@host/postgres"
        )
    return dialect


def _wanted(config: Config) -> str | None:
    """Return the kind of server that the settings ask for; None for SQLite."""
    wanted = config.server.dialect if config.backend == "auto" else config.backend
    return wanted if wanted in TITLES else None


def _how_to_get(wanted: str) -> str:
    return mysql.HOW_TO_GET_IT if is_mysql(wanted) else postgresql.HOW_TO_GET_IT


def notes(config: Config, server: Server | None) -> Iterator[Note]:
    """Yield what the user should know of the choice."""
    wanted, version = _wanted(config), config.server.version or ()
    if wanted is None or (server and is_mysql(wanted) != (server.kind == "mysql")):
        return
    if server is None:
        if config.backend == "auto":
            yield Note(
                "scratch-server",
                f"The project runs on {TITLES[wanted]}, and the round trip ran on SQLite, since "
                f"there is no server: {_how_to_get(wanted)}.",
            )
        return
    asked = version[: 2 if is_mysql(wanted) else 1]
    if server.product != TITLES[wanted] or server.version[: len(asked)] != asked:
        named = " ".join([TITLES[wanted], ".".join(map(str, asked))]).strip()
        why = "is not installed" if server.own else "is not what answers there"
        text = f"The round trip ran on {server.label}, since {named} {why}."
        yield Note("scratch-server", text)


def kept(server: Server | None, folder: Path) -> Note:
    """Return what to tell of the databases of a run that stay; `folder` is that of the run."""
    return Note("kept", _kept(server, folder))


def _kept(server: Server | None, folder: Path) -> str:
    if server is None:
        return keep_files(folder)
    assert server.kept is not None
    address = server.address
    if isinstance(address, MysqlAddress):
        return server.kept.note(mysql.databases(address, server.prefix))
    return server.kept.note(postgresql.databases(address, server.maintenance, server.prefix))


def lay_out_driver(kind: str, folder: Path) -> None:
    """Put guard's own driver into a folder, for an interpreter that has none; once."""
    if folder.is_dir():
        return
    folder.mkdir()
    for name in OF_OUR_OWN[kind]:
        spec = find_spec(name)
        if spec is not None and spec.origin:
            origin = Path(spec.origin)
            source = origin.parent if origin.name == "__init__.py" else origin
            for part in (source, *source.parent.glob(f"*{name}-*.dist-info")):  # it asks for these
                (folder / part.name).symlink_to(part)
