"""Runs a rule's example as a user would: a small project on disk, judged by the whole of guard."""

from __future__ import annotations

import datetime
import os
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

from guard.config import parse_config
from guard.finding import Finding
from guard.project.settings import SettingsFiles
from guard.rule import Example, revision_file
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
    """Return the open findings that the example's change brings, through the door a user takes."""
    _write(_released(example), folder)
    new = _new(example)
    if example.change:  # only history needs git, and git takes its time
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "base")
    _write(new, folder)
    table = {
        "dialect": example.dialect,
        "server-version": example.version,
        "lock-timeout": "elsewhere",  # so that no example has to set one
        **example.config,
    }
    config = parse_config(
        {k: v for k, v in table.items() if v is not None}, folder / "pyproject.toml"
    )
    request = Request(
        start=folder,
        paths=tuple(folder / path for path in new) if example.released else (),
        statements=not roundtrip,
        roundtrip=roundtrip,
        today=datetime.date(2026, 11, 1),
    )
    found = run(request, SettingsFiles.everywhere(config, folder)).report.open
    # What is only said (a downgrade that declares that it cannot be done) is nobody's trap.
    return tuple(f for f in found if f.severity != "info") or found


def _released(example: Example) -> dict[str, str]:
    """Return the files of the base: those of every project, the example's own, its revisions."""
    files = {"alembic.ini": INI, "migrations/env.py": ENV, "migrations/versions/.keep": ""}
    files |= example.base
    for number, body in enumerate(example.released):
        files |= _revision(number, body, None)
    return files


def _new(example: Example) -> dict[str, str | None]:
    files: dict[str, str | None] = dict(example.change)
    if example.source is not None:
        files[example.path] = textwrap.dedent(example.source).strip() + "\n"
    elif not files:
        files |= _revision(len(example.released), example.upgrade, example.downgrade)
    if example.approvals is not None:
        files["guard-approvals.toml"] = textwrap.dedent(example.approvals).strip() + "\n"
    return files


def _revision(number: int, upgrade: str, downgrade: str | None) -> dict[str, str]:
    return revision_file(
        f"{number + 1:04}",
        f"{number:04}" if number else None,
        upgrade,
        IRREVERSIBLE if downgrade is None else downgrade,
    )


def _write(files: Mapping[str, str | None], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def source_at(finding: Finding, folder: Path) -> tuple[str, str]:
    """Return the text of the file that the finding points into: before the place, and from it on.

    Of a file that is gone, its path is all there is to point at.
    """
    path, span = folder / finding.span.path, finding.span
    if not path.exists():
        return "", span.path
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = sum(map(len, lines[: span.line - 1])) + span.column - 1
    text = "".join(lines)
    return text[:start], text[start:]
