"""Imports point one way, and nothing here takes the name of somebody else's package."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUARD = ROOT / "guard"
SAMPLE = ROOT / "alembic" / "versions"

# A chapter (a folder, or a module at the top of guard/) imports only from rows above its own.
CHAPTERS: tuple[set[str], ...] = (
    {"patterns"},
    {
        "action_words",
        "alembic_parameters",
        "server",
        "credentials",
        "errors",
        "newer_python",
        "partition_bounds",
        "paths",
        "processes",
        "toml",
    },
    {"operations"},
    {"expression", "printable", "statement"},
    {"sql"},
    {"schema"},
    {"effects"},
    {"rewrite"},
    {"note"},
    {"finding", "python_source"},
    {"facts"},
    {"options"},
    {"config"},
    {"context"},
    {
        "batch_mode",
        "constraint_code",
        "phrases",
        "renames",
        "type_code",
        "rule",
        "way_back",
        "project",
        "reader",
    },
    {
        "absence",
        "column_code",
        "fixing",
        "index_code",
        "inverse_code",
        "models",
        "source",
        "roundtrip",
        "show",
        "suppression",
    },
    {"history", "reporters"},
    {"judge"},
    {"adopt", "run"},
    {"api"},
    {"lsp", "testing"},
    {"cli", "pytest_plugin"},
    {"__main__"},
)
# So does a module inside its chapter, and inside a folder of it; `__init__` is the part that the
# others see, and stands below them all. `*` is every module that the rows do not name.
INSIDE: dict[str, tuple[set[str], ...]] = {
    "adopt": ({"templates"}, {"surroundings"}, {"files", "instructions"}),
    "cli": (
        {"options", "output", "terminal"},
        {"arguments", "progress"},
        {"adoption", "destinations", "fixing"},
        {"report"},
        {"merging"},
        {"commands"},
        {"main"},
    ),
    "cli.commands": ({"*"},),
    "effects.mariadb": ({"*"},),
    "effects.mysql": ({"type_pairs"}, {"type_changes"}, {"*"}),
    "effects.postgresql": ({"bounds", "type_pairs"}, {"type_changes"}, {"*"}),
    "effects": (
        {"effect", "innodb", "narrowing", "type_change"},
        {"row"},
        {"innodb_indexes", "innodb_tables"},
        {"mysql", "postgresql"},
        {"mariadb", "type_lookup"},
        {"lookup"},
    ),
    "fixing": ({"apply", "follow_up", "layout"}, {"bound"}, {"edits"}),
    "history": (
        {"arguments", "cache", "ci", "git", "graph", "lock", "names", "plain"},
        {"base", "helper_calls", "read", "settings_then", "sides", "tree"},
        {"normal"},
        {"program"},
        {"applied", "difference", "idle", "sql_history", "then"},
        {"against_lock", "helpers", "inserted", "released", "squash"},
        {"compare"},
    ),
    "judge": (
        {"connection", "fingerprint", "holes", "inverse", "load_rules", "routines", "select_rules"},
        {"replay"},
        {"copies", "timeline"},
        {"context"},
        {"judge", "weaker"},
        {"statements"},
    ),
    "lsp": (
        {"checking", "hover", "places"},
        {"actions", "approving", "diagnostics"},
        {"server"},
    ),
    "models": ({"files", "types"}, {"compare", "read"}),
    "newer_python": ({"constructs", "dump", "places", "rebuild"}, {"ask"}),
    "project": (
        {
            "ci_calls",
            "file_names",
            "naming_convention",
            "requirements",
            "revision_header",
            "sql_folders",
            "table_sizes",
        },
        {"alembic_config"},
        {"environments", "server_clues"},
        {"env_urls", "settings"},
        {"find_server"},
    ),
    "reader": (
        {"result", "sql_text"},
        {"evaluate"},
        {"libraries", "modules"},
        {"revision", "text_users"},
        {"built_sql", "env_py", "models"},
    ),
    "reader.evaluate": (
        {"literals"},
        {"text"},
        {"values"},
        {"state"},
        {"in_hand"},
        {"run", "scopes"},
        {"classes", "formats", "imports"},
        {"turns"},
        {"loops", "operators", "unrun"},
        {"branches", "methods"},
        {"containers"},
        {"calls"},
        {"expressions", "managers"},
        {"flow"},
        {"interpreter"},
    ),
    "reader.libraries": ({"builtins", "sqlalchemy"}, {"alembic"}, {"*"}),
    "reader.libraries.alembic": (
        {"arguments", "environment", "fragments", "live"},
        {"directive"},
        {"columns", "constraints", "context"},
        {"plugins"},
        {"operations"},
    ),
    "reader.libraries.sqlalchemy": (
        {"clauses", "live", "provenance"},
        {"routines", "table_objects", "types"},
        {"constraints", "copies"},
        {"rows"},
        {"columns", "entities"},
        {"annotations", "tables"},
        {"execution", "mapped"},
        {"metadata", "names", "registries"},
        {"connections", "naming"},
        {"models"},
    ),
    "reporters": (
        {"chronicle", "escape", "fingerprints", "frame", "summary", "wrap"},
        {"background"},
        {
            "azure",
            "github",
            "gitlab",
            "html",
            "json",
            "junit",
            "markdown",
            "rdjson",
            "sarif",
            "text",
        },
        {"github_summary"},
    ),
    "reporters.html": (
        {"cards", "graph", "renames", "words"},
        {"schema"},
        {"history"},
        {"page"},
        {"render"},
    ),
    "roundtrip": (
        {
            "errors",
            "kept",
            "notes",
            "places",
            "process",
            "replayed",
            "scratch",
            "share",
            "timings",
            "variables",
        },
        {"databases", "given", "interpreter", "own_server"},
        {"mysql", "postgresql"},
        {"backend", "live_database", "remedies"},
        {"run"},
        {"reach"},
    ),
    "run": (
        {"shard", "trip"},
        {"asked", "causes", "drift", "known", "part", "scope"},
        {"policies", "proofs", "ran", "released"},
        {"application", "histories"},
        {"enforced", "reader_errors", "services"},
        {"env_py", "inspect", "models", "servers", "outcome", "sources", "weakened"},
        {"division", "running_code", "tally"},
        {"round_trip"},
        {"opened"},
        {"check", "stamp"},
        {"chronicles", "record"},
        {"approve", "baseline", "examples", "fix", "lock", "merge", "stats"},
        {"approvals"},
    ),
    "schema": (
        {"model", "names", "persistent_map"},
        {"catalog", "describe", "storage"},
        {"alike", "constraints", "row_versions"},
        {"difference"},
        {"columns"},
        {"tables"},
        {"other_objects"},
        {"apply"},
        {"state"},
    ),
    "show": (
        {"ddl", "instructions", "operations", "rules", "schema", "settings"},
        {"revisions", "rule_pages", "sql"},
    ),
    "source": (
        {
            "bindings",
            "column_types",
            "database_literals",
            "database_objects",
            "mapped_classes",
            "overridden_url",
            "policy_values",
        },
        {"meanings", "source_file"},
        {"provenance"},
        {
            "destructive_calls",
            "legacy_queries",
            "policy_constants",
            "unbound_names",
            "written_tables",
        },
        {"legacy"},
        {"code", "event_loop"},
        {"application_imports", "files", "read"},
    ),
    "source.event_loop": (
        {"database_calls", "values"},
        {"annotations", "call_shapes"},
        {"functions"},
        {"modules"},
        {"frames"},
        {"inference"},
        {"lazy_loading"},
        {"blocking"},
    ),
    "sql": (
        {"result", "tokens"},
        {"cursor", "volatility"},
        {"builtin", "dynamic_sql"},
        {
            "calls",
            "hole_roles",
            "maintenance",
            "names",
            "foreign",
            "newer",
            "plpgsql",
            "settings",
            "stand_ins",
            "types",
            "unjudged",
        },
        {"blocks", "drop", "extents", "sqlglot_check"},
        {"expression_tree"},
        {"columns", "copies", "expressions", "routines"},
        {"alter", "create_table", "rows", "used_columns"},
        {"create", "objects"},
        {"read"},
    ),
    "testing": ({"database", "told"}, {"items", "once"}, {"collect"}),
    "suppression": ({"approvals", "comments", "meaning"}, {"decide"}, {"baseline"}),
}
RULES_MAY_IMPORT = {
    "absence",
    "action_words", "batch_mode", "column_code", "constraint_code", "effects.effect",
    "effects.type_change", "expression", "facts", "index_code", "inverse_code", "operations",
    "partition_bounds", "patterns", "phrases", "renames", "rewrite", "rule", "schema.model",
    "statement", "type_code", "way_back",
}  # fmt: skip
WORKER_MAY_IMPORT = sys.stdlib_module_names | {"alembic", "sqlalchemy"}


PACKAGES = {"guard", *(f"guard.{name}" for name in INSIDE)}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


# The modules of the worker that guard itself runs too: they need the standard library alone.
SHARED = tuple(
    ("worker", "backends", name) for name in ("postgresql_wire", "mysql_wire", "sqlite_catalog")
)


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """Return the dotted names that it imports, also inside functions; `.` for a relative one."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." if node.level else node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from names if module in PACKAGES else [module]


