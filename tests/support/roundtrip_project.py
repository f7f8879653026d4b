"""A small Alembic project in a folder, and its round trip: helper words of several test files."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from guard.config import Config
from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Fact,
    ModelsDiffer,
    RowsLost,
    RowsReachable,
    SchemaNotRepeatable,
    SchemaNotRestored,
    SecondUpgradeFailed,
    UpgradeFailed,
    UpgradeFailedWithRows,
)
from guard.project.environments import Environment
from guard.project.settings import Settings
from guard.roundtrip.run import RoundTrip, run_roundtrip

ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("sqlite:///data.sqlite3").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
ENFORCING_ENV = """
from alembic import context
from sqlalchemy import create_engine, event

engine = create_engine("sqlite:///data.sqlite3")

@event.listens_for(engine, "connect")
def enforce(connection, record):
    connection.execute("PRAGMA foreign_keys = ON")

with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC_ENV = """
import asyncio
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    async with create_async_engine("sqlite:///data.sqlite3").connect() as connection:
        await connection.run_sync(run)


asyncio.run(main())
"""
USERS = (
    "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('email', sa.String(80)))",
    "op.drop_table('users')",
)
Step = tuple[str, str]
SLEEPS = ("import time\nprint('asleep', flush=True)\ntime.sleep(60)", "pass")


def env_with(name: str) -> str:
    """Return an env.py that connects to a database of a dialect and driver ("mysql+asyncmy async").

    No test may reach it.
    """
    env = ASYNC_ENV if name.endswith(" async") else ENV
    driver = name.removesuffix(" async")
    return env.replace("sqlite:///data.sqlite3", f"{driver}://u:p@db.example.org/app")


def sql(up: str, down: str = "SELECT 1") -> Step:
    return f"op.execute({up!r})", f"op.execute({down!r})"


def add(column: str, more: str) -> Step:
    return (
        f"op.add_column('users', sa.Column('{column}', {more}))",
        f"op.drop_column('users', '{column}')",
    )


def body(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip() or "pass", "    ")


def revision(name: str, parent: str | tuple[str, ...] | None, step: Step, extra: str = "") -> str:
    upgrade, downgrade = step
    return (
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\n"
        f"down_revision = {parent!r}\n{extra}\n\n"
        f"def upgrade():\n{body(upgrade)}\n\n\ndef downgrade():\n{body(downgrade)}\n"
    )


def project(folder: Path, *steps: Step, env: str = ENV, ini: str = "") -> Path:
    """Write a project whose revisions r1, r2, ... follow each other."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(f"[alembic]\nscript_location = migrations\n{ini}")
    (folder / "migrations" / "env.py").write_text(env)
    for number, step in enumerate(steps, 1):
        parent = f"r{number - 1}" if number > 1 else None
        (versions / f"r{number}.py").write_text(revision(f"r{number}", parent, step))
    return folder


def round_trip(
    folder: Path,
    *,
    revisions: tuple[str, ...] | None = None,
    databases: tuple[str, ...] = (),
    config_name: str = "alembic.ini",
    root: Path | None = None,
    on_progress: Any = None,
    url: str | None = None,
    keep: bool = False,
    **settings: Any,
) -> RoundTrip:
    file = folder / "guard.toml"
    environment = Environment(
        name="test",
        kind="alembic",
        config_path=folder / config_name,
        script_location=folder / "migrations",
        version_locations=(folder / "migrations" / "versions",),
        databases=databases,
    )
    return run_roundtrip(
        environment,
        root=root or folder,
        revisions=revisions,
        settings=Settings(
            config=Config(**settings), folder=root or folder, file=file if file.is_file() else None
        ),
        on_progress=on_progress,
        url=url,
        keep=keep,
    )


SAID: dict[type[Fact], str] = {
    UpgradeFailed: "upgrade fails",
    UpgradeFailedWithRows: "upgrade-with-rows fails",
    DowngradeFailed: "downgrade fails",
    SecondUpgradeFailed: "second-upgrade fails",
    SchemaNotRestored: "downgrade drift",
    SchemaNotRepeatable: "second-upgrade drift",
    ModelsDiffer: "models drift",
    DeclaredIrreversible: "irreversible",
}


def said(fact: Fact) -> tuple[str, str]:
    """Return a fact as a table of expectations writes it: revision and what happened to it."""
    if isinstance(fact, RowsLost):
        return fact.revision or "", f"{fact.stage} loses {' '.join(tables_of(fact))}"
    return fact.revision or "", SAID[type(fact)]


def tables_of(lost: RowsLost) -> list[str]:
    """Return the tables of which rows or values are lost, by the lines that say so."""
    of_a_line = re.compile(r"[-+] (?:\d+ rows in )?([^\s:]+?)(?:\.\w+ = .*|: .*)?$", re.DOTALL)
    found = [of_a_line.match(line) for line in lost.difference]
    return list(dict.fromkeys(match[1] for match in found if match))


def story(result: RoundTrip) -> list[tuple[str, str]]:
    """Return what happened; not what would where keys are enforced, which the application says."""
    return [said(fact) for fact in result.facts if not isinstance(fact, RowsReachable)]
