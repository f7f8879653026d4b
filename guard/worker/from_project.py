"""What the project itself puts on the scratch database: the tables to start from, and rows."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from .causes import headline, lacking, place_outside_libraries
from .channel import FatalError
from .sqltext import statements

_AS_WRITTEN = {"no_parameters": True}  # a `%` is one, whatever the driver's placeholders are


def make_tables(given: str, connection: Connection) -> None:
    """Make them, by a `.sql` file or by "package.module:function"; raise FatalError.

    The function is called with the connection, unless it takes no argument.
    """
    try:
        if given.endswith(".sql"):
            _run_file(Path(given), connection)
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


class Rows:
    """The project's own rows: a folder of SQL, a file for a revision, or a function."""

    def __init__(self, given: str, revisions: Iterable[str]) -> None:
        """Raise FatalError where a file of the folder is called like no revision."""
        self._given = given
        self._files: dict[str, Path] = {}
        if ":" not in given or Path(given).is_dir():
            self._files = {file.stem: file for file in sorted(Path(given).glob("*.sql"))}
        for name in sorted(self._files.keys() - set(revisions)):
            raise FatalError(
                f"rows = {given!r} holds {name}.sql, and no revision is called {name}.",
                "name the file after the revision before whose upgrade its rows are put in",
                path=str(self._files[name]),
            )

    def put(self, revision: str, connection: Connection) -> None:
        """Put in what is there for the upgrade of this revision; raise FatalError."""
        file = self._files.get(revision)
        try:
            if file is not None:
                _run_file(file, connection)
            elif not self._files:
                _call(self._given, connection, revision)
        except Exception as error:
            raise FatalError(
                f"rows = {self._given!r} cannot put its rows in before {revision}: "
                f"{headline(error)}.",
                "put in what the tables can hold that the revisions before it make",
                lacking=lacking(error),
                **({"path": str(file)} if file else place_outside_libraries(error)),
            ) from error


def _run_file(file: Path, connection: Connection) -> None:
    for sql in statements(file.read_text(encoding="utf-8")):
        connection.exec_driver_sql(sql, None, _AS_WRITTEN)


def _call(given: str, *arguments: Any) -> None:
    """Call a function with as many of the arguments as it takes."""
    module, _, attributes = given.partition(":")
    value: Any = __import__(module, fromlist=["_"])
    for attribute in attributes.split("."):
        value = getattr(value, attribute)
    takes = [
        parameter
        for parameter in inspect.signature(value).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    several = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in takes)
    value(*(arguments if several else arguments[: len(takes)]))
