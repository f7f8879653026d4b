"""The blocks of code in docs/ are code, and the settings and commands that they name exist."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.cli.main import cli

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SETTINGS = set(json.loads((ROOT / "guard/settings.schema.json").read_text())["properties"])


def blocks(language: str) -> Iterator[Any]:
    """Yield the blocks in that language, named by their pages."""
    for path in PAGES:
        for number, (indent, named, text) in enumerate(BLOCK.findall(path.read_text("utf-8"))):
            if named == language:
                plain = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
                yield pytest.param(plain, id=f"{path.stem}-{number}")


@pytest.mark.parametrize("text", list(blocks("python")))
def test_python_parses(text: str) -> None:
    ast.parse(text)


@pytest.mark.parametrize("text", list(blocks("yaml")))
def test_yaml_parses(text: str) -> None:
    assert yaml.safe_load(text)


@pytest.mark.parametrize("text", list(blocks("json")))
def test_json_parses(text: str) -> None:
    assert json.loads(text)


@pytest.mark.parametrize("text", list(blocks("toml")))
def test_toml_parses_and_names_settings(text: str) -> None:
    assert set(tomllib.loads(text).get("tool", {}).get("guard", {})) <= SETTINGS


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_its_commands_are_commands(path: Path) -> None:
    named = re.findall(r"(?:`|^\$ |run: )guard ([a-z]+)\b", path.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= set(cli.list_commands(None))  # type: ignore[arg-type]
