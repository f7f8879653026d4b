"""The README says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec

from guard.config import Config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_what_it_shows_is_what_guard_prints() -> None:
    run = subprocess.run(
        [sys.executable, "scripts/readme.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def documented_settings() -> dict[str, object]:
    """Return the keys of the configuration table with their defaults, None where none is."""
    section = README.partition("## Configuration")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:`(.*?)`)? ?\|", section, re.MULTILINE)
    return {key: tomllib.loads(f"x = {text}")["x"] if text else None for key, text in rows}


def test_the_configuration_table_is_the_configuration() -> None:
    config = msgspec.to_builtins(Config())
    del config["<file>"]  # that they stand in
    assert documented_settings() == {
        key: list(value) if isinstance(value, tuple) else value for key, value in config.items()
    }


def test_its_python_blocks_are_python() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "README.md", "exec")


def test_each_of_its_two_commands_is_one_line() -> None:
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert [command.rpartition("/")[2] for command in commands] == ["guard check", "pytest -n auto"]