def guard_imports(path: Path) -> set[tuple[str, ...]]:
    """Return the modules of guard that the file imports, as their parts; all absolutely."""
    names = imports(path)
    assert "." not in names, f"{path} imports relatively"
    found = {tuple(name.split(".")[1:]) for name in names if name.split(".")[0] == "guard"}
    return {parts for parts in found if parts and parts not in (("__version__",), *SHARED)}


def place_of(path: Path) -> tuple[str, str]:
    """Return the chapter of a module, and its name there; "" for a module that is a chapter."""
    parts = path.relative_to(GUARD).with_suffix("").parts
    return parts[0], parts[1] if len(parts) > 1 else ""


def rows(table: tuple[set[str], ...]) -> dict[str, int]:
    return {name: number for number, row in enumerate(table) for name in row}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


MODULES = [path for path in files(GUARD) if place_of(path)[0] not in ("__init__", "worker")]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_chapter_imports_from_rows_above_it(path: Path) -> None:
    row = rows(CHAPTERS)
    chapter, _ = place_of(path)
    assert chapter in row, f"give {chapter} a row"
    for imported in {parts[0] for parts in guard_imports(path)} - {chapter}:
        assert row[imported] < row[chapter], f"{chapter} imports {imported}"


def row_of(folder: str, name: str) -> int:
    row = rows(INSIDE[folder])
    return row[name] if name in row else row["*"]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_imports_from_rows_above_it_in_its_folders(path: Path) -> None:
    parts = path.relative_to(GUARD).with_suffix("").parts
    for depth in range(1, len(parts)):
        folder, name = parts[:depth], parts[depth]
        if name == "__init__":
            continue  # what the others see: all of its folder may stand in it
        for imported in guard_imports(path):
            if imported[:depth] == folder and imported[depth:][:1] != (name,):
                assert len(imported) > depth, f"{name} imports the whole of {'.'.join(folder)}"
                row = row_of(".".join(folder), imported[depth])
                assert row < row_of(".".join(folder), name), f"{name} imports {imported[depth]}"


