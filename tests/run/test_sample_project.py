"""The sample project is a real one: Alembic runs it, and guard accepts it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
VARIABLES = {"primary": "BACKTEST_DATABASE_URL", "klines": "KLINES_DATABASE_URL"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sample project, in a folder of its own."""
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    shutil.copytree(
        ROOT / "alembic", tmp_path / "alembic", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def alembic(
    project: Path, *arguments: str, without: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run alembic there, with the variable of each database set but `without`."""
    urls = {
        variable: f"sqlite:///{(project / name).with_suffix('.sqlite3').as_posix()}"
        for name, variable in VARIABLES.items()
        if name != without
    }
    clean = {key: value for key, value in os.environ.items() if key not in VARIABLES.values()}
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=project,
        env=clean | urls,
        capture_output=True,
        text=True,
        check=False,
    )


def tables(project: Path, name: str) -> set[str]:
    with sqlite3.connect(project / f"{name}.sqlite3") as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return {row[0] for row in rows} - {"alembic_version"}


def test_up_down_and_up_again(project: Path) -> None:
    for arguments, primary, klines in (
        (("upgrade", "head"), {"backtest_results"}, {"klines"}),
        (("downgrade", "base"), set(), set()),
        (("upgrade", "head"), {"backtest_results"}, {"klines"}),
    ):
        run = alembic(project, *arguments)
        assert run.returncode == 0, run.stderr
        assert (tables(project, "primary"), tables(project, "klines")) == (primary, klines)


def test_the_models_are_what_the_revisions_make(project: Path) -> None:
    alembic(project, "upgrade", "head")
    check = alembic(project, "check")
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("missing", VARIABLES)
def test_a_missing_variable_is_named_and_nothing_runs(project: Path, missing: str) -> None:
    run = alembic(project, "upgrade", "head", without=missing)
    assert run.returncode != 0
    assert f"{VARIABLES[missing]} is not set" in run.stdout + run.stderr
    assert not list(project.glob("*.sqlite3"))


def test_the_command_line_gives_a_url_too(project: Path) -> None:
    url = f"klines=sqlite:///{(project / 'klines.sqlite3').as_posix()}"
    run = alembic(project, "-x", url, "upgrade", "head", without="klines")
    assert run.returncode == 0, run.stderr
    assert tables(project, "klines") == {"klines"}


def test_a_new_revision_has_a_part_for_each_database(project: Path) -> None:
    alembic(project, "upgrade", "head")
    made = alembic(project, "revision", "-m", "next")
    assert made.returncode == 0, made.stderr
    upgraded = alembic(project, "upgrade", "head")
    assert upgraded.returncode == 0, upgraded.stderr
    text = next(project.glob("alembic/versions/*_next.py")).read_text(encoding="utf-8")
    for name in VARIABLES:
        assert f"def upgrade_{name}() -> None:" in text
        assert f"def downgrade_{name}() -> None:" in text


# The application on top of it, as the seed of the project asks

USE = """
import asyncio, os
from datetime import datetime, timedelta, timezone
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from database_policy import DATA_START_DATE
from models import BacktestResult, Kline
from service import BacktestService

variables = ("BACKTEST_DATABASE_URL", "KLINES_DATABASE_URL")
results, klines = (sessionmaker(create_engine(os.environ[name])) for name in variables)
with results.begin() as session:
    for number in (1, 2):
        session.add(BacktestResult(symbol="BTCUSDT", timeframe="15m", strategy_type="rsi",
            strategy_params={"n": number}, engine_version="1",
            created_at=DATA_START_DATE + timedelta(days=number)))
with klines.begin() as session:
    for days in (-1, 0, 1):
        session.add(Kline(symbol="BTCUSDT", timeframe="15m", open=1, high=1, low=1, close=1,
            volume=1, open_time=DATA_START_DATE + timedelta(days=days)))

async def main():
    service = BacktestService(results, klines)
    one, several, history = await asyncio.gather(
        service.result(1), service.results_of("BTCUSDT"), service.history("BTCUSDT", "15m"))
    missing = await service.result(99)
    print(one.strategy_params, [r.strategy_params["n"] for r in several], len(history), missing)

asyncio.run(main())
"""


def test_the_service_reads_both_databases_in_threads(project: Path) -> None:
    alembic(project, "upgrade", "head")
    urls = {v: f"sqlite:///{(project / n).as_posix()}.sqlite3" for n, v in VARIABLES.items()}
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=project,
        env={**os.environ, **urls, "PYTHONPATH": str(project / "alembic")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "{'n': 1} [2, 1] 2 None", done.stderr
