"""Which things of two schemas are the same one, and whether one was changed for certain.

What may be two spellings of one thing (of a type, a default, a CHECK) is no change.
"""

from __future__ import annotations

import re

from guard.operations import Default, Type
from guard.schema.describe import column_text, constraint_text, object_text
from guard.schema.model import EnumType, Index, Object, Other, StoredColumn, StoredConstraint, View
from guard.server import fold, is_mysql
from guard.sql.tokens import words

Part = StoredColumn | StoredConstraint | Index | Other

# Names of types; those in one row may be one type, depending on the server or on who wrote it.
_SPELLINGS: tuple[tuple[str, ...], ...] = (
    ("double", "float", "real"),
    ("blob", "bytea", "binary", "varbinary", "longblob", "mediumblob"),
    ("datetime", "timestamp"),
    ("boolean", "tinyint"),
    ("json", "text", "longtext"),
    ("uuid", "char"),
)
_PLAIN = words(
    "integer bigint smallint tinyint mediumint boolean numeric real double float varchar char text "
    "tinytext mediumtext longtext bytea blob longblob mediumblob binary varbinary date time "
    "timestamp datetime interval json jsonb uuid xml inet enum"
)
_DEFAULTS = {
    "true": "1",
    "false": "0",
    "now()": "current_timestamp",
    "current_timestamp()": "current_timestamp",
}


def alike(one: Part, other: Part, dialect: str | None) -> bool:
    """Return whether the two are the same column, key, index or trigger of a table."""
    match one, other:
        case StoredColumn(), StoredColumn():
            return fold(one.name, dialect) == fold(other.name, dialect)
        case Other(), Other():
            names = fold(one.name.name, dialect), fold(other.name.name, dialect)
            return one.object_type == other.object_type and names[0] == names[1]
        case (StoredConstraint() | Index(), StoredConstraint() | Index()):
            return _key_alike(one, other, dialect)
    return False


def _key_alike(
    one: StoredConstraint | Index, other: StoredConstraint | Index, dialect: str | None
) -> bool:
    """Return whether they are on the same columns, under one name or one that a server made up.

    What a constraint is called tells little, since a naming convention may have had its say.
    """
    columns = _folded(one.columns, dialect), _folded(other.columns, dialect)
    if isinstance(one, Index) and isinstance(other, Index):
        if one.name is None or other.name is None:
            return columns[0] == columns[1]
        same = fold(one.name, dialect) == fold(other.name, dialect)
        return same and (not all(columns) or columns[0] == columns[1])
    if isinstance(one, Index) or isinstance(other, Index):
        unique = dialect != "postgresql" and _is_unique(one) and _is_unique(other)
        return unique and set(columns[0]) == set(columns[1])
    if one.type == other.type == "check" and one.name and one.name == other.name:
        return True
    return one.type == other.type and set(columns[0]) == set(columns[1])


def _is_unique(part: StoredConstraint | Index) -> bool:
    return part.unique if isinstance(part, Index) else part.type in ("unique", "primary key")


def _folded(names: tuple[str, ...], dialect: str | None) -> list[str]:
    """Return the columns as they are compared: without sorting and lengths of prefixes."""
    plain = (re.sub(r"(?i)\s*\(\d+\)|\s+(asc|desc)\b.*", "", name) for name in names)
    return [re.sub(r'[\s"`()]', "", fold(name, dialect)).lower() for name in plain]


def changed_column(
    old: StoredColumn, new: StoredColumn, dialect: str | None
) -> tuple[str, str] | None:
    """Return the column in words before and after, where it surely is another one."""
    changed = (
        old.nullable != new.nullable
        or _other_type(old.type, new.type, dialect)
        or _other_default(old.default, new.default)
    )
    return (column_text(old), column_text(new)) if changed else None


def _other_type(old: Type | None, new: Type | None, dialect: str | None) -> bool:
    if old is None or new is None or old.variants or new.variants:
        return False
    if dialect == "postgresql" and old.enum_name and new.enum_name:
        return old.enum_name.name != new.enum_name.name
    if not {old.name, new.name} <= _PLAIN:
        return False
    if old.name != new.name:
        return not any({old.name, new.name} <= set(row) for row in _SPELLINGS)
    numbers = zip(
        (old.length, old.precision, old.scale),
        (new.length, new.precision, new.scale),
        strict=True,
    )
    if any(None not in pair and pair[0] != pair[1] for pair in numbers):
        return True
    if is_mysql(dialect) and old.values is not None and new.values is not None:
        return old.values != new.values
    zones = dialect == "postgresql" and old.timezone != new.timezone
    return old.array != new.array or zones


def _other_default(old: Default | None, new: Default | None) -> bool:
    texts = _plain_default(old), _plain_default(new)
    if any(text is None or text.startswith("nextval(") for text in texts):
        return False  # not read, or a counter
    return texts[0] != texts[1]


def _plain_default(default: Default | None) -> str | None:
    """Return the SQL without quotes, casts and parentheses; None where it was not read."""
    text = default.sql if default else "null"
    if text is None:
        return None
    text = text.strip()
    text = re.sub(r"::[\w\s]+(\(\d+\))?(\[\])?$", "", text)
    text = re.sub(r"^[\s(]*'?|'?[\s)]*$", "", text.replace("()", "\0")).replace("\0", "()")
    return _DEFAULTS.get(text.lower(), text.lower())


def changed_object(old: Object, new: Object) -> tuple[str, str] | None:
    """Return the object in words before and after, where it surely is another one."""
    if isinstance(old, EnumType) and isinstance(new, EnumType):
        if old.values is None or new.values is None or set(old.values) == set(new.values):
            return None
    elif isinstance(old, View) and isinstance(new, View):
        if old.columns is None or new.columns is None or old.columns == new.columns:
            return None
    else:
        return None
    return object_text(old), object_text(new)


def changed_constraint(
    old: StoredConstraint, new: StoredConstraint, dialect: str | None
) -> tuple[str, str] | None:
    """Return what the constraint demands before and after, where that surely is something else."""
    lax = {"no action", "restrict"} if is_mysql(dialect) else set()
    actions = {(part.on_delete or "no action").lower() for part in (old, new)}
    other_action = len(actions) > 1 and not actions <= lax
    if not other_action and _values_in(old.sql) == _values_in(new.sql):
        return None
    return constraint_text(old), constraint_text(new)


def _values_in(check: str | None) -> set[str]:
    """Return the texts and numbers in a CHECK, which no other spelling of it leaves out."""
    return set(re.findall(r"'(?:[^']|'')*'|\b\d+\b", check or ""))
