"""Revisions of a few lines, read and run: how the two agree."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from guard.python_source import PythonSource
from guard.reader import read_revision
from guard.reader.modules import Module, Resolver
from referee import record
from referee.compare import Comparison, compare, sent_by

REVISION = '''\
"""Example."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy import orm
from sqlalchemy.dialects import mysql, postgresql

revision = {revision!r}
down_revision = None


def upgrade():
{body}


def downgrade():
    pass
'''


def revision(folder: Path, body: str, name: str) -> Path:
    lines = textwrap.dedent(body).strip().splitlines()
    file = folder / f"{name}.py"
    text = "\n".join(f"    {line}" if line else "" for line in lines)
    file.write_text(REVISION.format(revision=name, body=text), encoding="utf-8")
    return file


def referee(
    folder: Path, body: str, dialect: str, before: tuple[str, ...] = (), *, live: bool = False
) -> tuple[Comparison, str | None]:
    """Return how reading and running the body agree, and what stopped the run."""
    folder.mkdir(parents=True, exist_ok=True)
    earlier = [revision(folder, text, f"r{number}") for number, text in enumerate(before)]
    file = revision(folder, body, "example")
    module = Module(PythonSource(file.name, file.read_bytes()), file)
    reading = read_revision(module, Resolver(folder), "example", dialect)
    paths = [str(path) for path in (*(earlier if live else ()), file)]
    records: list[dict[str, Any]] = record.run(paths, dialect, "sqlite://" if live else None)
    (mine,) = (r for r in records if r["path"] == str(file) and r["direction"] == "upgrade")
    done = mine["error"] is None
    statements = reading.upgrade.statements
    return compare(statements, sent_by(mine, dialect), dialect, complete=done), mine["error"]


def agrees(comparison: Comparison, error: str | None) -> None:
    assert error is None
    assert comparison.missed == ()
    assert comparison.surplus == ()
