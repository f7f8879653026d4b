"""The settings in force, each with where it comes from, and the schema of what can be set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from guard.config import MOVED, Config, place_of, read_table
from guard.options import NamedOptions, Options, describe
from guard.paths import relative
from guard.project.settings import Settings
from guard.rule import Rule
from guard.server import SPELLINGS

DEFAULT = "default"


class Setting(msgspec.Struct, frozen=True):
    """One key, also `severity.drop-table`, its value, and what says so."""

    key: tuple[str, ...]
    value: object
    said_by: str


def effective(
    settings: Settings, rules: Sequence[Rule], said: Mapping[str, str], root: Path
) -> tuple[Setting, ...]:
    """Return all settings; `rules` have the options in force.

    `said` are the options of the command line, or the variables, that set a key.
    """
    table = (read_table(settings.file) if settings.file else None) or {}
    origin = _Origin(settings.file, table, root)
    found = []
    for key, value in msgspec.to_builtins(settings.config).items():
        if key == "rules":
            continue
        if isinstance(value, dict) and value:
            found += [
                Setting((key, name), one, origin.of(key, name)) for name, one in value.items()
            ]
        else:
            found.append(Setting((key,), value, said.get(key) or origin.of(key)))
    for rule in rules:
        for key, value in _set(rule.options):
            place = ("rules", rule.name, key)
            found.append(Setting(place, value, origin.of(*place)))
    return tuple(found)


def _set(options: Options | None) -> Iterator[tuple[str, object]]:
    if isinstance(options, NamedOptions):
        yield from options.named.items()
    elif options is not None:
        yield from ((option.key, option.default) for option in describe(options))


class _Origin:
    """Where the keys of one file's table stand."""

    def __init__(self, file: Path | None, table: Mapping[str, object], root: Path) -> None:
        self._file = file
        self._table = table
        self._root = root

    def of(self, *keys: str) -> str:
        moved = [(old,) for old, place in MOVED.items() if ("rules", *place) == keys]
        for path in (keys, *moved):
            if self._file is not None and self._has(path):
                return relative(Path(place_of(self._file, *path)), self._root)
        return DEFAULT

    def _has(self, keys: Sequence[str]) -> bool:
        table: object = self._table
        for key in keys:
            if not isinstance(table, dict) or key not in table:
                return False
            table = table[key]
        return True


def settings_as_text(settings: Sequence[Setting]) -> str:
    """Return a guard.toml that says all of it, with what says so beside each line."""
    lines = [*_rows([one for one in settings if len(one.key) == 1])]
    tables = dict.fromkeys(one.key[:-1] for one in settings if len(one.key) > 1)
    for table in tables:
        inside = [one for one in settings if one.key[:-1] == table]
        lines += ["", f"[{'.'.join(map(_name, table))}]", *_rows(inside)]
    return "\n".join(lines)


def settings_as_json(settings: Sequence[Setting]) -> str:
    """Return an object by key, each with its value and what says so, for programs."""
    shown = {".".join(one.key): {"value": one.value, "from": one.said_by} for one in settings}
    return json.dumps(shown, indent=2)


def _rows(settings: Sequence[Setting]) -> Iterator[str]:
    rows = [
        f"# {one.key[-1]} is not set"
        if one.value is None
        else f"{_name(one.key[-1])} = {json.dumps(one.value, ensure_ascii=False)}"
        for one in settings
    ]
    width = min(max(map(len, rows), default=0), 40)
    for row, one in zip(rows, settings, strict=True):
        yield row if one.value is None else f"{row:<{width}}  # {one.said_by}"


def _name(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isalnum() and plain.isascii() else json.dumps(key, ensure_ascii=False)


def schema(rules: Sequence[Rule]) -> str:
    """Return the JSON schema of the settings, with the names of the rules and their options."""
    document = msgspec.json.schema(Config)
    config = document["$defs"].pop("Config")
    names = sorted({rule.name for rule in rules} | {rule.group for rule in rules})
    keys = config["properties"]
    dialects = [{"enum": [*SPELLINGS]}, {"pattern": rf"^({'|'.join(SPELLINGS)})\+\w+$"}]
    keys["dialect"] |= {"type": "string", "anyOf": dialects}
    keys["server-version"] |= {"type": "string", "pattern": r"^\d+(\.\d+)*$"}
    for key in ("select", "ignore"):
        keys[key]["items"] = {"enum": names}
    keys["per-file-ignores"]["additionalProperties"]["items"] = {"enum": names}
    for key in ("severity", "approvers"):
        keys[key]["propertyNames"] = {"enum": names}
    keys["rules"] |= {
        "properties": {rule.name: _options(rule) for rule in rules if rule.options},
        "additionalProperties": False,
    }
    for old, (rule, key) in MOVED.items():
        keys[old] = keys["rules"]["properties"][rule]["properties"][key] | {"deprecated": True}
    config |= {"title": "The settings of guard: guard.toml, or [tool.guard] of a pyproject.toml"}
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **config}
    return json.dumps(whole, indent=2) + "\n"


def _options(rule: Rule) -> dict[str, object]:
    declared = type(rule.options)
    table: dict[str, object] = msgspec.json.schema(declared)["$defs"][declared.__name__]
    properties = table["properties"]
    assert isinstance(properties, dict)
    if isinstance(rule.options, NamedOptions):
        (named,) = describe(rule.options)
        free = {key: value for key, value in properties["named"].items() if key != "default"}
        return {**free, "description": named.meaning}
    for option in describe(rule.options) if rule.options else ():
        properties[option.key] |= {"description": option.meaning}
    return {key: value for key, value in table.items() if key != "title"}
