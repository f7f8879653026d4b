"""Flask-SQLAlchemy: it hands on SQLAlchemy's names, and names the tables of its models."""

from __future__ import annotations

import re

from guard.reader.evaluate.run import Base, Library, Run
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Class, Value
from guard.reader.libraries.sqlalchemy.mapped import DECLARATIVE
from guard.reader.libraries.sqlalchemy.names import in_package


def _table_name(run: Run, cls: Class, given: Value | None) -> Value | None:
    """Return the name of the class in snake case, where it gives none."""
    snake = re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", cls.name)
    return given or Text.of(snake.lower().lstrip("_"))


LIBRARY = Library(
    names=in_package("flask_sqlalchemy"),
    kept=frozenset({"SQLAlchemy"}),
    bases={
        "flask_sqlalchemy.*.SQLAlchemy": Base(columns=DECLARATIVE.columns, table_name=_table_name)
    },
    bare=frozenset({"Model"}),
)
