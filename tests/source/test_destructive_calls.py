"""Application code that drops or empties tables: the destructive rules judge it as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import PROJECT, guard, write
from source_files import facts

MODELS = {
    "app/__init__.py": "",
    "app/models.py": "from sqlalchemy.orm import DeclarativeBase\n"
    "class Base(DeclarativeBase):\n    pass\n"
    "class Kline(Base):\n    __tablename__ = 'klines'\n",
}
HEAD = "from sqlalchemy import text\nfrom app.models import Base, Kline\n"
DESTRUCTIVE = {
    "def f(session):\n    session.execute(text('DROP TABLE klines'))": ("drop", "klines"),
    "def f(c):\n    c.execute('drop table if exists market.klines')": ("drop", "market.klines"),
    "def f(c):\n    c.execute('TRUNCATE TABLE klines')": ("truncate", "klines"),
    "def f(c):\n    c.execute('DROP SCHEMA market CASCADE')": ("drop schema", "market"),
    "def f(c, name):\n    c.execute(f'drop database {name}')": (
        "drop database",
        "{name}",
    ),
    "def f(c):\n    c.executescript('DROP TABLE klines;')": ("drop", "klines"),
    "SQL = 'DROP TABLE klines'\ndef f(c):\n    c.execute(text(SQL))": ("drop", "klines"),
    "def f(c, name):\n    c.execute(f'DROP TABLE {name}')": ("drop", "{name}"),
    "def f(c, name):\n    c.execute('TRUNCATE %s' % name)": ("truncate", "{...}"),
    "def f(c, name):\n    c.execute('DROP TABLE ' + name)": ("drop", "{name}"),
    "def f(c):\n    c.exec_driver_sql('-- away\\nDROP TABLE klines')": ("drop", "klines"),
    "def f(engine):\n    Kline.__table__.drop(engine)": ("drop", "klines"),
    "def f(engine):\n    Base.metadata.drop_all(engine)": ("drop", "every table of Base.metadata"),
    "async def f(c):\n    await c.run_sync(Base.metadata.drop_all)": (
        "drop",
        "every table of Base.metadata",
    ),
    "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\ndb.drop_all()": (
        "drop",
        "every table of db",
    ),
    "def f(c):\n    c.execute('ALTER TABLE klines DROP COLUMN price')": (
        "drop column",
        "klines.price",
    ),
    "def f(c):\n    c.execute('ALTER TABLE klines ADD a int, DROP b')": ("drop column", "klines.b"),
    "def f(c, name):\n    c.execute(f'ALTER TABLE klines DROP COLUMN {name}')": (
        "drop column",
        "klines.{name}",
    ),
    "def f(c):\n    c.execute('DELETE FROM klines')": ("delete", "klines"),
    "def f(c):\n    c.execute('DELETE FROM klines WHERE 1 = 1')": ("delete", "klines"),
    "from sqlalchemy import delete\ndef f(session):\n    session.execute(delete(Kline))": (
        "delete",
        "Kline",
    ),
    "import sqlalchemy as sa\ndef f(c):\n    q = sa.delete(Kline.__table__)\n    c.execute(q)": (
        "delete",
        "klines",
    ),
    "def f(c):\n    c.execute(Kline.__table__.delete())": ("delete", "klines"),
    "from shop import Order\ndef f(session):\n    session.query(Order).delete()": (
        "delete",
        "Order",
    ),
    "from shop import Order\ndef f(e):\n    Order.__table__.drop(e)": ("drop", "Order.__table__"),
    "from sqlalchemy.orm import Session\ndef f(s: Session):\n    s.query(Kline).delete()": (
        "delete",
        "Kline",
    ),
    "def f(c):\n    c.execute('DROP TABLE klines')\n    c.execute('CREATE TABLE klines (a int)')": (
        "drop",
        "klines",
    ),
}
HARMLESS = (
    "def f(c):\n    c.execute('CREATE TEMP TABLE t (id int)')\n    c.execute('DROP TABLE t')",
    "def f(c):\n    c.execute('DROP TABLE t')\n    c.execute('CREATE TEMP TABLE t (a int)')",
    "def f(c):\n    c.execute('DROP INDEX ix_klines')",
    "def f(c):\n    c.execute('SELECT truncate(price, 2) FROM klines')",
    "def f(log):\n    log.info('DROP TABLE klines')",
    "'''DROP TABLE klines'''",
    "HELP = 'DROP TABLE klines'",
    "import pandas as pd\ndef f(frame: pd.DataFrame):\n    frame.drop(columns=['a'])",
    "def f(frame):\n    return frame.drop('klines').truncate(3)",
    "def f(queue):\n    queue.drop_all()",
    "def f(engine):\n    Base.metadata.create_all(engine)",
    "def f(session):\n    session.execute(text('DELETE FROM klines WHERE id = 1'))",
    "def f(c):\n    c.execute('ALTER TABLE klines DROP CONSTRAINT x')",
    "def f(c):\n    c.execute('ALTER TABLE klines ADD COLUMN x int')",
    "def f(c):\n    c.execute('CREATE TABLE t (a int)')\n    c.execute('DELETE FROM t')",
    "def f(c, w):\n    c.execute(f'DELETE FROM klines {w}')",
    "from sqlalchemy import delete\ndef f(s):\n    s.execute(delete(Kline).where(Kline.id == 1))",
    "from sqlalchemy import delete\ndef f(s):\n    q = delete(Kline)\n    q = q.where(1)\n"
    "    s.execute(q)",
    "from sqlalchemy.orm import Session\n"
    "def f(s: Session):\n    s.query(Kline).filter(Kline.id == 1).delete()",
    "def f(session, row):\n    session.query(row).delete()",
    "def f(session, row):\n    session.delete(row)",
    "def f(client):\n    client.query('x').delete()",
    "from alembic import op\ndef upgrade():\n    op.execute('DROP TABLE klines')",
    "def f(c):\n    c.execute('INSERT INTO notes VALUES (''DROP TABLE x'')')",
)


@pytest.mark.parametrize("code", DESTRUCTIVE)
def test_destructive(code: str, tmp_path: Path) -> None:
    (found,) = facts(tmp_path, HEAD + code, MODELS).destructive
    assert (found.does, found.tables) == DESTRUCTIVE[code]


@pytest.mark.parametrize("code", HARMLESS)
def test_harmless(code: str, tmp_path: Path) -> None:
    assert facts(tmp_path, HEAD + code, MODELS).destructive == ()


def test_an_approval_lets_it_pass(tmp_path: Path) -> None:
    service = HEAD + "def reset(session):\n    session.execute(text('DROP TABLE klines'))\n"
    write(tmp_path, {**PROJECT, **MODELS, "app/service.py": service})
    assert guard(tmp_path, "lint").says("This drops klines with its rows each time the code runs")
    said = ("--reason", "a scratch table", "--approver", "Ada")
    assert guard(tmp_path, "approve", "app/service.py", *said).says("approved drop-table of klines")
    assert guard(tmp_path, "lint").code == 0
    write(tmp_path, {"app/service.py": service.replace("klines", "orders")})
    assert guard(tmp_path, "lint").code == 1


def test_teardown_of_tests_is_no_source(tmp_path: Path) -> None:
    test = HEAD + "def teardown(engine):\n    Base.metadata.drop_all(engine)\n"
    write(tmp_path, {**PROJECT, **MODELS, "tests/conftest.py": test})
    assert guard(tmp_path, "lint").code == 0
    assert guard(tmp_path, "lint", "tests/conftest.py").code == 0
