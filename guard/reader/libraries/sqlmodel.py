"""SQLModel: SQLAlchemy's names, handed on, and a field and a type of its own."""

from __future__ import annotations

from guard.operations import AddColumn, Column, Name, Type
from guard.reader.evaluate.run import Example, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import Construct, Value
from guard.reader.libraries.sqlalchemy.names import in_package


def _field(run: Run, call: Call) -> Value:
    return Construct("sqlalchemy.Column", call.args, call.kwargs, call.node)


def _auto_string(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    return Construct("sqlalchemy.String", args, kwargs)


LIBRARY = Library(
    packages=frozenset({"sqlmodel"}),
    harmless=frozenset({"sqlmodel"}),
    names={**in_package("sqlmodel"), "sqlmodel.*.Field": _field},
    types={"sqlmodel.*.AutoString": _auto_string},
    examples=(
        Example(
            'op.add_column("t", sa.Column("a", sqlmodel.sql.sqltypes.AutoString(length=9)))',
            (
                AddColumn(
                    table=Name("t"), column=Column(name="a", type=Type(name="varchar", length=9))
                ),
            ),
            "import sqlalchemy as sa\nimport sqlmodel\nfrom alembic import op",
        ),
    ),
)
