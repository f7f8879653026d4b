"""Models that a change brings apart from the revisions: what is compared, and when."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import INI, Content, guard
from git_repo import Repo
from roundtrip_project import revision

Files = Mapping[str, Content]
B2 = "migrations/versions/b2.py"
C3 = "migrations/versions/c3.py"
RULE = "model-changed-without-revision"
MODELS = """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
CREATE = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))"
AGE = "    age: Mapped[int | None]\n"
WITH_AGE = {"app/models.py": MODELS + AGE}
ENV = """\
from alembic import context

from app.models import Base

context.configure(url="sqlite://", target_metadata=Base.metadata)
"""
TOUCHED = {"app/models.py": MODELS + "# all\n"}
REQUIRED = "op.add_column('users', sa.Column('age', sa.Integer(), nullable=False))"
ADD_AGE = (
    "op.add_column('users', sa.Column('age', sa.Integer()))",
    "op.drop_column('users', 'age')",
)
FILES: dict[str, Content] = {
    "alembic.ini": INI.replace("%(here)s/migrations", "%(here)s/migrations\nprepend_sys_path = ."),
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "migrations/env.py": ENV,
    "migrations/versions/a1.py": revision("a1", None, (CREATE, "op.drop_table('users')")),
}


def found(folder: Path, change: Files, released: Files | None = None, *arguments: str) -> list[str]:
    """Return the messages of the rule, and how many findings stand in unchanged code."""
    repo = Repo(folder)
    repo.commit({**FILES, **(released or {})})
    repo.write(change)
    done = guard(folder, "lint", "--select", RULE, "--output-format", "json", *arguments)
    report = json.loads(done.output)
    counted = report["summary"]["unchanged"]
    told = [f["message"] for f in report["findings"] if f["status"] == "open"]
    return told + ([f"unchanged: {counted}"] * (counted > 0))


IS_NEW = "User.age is new"
HELPED = """\
from app import migrating
from app.models import Base

target_metadata = Base.metadata
migrating.run(target_metadata)
"""
OUTSIDE = "from alembic import context\nfrom outside import Model\nimport app.models\n\n"
OUTSIDE += "context.configure(target_metadata=Model.metadata)\n"
OTHER_TABLE = '\n\nlogs = sa.Table("logs", sa.MetaData(), sa.Column("a"))\n'
FLASK = """\
from alembic import context
from flask import current_app

context.configure(target_metadata=current_app.extensions["migrate"].db.metadata)
"""
BY_NAME = """\
import importlib
from alembic import context
from app.base import Base

for name in ("users", "more"):
    importlib.import_module(f"app.{name}")
context.configure(url="sqlite://", target_metadata=Base.metadata)
"""
MORE = """\
class More(Base):
    __tablename__ = "more"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
OTHER = f"from app.models import Base, Mapped, mapped_column\n\n\n{MORE}"
FILTER = ENV.replace(
    "context.configure(",
    "def include(object, name, type_, reflected, compare_to):\n"
    "    return not (type_ == 'table' and name.startswith('view_'))\n\n\n"
    "context.configure(include_object=include, ",
)
VIEW = MODELS + MORE.replace('"more"', '"view_more"')
DECLARED = """
    @sa.orm.declared_attr.directive
    def __table_args__(cls):
        return (sa.Index(f"ix_{cls.__tablename__}_age", "age"),)
"""
PARTIAL = "import functools\n\nrequired = functools.partial(mapped_column, nullable=False)\n"
PARTIAL = PARTIAL.replace("\n\n", "\nfrom sqlalchemy.orm import mapped_column\n\n")
MAKER = """\
import sqlalchemy as sa


def number(length):
    return sa.Column(sa.String(length))
