"""The members that revisions give to their enum columns: a database without enums forgets them."""

from __future__ import annotations

from typing import Any, Callable

import sqlalchemy
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler

_BATCH = "_alembic_tmp_"


class Members:
    """The members last written for each (table, column)."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], tuple[str, ...]] = {}

    def install(self) -> None:
        """Hear every column that is written into a CREATE TABLE or ADD COLUMN."""
        really: Callable[..., str] = SQLiteDDLCompiler.get_column_specification

        def get_column_specification(compiler: Any, column: Any, **named: Any) -> str:
            if isinstance(column.type, sqlalchemy.Enum) and column.table is not None:
                table = str(column.table.name)
                table = table[len(_BATCH) :] if table.startswith(_BATCH) else table
                if column.type.enums:  # else it names a type that is made elsewhere
                    self.known[table, str(column.name)] = tuple(column.type.enums)
            return really(compiler, column, **named)

        name = get_column_specification.__name__
        setattr(SQLiteDDLCompiler, name, get_column_specification)
