"""Every engine the project makes, from whatever URL, sync or async, is the scratch database's."""

from __future__ import annotations

import sys
from typing import Any

import sqlalchemy
from sqlalchemy.engine.url import make_url

from .backends.protocol import Scratch
from .schemas import Schemas

# Drivers that `create_engine` may be given and that only an AsyncEngine can use.
ASYNC_DRIVERS = (
    "aiomysql",
    "aioodbc",
    "aiosqlite",
    "asyncmy",
    "asyncpg",
    "oracledb_async",
    "psycopg_async",
)
# What of an engine's settings means the same on the scratch database.
KEPT = (
    "connect_args",
    "echo",
    "enable_from_linting",
    "execution_options",
    "future",
    "hide_parameters",
    "insertmanyvalues_page_size",
    "isolation_level",
    "json_deserializer",
    "json_serializer",
    "label_length",
    "logging_name",
    "query_cache_size",
)


def redirect(scratch: Scratch, schemas: Schemas) -> None:
    """Make every way in which SQLAlchemy makes an engine lead to `scratch`.

    The engines' dialects believe that each of `schemas` is there.
    """
    make = sqlalchemy.create_engine

    def engine(url: Any, wait: bool, settings: dict[str, Any]) -> Any:
        url = make_url(url)
        wait = wait or url.drivername.rpartition("+")[2] in ASYNC_DRIVERS
        kept = {key: settings[key] for key in KEPT if key in settings}
        if "future" in kept:
            kept["future"] = str(kept["future"]).lower() in ("true", "1", "yes", "on")
        if isinstance(kept.get("echo"), str):
            kept["echo"] = kept["echo"].lower() in ("true", "1", "yes", "on", "debug")
        made = scratch.engine(make, url, wait, kept)
        really = made.dialect.get_schema_names

        def get_schema_names(*arguments: Any, **named: Any) -> list[str]:
            return [*really(*arguments, **named), *schemas.names]

        made.dialect.get_schema_names = get_schema_names
        return made

    def create_engine(url: Any, **settings: Any) -> Any:
        return engine(url, settings.pop("_is_async", False), settings)

    _replace(make, create_engine)  # which create_async_engine calls, loaded now or later


def _replace(old: Any, new: Any) -> None:
    """Put `new` wherever a module of SQLAlchemy holds `old`."""
    new.__doc__ = old.__doc__
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "sqlalchemy":
            for attribute, value in list(vars(module).items()):
                if value is old:
                    setattr(module, attribute, new)
