"""The names that a MetaData gives to what has none: its naming convention."""

from __future__ import annotations

import re

from guard.operations import Name
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import DottedName, Mapping, Value
from guard.reader.libraries.sqlalchemy.registries import option

Convention = dict[str, str]
DEFAULT: Convention = {"ix": "ix_%(column_0_label)s"}
MAX_LENGTH = 60  # of a name that no server cuts


def convention_of(metadata: Value | None) -> Convention | None:
    """Return the patterns of names by kind ("ix", "uq"), None where they are not known."""
    given = option(metadata, "naming_convention")
    if given is None:
        return None if metadata is None or isinstance(metadata, DottedName) else DEFAULT
    if not isinstance(given, Mapping) or not given.is_whole:
        return None
    patterns = {str(key): value for key, (_, value) in given.pairs.items()}
    if not all(isinstance(value, Text) and value.known for value in patterns.values()):
        return None
    return {key: value.plain for key, value in patterns.items() if isinstance(value, Text)}


def made_name(
    convention: Convention | None, kind: str, table: Name, columns: tuple[str, ...]
) -> str | None:
    """Return the name of an index ("ix") or constraint on the columns; None if it is not known."""
    pattern = (convention or {}).get(kind)
    if pattern is None or not columns or not all(re.fullmatch(r"\w+", c) for c in columns):
        return None
    label = "_".join(filter(None, (table.schema, table.name)))
    parts = {"table_name": table.name}
    for number, column in enumerate(columns):
        parts |= {f"column_{number}_{what}": column for what in ("name", "key")}
        parts[f"column_{number}_label"] = f"{label}_{column}"
    for joint, between in (("0N", ""), ("0_N", "_")):
        parts |= {f"column_{joint}_{what}": between.join(columns) for what in ("name", "key")}
        parts[f"column_{joint}_label"] = between.join(f"{label}_{column}" for column in columns)
    try:
        name = pattern % parts
    except (KeyError, ValueError, TypeError):
        return None
    return name if len(name) <= MAX_LENGTH else None
