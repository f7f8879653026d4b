"""pandas and polars: reading a table or the answer of a query."""

from __future__ import annotations

from guard.operations import Name, Query
from guard.reader.evaluate.run import Example, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Unknown, Value
from guard.reader.libraries.sqlalchemy import execution


def _read(run: Run, call: Call) -> Value:
    """`pandas.read_sql(sql, connection)`: a query, where it is given one and no table's name."""
    value = call.get(0, "sql") or Unknown(call.node)
    if not isinstance(value, Text) or execution.looks_like_sql(value):
        execution.execute(run, value, call)
    return Unknown(call.node)


LIBRARY = Library(
    names={
        "pandas.read_sql": _read,
        "pandas.read_sql_query": _read,
        "polars.read_database": _read,
    },
    examples=(
        Example(
            'rows = pandas.read_sql("SELECT a FROM t", op.get_bind())',
            (Query(tables=(Name("t"),)),),
            "import pandas\nfrom alembic import op",
        ),
    ),
)
