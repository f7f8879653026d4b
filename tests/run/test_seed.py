"""Each sentence of the rules that the project was created from: what breaks it, what keeps it.

A row names the sentence, the rule that refuses the code that breaks it, that code, and code that
keeps it. The files of a row are written over a small released project; `settings` are those of all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from command_line import PROJECT, VERSIONS, Content, guard, write
from examples import git
from roundtrip_project import revision

SETTINGS = """
[rules.policy-constant]
DATA_START_DATE = "backend/config/database_policy.py"
"""
MODEL = """
from sqlalchemy import Column, DateTime, Integer, String, func
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class BacktestResult(Base):
    __tablename__ = "backtest_results"

    id = Column(Integer, primary_key=True, autoincrement=True)
    symbol = Column(String, nullable=False, index=True)
    created_at = Column(DateTime, default=func.now())
"""
CREATE = (
    "op.create_table('backtest_results', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('symbol', sa.String(), nullable=False), sa.Column('created_at', sa.DateTime()))\n"
    "op.create_index('ix_backtest_results_symbol', 'backtest_results', ['symbol'])"
)
BASE: dict[str, Content] = {
    **PROJECT,
    "guard.toml": SETTINGS,
    "backend/__init__.py": "",
    "backend/config/__init__.py": "",
    "backend/config/database_policy.py": "from datetime import date\n\n"
    "DATA_START_DATE = date(2025, 1, 1)\n",
    "backend/models/__init__.py": "",
    "backend/models/results.py": MODEL,
    f"{VERSIONS}/r1.py": revision("r1", None, (CREATE, "op.drop_table('backtest_results')")),
}
REPOSITORY = """
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.models.results import BacktestResult

class BacktestRepository:
    def __init__(self, session: Session):
        self.session = session

    def find(self, value):
"""
READS = """\
        return self.session.query(BacktestResult).filter_by(symbol=value).all()
"""
SERVE = """
import asyncio

from sqlalchemy.orm import Session

from backend.repositories import BacktestRepository

async def results(session: Session, symbol: str):
    repository = BacktestRepository(session)
    return {}
"""
CURSOR = """
import asyncio
import os
import sqlite3

def rows():
    with sqlite3.connect(os.environ["KLINES"]) as klines:
        return klines.execute("SELECT symbol, opened FROM klines").fetchall()

async def latest():
"""
KLINE = """
class Kline(Base):
    __tablename__ = "klines"

    id = Column(Integer, primary_key=True)
