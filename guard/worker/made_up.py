"""Whether an error comes of a value that guard made up, and not of the revision or of a NULL.

Whatever a revision's own code makes of a value may fail over one that no application would write:
what it raises then, of its own or of a library's accord, says nothing of real rows. What is wrong
with the code, whatever the value, is the revision's.
"""

from __future__ import annotations

import re

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from .backends.errors import said_by_server
from .channel import FatalError
from .fence import RefusedError

_VALUES = "str|int|float|bool|bytes|dict|list|tuple|date|datetime|time|timedelta|Decimal|UUID"
# NULL is no invention: the column allows it.
_NULL = re.compile(r"NoneType|^None$|: '?None'?$")
_ATTRIBUTE_OF_A_VALUE = re.compile(rf"'(?:{_VALUES})' object has no attribute")
# A wrong call, and what is no value but an object of SQLAlchemy or of the project.
_OF_CODE = re.compile(
    r"(?:positional|keyword|required)(?:-only)? argument|not callable|"
    r"takes (?:no|exactly|at (?:least|most)|from) .*argument|"
    r"locate column in row|'\w*(?:Row|Table|Column|Result|Connection|module)\w*' object"
)
_DATABASE = re.compile(r"malformed JSON|bad JSON path|JSON path error|invalid input syntax")
_NEVER = (
    NameError, ImportError, NotImplementedError, RecursionError, OSError, SystemError, MemoryError,
    SQLAlchemyError, CommandError, FatalError, RefusedError,
)  # fmt: skip


def is_of_made_up_rows(error: BaseException) -> bool:
    """Return whether another value than the made-up one could well have passed."""
    if isinstance(error, StatementError) and error.orig is not None:
        if isinstance(error, DBAPIError):
            said = said_by_server(error.orig)
            return said.of_a_value if said else bool(_DATABASE.search(str(error.orig)))
        error = error.orig
    words = str(error)
    if not isinstance(error, Exception) or isinstance(error, _NEVER) or _NULL.search(words):
        return False
    if type(error).__module__.partition(".")[0] == "sqlite3":
        return bool(_DATABASE.search(words))
    if isinstance(error, AttributeError):
        return bool(_ATTRIBUTE_OF_A_VALUE.search(words))
    if isinstance(error, SyntaxError):
        return error.filename in (None, "<unknown>", "<string>")  # of ast.literal_eval or eval
    return not _OF_CODE.search(words)
