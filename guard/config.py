"""What can be set, in `[tool.guard]` of a pyproject.toml or in a guard.toml.

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

# Keys that became options of a rule, and still are understood where they stood.
MOVED = {"identifiers": ("string-built-sql", "identifiers")}


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Everything `[tool.guard]` may say; each default is what most projects want."""

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
    rules: dict[str, dict[str, object]] = {}  # options of rules, by name; these know what may be
    stats: str | None = None  # the file that says how large tables are
    roundtrip: bool = True
    python: str | None = None  # the interpreter that has the project's packages
    env: Literal["run", "none"] = "run"  # whether the round trip runs the project's env.py
    env_vars: dict[str, str] = {}  # variables it sets for env.py, where they are not set
    metadata: str | None = None  # "app.models:Base.metadata", for env = "none"
    timeout: float = 300.0  # seconds for a whole round trip

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


def read_table(file: Path) -> dict[str, Any] | None:
    """Return guard's settings in a TOML file as they stand there; raise GuardError.

    None: a pyproject.toml that has no [tool.guard]. Any other file holds nothing else.
    """
    document = _read_toml(file)
    if file.name != "pyproject.toml":
        return document
    tools = document.get("tool", {})
    return tools.get("guard") if isinstance(tools, dict) else None


def parse_config(table: dict[str, Any], path: Path) -> Config:
    """Return the checked settings; raise GuardError naming `path`."""

    try:
        config = msgspec.convert(_with_moved(table, path), Config)
        _ = config.server
    except msgspec.ValidationError as error:
        keys = [field.encode_name for field in msgspec.structs.fields(Config)]
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
        data = path.read_bytes()
        if path.name == "pyproject.toml" and b"guard" not in data:
            return {}  # whatever is wrong with it, it is somebody else's
        return tomllib.loads(data.decode("utf-8"))
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
