"""Only what the change brings fails; what the base had is counted, from the cache or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import PROJECT, Content, guard, write
from examples import git

POLICY = {
    "app/policy.py": "LIMIT_DATE = '2025-01-01'\n",
    "guard.toml": "[rules.policy-constant]\nLIMIT_DATE = 'app/policy.py'\n",
}
HEAD = "from sqlalchemy import Column, Integer, create_engine, select\n"
OLD = {
    "legacy-sqlalchemy": "def f(c, t):\n    return c.execute(select([t.c.id]))\n",
    "undefined-name-in-model": "class Order:\n    __tablename__ = 'o'\n    a = Column(x)\n",
    "policy-constant": "START = '2025-01-01'\n",
    "drop-table": "def f(c):\n    c.execute('DROP TABLE orders')\n",
}


def rules(folder: Path, *arguments: str) -> list[str]:
    done = guard(folder, "lint", "--output-format", "json", *arguments)
    return [f["rule"] for f in json.loads(done.output)["findings"] if f["severity"] != "info"]


def released(folder: Path, code: str) -> None:
    files: dict[str, Content] = {**PROJECT, **POLICY, "app/db.py": HEAD + code}
    write(folder, files)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "released")


@pytest.mark.parametrize("rule", OLD)
def test_what_the_base_had_is_not_told(rule: str, tmp_path: Path) -> None:
    released(tmp_path, OLD[rule])
    write(tmp_path, {"app/db.py": HEAD + "\n# moved down\n" + OLD[rule]})
    assert rules(tmp_path) == []
    assert rules(tmp_path, "--all") == [rule]


@pytest.mark.parametrize("rule", OLD)
def test_what_the_change_brings_is_told(rule: str, tmp_path: Path) -> None:
    released(tmp_path, "")
    write(tmp_path, {"app/db.py": HEAD + OLD[rule]})
    assert rules(tmp_path) == [rule]
    assert rules(tmp_path) == [rule]  # from the cache
