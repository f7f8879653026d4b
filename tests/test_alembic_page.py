"""docs/alembic.md: what it says to put into a project works there."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).parent.parent / "docs" / "alembic.md").read_text(encoding="utf-8")
SCRIPTS = Path(sysconfig.get_path("scripts"))
INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\nsqlalchemy.url = sqlite:///shop.db\n\n"
TOML = '[tool.alembic]\nscript_location = "%(here)s/migrations"\nprepend_sys_path = ["."]\n\n'
ENV = """\
import models
from alembic import context
from sqlalchemy import create_engine

{more}

with create_engine("sqlite:///shop.db").connect() as connection:
    context.configure(
        connection=connection, target_metadata=models.Base.metadata{configured}
    )
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.Integer(), primary_key=True)
    note = sa.Column(sa.Text())
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def project(folder: Path, hooks: str, *, more: str = "", configured: str = "") -> Path:
    """A project whose first revision has run; then its model loses a column."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    name = "pyproject.toml" if hooks.startswith("[[") else "alembic.ini"
    hooks = hooks.replace("executable = guard", f"executable = {SCRIPTS / 'guard'}")
    hooks = hooks.replace('executable = "guard"', f'executable = "{SCRIPTS / "guard"}"')
    (folder / name).write_text((TOML if name == "pyproject.toml" else INI) + hooks)
    (folder / "migrations" / "env.py").write_text(ENV.format(more=more, configured=configured))
    (folder / "migrations" / "script.py.mako").write_text(mako())
    (folder / "models.py").write_text(MODELS)
    alembic(folder, "revision", "--autogenerate", "-m", "orders")
    alembic(folder, "upgrade", "head")
    (folder / "models.py").write_text(MODELS.replace("    note = sa.Column(sa.Text())\n", ""))
    return folder


def mako() -> str:
    import alembic as installed

    root = next(Path(p) for p in map(str, installed.__path__) if (Path(p) / "templates").is_dir())
    return (root / "templates" / "generic" / "script.py.mako").read_text()


def alembic(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "alembic.config", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("hooks", [*blocks("ini"), *blocks("toml")])
def test_the_hook_judges_what_is_written(hooks: str, tmp_path: Path) -> None:
    project(tmp_path, hooks)
    said = alembic(tmp_path, "revision", "--autogenerate", "-m", "without note")
    assert "error[drop-column]" in said
    assert "orders.note" in said


def test_autogenerate_warns_of_a_drop(tmp_path: Path) -> None:
    (code,) = blocks("python")
    configured = ", process_revision_directives=warn_of_drops"
    project(tmp_path, "", more=code, configured=configured)
    said = alembic(tmp_path, "revision", "--autogenerate", "-m", "without note")
    assert "WARNING: autogenerate drops column orders.note: is its model gone" in said
