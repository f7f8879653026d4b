"""What can be set, in `[tool.guard]` of a pyproject.toml or in a guard.toml.

Strict: an unknown key, a wrong type or an unknown rule name stops the run with exit 2 and the
nearest spelling, since a gate that quietly ignores its configuration is no gate.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from guard.errors import GuardError
from guard.finding import Severity
from guard.options import in_words
from guard.paths import read_bytes, read_text
from guard.patterns import lazy_re
from guard.server import Server, parse_dialect, parse_version
from guard.toml import parse_toml

# msgspec names the types of JSON; who writes TOML knows other words.
TOML_WORDS = {
    "object": "a table",
    "array": "a list",
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}

# Keys that became options of a rule, and still are understood where they stood.
MOVED = {"identifiers": ("string-built-sql", "identifiers")}


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Everything `[tool.guard]` may say; each default is what most projects want."""

    alembic_config: Annotated[
        list[str], Meta(description="alembic.ini files to use; empty: guard looks for them")
    ] = []
    dialect: Annotated[
        str | None, Meta(description="postgresql, mysql, mariadb or sqlite: which rules apply")
    ] = None
    server_version: Annotated[
        str | None, Meta(description="such as '15'; unset: the oldest that its vendor supports")
    ] = None
    select: Annotated[
        list[str], Meta(description="rules or groups to run; empty: all that are on by default")
    ] = []
    ignore: Annotated[list[str], Meta(description="rules or groups not to run")] = []
    per_file_ignores: Annotated[
        dict[str, list[str]], Meta(description="rules or groups not to run, by glob of files")
    ] = {}
    severity: Annotated[
        dict[str, Severity], Meta(description="how severe a rule or group is, by its name")
    ] = {}
    fail_on: Annotated[
        Literal["error", "warning"], Meta(description="how severe a finding stops the gate")
    ] = "error"
    base: Annotated[str | None, Meta(description="the ref that holds what is released")] = None
    history: Annotated[
        Literal["on", "off"], Meta(description="off: nothing is compared, all revisions are new")
    ] = "on"
    heads: Annotated[
        int, Meta(description="heads that the project wants, where branches make it more")
    ] = 1
    approvals: Annotated[str, Meta(description="the file that holds the approvals")] = (
        "guard-approvals.toml"
    )
    baseline: Annotated[
        str, Meta(description="the file that holds the findings from before guard")
    ] = "guard-baseline.toml"
    approvers: Annotated[
        dict[str, Annotated[int, Meta(ge=1)]],
        Meta(description="how many have to approve a finding of a rule or group, where not one"),
    ] = {}
    source: Annotated[
        tuple[str, ...],
        Meta(description="globs of the Python files that the source rules read in any case"),
    ] = ("**/models/**/*.py", "**/models.py", "**/migrations/**/*.py", "**/alembic/**/*.py")
    exclude: Annotated[list[str], Meta(description="globs of files that guard leaves alone")] = []
    rules: Annotated[
        dict[str, dict[str, Any]], Meta(description="options of rules, by the rule's name")
    ] = {}
    custom_rules: Annotated[
        str | None, Meta(description="the folder that holds the project's own rules")
    ] = None
    rule_packages: Annotated[
        list[str], Meta(description="entry points of installed packages that hold rules")
    ] = []
    stats: Annotated[
        str | None,
        Meta(description="the file that says how large tables are; unset: guard-stats.toml"),
    ] = None
    small_table_rows: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="tables of up to so many rows, by the stats, may be locked; unset: none"),
    ] = None
    lock_timeout: Annotated[
        Annotated[str, Meta(pattern=r"^(elsewhere|\d+ ?(us|ms|s|min|h|d)?)$")] | None,
        Meta(
            description="such as '5s': how long migrations wait for a lock, where the role, the "
            "server or the application's own code sets it; 'elsewhere': something does"
        ),
    ] = None
    roundtrip: Annotated[bool, Meta(description="whether guard check runs the migrations")] = True
    backend: Annotated[
        Literal["auto", "sqlite", "postgresql", "mysql", "mariadb"],
        Meta(
            description="what the round trip runs on; auto: the project's own kind of server, "
            "where one is at hand"
        ),
    ] = "auto"
    python: Annotated[
        str | None, Meta(description="the interpreter that has the project's packages")
    ] = None
    env: Annotated[
        Literal["run", "none"],
        Meta(description="none: the round trip configures Alembic itself, without env.py"),
    ] = "run"
    env_vars: Annotated[
        dict[str, str], Meta(description="variables for env.py, where they are not set")
    ] = {}
    pass_env: Annotated[
        list[str],
        Meta(description="variables that look like secrets and env.py needs; * is a wildcard"),
    ] = []
    writable: Annotated[
        list[str], Meta(description="folders that the project has to write to as it migrates")
    ] = []
    metadata: Annotated[
        str | None, Meta(description="such as app.models:Base.metadata, for env = 'none'")
    ] = None
    initial_schema: Annotated[
        str | None,
        Meta(
            description="such as 'schema.sql' or app.models:create_tables: what makes the tables "
            "that the first revision finds, where the history starts later"
        ),
    ] = None
    rows: Annotated[
        str | None,
        Meta(
            description="the project's own rows for the round trip: a folder that holds "
            "<revision>.sql for some, or app.rows:put, called with the connection and the revision "
            "that comes next"
        ),
    ] = None
    timeout: Annotated[float, Meta(description="seconds for a whole round trip")] = 300.0
    memory: Annotated[
        Annotated[int, Meta(ge=64)], Meta(description="megabytes for a whole round trip (Linux)")
    ] = 4096

    @property
    def server(self) -> Server:
        """The configured server, dialect and version checked when the file was read."""
        return Server(
            parse_dialect(self.dialect) if self.dialect else None,
            parse_version(self.server_version) if self.server_version else None,
        )


