"""What drops and renames say of code that is running: the models of the base, and of the change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import INI, Content, guard
from git_repo import Repo
from roundtrip_project import revision

Files = Mapping[str, Content]
B2 = "migrations/versions/b2.py"
WITHOUT = """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
MODELS = WITHOUT + '    note: Mapped[str | None] = mapped_column("remark", sa.Text())\n'
NO_MODELS = WITHOUT.partition("\n\nclass User")[0]
ENV = """\
from alembic import context

from app.models import Base

context.configure(url="sqlite://", target_metadata=Base.metadata)
"""
CREATE = (
    "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('remark', sa.Text()))"
)
FILES: dict[str, Content] = {
    "alembic.ini": INI.replace("%(here)s/migrations", "%(here)s/migrations\nprepend_sys_path = ."),
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "migrations/env.py": ENV,
    "migrations/versions/a1.py": revision("a1", None, (CREATE, "op.drop_table('users')")),
}
DROP_COLUMN = "op.drop_column('users', 'remark')"
DROP_TABLE = "op.drop_table('users')"
RENAME_COLUMN = "op.alter_column('users', 'remark', new_column_name='notice')"
RENAME_TABLE = "op.rename_table('users', 'people')"
MIXED = MODELS.replace("(Base):", "(Base, outside.Mixin):").replace('"remark", ', "")


def told(folder: Path, released: Files, change: Files, operation: str, *more: str) -> str:
    """Return severity, message and remedy of the finding in a revision that does this."""
    repo = Repo(folder)
    repo.commit({**FILES, **released})
    repo.write({**change, B2: revision("b2", "a1", (operation, "raise NotImplementedError('no')"))})
    rules = "drop-column,drop-table,rename-column,rename-table"
    done = guard(folder, "lint", "--select", rules, "--output-format", "json", *more)
    (finding,) = json.loads(done.output)["findings"]
    return f"{finding['severity']}: {finding['message']} {finding['remedy']}"


