"""The DBAPI driver of the standard library."""

from __future__ import annotations

from guard.reader.evaluate.run import Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import Construct, Value
from guard.reader.libraries.sqlalchemy.live import Cursor


def _cursor(run: Run, receiver: Construct, name: str, call: Call) -> Value | None:
    """`sqlite3.connect(path).cursor()`: whatever it executes, it executes on a database."""
    return Cursor() if name == "cursor" and receiver.path.startswith("sqlite3") else None


LIBRARY = Library(methods={Construct: _cursor})