def read_table(file: Path) -> dict[str, Any] | None:
    """Return guard's settings in a TOML file as they stand there; raise GuardError.

    None: a pyproject.toml that has no [tool.guard]. Any other file holds nothing else.
    """
    try:
        data = read_bytes(file)
    except OSError as error:
        raise GuardError(f"{file}: cannot be read: {error.strerror}") from None
    return table_in(file, data)


def table_in(file: PurePath, data: bytes) -> dict[str, Any] | None:
    """Return guard's settings in the contents of a TOML file, as `read_table`."""
    document = _parse_toml(file, data)
    if file.name != "pyproject.toml":
        return document
    tools = document.get("tool", {})
    return tools.get("guard") if isinstance(tools, dict) else None


def parse_config(table: object, path: Path) -> Config:
    """Return the checked settings.

    Raises GuardError with the file, the line, the key, its value and what is allowed.
    """
    table = _with_moved(table, path)
    if not isinstance(table, dict):
        raise GuardError(f"{path}: [tool.guard] is {table!r}, and must be a table")
    for key, kind in _kinds().items():
        if key in table:
            _check(key, table[key], kind, path)
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:  # a key that there is not
        keys = [*_kinds()]
        unknown = _unknown(table, keys)
        said = explain_invalid(error, keys, "the guard settings")
        if unknown == ["tool"]:
            said = (
                f"[tool.guard] is for pyproject.toml: {path.name} has the same keys without it, "
                "and [rules.NAME] for [tool.guard.rules.NAME]"
            )
        raise GuardError(f"{place_of(path, *unknown)}: {said}") from None
    for key, parse in (("dialect", parse_dialect), ("server-version", parse_version)):
        try:
            if key in table:
                parse(table[key])
        except ValueError as error:
            raise GuardError(f"{place_of(path, key)}: {key}: {error}") from None
    return config


@functools.cache
def _kinds() -> dict[str, Any]:
    """The types of the settings by their keys, which msgspec would read anew each time."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(Config)}


def _unknown(table: dict[str, Any], keys: Sequence[str]) -> list[str]:
    return [key for key in table if key not in keys][:1]


def _check(key: str, value: object, kind: Any, path: Path) -> None:
    """Raise GuardError for a value that the key cannot have: the innermost one that is wrong."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    origin, inner = get_origin(kind), get_args(kind)
    if origin is dict and isinstance(value, dict):
        for name, one in value.items():
            _check_one(f"{key} of {name}", one, inner[1], place_of(path, key, name))
    elif origin in (list, tuple) and isinstance(value, list):
        for one in value:
            _check_one(f"{key}: one of the list,", one, inner[0], place_of(path, key))
    else:
        _check_one(f"{key}:", value, kind, place_of(path, key))


def _check_one(said: str, value: object, kind: Any, place: str) -> None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        said = said if said.endswith((":", ",")) else f"{said}:"
        allowed = in_words(kind).replace('"', "")
        raise GuardError(f"{place}: {said} {value!r} is not {allowed}") from None


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str | None:
    """Return the known name that `name` is most likely a misspelling of."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return close[0] if close else None


def _parse_toml(path: PurePath, data: bytes) -> dict[str, Any]:
    if path.name == "pyproject.toml" and b"guard" not in data:
        return {}  # whatever is wrong with it, it is somebody else's
    try:
        return parse_toml(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GuardError(f"{path}: not valid TOML: {error}") from None


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


# Where a key stands

_HEADER = lazy_re(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?")
_KEY = lazy_re(r"""\s*((?:[\w.-]|\s*\.\s*|"[^"]*"|'[^']*')+?)\s*=""")
_PART = lazy_re(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\.?""")


def line_of(path: Path, *keys: str) -> int | None:
    """Return the line where a key of guard's settings stands, or the table that holds it.

    None where it is not to be seen, as in a table that is written in one line.
    """
    try:
        lines = read_text(path).splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    top = ("tool", "guard") if path.name == "pyproject.toml" else ()
    table: tuple[str, ...] = ()
    found: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines, 1):
        if header := _HEADER.fullmatch(line):
            table = _parts(header[1])
            for depth in range(len(table)):
                found.setdefault(table[: depth + 1], number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
    wanted = (*top, *keys)
    while len(wanted) > len(top):
        if wanted in found:
            return found[wanted]
        wanted = wanted[:-1]
    return None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(next(filter(None, part.groups()), "") for part in _PART.finditer(dotted))


def place_of(path: Path, *keys: str) -> str:
    """Return the file with the line of the key, as far as that is to be seen."""
    line = line_of(path, *keys) if keys else None
    return f"{path}:{line}" if line else str(path)
