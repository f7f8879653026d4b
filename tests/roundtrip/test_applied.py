"""A database is asked what it has run: it is only read, and its password is never shown."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from command_line import STEP, chain, guard, write

PROJECT = chain(STEP)


def database(folder: Path, *statements: str) -> Path:
    path = folder / "live.db"
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


STAMPED = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO alembic_version VALUES ('r1')",
)


@pytest.mark.real_start
def test_a_database_is_only_read(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    path = database(tmp_path, *STAMPED)
    before = path.read_bytes(), path.stat().st_mtime_ns
    done = guard(tmp_path, "history", "--applied-in", "sqlite:///live.db")
    assert done.says("the database stands at r1, so 1 revision of it count")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    done = guard(tmp_path, "history", "--applied-in", "sqlite:///live.db")
    assert done.says("--applied-in sqlite:///live.db: it cannot be asked: unable to open")
    assert done.code == 2
    assert not (tmp_path / "live.db").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql+nothing://ann:s3cret@host/x", "it is not a URL that SQLAlchemy knows"),
        ("s3cret", "it is not a URL that SQLAlchemy knows"),
        ("oracle+cx_oracle://ann:s3cret@host/x", "lacks its driver"),
        ("postgresql://ann:s3cr%65t@127.0.0.1:1/x", "--applied-in postgresql://ann:***@127"),
    ],
)
def test_a_password_is_never_shown(url: str, says: str, tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    done = guard(tmp_path, "history", GUARD_APPLIED_IN=url)
    assert done.says(says)
    assert done.code == 2
    assert "s3cret" not in done.output.replace("--applied-in s3cret:", "")
    assert "s3cr%65t" not in done.output


def test_an_interpreter_without_sqlalchemy_is_named(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    bare.chmod(0o755)
    write(tmp_path, {**PROJECT, "guard.toml": "python = './bare'"})
    database(tmp_path, *STAMPED)
    done = guard(tmp_path, "history", "--applied-in", "sqlite:///live.db")
    assert done.says("cannot import sqlalchemy", "Name the interpreter that has the project's")
    assert done.code == 2
