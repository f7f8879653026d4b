"""A PostgreSQL server for the tests that need one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Psql = Callable[[str], str]


@pytest.fixture(scope="module")
def psql() -> Iterator[Psql]:
    """A server of its own, gone after the tests; call it with statements, get their output."""
    if not (shutil.which("initdb") and shutil.which("pg_ctl") and shutil.which("psql")):
        pytest.skip("no PostgreSQL is installed")
    owner: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="guard-pg-"))
    if os.geteuid() == 0:  # the server refuses to run as root
        import pwd  # Unix has it

        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(*command: str, text: str | None = None) -> str:
        done = subprocess.run(
            command, cwd=folder, input=text, capture_output=True, text=True, check=True, **owner
        )
        return str(done.stdout)

    data, log = str(folder / "data"), str(folder / "log")
    run("initdb", "-D", data, "-U", "guard", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    try:
        run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
        yield lambda text: run(
            "psql", "-X", "-q", "-A", "-t", "-h", str(folder), "-U", "guard", "postgres", text=text
        )
    finally:
        subprocess.run(
            ("pg_ctl", "-D", data, "-m", "immediate", "stop"),
            capture_output=True,
            check=False,
            **owner,
        )
        shutil.rmtree(folder)