def test_every_row_names_modules_that_exist() -> None:
    assert set(rows(CHAPTERS)) == {place_of(path)[0] for path in MODULES}
    folders = {path.parent for path in MODULES if path.parent != GUARD}
    assert {".".join(folder.relative_to(GUARD).parts) for folder in folders} == set(INSIDE)
    for folder in folders:
        inside = {path.stem for path in folder.glob("*.py")} - {"__init__"}
        inside |= {path.name for path in folders if path.parent == folder}
        named = set(rows(INSIDE[".".join(folder.relative_to(GUARD).parts)]))
        assert named - {"*"} <= inside
        assert "*" in named or named == inside


@pytest.mark.parametrize("path", files(ROOT / "rules"), ids=relative)
def test_a_rule_imports_the_vocabulary_and_the_standard_library(path: Path) -> None:
    assert {".".join(parts) for parts in guard_imports(path)} <= RULES_MAY_IMPORT
    assert {name.split(".")[0] for name in imports(path)} <= sys.stdlib_module_names | {"guard"}


@pytest.mark.parametrize("path", files(GUARD / "worker"), ids=relative)
def test_the_worker_needs_only_what_the_project_has(path: Path) -> None:
    outside = {name for name in imports(path) if name != "."}
    assert {name.split(".")[0] for name in outside} <= WORKER_MAY_IMPORT


@pytest.mark.parametrize("module", SHARED, ids="/".join)
def test_what_guard_runs_of_the_worker_needs_nothing(module: tuple[str, ...]) -> None:
    code = f"import sys, guard.{'.'.join(module)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"alembic", "sqlalchemy", "sqlglot", "click", "msgspec"}


@pytest.mark.parametrize("package", ["sqlglot", "alembic", "sqlalchemy"])
def test_a_heavy_package_is_imported_in_one_place(package: str) -> None:
    home = {"sqlglot": "sql"}.get(package, "worker")
    importers = {
        place_of(path)[0]
        for path in files(GUARD)
        if any(name.split(".")[0] == package for name in imports(path))
    }
    lazily = {"testing"} if package == "sqlalchemy" else set()  # the fixture's engine
    assert importers <= {home} | lazily


@pytest.mark.parametrize("folder", ["rules", "alembic"])
def test_a_folder_that_shares_a_package_name_is_no_package(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))


BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if {{name, name.partition(".")[0]}} & {{*{blocked}}}:
            raise AssertionError("imported " + name)

sys.meta_path.insert(0, Blocker())
sys.argv = ["guard", *{arguments}]
from guard.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("blocked", "arguments"),
    [
        (("alembic", "sqlalchemy", "jinja2"), ("lint", "--all")),
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


def test_what_is_found_in_the_cache_needs_no_interpreter() -> None:
    blocked = ("guard.reader.evaluate.interpreter", "guard.sql.read")
    for code in ("", BLOCKER.format(blocked=blocked, arguments=("lint", "--all"))):
        command = [sys.executable, *(["-c", code] if code else ["-m", "guard", "lint", "--all"])]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("check", "--help"), ("lin",)])
def test_what_says_only_words_loads_no_machinery(arguments: tuple[str, ...]) -> None:
    blocked = ("msgspec", "sqlglot", "tomllib", "tomlkit", "pathspec", "platformdirs")
    code = BLOCKER.format(blocked=blocked, arguments=arguments)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "imported" not in run.stderr
    assert "guard" in run.stdout + run.stderr
