"""Revisions that live on the application's code, and those that do not, in small repositories."""

from __future__ import annotations

from pathlib import Path

import pytest
from branch import Files, branch, findings
from command_line import INI, guard

from guard.rule import revision_file as rev

MODELS = """\
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declarative_base, mapped_column

Base = declarative_base()


class Status(enum.Enum):
    open = "open"


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    phone = sa.Column("phone_number", sa.String(40))


tags = sa.Table("tags", Base.metadata, sa.Column("id", sa.Integer), sa.Column("name", sa.Text))
"""
MORE_TYPES = """
import datetime
import enum

import sqlalchemy as sa
from sqlalchemy import String
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import declarative_base
from sqlalchemy.types import PickleType, TypeDecorator

from app.types import GUID

Base = declarative_base()
tags = sa.Table("tags", sa.MetaData(), sa.Column("id"))
Word = lambda length: sa.types.String(length)
Document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


class Short(GUID):
    impl = sa.String(8)


class Stamp(TypeDecorator[datetime.datetime]):
    impl = sa.DateTime


class Pickled(PickleType):
    pass


class State(enum.Enum):
    OPEN = "open"


def Key(length=40) -> String:
    return String(length=length)


def key():
    return sa.Column("key", String(40))


def either(wanted):
    return String(40) if wanted else None
"""
APP: Files = {
    "alembic.ini": INI + "prepend_sys_path = .\n",
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "app/db/__init__.py": "from app.models import User\nfrom app.db.session import Session\n",
    "app/db/session.py": "from sqlalchemy.orm import Session\n\nSession = Session\n",
    "app/text.py": "def slug(text):\n    return text.lower()\n",
    "app/constants.py": "SCHEMA = 'public'\nNAMES = ('a', 'b')\n",
    "app/settings.py": "import os\n\nSCHEMA = os.environ['SCHEMA']\n",
    "app/types.py": "import sqlalchemy as sa\n\n\nclass GUID(sa.TypeDecorator):\n"
    "    impl = sa.String(36)\n",
    "app/more_types.py": MORE_TYPES,
    "app/log.py": "import logging\n\n\ndef get_logger():\n    return logging.getLogger()\n",
    "app/views.py": "from app import constants, db, settings\nfrom app.text import slug\n",
    "migrations/helpers.py": "def fill(op):\n    op.execute('ANALYZE')\n",
    "migrations/live.py": "from app.models import User\n\n\ndef fill():\n    return User\n",
    "ddl/__init__.py": "",
    "ddl/tools.py": "def analyze(op):\n    op.execute('ANALYZE')\n",
    "ddl/text.py": "def slug(text):\n    return text\n",
    "ddl/enums.py": "def members():\n    return ()\n",
    "ddl/run.py": "from . import enums\n",
    "tests/test_tools.py": "from ddl.tools import analyze\n",
    **rev("a1"),
}


MADE = {
    "a subclass": "Short",
    "a generic": "Stamp",
    "one of SQLAlchemy's": "Pickled",
    "a function": "Key",
    "a lambda": "Word",
    "a variant": "Document",
    "another name": "String",
}
NOT_MADE = {
    "a table": "tags",
    "a base": "Base",
    "a column": "key",
    "an enum": "State",
    "a function that may return something else": "either",
}


def revision(above: str, body: str = "pass") -> Files:
    """A revision after the head; `above` stands at its top."""
    ((path, text),) = rev("n1", "a1", f"op.execute('ANALYZE')\n{body}", "pass").items()
    return {path: text.replace("\nrevision =", f"\n{above}\n\nrevision =", 1)}


