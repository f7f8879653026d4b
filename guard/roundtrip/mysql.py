"""The MariaDB or MySQL server of a round trip: one of our own, gone afterwards, or the user's.

On either, the project's code comes in as a role that guard makes for the run and that may touch
databases with names of guard's own alone: there a schema is a database, and any SQL reaches it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

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
from guard.worker.backends.mysql_wire import Address, Client, ServerError, literal, quote

MysqlServer = ScratchServer[Address]
KIND = Kind(
    folders="guard-mysql-",
    accounts=("mysql", "nobody"),
    pid="data/guard.pid",
    end=signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM,
    close=signal.SIGTERM,
)
OURS = lazy_re(rf"{DATABASES}\d+_(\d+)(?:_\d+)?")  # a database, or the role of a run
HOW_TO_GET_IT = (
    "apt-get install mariadb-server-core (or MySQL's own packages) brings one, which need not run; "
    "--url names one that runs"
)
FOLDERS = ("/usr/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/opt/*/bin")
PRODUCTS = {"mariadb": "MariaDB", "mysql": "MySQL"}
CLIENTS = {"MariaDB": "mariadb", "MySQL": "mysql"}
# It waits for no disk and for no lock, has nothing of its machine's settings, and can neither load
# a plugin nor read or write a file elsewhere.
SETTINGS = {
    "bind-address": "127.0.0.1",
    "character-set-server": "utf8mb4",
    "default-time-zone": "+00:00",
    "innodb-buffer-pool-size": "64M",
    "innodb-doublewrite": "0",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-lock-wait-timeout": "20",
    "local-infile": "0",
    "lock-wait-timeout": "20",
    "max-allowed-packet": "64M",
    "max-connections": "40",
    "performance-schema": "OFF",
    "sync-binlog": "0",
}
# What either installs besides the role that guard makes for itself.
STRANGERS = ("localhost", "127.0.0.1", "::1")


class Programs(msgspec.Struct, frozen=True):
    """A server that is installed: of MariaDB's or MySQL's make, and its version."""

    product: str
    version: tuple[int, ...]
    server: Path


def installed(dialect: str, version: tuple[int, ...] | None) -> Programs | None:
    """Return the programs of a server: of that make and version where there are, else the newest.

    `dialect` is "mysql" or "mariadb"; the one stands in for the other.
    """
    asked = (version or ())[:2]

    def fitness(one: Programs) -> tuple[bool, bool, tuple[int, ...]]:
        wanted = one.product == PRODUCTS[dialect]
        return wanted, one.version[: len(asked)] == asked, one.version

    return max(filter(None, map(_programs, _servers())), key=fitness, default=None)


def _servers() -> Iterator[Path]:
    for name in ("mariadbd", "mysqld"):
        on_path = shutil.which(name)
        folders = [Path(found) for place in FOLDERS for found in _matching(place)]
        for file in (*([Path(on_path)] if on_path else []), *(place / name for place in folders)):
            if file.is_file():
                yield file


def _matching(place: str) -> Iterator[Path]:
    yield from Path("/").glob(place.lstrip("/"))


def _programs(server: Path) -> Programs | None:
    try:
        said = subprocess.run(  # noqa: S603
            [server, "--no-defaults", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"Ver (\d+)\.(\d+)\.(\d+)", said)
    product = "MariaDB" if "MariaDB" in said else "MySQL"
    return found and Programs(product, tuple(map(int, found.groups())), server)


# A server of our own


@contextlib.contextmanager
def started(programs: Programs, *, keep: bool = False) -> Iterator[MysqlServer]:
    """Start a server of these programs, and stop it afterwards; raise RoundTripError.

    It is removed as well, unless it is wanted to `keep`.
    """
    with KIND.folder(keep=keep) as folder:
        _initialize(programs, folder)
        tls = "DISABLED" if programs.product == "MariaDB" else "PREFERRED"
        keeper = Address("127.0.0.1", free_port(), "guard", secrets.token_urlsafe(18), tls)
        command = _command(programs, folder, keeper)
        with KIND.process(command, folder, keep=keep) as process:
            client = _wait(programs, keeper, process, folder)
            (folder / "init.sql").unlink()
            prefix = prefix_for(secrets.randbelow(2**31), keep=keep)
            address = _role(client, keeper, prefix)
            client.close()
            yield MysqlServer(
                kind="mysql",
                product=programs.product,
                address=address,
                prefix=prefix,
                version=programs.version,
                own=True,
                label=f"{programs.product} {'.'.join(map(str, programs.version))}",
                kept=_keep(programs, folder, command, keeper) if keep else None,
            )


def _keep(programs: Programs, folder: Path, command: list[str], keeper: Address) -> Kept:
    again = [word for word in command if not word.startswith("--init-file=")]
    login = f"-h {keeper.host} -P {keeper.port} -u {keeper.user}"
    client = f"{CLIENTS[programs.product]} --defaults-extra-file={{secret}} {login} {{}}"
    return keep_server(folder, again, KIND.owner, client, f"[client]\npassword={keeper.password}\n")


def databases(address: Address, prefix: str) -> list[str]:
    """Return the names of the databases of a run."""
    with contextlib.closing(Client(address)) as client:
        names = [str(row[0]) for row in client.rows("SHOW DATABASES")]
    return sorted(name for name in names if name.startswith(f"{prefix}_"))


def _initialize(programs: Programs, folder: Path) -> None:
    for name in ("data", "files", "plugins"):
        _give(_made(folder / name))
    data = f"--datadir={folder / 'data'}"
    if programs.product == "MySQL":
        command = [str(programs.server), "--no-defaults", "--initialize-insecure", data]
    else:
        command = [
            str(_installer(programs.server)), "--no-defaults", "--skip-test-db", data,
            "--cross-bootstrap", "--skip-name-resolve", "--auth-root-authentication-method=normal",
            "--innodb-log-file-size=8M",
        ]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, check=False, **KIND.owner
    )
    if done.returncode:
        raise RoundTripError(
            f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}: "
            "name a server with --url, or run on SQLite: --backend sqlite"
        )


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


def _give(path: Path) -> None:
    """Give a file or folder to who runs the server."""
    if KIND.owner:
        os.chown(path, KIND.owner["user"], KIND.owner["group"])


def _installer(server: Path) -> Path:
    """Return MariaDB's program that makes the tables of the server; raise RoundTripError."""
    for name in ("mariadb-install-db", "mysql_install_db"):
        above = server.resolve().parent.parent
        for folder in (above / "bin", above / "scripts"):
            if (folder / name).is_file():
                return folder / name
        if found := shutil.which(name):
            return Path(found)
    raise RoundTripError(
        f"{server} is there without mariadb-install-db: install the rest of MariaDB's server, name "
        "one that runs with --url, or run on SQLite: --backend sqlite"
    )