"""
R1 = f"{VERSIONS}/r1.py"
R2 = f"{VERSIONS}/r2.py"
SERVICE = "backend/services/klines.py"
IN_REPOSITORY = "backend/repositories.py"

GONE = "# guard: irreversible those rows were never valid\nraise NotImplementedError('see above')"


def second(upgrade: str, downgrade: str = "pass") -> str:
    return revision("r2", "r1", (upgrade, downgrade))


class Row(NamedTuple):
    """One sentence: the files that break it, the rule, the files that keep it."""

    sentence: str
    rule: str
    breaks: dict[str, Content]
    keeps: dict[str, Content]


SEED = (
    Row(
        "DATA_START_DATE = 2025-01-01: import from backend/config/database_policy.py",
        "policy-constant",
        {SERVICE: "from datetime import date\n\nSTART = date(2025, 1, 1)\n"},
        {SERVICE: "from backend.config.database_policy import DATA_START_DATE\n"},
    ),
    Row(
        "NEVER hardcode database paths: use config/env",
        "hardcoded-database",
        {SERVICE: "import sqlite3\n\nmarket = sqlite3.connect('bybit_klines_15m.db')\n"},
        {SERVICE: "import os\nimport sqlite3\n\nmarket = sqlite3.connect(os.environ['KLINES'])\n"},
    ),
    Row(
        "ALWAYS use asyncio.to_thread() for blocking SQLite operations in async contexts",
        "blocking-call-in-async",
        {IN_REPOSITORY: REPOSITORY + READS, SERVICE: SERVE.format("repository.find(symbol)")},
        {
            IN_REPOSITORY: REPOSITORY + READS,
            SERVICE: SERVE.format("await asyncio.to_thread(repository.find, symbol)"),
        },
    ),
    Row(
        "Async support: a sqlite3 cursor on the event loop",
        "blocking-call-in-async",
        {SERVICE: CURSOR + "    return rows()\n"},
        {SERVICE: CURSOR + "    return await asyncio.to_thread(rows)\n"},
    ),
    Row(
        "NEVER use DROP TABLE without explicit approval, in a revision",
        "drop-table",
        {R2: second("op.drop_table('backtest_results')", CREATE)},
        {
            R2: second(
                "op.create_table('notes', sa.Column('id', sa.Integer()))", "op.drop_table('notes')"
            )
        },
    ),
    Row(
        "NEVER use DROP TABLE without explicit approval, in code",
        "drop-table",
        {IN_REPOSITORY: REPOSITORY + "        self.session.execute(text('DROP TABLE klines'))\n"},
        {
            IN_REPOSITORY: REPOSITORY
            + "        self.session.execute(text('SELECT 1 FROM klines'))\n"
        },
    ),
    Row(
        "NEVER use TRUNCATE without explicit approval, in a revision",
        "truncate",
        {R2: second("op.execute('TRUNCATE TABLE backtest_results')")},
        {R2: second("op.execute(\"DELETE FROM backtest_results WHERE symbol = 'X'\")", GONE)},
    ),
    Row(
        "NEVER use TRUNCATE without explicit approval, in code",
        "truncate",
        {IN_REPOSITORY: REPOSITORY + "        self.session.execute(text('TRUNCATE klines'))\n"},
        {
            IN_REPOSITORY: REPOSITORY
            + "        self.session.execute(text('SELECT 1 FROM klines'))\n"
        },
    ),
    Row(
        "Use parameterized queries: NEVER string concatenation for SQL",
        "string-built-sql",
        {
            IN_REPOSITORY: REPOSITORY + "        return self.session.execute(\n"
            "            text('SELECT 1 FROM klines WHERE symbol = ' + value))\n"
        },
        {
            IN_REPOSITORY: REPOSITORY + "        return self.session.execute(\n"
            "            text('SELECT 1 FROM klines WHERE symbol = :value'), {'value': value})\n"
        },
    ),
    Row(
        "Model pattern: declarative_base of SQLAlchemy 2.0",
        "legacy-sqlalchemy",
        {
            "backend/models/results.py": MODEL.replace(
                "from sqlalchemy.orm import", "from sqlalchemy.ext.declarative import"
            )
        },
        {"backend/models/results.py": MODEL},
    ),
    Row(
        "Model pattern: created_at with default=func.now()",
        "undefined-name-in-model",
        {"backend/models/results.py": MODEL.replace(", func\n", "\n")},
        {"backend/models/results.py": MODEL},
    ),
    Row(
        "NEVER modify existing migration files",
        "edited-revision",
        {R1: revision("r1", None, (CREATE.replace("symbol", "pair"), "pass"))},
        {
            R2: second(
                "op.create_table('notes', sa.Column('a', sa.Integer()))", "op.drop_table('notes')"
            )
        },
    ),
    Row(
        "Always create a migration before schema changes: a column",
        "model-changed-without-revision",
        {"backend/models/results.py": MODEL + "    note = Column(String)\n"},
        {
            "backend/models/results.py": MODEL + "    note = Column(String)\n",
            R2: second(
                "op.add_column('backtest_results', sa.Column('note', sa.String()))",
                "op.drop_column('backtest_results', 'note')",
            ),
        },
    ),
    Row(
        "Always create a migration before schema changes: a table",
        "model-changed-without-revision",
        {"backend/models/results.py": MODEL + KLINE},
        {
            "backend/models/results.py": MODEL + KLINE,
            R2: second(
                "op.create_table('klines', sa.Column('id', sa.Integer(), primary_key=True))",
                "op.drop_table('klines')",
            ),
        },
    ),
    Row(
        "ALWAYS test migration: upgrade + downgrade + upgrade",
        "missing-downgrade",
        {R2: second("op.add_column('backtest_results', sa.Column('note', sa.Text()))")},
        {
            R2: second(
                "op.add_column('backtest_results', sa.Column('note', sa.Text()))",
                "op.drop_column('backtest_results', 'note')",
            )
        },
    ),
    Row(
        "Query pattern: get_by_id of the session",
        "legacy-sqlalchemy",
        {
            IN_REPOSITORY: REPOSITORY
            + "        return self.session.query(BacktestResult).get(value)\n"
        },
        {IN_REPOSITORY: REPOSITORY + "        return self.session.get(BacktestResult, value)\n"},
    ),
    Row(
        "Query pattern: list_by_symbol, filtered and ordered",
        "string-built-sql",
        {
            IN_REPOSITORY: REPOSITORY + "        return self.session.execute(text(\n"
            "            f\"SELECT * FROM backtest_results WHERE symbol = '{value}'\"))\n"
        },
        {
            IN_REPOSITORY: REPOSITORY + "        return (self.session.query(BacktestResult)\n"
            "            .filter(BacktestResult.symbol == value)\n"
            "            .order_by(BacktestResult.created_at.desc()).all())\n"
        },
    ),
)


def told(folder: Path, change: dict[str, Content]) -> set[str]:
    """Return the rules that tell of the change; advice alone is left out."""
    write(folder, BASE)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "released")
    write(folder, change)
    done = guard(folder, "check", "--no-roundtrip", "--output-format", "json")
    findings = json.loads(done.output)["findings"]
    return {f["rule"] for f in findings if f["severity"] != "info"}


@pytest.mark.parametrize("row", SEED, ids=lambda row: row.sentence)
def test_what_breaks_the_sentence_is_refused(row: Row, tmp_path: Path) -> None:
    assert row.rule in told(tmp_path, row.breaks)


@pytest.mark.parametrize("row", SEED, ids=lambda row: row.sentence)
def test_what_keeps_the_sentence_passes(row: Row, tmp_path: Path) -> None:
    assert told(tmp_path, row.keeps) == set()
