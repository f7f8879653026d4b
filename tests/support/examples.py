"""Runs a rule's example as a user would: a small project on disk, judged by the whole of guard."""

from __future__ import annotations

import datetime
import inspect
import os
import subprocess
import textwrap
from pathlib import Path

from guard.config import parse_config
from guard.finding import Finding
from guard.rule import Example
from guard.run.check import run
from guard.run.scope import Request

INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
ENV = """\
from alembic import context
from sqlalchemy import engine_from_config

with engine_from_config({"sqlalchemy.url": "sqlite://"}).connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = '''\
"""Example."""

import sys

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = {revision!r}
down_revision = {parent!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''
IRREVERSIBLE = '# guard: irreversible an example\nraise NotImplementedError("an example")'
GIT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=GIT, check=True, capture_output=True)


def judge(example: Example, folder: Path, *, roundtrip: bool = False) -> tuple[Finding, ...]:
    """Return the open findings that the example's change brings."""
    git(folder, "init", "-q", "-b", "main")
    for path, text in _released(example).items():
        _write(folder / path, text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "base", "--allow-empty")
    for changed, new in _changed(example).items():
        if new is None:
            (folder / changed).unlink()
        else:
            _write(folder / changed, new)
    table = {"dialect": example.dialect, "server-version": example.version, **example.config}
    config = parse_config({k: v for k, v in table.items() if v is not None}, folder)
    request = Request(
        start=folder,
        statements=not roundtrip,
        roundtrip=roundtrip,
        today=datetime.date(2026, 11, 1),
    )
    found = run(request, config).report.open
    # What is only said (a downgrade that declares that it cannot be done) is nobody's trap.
    return tuple(f for f in found if f.severity != "info") or found


def _released(example: Example) -> dict[str, str]:
    if "alembic.ini" in example.base:
        return dict(example.base)
    files = {"alembic.ini": INI, "migrations/env.py": ENV, "migrations/versions/.keep": ""}
    files |= example.base
    for number, body in enumerate(example.released):
        files[_path(number)] = _revision(number, body, None)
    return files


def _changed(example: Example) -> dict[str, str | None]:
    if "alembic.ini" in example.base:
        return dict(example.change)
    files: dict[str, str | None] = {}
    if example.source is not None:
        files[example.path] = inspect.cleandoc(example.source) + "\n"
    else:
        number = len(example.released)
        files[_path(number)] = _revision(number, example.upgrade, example.downgrade)
    if example.approvals is not None:
        files["guard-approvals.toml"] = inspect.cleandoc(example.approvals) + "\n"
    return files


def _path(number: int) -> str:
    return f"migrations/versions/{number + 1:04}_example.py"


def _revision(number: int, upgrade: str, downgrade: str | None) -> str:
    return REVISION.format(
        revision=f"{number + 1:04}",
        parent=f"{number:04}" if number else None,
        upgrade=_indented(upgrade),
        downgrade=_indented(IRREVERSIBLE if downgrade is None else downgrade),
    )


def _indented(body: str) -> str:
    lines = textwrap.dedent(body).strip().splitlines()
    return "\n".join(f"    {line}" if line else "" for line in lines)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
