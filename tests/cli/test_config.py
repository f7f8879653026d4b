"""`guard config`, what is said of settings that cannot be, and their schema for editors."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from command_line import CREATE_A, STEP, Content, chain, guard, write

from guard.config import Config, parse_config
from guard.errors import GuardError
from guard.judge.load_rules import load_rules
from guard.judge.select_rules import select_rules
from guard.show.settings import schema

ROOT = Path(__file__).parent.parent.parent
SETTINGS = """\
[tool.other]
select = ["x"]

[tool.guard]
dialect = "postgresql"
# select = ["y"]
ignore = [
    "drop-table",
]
severity = { drop-column = "warning" }

[tool.guard.rules]
string-built-sql.identifiers = "allow"

[tool.guard."per-file-ignores"]
"old/**" = ["destructive"]
"""
PROJECT: dict[str, Content] = {"app/pyproject.toml": SETTINGS, "app/db/x.py": "", ".git/HEAD": ""}


def origins(folder: Path, *arguments: str, **environ: str) -> dict[str, str]:
    """Return what says each setting that is not a default."""
    done = guard(folder, "config", "--output-format", "json", *arguments, **environ)
    assert done.code == 0, done.output
    return {
        key: one["from"] for key, one in json.loads(done.output).items() if one["from"] != "default"
    }


IN_FILE = {
    "dialect": "app/pyproject.toml:5",
    "ignore": "app/pyproject.toml:7",
    "severity.drop-column": "app/pyproject.toml:10",
    "rules.string-built-sql.identifiers": "app/pyproject.toml:13",
    "per-file-ignores.old/**": "app/pyproject.toml:16",
}


@pytest.mark.parametrize(
    ("folder", "arguments", "environ", "expected"),
    [
        (".", (), {}, {}),
        ("app", (), {}, IN_FILE),
        ("app/db", (), {}, IN_FILE),
        (".", ("app/db/x.py",), {}, IN_FILE),
        ("app", ("--dialect", "mysql"), {}, {**IN_FILE, "dialect": "--dialect"}),
        ("app", (), {"GUARD_DIALECT": "mysql"}, {**IN_FILE, "dialect": "GUARD_DIALECT"}),
        ("app", ("--strict",), {}, {**IN_FILE, "fail-on": "--strict"}),
        ("app", (), {"GUARD_STRICT": "1"}, {**IN_FILE, "fail-on": "GUARD_STRICT"}),
        ("app", (), {"GUARD_BASE": "main"}, {**IN_FILE, "base": "GUARD_BASE"}),
        (".", ("--config", "app/pyproject.toml"), {}, IN_FILE),
    ],
)
def test_where_each_setting_comes_from(
    folder: str,
    arguments: tuple[str, ...],
    environ: dict[str, str],
    expected: dict[str, str],
    tmp_path: Path,
) -> None:
    write(tmp_path, PROJECT)
    assert origins(tmp_path / folder, *arguments, **environ) == expected


def test_what_it_shows_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    shown = guard(tmp_path / "app", "config").output
    assert 'drop-column = "warning"  # app/pyproject.toml:10' in shown
    assert "# base is not set" in shown
    write(tmp_path, {"app/guard.toml": shown})
    again = guard(tmp_path / "app", "config").output
    assert tomllib.loads(again) == tomllib.loads(shown)


# Settings that cannot be

WRONG: dict[str, tuple[str, str]] = {
    "a severity": (
        '[severity]\ndrop-table = "error"\ndrop-column = "fatal"',
        "guard.toml:3: severity of drop-column: 'fatal' is not error, warning, info or off",
    ),
    "in one line": (
        'heads = 1\nseverity = { drop-column = "fatal" }',
        "guard.toml:2: severity of drop-column: 'fatal' is not error, warning, info or off",
    ),
    "dotted": ("severity.drop-column = 1", "guard.toml:1: severity of drop-column: 1 is not error"),
    "quoted": ("'heads' = 'two'", "guard.toml:1: heads: 'two' is not a whole number"),
    "a choice": (
        '# fail-on\nfail-on = "never"',
        "guard.toml:2: fail-on: 'never' is not error or warning",
    ),
    "a list": ("ignore = 'x'", "guard.toml:1: ignore: 'x' is not a list, each a string"),
    "in a list": ("ignore = ['x', 3]", "guard.toml:1: ignore: one of the list, 3 is not a string"),
    "in a list of a table": (
        "[per-file-ignores]\n'a/*' = ['destructive', 3]",
        "guard.toml:2: per-file-ignores of a/*: ['destructive', 3] is not a list, each a string",
    ),
    "yes": ("roundtrip = 'yes'", "guard.toml:1: roundtrip: 'yes' is not true or false"),
    "a table": ("severity = 3", "guard.toml:1: severity: 3 is not a table"),
    "a number": ("env-vars = { PORT = 5432 }", "guard.toml:1: env-vars of PORT: 5432 is not a str"),
    "a key": ("a = 1\ndialekt = 2", "guard.toml:1: unknown key 'a' in the guard settings"),
    "a dialect": ("dialect = 'db2'", "guard.toml:1: dialect: unknown dialect 'db2'"),
    "a version": ("server-version = 'x'", "guard.toml:1: server-version: 'x' is not a version"),
    "a rule": ("[severity]\ndrop-tabel = 'off'", "severity: no rule or group is called"),
    "a rule for files": (
        "[per-file-ignores]\n'*' = ['drop-tabel']",
        "per-file-ignores of *: no rule or group is called 'drop-tabel': did you mean 'drop-table'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_settings_that_cannot_be(case: str, tmp_path: Path) -> None:
    text, said = WRONG[case]
    done = guard(write(tmp_path, {**chain(STEP), "guard.toml": text}), "config")
    assert done.code == 2
    assert done.says(said)


# Rules that some files are spared

DROP = ("op.drop_table('a')", *CREATE_A)


@pytest.mark.parametrize(
    ("ignores", "code"),
    [
        ("'migrations/versions/r2.py' = ['drop-table']", 0),
        ("'**/versions/*' = ['destructive']", 0),
        ("'**/versions/r1.py' = ['drop-table']", 1),
        ("'**' = ['drop-column']", 1),
        ("'**/*.sql' = ['drop-table']\n'migrations/' = ['drop-table']", 0),
    ],
)
def test_per_file_ignores(ignores: str, code: int, tmp_path: Path) -> None:
    write(tmp_path, {**chain(STEP, DROP), "guard.toml": f"[per-file-ignores]\n{ignores}"})
    assert guard(tmp_path, "lint").code == code


# The schema

ACCEPTED = (
    "",
    SETTINGS.replace("[tool.guard]", "")
    .replace("tool.guard.", "")
    .replace("[tool.other]", "")[17:],
    "dialect = 'pg'\nserver-version = '15'\nheads = 2\ntimeout = 60\nroundtrip = false",
    "dialect = 'postgresql+asyncpg'\nbase = 'main'\nfail-on = 'warning'\nexclude = ['a/**']",
    "identifiers = 'allow'\nsource = ['**/*.py']\npython = '.venv/bin/python'\nenv = 'none'",
    "select = ['destructive', 'opaque-sql']\n[env-vars]\nURL = 'x'",
)
REFUSED = (
    *(text for text, _ in WRONG.values()),
    "[rules.drop-table]\nx = 1",
    "[rules.string-built-sql]\nidentifiers = 'never'",
    "[rules.nope]\n",
    "select = ['nope']",
)


def accepts(text: str) -> bool:
    try:
        select_rules(parse_config(tomllib.loads(text), Path("guard.toml")), load_rules())
    except GuardError:
        return False
    return True


@pytest.mark.parametrize("text", [*ACCEPTED, *REFUSED])
def test_the_schema_accepts_what_guard_accepts(text: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema(load_rules())))
    assert accepts(text) == (text in ACCEPTED)
    assert validator.is_valid(tomllib.loads(text)) == (text in ACCEPTED)


def test_the_schema_that_is_published() -> None:
    written = (ROOT / "guard" / "settings.schema.json").read_text(encoding="utf-8")
    assert written == schema(load_rules()), (
        "write it again: guard config --schema > guard/settings.schema.json"
    )
    described = json.loads(written)["properties"]
    keys = {key.replace("_", "-") for key in Config.__struct_fields__}
    assert keys == set(described) - {"identifiers"}
    assert all(one["description"] for one in described.values())