def _command(programs: Programs, folder: Path, keeper: Address) -> list[str]:
    """Return what starts the server, and has it make the role of guard's own, and no other."""
    init = folder / "init.sql"
    drops = "".join(f"DROP USER IF EXISTS root@'{host}';\n" for host in STRANGERS)
    init.touch(mode=0o600)
    init.write_text(
        f"CREATE USER {keeper.user}@'%' IDENTIFIED BY {literal(keeper.password)};\n"
        f"GRANT ALL ON *.* TO {keeper.user}@'%' WITH GRANT OPTION;\n{drops}"
    )
    _give(init)
    own = {
        "datadir": folder / "data",
        "init-file": init,
        "pid-file": folder / KIND.pid,
        "plugin-dir": folder / "plugins",
        "port": keeper.port,
        "secure-file-priv": folder / "files",
        "socket": folder / "data" / "s",
    }
    if programs.product == "MySQL":
        own |= {"mysqlx": "OFF"}
    given = [f"--{name}={value}" for name, value in {**SETTINGS, **own}.items()]
    return [str(programs.server), "--no-defaults", "--skip-log-bin", "--skip-name-resolve", *given]


def _wait(
    programs: Programs, address: Address, process: subprocess.Popen[bytes], folder: Path
) -> Client:
    """Return a connection to the server as soon as it answers; raise RoundTripError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return Client(address)
        except (OSError, ServerError):
            time.sleep(0.02)
    raise RoundTripError(
        f"{programs.product} did not start: {end_of_log(folder)}: name a server with --url, or run "
        "on SQLite: --backend sqlite"
    )


# A server of the user's


@contextlib.contextmanager
def given(url: str, *, keep: bool = False) -> Iterator[MysqlServer]:
    """Use the server of a URL, in databases with names of guard's own; raise RoundTripError.

    Those of runs that died are removed first, and those of this one afterwards, unless they are
    wanted to `keep`.
    """
    address = _parse(url)
    shown = mask_credentials(url)
    key = secrets.randbelow(2**31)
    prefix = prefix_for(key, keep=keep)
    try:
        keeper = Client(address)
    except (OSError, ServerError) as error:
        raise RoundTripError(f"{shown}: no MySQL server answers there: {error}") from None
    try:
        keeper.query(f"SET wait_timeout = 86400; SELECT GET_LOCK('{DATABASES}{key}', 0)")
        _drop(keeper, alive=key)
        role = _role(keeper, address, prefix)
        version = str(keeper.rows("SELECT VERSION()")[0][0])
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
        product = "MariaDB" if "MariaDB" in version else "MySQL"
        yield MysqlServer(
            kind="mysql",
            product=product,
            address=role,
            prefix=prefix,
            version=numbers,
            own=False,
            label=f"{product} {'.'.join(map(str, numbers))} of {shown}",
            kept=_kept(product, address) if keep else None,
        )
    finally:
        with contextlib.suppress(OSError, ServerError):
            if keep:
                keeper.query(f"DROP USER IF EXISTS {literal(prefix)}@'%'")
            keeper.query(f"SELECT RELEASE_LOCK('{DATABASES}{key}')")
            _drop(keeper, alive=None)
        keeper.close()


def _kept(product: str, address: Address) -> Kept:
    login = f"-h {address.host} -P {address.port} -u {shlex.quote(address.user)} -p"
    client = f"{CLIENTS[product]} {login}"
    return Kept(open=f"{client} {{}}", remove=f"{client} -e 'DROP DATABASE {{}}'")


def _role(keeper: Client, address: Address, prefix: str) -> Address:
    """Return how the project's code comes in: as a role that reaches the run's databases alone.

    Where none can be made, the role of the URL has to be one that reaches nothing but guard's.
    Raises RoundTripError.
    """
    made = address._replace(user=prefix, password=secrets.token_urlsafe(18))
    name = f"{literal(prefix)}@'%'"
    try:
        keeper.query(f"CREATE USER {name} IDENTIFIED BY {literal(made.password)}")
        keeper.query(f"GRANT ALL ON {_pattern(prefix + '_')}.* TO {name}")
        Client(made).close()  # so that it is known to a server that asks for TLS the first time
        return made
    except ServerError as error:
        with contextlib.suppress(ServerError):
            keeper.query(f"DROP USER {name}")
        if all(map(_is_confined, (str(row[0]) for row in keeper.rows("SHOW GRANTS")))):
            return address
        pattern = _pattern(DATABASES)
        raise RoundTripError(
            f"The role {address.user} of --url can make no role for the run ({error}), and reaches "
            "other databases than guard's: name a role that may CREATE USER, or one with nothing "
            f"but GRANT ALL ON {pattern}.*"
        ) from None


def _pattern(beginning: str) -> str:
    """Return what GRANT calls all databases whose names begin so."""
    return quote(beginning.replace("_", r"\_") + "%")


def _is_confined(grant: str) -> bool:
    """Return whether a line of SHOW GRANTS gives nothing but guard's own databases."""
    own = re.escape(_pattern(DATABASES)).replace(r"\\_", r"\\?_")
    return bool(re.match(rf"GRANT (USAGE ON \*\.\*|[A-Z, ]+ ON {own}\.\*) TO ", grant))