# The revision, what is imported from where, and a piece of the remedy.
TRUE: dict[str, tuple[Files, str, str]] = {
    "a model": (
        revision("from app.models import User", "op.execute(sa.select(User.email))"),
        "User of app/models.py",
        'users = sa.table("users", sa.column("email"))',
    ),
    "a column of another name": (
        revision("from app.models import User as U", "op.execute(sa.select(U.phone))"),
        "User of app/models.py",
        'users = sa.table("users", sa.column("phone_number"))',
    ),
    "a Table": (
        revision("from app.models import tags", "op.bulk_insert(tags, [{'name': 'x'}])"),
        "tags of app/models.py",
        'tags = sa.table("tags", sa.column("id"), sa.column("name"))',
    ),
    "through a package": (
        revision("from app.db import User", "op.execute(sa.select(User.id))"),
        "User of app/db/__init__.py",
        'users = sa.table("users", sa.column("id"))',
    ),
    "the module": (
        revision("from app import models", "op.execute(sa.select(models.User.id))"),
        "User of app/models.py",
        'users = sa.table("users", sa.column("id"))',
    ),
    "the dotted module": (
        revision("import app.models", "op.execute(sa.select(app.models.User.id))"),
        "User of app/models.py",
        'users = sa.table("users", sa.column("id"))',
    ),
    "inside the function": (
        revision("", "from app.models import User\nop.execute(sa.select(User.id))"),
        "User of app/models.py",
        'sa.column("id")',
    ),
    "a module inside": (
        revision("import app", "op.execute(sa.select(app.db.session.Session))"),
        "Session of app/db/session.py",
        "beside the revisions",
    ),
    "the metadata of a module": (
        revision("from app import models as m", "m.Base.metadata.drop_all(op.get_bind())"),
        "Base of app/models.py",
        "op.create_table(...)",
    ),
    "the metadata": (
        revision("from app.models import Base", "Base.metadata.create_all(op.get_bind())"),
        "Base of app/models.py",
        "op.create_table(...)",
    ),
    "the table of a model": (
        revision("from app.models import User", "User.__table__.create(op.get_bind())"),
        "User of app/models.py",
        "op.create_table(...)",
    ),
    "an enum": (
        revision("from app.models import Status", "sa.Enum(Status)"),
        "Status of app/models.py",
        "(migrations/helpers.py)",
    ),
    "a function": (
        revision("from app.text import slug", "slug('A')"),
        "slug of app/text.py",
        "(migrations/helpers.py)",
    ),
    "a computed setting": (
        revision("from app.settings import SCHEMA", "print(SCHEMA)"),
        "SCHEMA of app/settings.py",
        "(migrations/helpers.py)",
    ),
    "relative": (
        {**revision("from ...app.text import slug", "slug('A')"), "__init__.py": ""},
        "slug of app/text.py",
        "(migrations/helpers.py)",
    ),
    "by its name at run time": (
        revision("import importlib", "importlib.import_module('app.models').User"),
        "app.models of app/models.py",
        "beside the revisions",
    ),
    "through a helper": (
        revision("from migrations.live import fill", "fill()"),
        "fill of app/models.py, through migrations/live.py",
        "beside the revisions",
    ),
    "everything": (
        revision("from app.models import *", "op.execute(sa.select(User.id))"),
        "* of app/models.py",
        "beside the revisions",
    ),
}

FINE: dict[str, Files] = {
    "none": revision(""),
    "a helper beside the revisions": revision("from migrations.helpers import fill", "fill(op)"),
    "relative to the revisions": revision("from ..helpers import fill", "fill(op)"),
    "another revision": revision("from migrations.versions.a1 import upgrade as up", "up()"),
    "what only revisions and tests use": revision("from ddl.tools import analyze", "analyze(op)"),
    "a constant": revision("from app.constants import SCHEMA, NAMES", "print(SCHEMA, NAMES)"),
    "a constant of a module": revision("from app import constants", "print(constants.SCHEMA)"),
    "a type of columns": revision(
        "from app.types import GUID", "op.add_column('users', sa.Column('g', GUID()))"
    ),
    "a logger": revision("from app.log import get_logger", "get_logger().info('x')"),
    "for type checkers": revision(
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.models import User",
        "user: 'User' = None",
    ),
    "what nobody uses": revision("import app.models\nfrom app.text import slug"),
    "an installed package": {
        **revision("from fastapi_users import GUID", "GUID()"),
        ".venv/lib/python3.11/site-packages/fastapi_users/__init__.py": "class GUID: ...\n",
    },
    "the standard library": revision("import json\nfrom uuid import uuid4", "json, uuid4()"),
    "a table of its own": revision(
        "users = sa.table('users', sa.column('id'))", "op.execute(sa.select(users.c.id))"
    ),
    "a model of its own": revision(
        "from sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\n"
        "class User(Base):\n    __tablename__ = 'users'\n"
        "    id = sa.Column(sa.Integer, primary_key=True)",
        "op.execute(sa.select(User.id))",
    ),
    "a name in a text": revision("", "op.execute('-- from app.models import User\\nANALYZE')"),
}  # fmt: skip


def told(folder: Path, change: Files) -> list[tuple[str, str, str]]:
    found = findings(branch(folder, APP, change), "lint")
    return [
        (f["severity"], f["message"], f["remedy"])
        for f in found
        if f["rule"] == "application-import"
    ]


@pytest.mark.parametrize("case", TRUE)
def test_the_application_is_imported(case: str, tmp_path: Path) -> None:
    change, what, remedy = TRUE[case]
    ((severity, message, help_),) = told(tmp_path, change)
    assert severity == "warning"
    assert message.startswith(f"Revision n1 uses {what}, as that is on the day when it runs")
    assert remedy in help_


@pytest.mark.parametrize("case", FINE)
def test_the_application_is_not_imported(case: str, tmp_path: Path) -> None:
    assert not told(tmp_path, FINE[case])


