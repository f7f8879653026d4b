"""The connection on which revisions run one after the other, as env.py and the project have it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from guard.context import Setting
from guard.operations import SetOption
from guard.reader import EnvPy
from guard.server import Server

_OFF = ("0", "off", "false", "no")


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """How revisions share a connection.

    `autocommit`: its isolation level is AUTOCOMMIT, so that nothing begins a transaction on it;
    what that is of a connection that is `handed_over` to env.py, nobody sees.
    `transactional_ddl` is None where Alembic decides, by the dialect. `settings` are in force when
    the first revision begins, and a RESET leads back to the `defaults`.
    """

    autocommit: bool = False
    handed_over: bool = False
    transaction_per_migration: bool = False
    transactional_ddl: bool | None = None
    defaults: Mapping[str, Setting] = {}
    settings: Mapping[str, Setting] = {}

    def takes_ddl_back(self, server: Server) -> bool:
        """Return whether a transaction around the revision takes DDL back where that fails."""
        if server.is_mysql or self.transactional_ddl is None:
            return not (server.is_mysql or server.dialect == "sqlite")
        return self.transactional_ddl

    def shares_transaction(self, server: Server) -> bool:
        """Return whether revisions that run together run in one transaction.

        Where the server takes no DDL back, Alembic begins one for each.
        """
        takes_back = self.transactional_ddl
        if takes_back is None:
            takes_back = self.takes_ddl_back(server)
        return takes_back and not self.transaction_per_migration and not self.autocommit


def connection_of(env_py: EnvPy, server: Server, lock_timeout: str | None) -> Connection:
    """Return the connection that env.py makes; `lock_timeout` is what the project says of it."""
    defaults = {name: _session(value) for name, value in env_py.settings.items()}
    if lock_timeout is not None:
        name = "lock_wait_timeout" if server.is_mysql else "lock_timeout"
        defaults[name] = _session(lock_timeout)
    executed = (o for statement in env_py.statements for o in statement.operations)
    settings: dict[str, Setting] = {}
    for operation in executed:
        match operation:
            case SetOption(value=str(value), scope="session" | "local"):
                name = operation.name.lower()
                # An env.py that has SQLite's foreign keys off has them on again afterwards.
                known = name in settings or name in env_py.settings
                if name != "foreign_keys" or value.lower() in _OFF or not known:
                    settings[name] = _session(value)
    return Connection(
        autocommit=env_py.autocommit,
        handed_over=env_py.handed_over,
        transaction_per_migration=env_py.transaction_per_migration,
        transactional_ddl=env_py.transactional_ddl,
        defaults=defaults,
        settings=settings,
    )


def _session(value: str) -> Setting:
    return Setting(value=value, scope="session")
