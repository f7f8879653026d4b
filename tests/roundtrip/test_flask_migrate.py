"""Flask-Migrate's environments, as `flask db init` writes them, run as they are."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from roundtrip_project import revision, story

from alembic import command
from guard.config import Config
from guard.project.environments import find_environments
from guard.project.settings import Settings
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.run import RoundTrip, run_roundtrip

flask_migrate = pytest.importorskip("flask_migrate")

HEAD = """
import os
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
migrate = Migrate()
SETTINGS = {"SQLALCHEMY_DATABASE_URI": "postgresql://localhost/shop"}

class User(db.Model):
    __tablename__ = "users"
    id = db.Column(db.Integer, primary_key=True)
    nick = db.Column(db.String(20))
    __table_args__ = (db.Index("ix", "nick"),)
"""
START = """
    app.config.update(SETTINGS)
    db.init_app(app)
    migrate.init_app(app, db)
"""
MODULE = HEAD + "\napp = Flask(__name__)\nif True:" + START
FACTORY = HEAD + "\ndef create_app():\n    app = Flask(__name__)" + START + "    return app\n"
BINDS = '\nSETTINGS["SQLALCHEMY_BINDS"] = {"audit": "postgresql://localhost/audit"}\n'
ENTRY = """
class Entry(db.Model):
    __bind_key__ = "audit"
    __tablename__ = "entries"
    id = db.Column(db.Integer, primary_key=True)
"""
STEPS = (
    ("op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))",
     "op.drop_table('users')"),
    ("with op.batch_alter_table('users', schema=None) as batch_op:\n"
     "    batch_op.add_column(sa.Column('nick', sa.String(20)))",
     "with op.batch_alter_table('users', schema=None) as batch_op:\n"
     "    batch_op.drop_column('nick')"),
    ("op.create_index('ix', 'users', ['nick'])", "pass"),
)  # fmt: skip
FOUND = [("r3", "downgrade drift")]
MULTI = """
revision = "r1"
down_revision = None
import sqlalchemy as sa
from alembic import op

def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()

def downgrade(engine_name):
    globals()["downgrade_%s" % engine_name]()

def upgrade_():
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True),
                    sa.Column("nick", sa.String(20)))
    op.create_index("ix", "users", ["nick"])

def downgrade_():
    pass

def upgrade_audit():
    op.create_table("entries", sa.Column("id", sa.Integer(), primary_key=True))

def downgrade_audit():
    op.drop_table("entries")
"""


def initialized(
    root: Path, files: dict[str, str], *, folder: str = "migrations", multidb: bool = False
) -> Path:
    """Write the files, and the folder as `flask db init` does; return the folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    config = flask_migrate.Config()
    config.set_main_option("script_location", str(root / folder))
    config.config_file_name = str(root / folder / "alembic.ini")
    command.init(config, str(root / folder), "flask-multidb" if multidb else "flask")
    (root / ".git").mkdir(exist_ok=True)
    return root / folder


def with_steps(folder: Path) -> None:
    for number, step in enumerate(STEPS, 1):
        parent = f"r{number - 1}" if number > 1 else None
        (folder / "versions" / f"r{number}.py").write_text(revision(f"r{number}", parent, step))


def trip(root: Path, **settings: Any) -> RoundTrip:
    (environment,) = find_environments(root)
    held = Settings(config=Config(python=sys.executable, **settings), folder=root)
    return run_roundtrip(environment, root=root, revisions=None, settings=held)


