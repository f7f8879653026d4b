"""What PostgreSQL said of a statement, whichever driver hands it on."""

from __future__ import annotations

import re
from typing import Any

from .said import Said

# SQLSTATEs that say what another value than a made-up one could well have passed.
_OF_VALUES = ("22007", "22008", "22P02", "22P03")
_JSON = "2203"
# What its functions say of JSON in another shape, or of text in another encoding, by one SQLSTATE
# that also tells of wrong arguments.
_PARAMETER = "22023"
_OF_SHAPE = re.compile(
    r"cannot (?:call \w+ on an? |cast jsonb |deconstruct an? |delete (?:from|path in) "
    r"|extract elements|get array length of |replace existing key|set path in )|hexadecimal digit"
    r"|must be an array of objects|while decoding"
)
# What a server was built or installed without, and what a migration then misses.
_LACKS = (
    (r'extension "([^"]+)" (?:is not available|has no installation script)', "extension {0}"),
    (r'could not open extension control file "[^"]*/([^/"]+)\.control"', "extension {0}"),
    (r'could not access file "(?:\$libdir/)?([^"/]+)"', "library {0}"),
    (r"(ICU) is not supported in this build", "{0}"),
    (r'locale provider "(\w+)"|provider \'?(icu|builtin)\'? (?:is )?not', "{0}"),
    (r'type "(?:\w+\.)?(geometry|geography|vector|halfvec|sparsevec|raster)" does not exist',
     "an extension with the type {0}"),
    (r'operator class "(gin_trgm_ops|gist_trgm_ops|vector_\w+)" does not exist',
     "an extension with {0}"),
    (r'text search configuration "([^"]+)" does not exist', "the text search configuration {0}"),
)  # fmt: skip


def said_by_postgresql(error: BaseException) -> Said | None:
    """Return what the server said; None where the error is not one of its drivers'."""
    told: Any = getattr(error, "diag", None)
    if told is not None:  # psycopg, psycopg2
        code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        return _said(code, told.message_primary, told.message_detail)
    told = error.args[0] if error.args else None
    if isinstance(told, dict) and "M" in told:  # pg8000
        return _said(told.get("C"), told["M"], told.get("D"))
    cause = error.__cause__ or error
    if hasattr(cause, "sqlstate") and hasattr(cause, "message"):  # asyncpg
        return _said(cause.sqlstate, cause.message, getattr(cause, "detail", None))
    return None


def _said(code: Any, message: Any, detail: Any) -> Said | None:
    if not message:
        return None
    text = f"{message} ({detail.rstrip('.')})" if detail else str(message)
    code = str(code or "")
    of_a_value = code in _OF_VALUES or code.startswith(_JSON)
    of_a_value = of_a_value or (code == _PARAMETER and bool(_OF_SHAPE.search(text)))
    return Said(text, of_a_value, _lacks(text))


def _lacks(text: str) -> str | None:
    for pattern, what in _LACKS:
        found = re.search(pattern, text)
        if found:
            return what.format(*filter(None, found.groups()))
    return None
