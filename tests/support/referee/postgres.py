"""A PostgreSQL server of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def installed() -> bool:
    return all(shutil.which(program) for program in ("initdb", "pg_ctl", "createdb"))


@contextlib.contextmanager
def server() -> Iterator[Callable[[str], str]]:
    """Yield a function that makes an empty database and returns its URL (for psycopg2)."""
    owner: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="guard-pg-"))
    if os.geteuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o755)
        owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(*command: str, check: bool = True) -> None:
        subprocess.run(command, cwd=folder, capture_output=True, check=check, **owner)

    data, log = str(folder / "data"), str(folder / "log")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"

    def create(name: str) -> str:
        run("dropdb", "-h", str(folder), "-U", "guard", "--if-exists", "--force", name)
        run("createdb", "-h", str(folder), "-U", "guard", name)
        return f"postgresql+psycopg2://guard@/{name}?host={folder}"

    try:
        run("initdb", "-D", data, "-U", "guard", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
        yield create
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)
