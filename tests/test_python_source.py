"""Files are parsed once in a run, and places in them are counted in characters."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_repo import Repo

from guard.cli.main import cli
from guard.python_source import PythonSource, SourceError, Sources

E_ACUTE = "é = 'ü'; "


@pytest.mark.parametrize(
    ("data", "line", "column", "end_line", "end_column"),
    [
        (b"here()", 1, 1, 1, 7),
        (f"{E_ACUTE}here()".encode(), 1, 10, 1, 16),
        (f"\n{E_ACUTE}here('ä',\n  'ö')".encode(), 2, 10, 3, 7),
        (f"{E_ACUTE}here('𝕏')".encode(), 1, 10, 1, 19),
        (b"if 1:\n\there()", 2, 2, 2, 8),
        (f"\r\n\r\n{E_ACUTE}here(\r\n)".encode(), 3, 10, 4, 2),
        ("'é\f'\n\fhere()".encode(), 2, 2, 2, 8),
        ("'é\v\x1c\u2028'; here()".encode(), 1, 9, 1, 15),
        (b"\xef\xbb\xbf" + f"{E_ACUTE}here()".encode(), 1, 10, 1, 16),
        (b"# coding: latin-1\n\xe9 = '\xfc'; here()", 2, 10, 2, 16),
    ],
    ids=["plain", "before it", "lines", "astral", "tab", "crlf", "feed", "ends", "bom", "latin-1"],
)
def test_places_count_characters(
    data: bytes, line: int, column: int, end_line: int, end_column: int
) -> None:
    source = PythonSource("a.py", data)
    (call,) = (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))
    span = source.span(call)
    assert (span.line, span.column) == (line, column)
    assert (span.end_line, span.end_column) == (end_line, end_column)


@pytest.mark.parametrize(
    ("data", "says", "line"),
    [
        (b"x = (", "it is not valid Python: '(' was never closed", 1),
        (b"\n\nx = caf\xe9\n", "its byte 10 is not utf-8: save it as UTF-8", None),
        (b"# coding: nonsense\n", "unknown encoding: nonsense: save it as UTF-8", None),
        (b"# coding: rot13\n", "its coding comment names no text encoding: save it as UTF-8", None),
        (b"# coding: zlib\n", "its coding comment names no text encoding: save it as UTF-8", None),
        (
            b"# coding: undefined\n",
            "its coding comment names no text encoding: save it as UTF-8",
            None,
        ),
        (b"x\0", "it holds NUL bytes: this is a binary file", None),
        (b"x = " + b"-" * 100_000 + b"1", "it is not valid Python: ", 1),
    ],
)
def test_what_is_no_python_says_why(data: bytes, says: str, line: int | None) -> None:
    source = PythonSource("a.py", data)
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            print(source.tree)
        assert str(caught.value).startswith(says)
        assert caught.value.line == line


def test_what_nobody_holds_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guard.python_source.KEPT", 10)
    sources = Sources()
    held = sources.source("held.py", b"x = 1")
    free = id(sources.source("free.py", b"y = 2").tree)
    assert id(sources.source("free.py", b"y = 2").tree) == free
    sources.source("other.py", b"z = 3" * 3)
    assert sources.source("held.py", b"x = 1") is held
    assert sources.source("held.py", b"x = 2") is not held


FILES = {
    "alembic.ini": "[alembic]\nscript_location = %(here)s/db\nprepend_sys_path = .\n",
    "db/env.py": "from app.models import NAME\n",
    "app/__init__.py": "",
    "app/models.py": "NAME = 'orders'\n\ndef run(c, x):\n    c.execute(f'DROP {x}')\n",
    "db/versions/a1.py": """\
import sqlalchemy as sa
from alembic import op
from app.models import NAME

revision = "a1"
down_revision = None
URL = "sqlite:///shop.db"

def upgrade():
    op.create_table(NAME, sa.Column("id", sa.Integer()))

def downgrade():
    op.drop_table(NAME)
""",
}
SECOND = """\
from alembic import op
from app.models import NAME

revision = "a2"
down_revision = "a1"

def upgrade():
    op.execute(f"DELETE FROM {NAME}")

def downgrade():
    pass
"""


EDITED = FILES["db/versions/a1.py"].replace("sa.Integer", "sa.BigInteger")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    repo = Repo(tmp_path / "project")
    repo.commit(FILES)
    repo.git("switch", "-q", "-c", "topic")
    repo.write({"db/versions/a2.py": SECOND})
    repo.write({"db/versions/a1.py": EDITED})
    monkeypatch.chdir(repo.root)
    monkeypatch.setenv("GUARD_CACHE_DIR", str(tmp_path / "cache"))
    return repo


def guard(*arguments: str) -> str:
    done = CliRunner().invoke(cli, [*arguments, "--output-format", "json"], catch_exceptions=False)
    assert done.exit_code in (0, 1), done.output
    return done.output


@pytest.mark.parametrize(
    ("arguments", "parsed"),
    [
        (("lint", "--all"), {"a1", "a1 on the base", "a2", "models", "env"}),
        (("check", "--all", "--no-roundtrip"), {"a1", "a1 on the base", "a2", "models", "env"}),
        (("history",), {"a1", "a1 on the base", "a2", "models", "env"}),
    ],
    ids=["lint", "check", "history"],
)
def test_a_file_is_parsed_once_in_a_run_and_not_at_all_in_the_next(
    project: Repo, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], parsed: set[str]
) -> None:
    counted: Counter[str] = Counter()
    real = ast.parse
    marks = {"sa.Integer": "a1 on the base", "sa.Big": "a1", '"a2"': "a2", "def run": "models"}

    def parse(text: str | bytes, *rest: object, **options: object) -> ast.AST:
        # pytest parses bytes, of what it imports for the first time
        if isinstance(text, bytes):
            return real(text, *rest, **options)  # type: ignore[call-overload, no-any-return]
        if "alembic" in text or "app.models" in text or "def run" in text:
            counted[next((name for mark, name in marks.items() if mark in text), "env")] += 1
        return real(text, *rest, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(ast, "parse", parse)
    first = guard(*arguments)
    assert {*counted} == parsed
    assert {*counted.values()} == {1}
    counted.clear()
    assert guard(*arguments) == first
    # What an edited file says on the base is read anew, with what it imports, and compared.
    assert {*counted} <= {"a1", "a1 on the base", "models"}
    project.write({"db/versions/a1.py": FILES["db/versions/a1.py"]})
    unedited = guard(*arguments)
    counted.clear()
    assert guard(*arguments) == unedited
    assert {*counted} == set()
    project.write({"db/versions/a1.py": EDITED})
    monkeypatch.setenv("GUARD_CACHE_DIR", str(project.root.parent / "other"))
    assert guard(*arguments) == first