def test_two_statements_are_two_findings(tmp_path: Path) -> None:
    both = "from app.models import Status, User\nfrom app.text import slug"
    names = [message for _, message, _ in told(tmp_path, revision(both, "slug(Status, User)"))]
    assert [name.split(" of ")[0] for name in names] == [
        "Revision n1 uses Status, User",
        "Revision n1 uses slug",
    ]


@pytest.mark.parametrize(
    ("module", "name", "is_told"),
    [
        ("app.text", "slug", True),
        ("ddl.enums", "members", True),
        ("ddl.text", "slug", False),  # app.text is another one
    ],
)
def test_a_module_is_used_where_it_is_the_one_imported(
    module: str, name: str, is_told: bool, tmp_path: Path
) -> None:
    change = revision(f"from {module} import {name}", f"print({name})")
    assert bool(told(tmp_path, change)) is is_told


@pytest.mark.parametrize("case", MADE)
def test_a_type_of_columns_is_none(case: str, tmp_path: Path) -> None:
    name = MADE[case]
    made = revision(
        f"from app.more_types import {name}", f"op.add_column('t', sa.Column('c', {name}))"
    )
    assert told(tmp_path, made) == []


@pytest.mark.parametrize("case", NOT_MADE)
def test_what_is_no_type_is_told(case: str, tmp_path: Path) -> None:
    name = NOT_MADE[case]
    (found,) = told(tmp_path, revision(f"from app.more_types import {name}", f"print({name})"))
    assert f"uses {name} of app/more_types.py" in found[1]


# What is not told is compared with the base instead.

COLUMN = revision("from app.types import GUID", "op.add_column('users', sa.Column('g', GUID()))")
PRINTED = revision(
    "from app.constants import SCHEMA", "op.create_table('t', sa.Column('id'), schema=SCHEMA)"
)


@pytest.mark.parametrize(
    ("released", "change"),
    [
        (COLUMN, {"app/types.py": "import sqlalchemy as sa\n\n\nclass GUID(sa.TypeDecorator):\n"
                  "    impl = sa.LargeBinary(16)\n"}),
        (PRINTED, {"app/constants.py": "SCHEMA = 'other'\nNAMES = ('a', 'b')\n"}),
    ],
)  # fmt: skip
def test_what_is_not_told_is_compared(released: Files, change: Files, tmp_path: Path) -> None:
    found = findings(branch(tmp_path, {**APP, **released}, change), "history")
    assert [(f["rule"], f["revision"]) for f in found] == [("edited-revision", "n1")]


# A model of today in a revision of then, run for real.

USERS = rev(
    "a1",
    None,
    "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('email', sa.Text()))",
    "op.drop_table('users')",
)
FILL = rev(
    "b2",
    "a1",
    "from sqlalchemy.orm import Session\n\nfrom app.models import User\n\n"
    "session = Session(bind=op.get_bind())\nfor user in session.query(User)"
    ".filter(User.email.is_(None)):\n    user.email = '-'\nsession.flush()",
    "pass",
)
PHONE = rev(
    "c3",
    "b2",
    "op.add_column('users', sa.Column('phone_number', sa.String(40)))",
    "op.drop_column('users', 'phone_number')",
)
DESCRIBED = rev(
    "b2",
    "a1",
    'users = sa.table("users", sa.column("email"))\n'
    "op.execute(users.update().where(users.c.email.is_(None)).values(email='-'))",
    "pass",
)


def test_a_model_of_today_is_the_likely_reason_of_a_failure(tmp_path: Path) -> None:
    repo = branch(tmp_path, {**APP, **USERS}, {**FILL, **PHONE})
    found = [f for f in findings(repo, "check") if f["revision"] == "b2"]
    (one,) = found
    assert one["rule"] == "upgrade-fails"
    assert "no such column: users.phone_number" in one["message"]
    assert "it uses User of app/models.py as it is today" in one["message"]
    assert 'users = sa.table("users", sa.column("email"))' in one["remedy"]
    repo.commit(DESCRIBED)
    assert not findings(repo, "check")


def test_a_failure_of_another_kind_is_told_beside_the_import(tmp_path: Path) -> None:
    broken = {path: text.replace("session.flush()", "1 / 0") for path, text in FILL.items()}
    models = {"app/models.py": MODELS.replace("    phone = ", "    # phone = ")}
    repo = branch(tmp_path, {**APP, **USERS, **models}, broken)
    found = [(f["rule"], "likely reason" in f["message"]) for f in findings(repo, "check")]
    assert sorted(found) == [("application-import", False), ("upgrade-fails", False)]


def test_without_the_run_it_is_a_warning(tmp_path: Path) -> None:
    repo = branch(tmp_path, {**APP, **USERS}, {**FILL, **PHONE})
    done = guard(repo.root, "lint")
    assert done.code == 0
    assert done.says("application-import", "a column that the model gets later does not exist yet")