"""
SITUATIONS: dict[str, tuple[Files, Files, str]] = {
    "no revision": ({}, WITH_AGE, IS_NEW),
    "a revision that drops a column which the model has": (
        WITH_AGE | {B2: revision("b2", "a1", ADD_AGE)},
        {
            "app/models.py": MODELS + AGE + "# all\n",
            C3: revision("c3", "b2", ("op.drop_column('users', 'age')", "pass")),
        },
        "Revision c3 drops column age of users, and User.age still maps it: each query of the "
        "model fails.",
    ),
    "a revision that drops a table which has a model": (
        {},
        TOUCHED | {B2: revision("b2", "a1", ("op.drop_table('users')", "pass"))},
        "Revision b2 drops users, and User still maps it: each query of it fails.",
    ),
    "a revision that adds a column which the model lacks": (
        {},
        TOUCHED | {B2: revision("b2", "a1", (REQUIRED, "pass"))},
        "Revision b2 adds column age (integer not null) to users, and User lacks it: each insert "
        "fails, since it is NOT NULL and has no default.",
    ),
    "a revision": ({}, WITH_AGE | {B2: revision("b2", "a1", ADD_AGE)}, ""),
    "the base lacks it too": (
        WITH_AGE,
        {"app/models.py": MODELS + AGE + "# all\n"},
        "unchanged: 1",
    ),
    "nothing changed": (WITH_AGE, {"README": "x"}, ""),
    "a file that is none of the models": (WITH_AGE, {"app/tools.py": "A = 1\n"}, ""),
    "a model that env.py does not import": ({}, {"app/more.py": OTHER}, ""),
    "a model that another file imports": (
        {},
        {"app/more.py": OTHER, "migrations/env.py": "import app.more\n" + ENV},
        "More is a new model",
    ),
    "an env.py that asks a Flask application": ({"migrations/env.py": FLASK}, WITH_AGE, IS_NEW),
    "an env.py that imports by name": (
        {"migrations/env.py": BY_NAME.replace("base", "models")},
        {"app/more.py": OTHER},
        "More is a new model",
    ),
    "an env.py without metadata": (
        {"migrations/env.py": ENV.replace("Base.metadata", "None")},
        WITH_AGE,
        "",
    ),
    "another MetaData": (
        {},
        {"app/models.py": MODELS + OTHER_TABLE},
        "",
    ),
    "another MetaData than a helper is given": (
        {"migrations/env.py": HELPED},
        {"app/models.py": MODELS + OTHER_TABLE},
        "",
    ),
    "the MetaData that a helper is given": ({"migrations/env.py": HELPED}, WITH_AGE, IS_NEW),
    "another MetaData than that of a base out of sight": (
        {"migrations/env.py": OUTSIDE},
        WITH_AGE,
        "",
    ),
    "a table that env.py leaves out": ({"migrations/env.py": FILTER}, {"app/models.py": VIEW}, ""),
    "a table that env.py lets in": ({"migrations/env.py": FILTER}, WITH_AGE, IS_NEW),
    "a mixin out of sight": (
        {"app/models.py": MODELS.replace("(Base):", "(Base, outside.Mixin):")},
        {"app/models.py": MODELS.replace("(Base):", "(Base, outside.Mixin):") + AGE},
        IS_NEW,
    ),
    "a column that nobody can read": (
        {},
        {"app/models.py": MODELS + "    age = outside.column()\n"},
        "",
    ),
    "a class under a condition": (
        {},
        {"app/models.py": MODELS + "if outside.setting:\n" + textwrap.indent(MORE, "    ")},
        "",
    ),
    "a revision that nobody can read": (
        {},
        WITH_AGE | {B2: revision("b2", "a1", ("tools.migrate(op)", "pass"))},
        "",
    ),
    "a declared index named after the table": (
        {},
        {"app/models.py": MODELS + AGE + DECLARED, B2: revision("b2", "a1", ADD_AGE)},
        "The index ix_users_age on (age) of User is new, and revision b2 does not add it",
    ),
    "a column made by a partial": (
        {},
        {"app/models.py": PARTIAL + MODELS + "    age = required(sa.Integer)\n"},
        "column age (integer not null)",
    ),
    "a column made by a function": (
        {"app/tools.py": MAKER},
        {"app/models.py": "from app.tools import number\n" + MODELS + "    age = number(20)\n"},
        "column age (varchar(20))",
    ),
    "a function that makes columns": (
        {
            "app/tools.py": MAKER,
            "app/models.py": "from app.tools import number\n" + MODELS + "    age = number(20)\n",
            "migrations/versions/a1.py": revision(
                "a1", None, (CREATE[:-1] + ", sa.Column('age', sa.String(20)))", "pass")
            ),
        },
        {"app/tools.py": MAKER.replace("(length))", "(length + 1))")},
        "User.age is varchar(21), and in users it stays varchar(20)",
    ),
    "a table in a schema": (
        {},
        {
            "app/models.py": MODELS
            + MORE.replace("    id:", '    __table_args__ = {"schema": "s"}\n    id:')
        },
        "its table s.more",
    ),
    "types that env.py does not compare": (
        {
            "app/models.py": MODELS + AGE,
            "migrations/env.py": ENV.replace("(url", "(compare_type=False, url"),
            "migrations/versions/a1.py": revision(
                "a1", None, (CREATE[:-1] + ", sa.Column('age', sa.Integer()))", "pass")
            ),
        },
        {"app/models.py": MODELS + AGE.replace("int", "str")},
        "",
    ),
    "a model of another database": (
        {"migrations/env.py": FLASK},
        {"app/models.py": MODELS + MORE + '    __bind_key__ = "logs"\n'},
        "",
    ),
    "a file that moved": (
        {},
        {"app/models.py": "from app.people import *\n", "app/people.py": MODELS},
        "",
    ),
    "a table that the revisions did not make": (
        {"app/models.py": MODELS.replace('"users"', '"old_users"')},
        {"app/models.py": MODELS.replace('"users"', '"old_users"') + AGE},
        "unchanged: 1",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_a_change_brings_apart(situation: str, tmp_path: Path) -> None:
    released, change, says = SITUATIONS[situation]
    told = found(tmp_path / "repo", change, released)
    assert len(told) == bool(says), told
    assert says in "".join(told)


@pytest.mark.parametrize(
    ("named", "count"), [("app/models.py", 1), ("migrations/versions/a1.py", 0)]
)
def test_only_the_named_files_are_judged(named: str, count: int, tmp_path: Path) -> None:
    told = found(tmp_path / "repo", WITH_AGE, None, named)
    assert [IS_NEW in text for text in told] == [True] * count


def test_the_command_names_the_configuration(tmp_path: Path) -> None:
    moved = {f"backend/{name}": text for name, text in FILES.items()}
    repo = Repo(tmp_path)
    repo.commit(moved)
    repo.write({"backend/app/models.py": MODELS + AGE})
    said = guard(tmp_path, "lint", "--select", RULE)
    assert said.says('alembic -c backend/alembic.ini revision --autogenerate -m "add age to users"')


def test_all_tells_of_what_the_base_had_already(tmp_path: Path) -> None:
    told = found(tmp_path / "repo", {}, WITH_AGE, "--all")
    assert [IS_NEW in text for text in told] == [True]


def test_staged_models_are_compared_as_they_are_staged(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit(FILES)
    repo.write(WITH_AGE)
    assert guard(tmp_path, "lint", "--select", RULE, "--staged").code == 0
    repo.git("add", "-A")
    repo.write({"app/models.py": MODELS})
    assert guard(tmp_path, "lint", "--select", RULE, "--staged").says(IS_NEW)


def test_a_comment_silences_it_at_the_model(tmp_path: Path) -> None:
    silent = f"    # guard: ignore[{RULE}] the next release brings it\n"
    assert found(tmp_path / "repo", {"app/models.py": MODELS + silent + AGE}) == []


def test_what_was_read_of_the_base_is_kept_for_that_base_alone(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit(FILES)
    repo.write(WITH_AGE)
    assert guard(tmp_path, "lint", "--select", RULE).says(IS_NEW)
    repo.commit({"migrations/versions/b2.py": revision("b2", "a1", ADD_AGE)})
    repo.write({"app/models.py": MODELS})
    assert guard(tmp_path, "lint", "--select", RULE).says("User has no column age")
