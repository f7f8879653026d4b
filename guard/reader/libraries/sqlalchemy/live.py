"""The objects through which SQLAlchemy reaches a database; they exist at run time only."""

from __future__ import annotations

from typing import ClassVar

from guard.operations import Name
from guard.reader.evaluate.values import Live, Unknown


class Connection(Live, frozen=True):
    """A connection; also the engine.

    `own`: not the one that the revision runs on; `autocommit`: and outside of any transaction.
    """

    own: bool = False
    autocommit: bool = False
    reaches_database: ClassVar[bool] = True
    code: ClassVar[str] = "bind"


class Cursor(Live, frozen=True):
    """A raw DBAPI connection or cursor."""

    reaches_database: ClassVar[bool] = True
    code: ClassVar[str] = "cursor"


class Session(Live, frozen=True):
    """A session of the ORM."""

    reaches_database: ClassVar[bool] = True
    code: ClassVar[str] = "session"


class Rows(Unknown, frozen=True):
    """The objects of every row of a table, as a query of the ORM answers."""

    table: Name = Name("?")


class Row(Unknown, frozen=True):
    """Each of these in turn; `depth`: how many conditions hold where it is any of them."""

    table: Name = Name("?")
    depth: int = 0


class Inspector(Live, frozen=True):
    """It reads the catalogue, and changes nothing."""

    code: ClassVar[str] = "inspector"


class DialectObject(Live, frozen=True):
    """The dialect of a connection."""

    code: ClassVar[str] = "dialect"
