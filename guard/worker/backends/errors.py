"""What a server said of a statement, whichever server and driver."""

from __future__ import annotations

from .mysql_errors import said_by_mysql
from .postgresql_errors import said_by_postgresql
from .said import Said


def said_by_server(error: BaseException) -> Said | None:
    """Return what the server said; None where the error is not one of a server's driver."""
    return said_by_postgresql(error) or said_by_mysql(error)
