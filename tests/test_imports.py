"""Imports point one way, and nothing here takes the name of somebody else's package."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUARD = ROOT / "guard"
SAMPLE = ROOT / "alembic" / "versions"

# A module imports only from rows above its own. A folder counts as one module.
ROWS: tuple[set[str], ...] = (
    {"operations", "server", "credentials"},
    {"statement", "head", "schema", "undo"},
    {"facts", "finding", "edits", "comments", "sql", "schema_text"},
    {"rule", "config", "reader", "reporters", "source"},
    {
        "catalog",
        "judge",
        "rule_docs",
        "alembic_config",
        "approvals",
        "git",
        "replay",
        "cache",
        "show",
        "sqlfiles",
    },
    {"base", "project", "select"},
    {"graph", "roundtrip", "source_files"},
    {"history", "reading"},
    {"lint", "scope", "sql_history"},
    {"changes"},
    {"check", "histories"},
    {"approving"},
    {"cli"},
    {"__main__"},
)
RULES_MAY_IMPORT = {"rule", "operations", "facts", "statement"}
ROW = {module: number for number, row in enumerate(ROWS) for module in row}
WORKER_MAY_IMPORT = sys.stdlib_module_names | {"alembic", "sqlalchemy"}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that it imports, also inside functions; `.` for a relative one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." if node.level else node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from names if module == "guard" else [module]


def guard_imports(path: Path) -> set[str]:
    """Return the modules of guard that the file imports, all of them absolutely."""
    names = list(imports(path))
    assert "." not in names, f"{path} imports relatively"
    parts = (name.split(".") for name in names)
    return {part[1] for part in parts if part[0] == "guard" and len(part) > 1}


def module_of(path: Path) -> str:
    return path.relative_to(GUARD).parts[0].removesuffix(".py")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


MODULES = [path for path in files(GUARD) if module_of(path) not in ("__init__", "worker")]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_imports_from_rows_above_it(path: Path) -> None:
    module = module_of(path)
    assert module in ROW, f"give {module} a row"
    for imported in guard_imports(path) - {module, "__version__"}:
        assert ROW[imported] < ROW[module], f"{module} imports {imported}"


def test_every_row_names_modules_that_exist() -> None:
    existing = {module_of(path) for path in MODULES}
    assert set(ROW) == existing


@pytest.mark.parametrize("path", files(ROOT / "rules"), ids=relative)
def test_a_rule_imports_the_vocabulary_and_the_standard_library(path: Path) -> None:
    assert guard_imports(path) <= RULES_MAY_IMPORT
    assert {name.split(".")[0] for name in imports(path)} <= sys.stdlib_module_names | {"guard"}


@pytest.mark.parametrize("path", files(GUARD / "worker"), ids=relative)
def test_the_worker_needs_only_what_the_project_has(path: Path) -> None:
    outside = {name for name in imports(path) if name != "."}
    assert {name.split(".")[0] for name in outside} <= WORKER_MAY_IMPORT


@pytest.mark.parametrize("package", ["sqlglot", "alembic", "sqlalchemy"])
def test_a_heavy_package_is_imported_in_one_place(package: str) -> None:
    home = {"sqlglot": "sql"}.get(package, "worker")
    importers = {
        module_of(path)
        for path in files(GUARD)
        if any(name.split(".")[0] == package for name in imports(path))
    }
    assert importers <= {home}


@pytest.mark.parametrize("folder", ["rules", "alembic"])
def test_a_folder_that_shares_a_package_name_is_no_package(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise AssertionError("imported " + name)

sys.meta_path.insert(0, Blocker())
sys.argv = ["guard", *{arguments}]
from guard.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("blocked", "arguments"),
    [
        (("alembic", "sqlalchemy"), ("lint", "--all")),
        # Revision 0001 holds no SQL text: nothing to parse.
        (("alembic", "sqlalchemy", "sqlglot"), ("lint", str(next(SAMPLE.glob("0001_*.py"))))),
    ],
    ids=["lint", "lint-without-sql"],
)
def test_linting_imports_neither(blocked: tuple[str, ...], arguments: tuple[str, ...]) -> None:
    code = BLOCKER.format(blocked=blocked, arguments=arguments)
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
