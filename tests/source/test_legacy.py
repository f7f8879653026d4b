"""What SQLAlchemy 2 deprecated or removed: told by what the objects are, never by a name alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from source_files import facts, findings

from guard.context import Required
from guard.project.requirements import read_requirements

MODEL = """
from sqlalchemy import Column, Integer, MetaData, Table, and_, case, or_, select, text
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker, declarative_base, joinedload, load_only, lazyload

Base = declarative_base()
engine = create_engine(url)
SessionLocal = sessionmaker(engine)

class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
"""
# The code, with MODEL before it, and what of it is legacy.
LEGACY = {
    "def f(session: Session):\n    get = session.query(Order).filter\n    return get('a = 1')": (
        "A string in `filter()`"
    ),
    "def f(session: Session):\n    scalar = session.query(Order.id).as_scalar\n"
    "    return scalar()": "`as_scalar()`",
    "from sqlalchemy.ext.declarative import declarative_base as make": (
        "`sqlalchemy.ext.declarative.declarative_base`"
    ),
    "from sqlalchemy.ext.declarative import declared_attr, ConcreteBase": (
        "`sqlalchemy.ext.declarative.declared_attr`"
    ),
    "from sqlalchemy.orm import mapper": "`sqlalchemy.orm.mapper`",
    "from sqlalchemy.orm import relation": "`sqlalchemy.orm.relation`",
    "def f(session: Session, id):\n    return session.query(Order).get(id)": "`Query.get()`",
    "def f(session, id):\n    return session.query(Order).options(x).get(id)": "`Query.get()`",
    "with SessionLocal() as s:\n    s.query(Order.id).get(1)": "`Query.get()`",
    "class R:\n    def __init__(self, session: 'Session | None' = None):\n"
    "        self.session = session\n"
    "    def f(self):\n        return self.session.query(Order).get(1)": ("`Query.get()`"),
    "engine.execute(text('SELECT 1'))": "`Engine.execute()`",
    "engine.table_names()": "`Engine.table_names()`",
    "with engine.connect() as c:\n    c.execute('SELECT 1')": "`Connection.execute()` of a string",
    "with engine.begin() as c:\n    c.scalar(f'SELECT {x}')": "`Connection.scalar()` of a string",
    "SQL = 'SELECT 1'\nSessionLocal().execute(SQL)": "`Session.execute()` of a string",
    "def f(s: Session):\n    s.connection().execute('SELECT %s' % 1)": (
        "`Connection.execute()` of a string"
    ),
    "sessionmaker(engine, autocommit=True)": "`sessionmaker(autocommit=True)`",
    "SessionLocal(autocommit=True)": "`Session(autocommit=True)`",
    "SessionLocal().begin(subtransactions=True)": "`Session.begin(subtransactions=True)`",
    "engine.execution_options(autocommit=True)": "`execution_options(autocommit=True)`",
    "select([Order.id, Order.name])": "`select([...])`",
    "case([(Order.id == 1, 2)], else_=3)": "`case([...])`",
    "select(Order.id).with_only_columns([Order.id])": "`with_only_columns([...])`",
    "select(Order.id).where('id = 1')": "A string in `where()`",
    "SessionLocal().query(Order).join('lines')": "A string in `join()`",
    "SessionLocal().query(Order).order_by('id desc')": "A string in `order_by()`",
    "SessionLocal().query(Order).from_self()": "`Query.from_self()`",
    "select(Order.id).as_scalar()": "`as_scalar()`",
    "select(Order.id).c.id": "`.c` of a SELECT",
    "joinedload('lines')": "`joinedload()` of a string",
    "load_only('id')": "`load_only()` of a string",
    "MetaData(bind=engine)": "`MetaData(bind=...)`",
    "MetaData(engine)": "`MetaData(engine)`",
    "m = MetaData()\nm.bind = engine": "`MetaData.bind`",
    "Base.metadata.create_all()": "`MetaData.create_all()` without an engine",
    "Table('t', MetaData(), autoload=True, autoload_with=engine)": "`Table(autoload=...)`",
    "and_()": "`and_()` without a condition",
    "for row in SessionLocal().execute(select(Order.id)):\n    print(row['id'])": (
        "`row['id']` of a row"
    ),
    "row = engine.connect().execute(select(Order.id)).first()\nrow.keys()": "`Row.keys()`",
    "from sqlalchemy.ext import declarative\ndeclarative.declarative_base()": (
        "`sqlalchemy.ext.declarative.declarative_base`"
    ),
    "from sqlalchemy import orm\norm.relation('Line')": "`relation()`",
    "Order.__table__.insert().execute()": "`execute()` of a statement",
    "select(Order.id).where(Order.id == 1).scalar()": "`scalar()` of a statement",
    "Order.__table__.update(Order.id == 1)": "`Table.update()` with an argument",
    "create_engine(url, convert_unicode=True)": "`create_engine(convert_unicode=...)`",
    "from sqlalchemy.engine.reflection import Inspector\nInspector.from_engine(engine)": (
        "`Inspector.from_engine()`"
    ),
}
# The look-alikes: what is current, and what is no SQLAlchemy.
CURRENT = (
    "from sqlalchemy.ext.declarative import ConcreteBase, DeferredReflection",
    "try:\n    from sqlalchemy.orm import declarative_base\n"
    "except ImportError:\n    from sqlalchemy.ext.declarative import declarative_base",
    "import sqlalchemy\nif sqlalchemy.__version__ < '1.4':\n    engine.execute('SELECT 1')",
    "def f(session: Session, id):\n    return session.get(Order, id)",
    "def f(cache, session):\n    return cache.get(1), {}.get('a'), session.query('x').get(1)",
    "def f(table):\n    return table.query(KeyConditionExpression=k).get('Items')",
    "import pandas as pd\npd.DataFrame().query('a > 1').get('b')",
    "class Q(Order):\n    def get(self, id, project): ...\ndef f(q: Q):\n    return q.get(1)",
    "import sqlite3\nwith sqlite3.connect(path) as c:\n    c.execute('SELECT 1')",
    "import sqlite3\nfor row in sqlite3.connect(path).execute('SELECT 1'):\n    print(row['id'])",
    "engine.raw_connection().cursor().execute('SELECT 1')",
    "def f(cursor):\n    cursor.execute('SELECT 1')",
    "def f(session):\n    session.execute('SELECT 1')",  # Cassandra's, maybe
    "with engine.connect() as c:\n    c.execute(text('SELECT 1'))\n    c.exec_driver_sql('X')",
    "sessionmaker(engine, autocommit=False)",
    "import psycopg2\npsycopg2.connect(dsn, autocommit=True)",
    "engine.execution_options(isolation_level='AUTOCOMMIT')",
    "select(Order.id)\nselect(*[Order.id])\ncase((Order.id == 1, 2))\ncase({1: 2}, value=Order.id)",
    "import select\nselect.select([sock], [], [])",
    "SessionLocal().query(Order).order_by('id').group_by('id')",
    "select(Order.id).subquery().c.id\nselect(Order.id).selected_columns.id",
    "Order.__table__.c.id",
    "lazyload('*')\njoinedload(Order.lines)",
    "Table('t', MetaData(), autoload_with=engine)",
    "MetaData(schema='x')\nBase.metadata.create_all(engine)",
    "Order.__table__.insert().values(id=1)\nOrder.__table__.select().where(x)",
    "from sqlalchemy import orm\norm.relationship('Line')",
    "and_(True, *conditions)\nand_(*conditions)",
    "rows = SessionLocal().execute(select(Order.id)).mappings()\nfor row in rows:\n    row['id']",
    "for row in SessionLocal().execute(select(Order.id)):\n    row.id, row[0], row._mapping['id']",
    "from enum import Enum\nEnum.mapper()\nrelation('x')",
)


@pytest.mark.parametrize("code", LEGACY)
def test_legacy(code: str, tmp_path: Path) -> None:
    assert [use.what for use in facts(tmp_path, MODEL + code).legacy] == [LEGACY[code]]


@pytest.mark.parametrize("code", CURRENT)
def test_what_only_looks_like_it(code: str, tmp_path: Path) -> None:
    assert facts(tmp_path, MODEL + code).legacy == ()


OTHERS = {
    "app/__init__.py": "",
    "app/db.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
    "app/models.py": "from app.db import db\n\nclass Order(db.Model):\n"
    "    id = db.Column(db.Integer, primary_key=True)\n",
    "app/deps.py": "from typing import Annotated\nfrom fastapi import Depends\n"
    "from sqlalchemy.orm import Session\n\ndef get_db():\n    yield Session()\n\n"
    "SessionDep = Annotated[Session, Depends(get_db)]\n",
    "app/mine.py": "from flask_sqlalchemy import BaseQuery\nfrom app.db import db\n\n"
    "class Query(BaseQuery):\n    def get(self, id): ...\n\n"
    "class Person(db.Model):\n    query_class = Query\n",
}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from app.models import Order\nOrder.query.get(1)", ["`Query.get()`"]),
        ("from app.models import *\nOrder.query.get(1)", []),  # may be any
        (
            "from app.db import db\ndb.session.execute('SELECT 1')",
            ["`Session.execute()` of a string"],
        ),
        ("from app.db import db\ndb.select([x])", ["`select([...])`"]),
        (
            "from app.deps import SessionDep\ndef f(s: SessionDep):\n    s.execute('X')",
            ["`Session.execute()` of a string"],
        ),
        (
            "from fastapi import Depends\nfrom app.deps import get_db\n"
            "def f(session=Depends(get_db)):\n    session.execute('X')",
            ["`Session.execute()` of a string"],
        ),
        ("from app.mine import Person\nPerson.query.get(1)", []),
        ("from app.nowhere import Order\nOrder.query.get(1)", []),
    ],
)
def test_the_code_of_the_project_is_followed(code: str, found: list[str], tmp_path: Path) -> None:
    uses = facts(tmp_path, code, OTHERS).legacy
    assert [use.what for use in uses] == found


# Fixes: the code with its edits made


@pytest.mark.parametrize(
    ("code", "fixed"),
    [
        ("select([Order.id, Order.name])", "select(Order.id, Order.name)"),
        ("case([\n    (Order.id == 1, 2),\n])", "case((Order.id == 1, 2))"),
        ("select(Order.id).as_scalar()", "select(Order.id).scalar_subquery()"),
        ("SessionLocal().query(Order).get(7)", "SessionLocal().get(Order, 7)"),
        (
            "from sqlalchemy.ext.declarative import declared_attr, ConcreteBase",
            "from sqlalchemy.ext.declarative import ConcreteBase\n"
            "from sqlalchemy.orm import declared_attr",
        ),
    ],
)
def test_fixes(code: str, fixed: str, tmp_path: Path) -> None:
    text = MODEL + code
    (use,) = facts(tmp_path, text).legacy
    for edit in sorted(use.fix, key=lambda e: (e.span.line, e.span.column), reverse=True):
        lines = text.split("\n")
        before = "\n".join(
            [*lines[: edit.span.line - 1], lines[edit.span.line - 1][: edit.span.column - 1]]
        )
        after = "\n".join(
            [
                lines[edit.span.end_line - 1][edit.span.end_column - 1 :],
                *lines[edit.span.end_line :],
            ]
        )
        text = before + edit.text + after
    assert text == MODEL + fixed


# The version that the project requires


@pytest.mark.parametrize(
    ("name", "text", "required"),
    [
        (
            "requirements.txt",
            "SQLAlchemy==1.4.54\n",
            Required(at_least=(1, 4, 54), below=(1, 4, 55)),
        ),
        (
            "requirements/base.txt",
            "sqlalchemy[asyncio]>=2.0,<3 # ORM\n",
            Required(at_least=(2, 0), below=(3,)),
        ),
        ("requirements.txt", "sqlalchemy~=1.4\n", Required(at_least=(1, 4), below=(2,))),
        ("requirements.txt", "sqlalchemy-utils>=0.41\nsqlalchemy\n", Required()),
        ("pyproject.toml", '[project]\ndependencies = ["SQLAlchemy<2"]\n', Required(below=(2,))),
        (
            "pyproject.toml",
            '[dependency-groups]\ndev = ["sqlalchemy>=2"]\n',
            Required(at_least=(2,)),
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nsqlalchemy = "^2.0"\n',
            Required(at_least=(2, 0), below=(3,)),
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nSQLAlchemy = {version = ">=1.3", extras = ["x"]}\n',
            Required(at_least=(1, 3)),
        ),
        (
            "uv.lock",
            '[[package]]\nname = "sqlalchemy"\nversion = "2.0.43"\n',
            Required(at_least=(2, 0, 43), below=(2, 0, 44)),
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    SQLAlchemy >= 1.4\n",
            Required(at_least=(1, 4)),
        ),
        (
            "setup.py",
            "setup(install_requires=['sqlalchemy>=1.4,<2.0'])",
            Required(at_least=(1, 4), below=(2, 0)),
        ),
        ("pyproject.toml", "not toml [", Required()),
        ("requirements.txt", "sqlalchemy @ git+https://example.org/x\n", Required()),
    ],
)
def test_the_version_that_a_project_requires(
    name: str, text: str, required: Required, tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert read_requirements(tmp_path)("sqlalchemy") == required


@pytest.mark.parametrize(
    ("requires", "said"),
    [
        ("", "gone in 2.0: it fails as soon as SQLAlchemy is upgraded."),
        ("sqlalchemy>=1.4,<2", "gone in 2.0: it fails as soon as SQLAlchemy is upgraded."),
        ("sqlalchemy>=2.0.30", "the project requires 2.0.30 or later: it fails when it runs."),
        ("sqlalchemy<1.4", None),
    ],
)
def test_the_version_decides_what_is_said(requires: str, said: str | None, tmp_path: Path) -> None:
    files = {"requirements.txt": requires + "\n"}
    found = findings(tmp_path, MODEL + "select([Order.id])", files, rule="legacy-sqlalchemy")
    assert [said is not None and said in f.message for f in found] == ([True] if said else [])