@pytest.mark.parametrize(
    ("files", "folder", "variables"),
    [
        ({"app.py": MODULE}, "migrations", {}),
        ({"app.py": FACTORY}, "migrations", {}),
        ({"wsgi.py": "from shop import create_app\napp = create_app()", "shop.py": FACTORY},
         "migrations", {}),
        ({"app/__init__.py": FACTORY}, "migrations", {}),
        ({"microblog.py": MODULE, "other.py": MODULE, ".flaskenv": "FLASK_APP=microblog.py\n"},
         "migrations", {}),
        ({"shop/__init__.py": FACTORY}, "migrations", {}),  # the only one there is
        ({"shop/__init__.py": FACTORY}, "storage/revisions",
         {"FLASK_APP": "shop:create_app()"}),
        ({"a/__init__.py": FACTORY, "b/__init__.py": FACTORY}, "migrations",
         {"FLASK_APP": "b:create_app"}),
        ({"app.py": MODULE + "    with app.app_context():\n        db.create_all()\n"},
         "migrations", {}),
        ({"app.py": MODULE.replace("postgresql://localhost/shop", "sqlite:///shop.db")},
         "migrations", {}),
    ],
)  # fmt: skip
def test_the_application_is_found_as_flask_finds_it(
    files: dict[str, str], folder: str, variables: dict[str, str], tmp_path: Path
) -> None:
    with_steps(initialized(tmp_path, files, folder=folder))
    before = sorted(path for path in tmp_path.rglob("*"))
    assert story(trip(tmp_path, env_vars=variables)) == FOUND
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_an_application_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "app.py").write_text("raise RuntimeError('another one')")
    with_steps(initialized(tmp_path / "api", {"app.py": FACTORY}))
    (tmp_path / "api" / ".git").rmdir()
    (tmp_path / ".git").mkdir()
    assert story(trip(tmp_path)) == FOUND


def test_a_script_location_that_flask_migrate_passes_over(tmp_path: Path) -> None:
    folder = initialized(tmp_path, {"app.py": FACTORY})
    ini = folder / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]", "[alembic]\nscript_location = ."))
    with_steps(folder)
    assert story(trip(tmp_path)) == FOUND


@pytest.mark.parametrize(
    "settings", [{}, {"env": "none", "metadata": "app:db.metadatas"}], ids=["env.py", "none"]
)
def test_two_databases(settings: dict[str, str], tmp_path: Path) -> None:
    code = MODULE.replace("class User", BINDS + ENTRY + "\nclass User")
    folder = initialized(tmp_path, {"app.py": code}, multidb=True)
    (folder / "versions" / "r1.py").write_text(MULTI)
    if settings:
        text = (folder / "alembic.ini").read_text()
        text = text.replace("[alembic]", "[alembic]\nprepend_sys_path = %(here)s/..")
        (folder / "alembic.ini").write_text(text)
    result = trip(tmp_path, **settings)
    assert story(result) == [("r1", "downgrade drift")]
    assert result.downgraded == 2


def refusal(root: Path, **settings: Any) -> str:
    with pytest.raises(RoundTripError) as error:
        trip(root, **settings)
    assert "Traceback" not in str(error.value)
    return str(error.value)


def test_an_application_that_nobody_names(tmp_path: Path) -> None:
    files = {"a/__init__.py": FACTORY, "b/__init__.py": FACTORY}
    with_steps(initialized(tmp_path, files))
    message = refusal(tmp_path)
    table = tomllib.loads(message[message.index("[tool.guard.env-vars]") :])
    assert table["tool"]["guard"]["env-vars"] == {"FLASK_APP": "package:create_app"}
    assert story(trip(tmp_path, env_vars={"FLASK_APP": "a:create_app"})) == FOUND


def test_an_application_that_lacks_a_setting(tmp_path: Path) -> None:
    code = FACTORY.replace('"postgresql://localhost/shop"', 'os.environ["SHOP_URL"]')
    with_steps(initialized(tmp_path, {"app.py": code}))
    message = refusal(tmp_path)
    assert "app.py" in message
    assert "KeyError: 'SHOP_URL'" in message
    table = tomllib.loads(message[message.index("[tool.guard.env-vars]") :])
    assert story(trip(tmp_path, env_vars=table["tool"]["guard"]["env-vars"])) == FOUND


def test_an_application_that_lacks_a_module(tmp_path: Path) -> None:
    folder = initialized(tmp_path, {"app.py": FACTORY})
    with_steps(folder)
    (tmp_path / "app.py").write_text("import not_there\n" + FACTORY)
    message = refusal(tmp_path)
    assert "ModuleNotFoundError: No module named 'not_there'. Remedy: install not_there" in message
