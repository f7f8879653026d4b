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
    """The objects of a table, as a query of the ORM answers; `whole`: of every row."""

    table: Name = Name("?")
    whole: bool = True
    where: str = "{key}"


class Row(Unknown, frozen=True):
    """One of these, or each in turn; what is assigned to it is written when the session is flushed.

    `depth`: how many conditions hold where it is any row of the table, -1 where it is only some, of
    which `where` is true.
    """

    table: Name = Name("?")
    depth: int = -1
    where: str = "{key}"


class Related(Unknown, frozen=True):
    """What an attribute of such an object holds: a value, or the objects that belong to it."""


class Inspector(Live, frozen=True):
    """It reads the catalogue, and changes nothing."""

    code: ClassVar[str] = "inspector"


class DialectObject(Live, frozen=True):
    """The dialect of a connection."""

    code: ClassVar[str] = "dialect"