def _drop(keeper: Client, alive: int | None) -> None:
    """Drop the scratch databases and roles that no living run holds the lock of."""
    databases = [str(row[0]) for row in keeper.rows("SHOW DATABASES")]
    roles: list[str] = []
    with contextlib.suppress(ServerError):  # nothing that such a role could have made
        roles = [str(row[0]) for row in keeper.rows("SELECT user FROM mysql.user")]
    for kind, names in (("DATABASE", databases), ("USER", roles)):
        for name in names:
            found = OURS.fullmatch(name)
            if found is None or int(found[1]) == alive:
                continue
            if keeper.rows(f"SELECT IS_FREE_LOCK('{DATABASES}{found[1]}')")[0][0] == "1":
                with contextlib.suppress(ServerError):  # another role's
                    keeper.query(f"DROP {kind} {quote(name)}")


def _parse(url: str) -> Address:
    parts = urlsplit(url)
    scheme = parts.scheme.partition("+")[0]
    if scheme not in PRODUCTS or not parts.hostname:
        raise RoundTripError(
            f"--url {mask_credentials(url)}: guard makes its scratch databases on a server that is "
            "reached by TCP: write it as in mysql://user:password@host"
        )
    return Address(
        numeric(parts.hostname, parts.port or 3306),
        parts.port or 3306,
        unquote(parts.username or "root"),
        unquote(parts.password or os.environ.get("MYSQL_PWD", "")),
        parse_qs(parts.query).get("ssl-mode", ["PREFERRED"])[0].upper(),
    )
