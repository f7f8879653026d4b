"""What env.py executes runs at every upgrade, so the rules on lost data judge it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import ENV, STEP, chain, guard, write
from git_repo import Repo

CONNECTED = ") as connection:\n"
DROP = """connection.execute(text("DROP TABLE orders"))"""
LISTENER = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "connect")
def connected(connection, record):
    connection.cursor().execute("TRUNCATE orders")

"""


def env(line: str, top: str = "") -> str:
    made = ENV.replace(CONNECTED, f"{CONNECTED}    {line}\n")
    assert made != ENV
    return f"from sqlalchemy import text\n{top}{made}"


ENVS: dict[str, tuple[str, list[str]]] = {
    "a drop": (env(DROP), ["drop-table"]),
    "a drop of Alembic's context": (env("context.execute('DROP TABLE orders')"), ["drop-table"]),
    "a listener": (env("pass", LISTENER), ["truncate"]),
    "a function that it calls": (
        env("clean(connection)", f"def clean(connection):\n    {DROP}\n\n"),
        ["drop-table"],
    ),
    "a function that nobody calls": (env("pass", f"def clean(connection):\n    {DROP}\n\n"), []),
    "a query": (env("connection.execute(text('SELECT 1'))"), []),
    "a setting": (env("connection.execute(text('SET search_path = app'))"), []),
    "a schema that is made": (env("connection.execute(text('CREATE SCHEMA app'))"), []),
    "what opaque-sql would tell of a revision": (env("connection.execute(query)"), []),
}


def told(folder: Path, *options: str) -> list[tuple[str, str]]:
    done = guard(folder, "lint", "--dialect", "postgresql", "--output-format", "json", *options)
    return [
        (found["rule"], found["path"])
        for found in json.loads(done.output)["findings"]
        if found["status"] == "open" and found["severity"] != "info"
    ]


@pytest.mark.parametrize("case", ENVS)
def test_what_a_change_has_env_py_execute(case: str, tmp_path: Path) -> None:
    text, rules = ENVS[case]
    Repo(tmp_path).commit(chain(STEP))
    write(tmp_path, {"migrations/env.py": text})
    assert told(tmp_path) == [(rule, "migrations/env.py") for rule in rules]


def test_what_the_base_has_it_execute_is_known(tmp_path: Path) -> None:
    Repo(tmp_path).commit({**chain(STEP), "migrations/env.py": env(DROP)})
    assert told(tmp_path) == []
    assert told(tmp_path, "--all") == [("drop-table", "migrations/env.py")]
    more = """connection.execute(text("DROP TABLE users"))"""
    write(tmp_path, {"migrations/env.py": env(f"{DROP}\n    {more}")})
    assert told(tmp_path) == [("drop-table", "migrations/env.py")]


def test_it_says_when_that_runs(tmp_path: Path) -> None:
    write(tmp_path, {**chain(STEP), "migrations/env.py": env(DROP)})
    done = guard(tmp_path, "lint", "--all", "--dialect", "postgresql")
    assert done.says("env.py, at every run of Alembic: Dropping table orders deletes its rows")


def test_it_can_be_approved(tmp_path: Path) -> None:
    Repo(tmp_path).commit(chain(STEP))
    write(tmp_path, {"migrations/env.py": env(DROP)})
    approve = ("--approver", "Ann", "--reason", "a scratch table", "--rule", "drop-table")
    assert guard(tmp_path, "approve", "migrations/env.py", *approve).code == 0
    assert told(tmp_path) == []
