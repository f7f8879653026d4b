"""What MariaDB or MySQL said of a statement, whichever driver hands it on."""

from __future__ import annotations

import re
from typing import Any

from .said import Said

_DRIVERS = ("pymysql", "MySQLdb", "aiomysql", "asyncmy", "mysql", "mariadb", "cymysql")
# Numbers of errors that say what another value than a made-up one could well have passed: wrong
# for a number or a date, no JSON (MySQL's and MariaDB's).
_OF_VALUES = {1292, 1366, 1411, 3140, 3141, 3143, 3144, 3146, 3147, 3156, 4036, 4037, 4038, 4042}
# What the role of a run may not: other databases, and what concerns the whole server.
_DENIED = {1044, 1142, 1143, 1227, 1370, 1410, 1419}
_SCRATCH = re.compile(r"`?guard_scratch_\d+_\d+_\d+`?\.")  # as users write it: nothing
_UNKNOWN = {
    1115: r"character set: '(\w+)'",
    1193: r"system variable '(\w+)'",
    1273: r"collation: '(\w+)'",
    1286: r"storage engine '(\w+)'",
}
_WORDS = {1115: "character set", 1193: "variable", 1273: "collation", 1286: "storage engine"}
# What MySQL knows and MariaDB does not, where a syntax error begins, and its functions.
_OF_MYSQL = re.compile(
    r"near '((?:->>?|\(\(|(?:IN)?VISIBLE\b|LATERAL\b|MEMBER\b|SRID\b|CHECK\b)[^']{0,20})"
)
_FUNCTIONS = re.compile(
    r"FUNCTION (\w*(?:uuid_to_bin|bin_to_uuid|json_\w+|regexp_like|st_\w+|any_value|is_uuid))\b",
    re.IGNORECASE,
)


_PARENT = re.compile(r"REFERENCES\s+[`\"]?(?:\w+[`\"]?\.[`\"]?)?(\w+)", re.IGNORECASE)


_ALTERED = re.compile(r"\s*ALTER\s+TABLE\s+[`\"]?(?:\w+[`\"]?\.[`\"]?)?(\w+)", re.IGNORECASE)
_COPY = re.compile(r"`#sql[\w-]*`")  # what the server calls the table while it rebuilds it


def with_tables(text: str, statement: str) -> str:
    """Return a message with the tables that MariaDB leaves out: of the ALTER, and of its key."""
    if altered := _ALTERED.match(statement):
        text = _COPY.sub(f"`{altered[1]}`", text)
    parents = {*_PARENT.findall(statement)} if "errno: 150" in text else set()
    return f"{text}, which refers to table '{parents.pop()}'" if len(parents) == 1 else text


def said_by_mysql(error: BaseException) -> Said | None:
    """Return what the server said; None where the error is not one of its drivers'."""
    if type(error).__module__.partition(".")[0] not in _DRIVERS:
        return None
    code: Any = getattr(error, "errno", None) or (error.args[0] if error.args else None)
    message: Any = getattr(error, "msg", None) or (error.args[1] if error.args[1:] else None)
    if not isinstance(code, int) or not isinstance(message, str):
        return None
    text = _SCRATCH.sub("", message)
    denied = f"guard refused what reaches beyond the scratch database ({text})"
    return Said(text, code in _OF_VALUES, _lacks(code, text), denied if code in _DENIED else "")


def _lacks(code: int, text: str) -> str | None:
    if code in _UNKNOWN:
        found = re.search(_UNKNOWN[code], text)
        return f"the {_WORDS[code]} {found[1]}" if found else None
    if code == 1064:
        found = _OF_MYSQL.search(text)
        return f"the syntax at {found[1]!r}" if found else None
    found = _FUNCTIONS.search(text) if code in (1128, 1305) else None
    return f"the function {found[1]}" if found else None
