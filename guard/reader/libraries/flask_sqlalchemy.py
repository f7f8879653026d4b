"""Flask-SQLAlchemy: it hands on SQLAlchemy's names, and names the tables of its models."""

from __future__ import annotations

import re

from guard.operations import Delete, Name
from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Base, Example, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Class, Construct, Value
from guard.reader.libraries.sqlalchemy.live import Session
from guard.reader.libraries.sqlalchemy.mapped import DECLARATIVE
from guard.reader.libraries.sqlalchemy.names import in_package


def _table_name(run: Run, cls: Class, given: Value | None) -> Value | None:
    """Return the name of the class in snake case, where it gives none."""
    snake = re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", cls.name)
    return given or Text.of(snake.lower().lstrip("_"))


def _is_extension(value: Construct) -> bool:
    """Return whether it is the `db` of `db = SQLAlchemy()`, also of a class of the project's."""
    bases = classes.bases_of(value.receiver) if isinstance(value.receiver, Class) else ()
    return any(name.rpartition(".")[2] in _EXTENSIONS for name in (value.path, *bases))


def _method(run: Run, receiver: Construct, name: str, call: Call) -> Value | None:
    """Return the session of `db.Session(...)`; None for what the others know."""
    return Session() if name in _SESSIONS and _is_extension(receiver) else None


def _attribute(run: Run, receiver: Construct, name: str) -> Value | None:
    """Return the session of the request, `db.session`."""
    return Session() if name == "session" and _is_extension(receiver) else None


_EXTENSIONS = ("SQLAlchemy", "SQLA")  # the second is Flask-AppBuilder's
_SESSIONS = ("Session", "AsyncSession", "create_scoped_session")

_IMPORTS = "from alembic import op\nfrom flask_sqlalchemy import SQLAlchemy"
_MODEL = """
db = SQLAlchemy()
class User(db.Model):
    __tablename__ = "user"
    id = db.Column(db.Integer, primary_key=True)
"""

LIBRARY = Library(
    names=in_package("flask_sqlalchemy"),
    kept=frozenset(_EXTENSIONS),
    methods={Construct: _method},
    attributes={Construct: _attribute},
    bases={
        "flask_sqlalchemy.*.SQLAlchemy": Base(columns=DECLARATIVE.columns, table_name=_table_name)
    },
    bare=frozenset({"Model"}),
    examples=(
        Example(
            _MODEL + "db.session.query(User).delete()",
            (Delete(table=Name("user"), all_rows=True),),
            _IMPORTS,
            runs=False,  # but in an application
        ),
        Example(
            _MODEL + "db.Session(bind=op.get_bind()).query(User).delete()",
            (Delete(table=Name("user"), all_rows=True),),
            _IMPORTS,
            runs=False,  # but in an application
        ),
    ),
)
