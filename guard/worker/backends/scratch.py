"""The scratch databases of a run, on the server that guard chose for it."""

from __future__ import annotations

from typing import Any, Callable

from ..fence import Fence
from .mysql_wire import Address as MysqlAddress
from .postgresql_wire import Address as PostgresqlAddress
from .protocol import Scratch


def scratch_databases(
    request: dict[str, Any], fence: Fence, note: Callable[[str], None]
) -> Scratch:
    """Return those of a request, and let the fence pass what connects to their server.

    `note` is told what the user should know. The project's interpreter imports no more dialects
    than one.
    """
    given = request["server"]
    if given is None:
        from .sqlite_engines import SqliteScratch

        return SqliteScratch(request["folder"], fence)
    fence.allow(given["address"]["host"], given["address"]["port"])
    if given["kind"] == "postgresql":
        from .postgresql import PostgresqlServer
        from .postgresql_engines import PostgresqlScratch

        address = PostgresqlAddress(**given["address"])
        server = PostgresqlServer(address, given["prefix"], given["maintenance"], given["made"])
        return PostgresqlScratch(server, fence, given["drivers"], note)
    from .mysql import MysqlServer
    from .mysql_engines import MysqlScratch

    of_mysql = MysqlServer(
        MysqlAddress(**given["address"]), given["prefix"], given["product"], given["made"]
    )
    return MysqlScratch(of_mysql, fence, given["drivers"], note)
