"""The project's settings: `[tool.guard]` of the nearest pyproject.toml, or a guard.toml.

Strict: an unknown key, a wrong type or an unknown rule name stops the run with exit 2 and the
nearest spelling, since a gate that quietly ignores its configuration is no gate.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from guard.errors import GuardError
from guard.finding import Severity
from guard.server import Server, parse_dialect, parse_version


class RuleTable:
    """What `[tool.guard.rules.<rule>]` says, and the file. Only the rule knows what it may say."""

    def __init__(self, options: dict[str, object], file: str) -> None:
        self.options = options
        self.file = file


# Keys that became options of a rule, and still are understood where they stood.
MOVED = {"identifiers": ("string-built-sql", "identifiers")}


PYPROJECT = "pyproject.toml"
_TABLE = re.compile(r"\[tool\.guard\.([\w.<>-]+)\]")
_HEADING = re.compile(rf"^{_TABLE.pattern}$", re.M)
_FILE_OF_A_TABLE = re.compile(rf"\bpyproject\.toml(?=[^\n]*:\n{_TABLE.pattern}$)", re.M)


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Everything `[tool.guard]` may say; each default is what most projects want.

    `file` is no setting: it is the name of the file that they stand in.
    """

    alembic_config: list[str] = []  # alembic.ini files, relative to this file; empty: look for them
    dialect: str | None = None
    server_version: str | None = None
    select: list[str] = []  # rules or groups to run; empty: all that are on by default
    ignore: list[str] = []
    severity: dict[str, Severity] = {}
    fail_on: Literal["error", "warning"] = "error"
    base: str | None = None  # the ref that holds what is released
    heads: int = 1  # heads that the project wants, where labelled branches make it more
    approvals: str = "guard-approvals.toml"
    source: tuple[str, ...] = (
        "**/models/**/*.py",
        "**/models.py",
        "**/migrations/**/*.py",
        "**/alembic/**/*.py",
    )
    exclude: list[str] = []
    rules: dict[str, RuleTable] = {}  # options of rules, by name
    stats: str | None = None  # the file that says how large tables are
    roundtrip: bool = True
    python: str | None = None  # the interpreter that has the project's packages
    env: Literal["run", "none"] = "run"  # whether the round trip runs the project's env.py
    env_vars: dict[str, str] = {}  # variables it sets for env.py, where they are not set
    metadata: str | None = None  # "app.models:Base.metadata", for env = "none"
    timeout: float = 300.0  # seconds for a whole round trip
    file: str = msgspec.field(default=PYPROJECT, name="<file>")

    def as_set_here(self, text: str) -> str:
        """Return a text that names settings as in a pyproject.toml, with where they go here.

        Whoever names a setting writes `[tool.guard]` or `[tool.guard.env-vars]`, and a file of
        guard's own has no such tables.
        """
        if self.file == PYPROJECT:
            return text
        text = _FILE_OF_A_TABLE.sub(self.file, text)
        text = _HEADING.sub(r"[\1]", text)
        text = _TABLE.sub(rf"[\1] of {self.file}", text)
        return text.replace("[tool.guard]", self.file)

    @property
    def server(self) -> Server:
        """The configured server, dialect and version checked when the file was read."""
        return Server(
            parse_dialect(self.dialect) if self.dialect else None,
            parse_version(self.server_version) if self.server_version else None,
        )


# msgspec names the types of JSON; who writes TOML knows other words.
TOML_WORDS = {
    "object": "a table",
    "array": "a list",
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}


def load_config(start: Path) -> tuple[Config, Path | None]:
    """Return the settings that hold in `start` and the file they stand in (None: defaults).

    The nearest guard.toml or pyproject.toml with a [tool.guard] table wins, upwards from `start`
    to the root of the git repository. Raises GuardError.
    """
    for folder in (start, *start.parents):
        own = folder / "guard.toml"
        if own.is_file():
            return parse_config(_read_toml(own), own), own
        pyproject = folder / PYPROJECT
        if pyproject.is_file():
            tools = _read_toml(pyproject).get("tool", {})
            table = tools.get("guard") if isinstance(tools, dict) else None
            if table is not None:
                return parse_config(table, pyproject), pyproject
        if (folder / ".git").exists():
            break
    return Config(), None


def parse_config(table: dict[str, Any], path: Path) -> Config:
    """Return the checked settings; raise GuardError naming `path`."""

    def rule_table(kind: type, value: object) -> RuleTable:
        options = msgspec.convert(value, dict[str, object])
        return RuleTable(options, str(path))

    try:
        config = msgspec.convert(_with_moved(table, path), Config, dec_hook=rule_table)
        config = msgspec.structs.replace(config, file=path.name)
        _ = config.server
    except msgspec.ValidationError as error:
        fields = msgspec.structs.fields(Config)
        keys = [field.encode_name for field in fields if field.name != "file"]
        raise GuardError(f"{path}: {explain_invalid(error, keys, 'the guard settings')}") from None
    except ValueError as error:
        raise GuardError(f"{path}: {error}") from None
    return config


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str | None:
    """Return the known name that `name` is most likely a misspelling of."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return close[0] if close else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GuardError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise GuardError(f"{path}: cannot be read: {error.strerror}") from None


def _with_moved(table: object, path: Path) -> object:
    """Return the settings with keys that moved where they belong now."""
    if not isinstance(table, dict) or not MOVED.keys() & table.keys():
        return table
    rest = {key: value for key, value in table.items() if key not in MOVED}
    rules = rest.get("rules", {})
    if not isinstance(rules, dict):
        return rest  # which is refused for that
    for old in MOVED.keys() & table.keys():
        rule, key = MOVED[old]
        options = rules.get(rule, {})
        if not isinstance(options, dict):
            return rest
        if key in options:
            raise GuardError(f"{path}: {old!r} and {key!r} of rules.{rule} say the same: keep one")
        rules = {**rules, rule: {**options, key: table[old]}}
    return {**rest, "rules": rules}


def explain_invalid(error: msgspec.ValidationError, known: list[str], where: str) -> str:
    """Return what is wrong with a table whose keys are `known`, in the words of TOML."""
    unknown = re.search(r"unknown field `([^`]*)`", str(error))
    if not unknown:
        plain = re.sub(r"`(\w+)`", lambda kind: TOML_WORDS.get(kind[1], kind[0]), str(error))
        return plain[0].lower() + plain[1:].replace("`$.", "`").replace(" - at ", ", at ")
    guess = nearest(unknown[1], known)
    return f"unknown key {unknown[1]!r} in {where}" + (
        f": did you mean {guess!r}?" if guess else f"; known are {', '.join(sorted(known))}"
    )
