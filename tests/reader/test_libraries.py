"""Each library says in its examples what it knows; running them sends the same."""

from __future__ import annotations

import ast
import importlib.util
import textwrap
from pathlib import Path
from typing import Any

import pytest
from referee.revisions import agrees, referee
from revision_code import reading

from guard.reader.evaluate.run import Example, Library
from guard.reader.evaluate.values import NONE, TRUE
from guard.reader.libraries import combined, libraries

READER = Path(__file__).parents[2] / "guard" / "reader"
LIBRARIES = libraries()
PYTHON = {"builtins", "standard", "sqlite3"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def examples(*, run: bool) -> list[object]:
    return [
        pytest.param(example, id=f"{name}-{number}")
        for name, library in LIBRARIES.items()
        for number, example in enumerate(library.examples)
        if example.runs or not run
    ]


def body(example: Example) -> str:
    return f"{example.imports.strip()}\n{example.code}"


@pytest.mark.parametrize("example", examples(run=False))
def test_an_example_is_read_as_it_says(example: Example) -> None:
    inside = textwrap.indent(body(example), "    ")
    upgrade = reading(f"def upgrade():\n{inside}\n", dialect=example.dialect).upgrade
    told = tuple(operation for s in upgrade.statements for operation in s.operations)
    assert told == example.operations


@pytest.mark.parametrize("example", examples(run=True))
def test_an_example_is_read_as_it_runs(example: Example, tmp_path: Path) -> None:
    missing = [name for name in packages(example) if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} is not installed")
    agrees(*referee(tmp_path, body(example), example.dialect))


def packages(example: Example) -> list[str]:
    """Return the packages that the example imports."""
    nodes = list(ast.walk(ast.parse(example.imports)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return sorted({name.partition(".")[0] for name in names})


# The evaluator knows Python only.

OUTSIDE = [path for path in sorted(READER.rglob("*.py")) if "libraries" not in path.parts]
WORDS = {
    *("alembic", "sqlalchemy", "op", "sa", "session", "Session", "connection", "connect", "bind"),
    *("Table", "Column", "mapped_column", "MetaData", "__tablename__", "__table__", "metadata"),
    *("execute", "executemany", "batch_alter_table", "autocommit_block", "get_bind", "begin"),
}
WORDS |= {
    path.rpartition(".")[2]
    for name, library in LIBRARIES.items()
    for path in (*library.names, *library.types, *library.wrappers, *library.kept)
    if name not in PYTHON
}
WORDS -= {"text", "f", "quote", "Enum", "format", "split"}  # Python's too, and ours


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.relative_to(READER).as_posix())
def test_no_library_is_named_outside_of_its_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    texts -= {ast.get_docstring(n, clean=False) for n in nodes if isinstance(n, DOCUMENTED)}
    assert {text for text in texts if WORDS & {text, *text.split(".")}} == set()


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.relative_to(READER).as_posix())
def test_no_library_is_imported_by_the_evaluator(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    found = {module for module in modules if module.startswith("guard.reader.libraries")}
    given = {
        "__init__.py",
        "built_sql.py",
        "revision.py",
        "text_users.py",
    }  # the folder as a whole, at the most
    whole = {"guard.reader.libraries"} if path.parent == READER and path.name in given else set()
    assert found <= whole


def test_each_file_is_a_library() -> None:
    folder = READER / "libraries"
    files = {path.stem for path in folder.iterdir() if not path.name.startswith("__")}
    assert set(LIBRARIES) == files


def test_a_library_is_asked_before_the_next() -> None:
    """Two that know the same type: the first answer counts, None leaves it to the other."""
    first = Library(methods={int: lambda run, value, name, call: NONE if name == "a" else None})
    second = Library(methods={int: lambda run, value, name, call: TRUE})
    ask: Any = combined([first, second]).methods[int]
    assert [ask(None, 1, name, None) for name in ("a", "b")] == [NONE, TRUE]
