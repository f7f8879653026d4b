"""The tables that a history starts from: made by SQL or by a function of the project."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from .causes import headline, lacking, place_outside_libraries
from .channel import FatalError
from .sqltext import statements


def make_tables(given: str, connection: Connection) -> None:
    """Make them, by a `.sql` file or by "package.module:function"; raise FatalError.

    The function is called with the connection, unless it takes no argument.
    """
    try:
        if given.endswith(".sql"):
            for sql in statements(Path(given).read_text(encoding="utf-8")):
                connection.exec_driver_sql(sql)
        else:
            _call(given, connection)
    except Exception as error:
        raise FatalError(
            f"initial-schema = {given!r} cannot make its tables: {headline(error)}.",
            'write it as "schema.sql" or as "package.module:function", a function that makes on '
            "the connection it is given what the first revision finds",
            lacking=lacking(error),
            **place_outside_libraries(error),
        ) from error


def _call(given: str, connection: Connection) -> None:
    module, _, attributes = given.partition(":")
    value: Any = __import__(module, fromlist=["_"])
    for attribute in attributes.split("."):
        value = getattr(value, attribute)
    takes = [
        parameter
        for parameter in inspect.signature(value).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    if takes:
        value(connection)
    else:
        value()
