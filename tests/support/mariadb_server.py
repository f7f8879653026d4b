"""A MariaDB server of the tests' own, gone afterwards."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from guard.roundtrip.own_server import free_port

ROLE, PASSWORD = "tests", "not-a-secret"


class Mariadb(msgspec.Struct, frozen=True):
    """A running server: its socket, its port on this machine, and its version."""

    socket_path: Path
    port: int
    version: tuple[int, ...] = ()

    @contextmanager
    def connect(self, database: str | None = None) -> Iterator[Any]:
        """Yield a connection of PyMySQL that takes several statements at once, and commits each."""
        pymysql = import_module("pymysql")  # may be missing, also where types are checked
        connection = pymysql.connect(
            unix_socket=str(self.socket_path),
            user=getpass.getuser(),
            database=database,
            autocommit=True,
            charset="utf8mb4",
            client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS,
        )
        with closing(connection):
            yield connection

    def create_database(self, name: str) -> str:
        """Make an empty database, instead of one of that name, and return its name."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return name

    def url(self, database: str, dialect: str = "mariadb") -> str:
        """Return the database's URL for SQLAlchemy."""
        user = getpass.getuser()
        return (
            f"{dialect}+pymysql://{user}@/{database}?unix_socket={self.socket_path}&charset=utf8mb4"
        )

    def tcp_url(self, database: str = "") -> str:
        """Return a URL by TCP, with a role that may do everything."""
        return f"mysql://{ROLE}:{PASSWORD}@127.0.0.1:{self.port}/{database}"


def installed() -> bool:
    """Return whether the system has its programs."""
    return bool(shutil.which("mariadbd") and shutil.which("mariadb-install-db"))


@contextmanager
def running() -> Iterator[Mariadb]:
    """Start a server, and stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="guard-my-"))
    user, data, path = getpass.getuser(), folder / "data", folder / "socket"
    where = (f"--user={user}", f"--datadir={data}")
    process, port = None, free_port()
    try:
        subprocess.run(
            ("mariadb-install-db", "--no-defaults", *where, "--skip-test-db"),
            capture_output=True,
            check=True,
        )
        process = subprocess.Popen(
            ("mariadbd", "--no-defaults", *where, f"--socket={path}", f"--port={port}",
             "--bind-address=127.0.0.1", "--skip-name-resolve",
             "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        yield _answering(Mariadb(path, port), process)
    finally:
        if process is not None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answering(server: Mariadb, process: subprocess.Popen[bytes]) -> Mariadb:
    """Wait until the server answers, and return it with its version."""
    for _ in range(900):
        assert process.poll() is None, "mariadbd has ended"
        if _listens(server.socket_path):
            break
        time.sleep(0.1)
    with server.connect() as connection:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE USER {ROLE}@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT ALL ON *.* TO {ROLE}@'%' WITH GRANT OPTION")
        version = connection.server_version.partition("-MariaDB")[0].split("-")[-1]
        numbers = tuple(int(part) for part in version.split("."))
        return Mariadb(server.socket_path, server.port, numbers)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        return asking.connect_ex(str(path)) == 0