AT = "`app/models.py:13` maps"
CLASS = "`app/models.py:9` maps"
ADOPTED = {"app/models.py": WITHOUT}
# What the base has otherwise, what the change does besides, the operation: what is said, and not.
SITUATIONS: dict[str, tuple[Files, Files, str, str, str]] = {
    "a column still mapped": (
        {},
        {},
        DROP_COLUMN,
        f"error: Dropping column users.remark deletes its values, no downgrade restores them, and "
        f"running code fails: {AT} it. Remove remark from the model (app/models.py:13) and deploy "
        "that first; then drop it in a later deployment, and record who agreed",
        "",
    ),
    "a column removed in this change": (
        {},
        ADOPTED,
        DROP_COLUMN,
        f"and code that is running meanwhile fails: {AT} it until this change is deployed. Deploy "
        "the model without remark first, which this change brings, and drop it in a later release",
        "still selects",
    ),
    "a column removed in an earlier release": (
        ADOPTED,
        {},
        DROP_COLUMN,
        "error: Dropping column users.remark deletes its values, and no downgrade restores them. "
        "No "
        "model maps it any more.",
        "running",
    ),
    "a column of a table that no model maps": (
        {"app/models.py": WITHOUT.replace('"users"', '"others"')},
        {},
        DROP_COLUMN,
        "No model maps it any more.",
        "running",
    ),
    "a column that a mixin out of sight may map": (
        {"app/models.py": MIXED},
        {},
        DROP_COLUMN,
        "and running code that still selects it fails. Remove remark from the model and deploy",
        "app/models.py",
    ),
    "no models": (
        {"app/models.py": NO_MODELS},
        {},
        DROP_COLUMN,
        "and running code that still selects it fails.",
        "No model maps",
    ),
    "a model that this change brings": (
        {"app/models.py": NO_MODELS},
        {"app/models.py": MODELS},
        DROP_COLUMN,
        "and running code that still selects it fails.",
        "app/models.py",
    ),
    "a table still mapped": (
        {},
        {},
        DROP_TABLE,
        f"error: Dropping table users deletes its rows, no downgrade restores them, and "
        f"running "
        f"code fails: {CLASS} it. Remove users from the model (app/models.py:9) and deploy",
        "",
    ),
    "a table removed in this change": (
        {},
        {"app/models.py": NO_MODELS},
        DROP_TABLE,
        f"code that is running meanwhile fails: {CLASS} it until this change is deployed. Deploy "
        f"the "
        "model without users first",
        "",
    ),
    "a table removed in an earlier release": (
        {"app/models.py": WITHOUT.replace('"users"', '"others"')},
        {},
        DROP_TABLE,
        "no downgrade restores them. No model maps it any more: keep a copy of its rows",
        "running code",
    ),
    "a renamed column": (
        {},
        {"app/models.py": MODELS.replace("remark", "notice")},
        RENAME_COLUMN,
        f"error: Renaming users.remark to notice breaks running code: {AT} remark.",
        "",
    ),
    "a renamed column that the base does not map": (
        ADOPTED,
        {"app/models.py": MODELS.replace("remark", "notice")},
        RENAME_COLUMN,
        "warning: Renaming users.remark to notice breaks SQL that names remark; no model of the "
        "base "
        "maps it.",
        "running code",
    ),
    "a renamed column that the base maps under its new name": (
        {"app/models.py": MODELS.replace("remark", "notice")},
        {},
        RENAME_COLUMN,
        "warning: Renaming users.remark to notice breaks SQL",
        "running code",
    ),
    "a renamed table": (
        {},
        {"app/models.py": MODELS.replace('"users"', '"people"')},
        RENAME_TABLE,
        f"error: Renaming users to people breaks running code: {CLASS} users.",
        "",
    ),
    "a renamed table that the base does not map": (
        {"app/models.py": WITHOUT.replace('"users"', '"others"')},
        {},
        RENAME_TABLE,
        "warning: Renaming users to people breaks SQL that names users; no model of the base maps",
        "",
    ),
    "a renamed table without models": (
        {"app/models.py": NO_MODELS},
        {},
        RENAME_TABLE,
        "error: Renaming users to people breaks running code that still asks for users.",
        "",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_said_of_running_code(situation: str, tmp_path: Path) -> None:
    released, change, operation, says, not_ = SITUATIONS[situation]
    said = told(tmp_path, released, change, operation)
    assert says in said
    assert not not_ or not_ not in said


# How env.py gives the models of two databases to Alembic, one after the other.
SEVERAL = """\
from alembic import context

from app.models import Base, Other

METADATA = {"main": Base.metadata, "other": Other.metadata}
"""
TURNS = {
    "a parameter": """
def migrate(name):
    context.configure(target_metadata=METADATA[name])

for name in METADATA:
    migrate(name)
""",
    "a parameter that hides a name": """
metadata = Other.metadata

def migrate(metadata):
    context.configure(target_metadata=metadata)

migrate(Base.metadata)
""",
    "a loop": """
for name, metadata in METADATA.items():
    context.configure(target_metadata=metadata)
""",
    "a name that a loop binds": """
for name in METADATA:
    metadata = METADATA[name]
    with engine(name).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
""",
    "a loop in a function": """
def migrate():
    for name in METADATA:
        context.configure(target_metadata=METADATA[name])

name = "other"
migrate()
""",
    "a comprehension": """
name = "other"
[context.configure(target_metadata=METADATA[name]) for name in METADATA]
""",
    "one call for each": """
context.configure(target_metadata=METADATA["main"])
context.configure(target_metadata=METADATA["other"])
""",
}
OTHER = """

class Other(DeclarativeBase):
    pass


class Kline(Other):
    __tablename__ = "klines"

    id: Mapped[int] = mapped_column(primary_key=True)
"""


@pytest.mark.parametrize("turns", TURNS.values(), ids=TURNS)
def test_the_models_of_each_database_count(turns: str, tmp_path: Path) -> None:
    files = {"app/models.py": MODELS + OTHER, "migrations/env.py": SEVERAL + turns}
    assert f"running code fails: {CLASS} it." in told(tmp_path, files, {}, DROP_TABLE)


def test_models_that_no_database_gets_do_not_count(tmp_path: Path) -> None:
    env = SEVERAL + 'context.configure(target_metadata=METADATA["other"])\n'
    files = {"app/models.py": MODELS + OTHER, "migrations/env.py": env}
    assert "No model maps it any more" in told(tmp_path, files, {}, DROP_TABLE)


def test_a_named_revision_is_compared_with_the_models_of_the_base(tmp_path: Path) -> None:
    said = told(tmp_path, {}, ADOPTED, DROP_COLUMN, B2)
    assert "until this change is deployed" in said


def test_what_is_released_says_nothing_of_running_code(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit(
        {**FILES, B2: revision("b2", "a1", (DROP_COLUMN, "raise NotImplementedError('n')"))}
    )
    done = guard(tmp_path, "lint", "--all", "--select", "drop-column", "--output-format", "json")
    (finding,) = json.loads(done.output)["findings"]
    assert "running code that still selects it fails" in finding["message"]
