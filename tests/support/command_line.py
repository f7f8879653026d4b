"""The command line in a folder: helper words of several test files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from click.testing import CliRunner
from roundtrip_project import revision

from guard.cli.main import cli

ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

os.environ["PGOPTIONS"] = "-c lock_timeout=5s"
INIT_COMMAND = "SET SESSION lock_wait_timeout = 5"

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
INI = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite://\n"
PROJECT: dict[str, Content] = {
    "alembic.ini": INI,
    "migrations/env.py": ENV,
    "migrations/versions/.keep": "",
}
VERSIONS = "migrations/versions"
CREATE_A = ("op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))",)
STEP = (*CREATE_A, "op.drop_table('a')")
Content = str | bytes | None


class Done(msgspec.Struct, frozen=True):
    """What a command ended with; `output` is what it printed, standard error included."""

    code: int
    output: str

    def says(self, *texts: str) -> bool:
        """Return whether the output holds the texts, however its lines are broken."""
        flat = " ".join(re.sub(r"^ {0,8}[=|] ", "", self.output, flags=re.M).split())
        missing = [text for text in texts if text not in flat]
        assert not missing, f"{missing} not in: {self.output}"
        return True


def write(folder: Path, files: Mapping[str, Content]) -> Path:
    """Write the files (None: remove) and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    return folder


def chain(*steps: tuple[str, str]) -> dict[str, Content]:
    """Return the project's files with revisions r1, r2, ... that follow each other."""
    files = {**PROJECT}
    for number, step in enumerate(steps, 1):
        parent = f"r{number - 1}" if number > 1 else None
        files[f"{VERSIONS}/r{number}.py"] = revision(f"r{number}", parent, step)
    return files


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def guard(folder: Path, *arguments: str, stdin: str | bytes | None = None, **environ: str) -> Done:
    """Run a command in the folder, in this process; nothing may escape it."""
    kept = {"GUARD_CACHE_DIR": str(folder / ".guard-cache")}
    with inside(folder):
        result = CliRunner(env=kept | environ).invoke(cli, arguments, input=stdin)
    error = result.exception
    assert error is None or isinstance(error, SystemExit), repr(error)
    assert "Traceback" not in result.output
    return Done(result.exit_code, result.output)
