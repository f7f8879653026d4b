"""docs/recipes.md: guard finds no error in what it recommends, and can read all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import PROJECT, VERSIONS, guard, write
from git_repo import Repo

PAGE = Path(__file__).parent.parent.parent / "docs" / "recipes.md"
TEXT = PAGE.read_text(encoding="utf-8")
DIALECTS = {"PostgreSQL": "postgresql", "MySQL": "mysql", "MariaDB": "mariadb", "SQLite": "sqlite"}
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "{number:04}"
down_revision = {parent!r}


{body}"""


def recipes() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each recipe's title, a server that it is for, and its revisions."""
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        title = section.splitlines()[0]
        for part in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
            for name in part.splitlines()[0].split(", "):
                yield title, name, tuple(CODE.findall(part))


def revision(number: int, body: str) -> dict[str, str]:
    parent = f"{number - 1:04}" if number > 1 else None
    text = REVISION.format(number=number, parent=parent, body=body)
    return {f"{VERSIONS}/{number:04}.py": text}


@pytest.mark.parametrize(
    ("title", "server", "steps"),
    [pytest.param(*recipe, id=" ".join(recipe[:2])) for recipe in recipes()],
)
def test_each_step_passes(title: str, server: str, steps: tuple[str, ...], tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    presumed = CODE.findall(TEXT)[0]
    write(tmp_path, {**PROJECT, **revision(1, presumed), ".gitignore": ".guard-cache\n"})
    dialect, _, version = server.partition(" ")
    settings = f'dialect = "{DIALECTS[dialect]}"\n'
    settings += f'server-version = "{version}"\n' if version else ""
    write(tmp_path, {"guard.toml": settings})
    assert steps
    for number, body in enumerate(steps, 2):
        repo.commit()
        write(tmp_path, revision(number, body))
        if title.startswith("Drop"):
            guard(tmp_path, "approve", f"{number:04}", "--reason", "agreed", "--approver", "Ada")
        done = guard(tmp_path, "lint", "--base", "HEAD", "--output-format", "json")
        report = json.loads(done.output)
        found = [one for one in report["findings"] if one["status"] == "open"]
        assert not [one["message"] for one in found if one["severity"] == "error"]
        assert not report["errors"]
        assert report["summary"]["revisions"] == 1
        assert report["summary"]["opaque"] == 0
        assert done.code == 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_server_is_forgotten(dialect: str) -> None:
    assert len({title for title, server, _ in recipes() if server.startswith(dialect)}) >= 9
