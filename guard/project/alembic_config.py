"""What an alembic.ini or a [tool.alembic] table says about where revisions are.

The values mean what they mean to Alembic (`alembic.config`, 1.9 to 1.20): the ini file first, the
pyproject.toml beside it for what the ini leaves out, `%(here)s`, and the three ways to write lists.
"""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from guard.errors import GuardError
from guard.paths import read_text
from guard.patterns import lazy_re
from guard.project.file_names import FileNames, read_file_names
from guard.toml import parse_toml

SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
LEGACY_LOCATIONS = lazy_re(r", *|(?: +)")
LEGACY_SYS_PATH = lazy_re(r", *|(?: +)|\:")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """One section's settings, interpolated and split. `script_location` None: the file's folder."""

    path: Path
    section: str = "alembic"
    script_location: str | None
    version_locations: tuple[str, ...] = ()
    recursive: bool = False
    sourceless: bool = False  # Alembic loads compiled revisions as well
    prepend_sys_path: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    file_names: FileNames = FileNames()


def read_options(path: Path, text: str | None = None) -> tuple[Options, ...]:
    """Return the sections of an ini, or the [tool.alembic] table of a pyproject.toml.

    `text` stands in for the file. Raises GuardError.
    """
    if path.name == "pyproject.toml":
        return _from_toml(path, _toml_table(path, text))
    return _from_ini(path, _read(path) if text is None else text)


def _from_toml(path: Path, table: dict[str, Any]) -> tuple[Options, ...]:
    if "script_location" not in table:
        return ()
    get = _toml_getter(path, table)
    return (
        Options(
            path=path,
            script_location=get("script_location"),
            version_locations=tuple(get("version_locations") or ()),
            recursive=table.get("recursive_version_locations") is True,
            sourceless=table.get("sourceless") is True,
            prepend_sys_path=tuple(get("prepend_sys_path") or ()),
            file_names=read_file_names(_lenient(path, table)),
        ),
    )


def _from_ini(path: Path, text: str) -> tuple[Options, ...]:
    parser = configparser.ConfigParser({"here": path.parent.as_posix()})
    own = configparser.RawConfigParser(default_section="\0")  # a section's keys, not the defaults'
    try:
        parser.read_string(text, str(path))
        own.read_string(text)
    except configparser.Error as error:
        raise GuardError(f"{path}: not a valid ini file: {_one_line(error)}") from None
    names = [
        name
        for name in parser.sections()
        if own.has_option(name, "script_location")
        or own.has_option(name, "version_locations")
        or name == "alembic"
    ]
    sections = (_section(path, parser, name) for name in names)
    return tuple(options for options in sections if options is not None)


def _section(path: Path, parser: configparser.ConfigParser, section: str) -> Options | None:
    def get(key: str) -> str | None:
        try:
            return parser.get(section, key, fallback=None)
        except configparser.Error as error:
            raise GuardError(
                f"{path}: {key} of [{section}] cannot be interpolated: {_one_line(error)}"
            ) from None

    location = get("script_location")
    toml = path.with_name("pyproject.toml")
    if location is None and toml.is_file():
        from_toml = _from_toml(toml, _toml_table(toml, None))
        if from_toml:
            return None  # that file declares it
    if location is None and not path.with_name("env.py").is_file():
        return None
    if location is not None and "{" in location:
        return None  # a template that the application fills in before Alembic sees it

    where = f"of [{section}] in {path}"
    return Options(
        path=path,
        section=section,
        script_location=location,
        version_locations=_split(where, get, "version_locations", LEGACY_LOCATIONS),
        recursive=get("recursive_version_locations") == "true",
        sourceless=get("sourceless") == "true",
        prepend_sys_path=_split(where, get, "prepend_sys_path", LEGACY_SYS_PATH),
        databases=tuple(name for name in re.split(r",\s*", get("databases") or "") if name),
        file_names=read_file_names(_written(parser, section)),
    )


def _written(parser: configparser.ConfigParser, section: str) -> Callable[[str], str | None]:
    """Return how to get a setting that only the writing of files needs: None for a wrong one."""

    def get(key: str) -> str | None:
        try:
            return parser.get(section, key, fallback=None)
        except configparser.Error:
            return None

    return get


def _split(
    where: str, get: Callable[[str], str | None], key: str, legacy: re.Pattern[str]
) -> tuple[str, ...]:
    value = get(key)
    if not value:
        return ()
    separators = ["path_separator"]
    if key == "version_locations":
        separators.append("version_path_separator")
    name = next((name for name in separators if get(name) is not None), None)
    if name is None:
        return tuple(part for part in legacy.split(value) if part.strip())
    written = get(name) or ""
    if written not in SEPARATORS:
        raise GuardError(
            f"{name} {written!r} {where} must be one of space, newline, os, : or ; "
            "(a comment on the same line counts as part of it)"
        )
    return tuple(part.strip() for part in value.split(SEPARATORS[written]) if part.strip())


def _toml_table(path: Path, text: str | None) -> dict[str, Any]:
    try:
        table = parse_toml(_read(path) if text is None else text).get("tool", {})
        table = table.get("alembic", {})
    except (tomllib.TOMLDecodeError, AttributeError) as error:
        raise GuardError(f"{path}: not valid TOML: {error}") from None
    if not isinstance(table, dict):
        raise GuardError(f"{path}: [tool.alembic] must be a table")
    return table


def _toml_getter(path: Path, table: dict[str, Any]) -> Callable[[str], Any]:
    values = {"here": path.parent.as_posix()}

    def get(key: str) -> Any:
        value = table.get(key)
        expected = str if key == "script_location" else list
        if value is not None and not isinstance(value, expected):
            kind = "a string" if expected is str else "a list"
            raise GuardError(f"{path}: {key} of [tool.alembic] must be {kind}")
        try:
            if isinstance(value, list):
                return [entry % values for entry in value]
            return value % values if value is not None else None
        except (KeyError, ValueError, TypeError) as error:
            raise GuardError(
                f"{path}: {key} of [tool.alembic] cannot be interpolated: {error}"
            ) from None

    return get


def _lenient(path: Path, table: dict[str, Any]) -> Callable[[str], Any]:
    """Return the same of a [tool.alembic] table."""

    def get(key: str) -> Any:
        value = table.get(key)
        try:
            return value % {"here": path.parent.as_posix()} if isinstance(value, str) else value
        except (KeyError, ValueError, TypeError):
            return None

    return get


def _read(path: Path) -> str:
    try:
        return read_text(path, "utf-8-sig")
    except UnicodeDecodeError as error:
        raise GuardError(f"{path}: not UTF-8: {error}") from None
    except OSError as error:
        raise GuardError(f"{path}: cannot be read: {error.strerror}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
