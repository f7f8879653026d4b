"""sqlparse, as far as it takes a script apart: what runs is the script, whatever the pieces."""

from __future__ import annotations

from guard.operations import DropTable, Name
from guard.reader.evaluate.run import Example, Library, Run
from guard.reader.evaluate.state import Call, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Sequence, Value


def _split(run: Run, call: Call) -> Value:
    """`sqlparse.split(script)`: one piece, with all its statements."""
    script = call.get(0, "sql")
    return (
        Sequence("list", [script]) if isinstance(script, Text) else unknown(call.node, *call.args)
    )


def _format(run: Run, call: Call) -> Value:
    """`sqlparse.format(script, strip_comments=True)` says the same in other words."""
    return call.get(0, "sql") or unknown(call.node)


LIBRARY = Library(
    packages=frozenset({"sqlparse"}),
    harmless=frozenset({"sqlparse"}),
    names={"sqlparse.split": _split, "sqlparse.format": _format},
    examples=(
        Example(
            'for piece in sqlparse.split("DROP TABLE a; DROP TABLE b"):\n    op.execute(piece)',
            (DropTable(table=Name("a")), DropTable(table=Name("b"))),
            "import sqlparse\nfrom alembic import op",
            runs=False,
        ),
    ),
)
