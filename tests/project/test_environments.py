"""Where migrations are found, and what is said where they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guard.config import Config
from guard.errors import GuardError
from guard.project.environments import Environment, find_environments, project_root
from guard.project.settings import SettingsFiles

INI = "[alembic]\nscript_location = {}\n"
REVISION = 'revision = "{}"\ndown_revision = {}\n'


def project(root: Path, files: dict[str, str], *, top: str = ".git/") -> Path:
    """Write the files; a name that ends in a slash is a folder, and `top` marks the root."""
    for name, text in {top: "", **files}.items():
        path = root / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_text(text, encoding="utf-8")
    return root.resolve()


def found(root: Path, *paths: str) -> list[str]:
    """Return `script: versions` of each environment, relative to the root."""
    return [shown(env, root) for env in find_environments(root, [Path(p) for p in paths])]


def shown(env: Environment, root: Path) -> str:
    versions = " ".join(v.relative_to(root).as_posix() for v in env.version_locations)
    return f"{env.script_location.relative_to(root).as_posix()}: {versions}"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"alembic.ini": INI.format("db"), "db/versions/": ""}, ["db: db/versions"], id="path"
        ),
        pytest.param(
            {"conf/alembic.ini": INI.format("%(here)s/../db"), "db/versions/": ""},
            ["db: db/versions"],
            id="here",
        ),
        pytest.param(
            {"alembic.ini": INI.format("app.store:db"), "src/app/store/db/versions/": ""},
            ["src/app/store/db: src/app/store/db/versions"],
            id="package under src",
        ),
        pytest.param(
            {
                "alembic.ini": INI.format("app:db:sql") + "prepend_sys_path = lib\n",
                "lib/app/db/sql/versions/": "",
            },
            ["lib/app/db/sql: lib/app/db/sql/versions"],
            id="package under prepend_sys_path",
        ),
        pytest.param(
            {
                "pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/db"\n',
                "db/versions/": "",
            },
            ["db: db/versions"],
            id="pyproject",
        ),
        pytest.param(
            {
                "alembic.ini": "[alembic]\nsqlalchemy.url = x\n",
                "pyproject.toml": '[tool.alembic]\nscript_location = "db"\n',
                "db/versions/": "",
            },
            ["db: db/versions"],
            id="ini and pyproject",
        ),
        pytest.param(
            {
                "alembic.ini": "[DEFAULT]\nroot = db\n[one]\nscript_location = %(root)s/1\n"
                "[two]\nscript_location = %(root)s/2\n[loggers]\nkeys = root\n",
                "db/1/versions/": "",
                "db/2/versions/": "",
            },
            ["db/1: db/1/versions", "db/2: db/2/versions"],
            id="sections",
        ),
        pytest.param(
            {
                "alembic.ini": INI.format("db") + "url = 1\n[prod]\nscript_location = db\n",
                "db/versions/": "",
            },
            ["db: db/versions"],
            id="two sections of one history",
        ),
        pytest.param(
            {
                "a/alembic.ini": INI.format("m"),
                "a/m/versions/": "",
                "b/db/versions/": "",
                "b/db/env.py": "",
            },
            ["a/m: a/m/versions", "b/db: b/db/versions"],
            id="sub-folders, one without an ini",
        ),
        pytest.param(
            {"db/alembic.ini": "[alembic]\n", "db/env.py": "", "db/versions/": ""},
            ["db: db/versions"],
            id="Flask-Migrate",
        ),
        pytest.param(
            {"db/alembic.ini": INI.format("{folder}"), "db/env.py": "", "db/versions/": ""},
            ["db: db/versions"],
            id="an ini that the application fills in",
        ),
        pytest.param(
            {
                "alembic.ini": INI.format("db"),
                "db/versions/pg/1.py": REVISION.format("a", None),
                "db/versions/lite/1.py": REVISION.format("b", None),
            },
            ["db: db/versions/lite", "db: db/versions/pg"],
            id="a chain for each dialect",
        ),
        pytest.param(
            {
                "alembic.ini": INI.format("db"),
                "db/versions/2023/1.py": REVISION.format("a", None),
                "db/versions/2024/2.py": REVISION.format("b", "'a'"),
            },
            ["db: db/versions"],
            id="one chain in folders by year",
        ),
        pytest.param(
            {
                "alembic.ini": INI.format("db"),
                "db/versions/": "",
                ".venv/alembic.ini": INI.format("x"),
                "env/pyvenv.cfg": "",
                "env/lib/alembic.ini": INI.format("x"),
                "node_modules/alembic.ini": INI.format("x"),
            },
            ["db: db/versions"],
            id="what is not the project's is skipped",
        ),
    ],
)
def test_found_from_the_project(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert found(project(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("version_locations = %(here)s/a %(here)s/b", "a b"),
        ("version_locations = a, b", "a b"),
        ("version_locations = a b,c", "a b c"),
        ("version_locations = a:b\npath_separator = :", "a b"),
        ("version_locations = a;b\nversion_path_separator = ;", "a b"),
        ("version_locations = a b\nversion_path_separator = space", "a b"),
        ("version_locations =\n    a\n    b\npath_separator = newline", "a b"),
        (f"version_locations = a{os.pathsep}b\npath_separator = os", "a b"),
        ("version_locations = pkg:c", "pkg/c"),
    ],
)
def test_version_locations(tmp_path: Path, settings: str, expected: str) -> None:
    folders = dict.fromkeys(("db/", "a/", "b/", "c/", "pkg/c/"), "")
    root = project(tmp_path, {"alembic.ini": INI.format("db") + settings + "\n", **folders})
    assert found(root) == [f"db: {expected}"]


def test_settings_of_an_environment(tmp_path: Path) -> None:
    text = INI.format("db") + (
        "recursive_version_locations = true\nprepend_sys_path = .:src\ndatabases = one, two\n"
    )
    root = project(tmp_path, {"alembic.ini": text, "db/versions/": "", "src/": ""})
    (env,) = find_environments(root)
    assert (env.name, env.kind, env.section) == ("db", "alembic", "alembic")
    assert env.config_path == root / "alembic.ini"
    assert env.recursive
    assert env.sys_path == (root, root / "src")
    assert env.databases == ("one", "two")


LAYOUT = {
    "pyproject.toml": "",
    "alembic.ini": INI.format("db"),
    "db/env.py": "",
    "db/versions/1.py": REVISION.format("a", None),
    "app/models.py": "",
    "other/env.py": "",
    "other/versions/2.py": REVISION.format("b", None),
    "loose/3.py": REVISION.format("c", None),
    "sql/001_first.sql": "select 1;",
    "new/versions/": "",
    "docs/": "",
}
BROKEN = {"bad/alembic.ini": "script_location = db\n", "empty/alembic.ini": "[alembic]\n"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("db/versions/1.py", ["db: db/versions"]),
        ("db/versions", ["db: db/versions"]),
        ("db", ["db: db/versions"]),
        ("db/env.py", ["db: db/versions"]),
        ("alembic.ini", ["db: db/versions"]),
        (".", ["db: db/versions", "other: other/versions"]),
        ("other/versions/2.py", ["other: other/versions"]),
        ("loose", ["loose: loose"]),
        ("loose/3.py", ["loose: loose"]),
        ("sql", ["sql: sql"]),
        ("sql/001_first.sql", ["sql: sql"]),
        ("app/models.py", []),
        ("pyproject.toml", []),
        ("new/versions", ["new/versions: new/versions"]),
    ],
)
def test_found_from_a_path(tmp_path: Path, path: str, expected: list[str]) -> None:
    assert found(project(tmp_path, LAYOUT), path) == expected


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("bad", "not a valid ini file"),
        ("bad/alembic.ini", "not a valid ini file"),
        ("empty/alembic.ini", "no [alembic] section with a script_location"),
    ],
)
def test_a_path_that_leads_to_no_environment(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(GuardError) as caught:
        found(project(tmp_path, {**LAYOUT, **BROKEN}), path)
    assert message in str(caught.value)


def test_a_folder_without_migrations(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="docs: no Alembic environment and no migrations in it"):
        found(project(tmp_path, LAYOUT), "docs")


def test_a_repository_inside_the_project(tmp_path: Path) -> None:
    inner = {"inner/.git/": "", "inner/alembic.ini": INI.format("db"), "inner/db/versions/": ""}
    root = project(tmp_path, {**LAYOUT, **inner})
    assert found(root, "inner") == ["inner/db: inner/db/versions"]


def test_a_named_configuration_file_without_a_section(tmp_path: Path) -> None:
    root = project(tmp_path, {**LAYOUT, **BROKEN})
    with pytest.raises(GuardError, match="with a script_location"):
        find_environments(root, config_files=[root / "empty" / "alembic.ini"])


def test_found_from_inside_an_environment(tmp_path: Path) -> None:
    root = project(tmp_path, LAYOUT)
    (env,) = find_environments(root / "db" / "versions")
    assert shown(env, root) == "db: db/versions"
    assert env.config_path == root / "alembic.ini"


def test_named_configuration_files_are_all_there_is(tmp_path: Path) -> None:
    root = project(tmp_path, LAYOUT)
    (env,) = find_environments(root, config_files=[root / "alembic.ini"])
    assert shown(env, root) == "db: db/versions"


def test_an_empty_versions_folder_is_an_environment(tmp_path: Path) -> None:
    assert found(project(tmp_path, {"alembic.ini": INI.format("db"), "db/versions/": ""}))


def test_linked_folders_that_form_a_loop_end(tmp_path: Path) -> None:
    root = project(tmp_path, {"alembic.ini": INI.format("db"), "db/versions/": ""})
    (root / "db" / "again").symlink_to(root, target_is_directory=True)
    assert found(root) == ["db: db/versions"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"app/": ""}, "no Alembic environment and no folder of .sql migrations"),
        (
            {"alembic.ini": INI.format("nowhere")},
            "script_location 'nowhere' of [alembic] is not a folder",
        ),
        ({"alembic.ini": INI.format("db"), "db/": ""}, "db has no versions folder"),
        (
            {"alembic.ini": INI.format("%(b)s")},
            "script_location of [alembic] cannot be interpolated",
        ),
        (
            {"alembic.ini": INI.format("%(b)s") + "b = %(script_location)s\n"},
            "cannot be interpolated",
        ),
        ({"alembic.ini": "script_location = db\n"}, "not a valid ini file"),
        (
            {
                "alembic.ini": INI.format("db") + "version_locations = a\npath_separator = tab\n",
                "db/": "",
            },
            "path_separator 'tab' of [alembic]",
        ),
        ({"alembic.ini": INI.format("db") + "version_locations = a\n", "db/": ""}, "entry 'a'"),
        ({"pyproject.toml": "[tool.alembic\n"}, "not valid TOML"),
        ({"pyproject.toml": "[tool.alembic]\nscript_location = 1\n"}, "must be a string"),
        (
            {"pyproject.toml": "[tool.alembic]\nscript_location = 'db'\nversion_locations = 1\n"},
            "must be a list",
        ),
        ({"pyproject.toml": "[tool]\nalembic = 1\n"}, "[tool.alembic] must be a table"),
        ({"pyproject.toml": "tool = 1\n"}, "not valid TOML"),
        (
            {"pyproject.toml": '[tool.alembic]\nscript_location = "%(x)s"\n'},
            "cannot be interpolated",
        ),
    ],
)
def test_one_sentence_for_bad_input(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(GuardError) as caught:
        find_environments(project(tmp_path, files))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_ini_in_another_encoding_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path, {})
    (root / "alembic.ini").write_bytes(b"[alembic]\nscript_location = \xe9\n")
    with pytest.raises(GuardError, match="not UTF-8"):
        find_environments(root)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="no such file or folder"):
        find_environments(project(tmp_path, {}), [Path("gone.py")])


@pytest.mark.parametrize(
    ("files", "start", "expected"),
    [
        ({"a/.git/": "", "a/b/pyproject.toml": ""}, "a/b", "a"),
        ({"a/pyproject.toml": "", "a/b/": ""}, "a/b", "a"),
        ({"a/alembic.ini": "", "a/b/c.py": ""}, "a/b/c.py", "a"),
    ],
)
def test_project_root(tmp_path: Path, files: dict[str, str], start: str, expected: str) -> None:
    root = project(tmp_path, files, top="a/")
    assert project_root(root / start) == (root / expected).resolve()


GOOD = {"alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/versions/": ""}
UNFILLED = "[project]\n{% if x %}\n"
TEMPLATE = {"contrib/generic/env.py": "", "contrib/generic/script.py.mako": ""}
REVISION = "revision = 'a'\ndown_revision = None\n"
OF_OTHERS = {"vendor/x/env.py": "", "vendor/x/versions/a.py": REVISION}


@pytest.mark.parametrize(
    ("files", "exclude", "expected"),
    [
        ({"t/{{ cookiecutter.name }}/pyproject.toml": UNFILLED}, [], ["migrations"]),
        ({"{{cookiecutter.name}}/a/alembic.ini": "[alembic"}, [], ["migrations"]),
        (TEMPLATE, [], ["migrations"]),
        (TEMPLATE | {"contrib/generic/a.py": REVISION}, [], ["contrib/generic", "migrations"]),
        (TEMPLATE | {"contrib/generic/versions/": ""}, [], ["contrib/generic", "migrations"]),
        (OF_OTHERS, [], ["migrations", "vendor/x"]),
        (OF_OTHERS, ["vendor/**"], ["migrations"]),
        (OF_OTHERS, ["vendor"], ["migrations"]),
        ({"old/pyproject.toml": UNFILLED}, ["/old/"], ["migrations"]),
        ({"old/pyproject.toml": UNFILLED}, ["**/pyproject.toml"], ["migrations"]),
    ],
)
def test_what_is_not_looked_at(
    tmp_path: Path, files: dict[str, str], exclude: list[str], expected: list[str]
) -> None:
    root = project(tmp_path, GOOD | files)
    settings = SettingsFiles.everywhere(Config(exclude=exclude), root)
    environments = find_environments(root, skips=settings.excludes)
    assert sorted(env.name for env in environments) == expected
