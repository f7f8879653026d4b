"""psycopg and psycopg2: SQL composed of quoted pieces, and helpers that execute for many rows."""

from __future__ import annotations

import msgspec

from guard.operations import Delete, DropTable, Name
from guard.reader.evaluate import methods
from guard.reader.evaluate.run import Example, Known, Library, Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import Construct, Sequence, Value
from guard.reader.libraries.sqlalchemy import clauses, execution
from guard.reader.libraries.sqlalchemy.clauses import last

_PACKAGES = ("psycopg", "psycopg2")


def _composed(run: Run, made: Construct, name: str, call: Call) -> Value | None:
    """`sql.SQL("DROP TABLE {}").format(sql.Identifier("t"))`: all that it holds is quoted."""
    if not made.path.endswith(".sql.SQL") or not made.args or not isinstance(made.args[0], Text):
        return None
    match name:
        case "as_string" | "as_bytes":
            return made.args[0]
        case "format":
            given = tuple(map(_piece, call.args))
            named = {key: _piece(value) for key, value in call.kwargs.items()}
        case "join" if call.args and isinstance(call.args[0], Sequence):
            given, named = (_pieces(call.args[0]),), {}
        case _:
            return None
    inner = Call(call.node, call.frame, given, named, call.open)
    built = methods.method(run, made.args[0], name, inner)
    return (
        Construct(made.path, (_quoted(built),), {}, call.node) if isinstance(built, Text) else None
    )


def _quoted(built: Text) -> Text:
    """Return the text with nothing in it that the rule on built SQL asks for: it is quoted."""
    return msgspec.structs.replace(
        built,
        parts=tuple(
            msgspec.structs.replace(part, origin="literal") if part.origin == "constant" else part
            for part in built.parts
        ),
    )


def _pieces(items: Sequence) -> Sequence:
    return Sequence(items.kind, [_piece(item) for item in items.items], items.certain, items.open)


def _piece(value: Value) -> Value:
    """Return the text of a piece as the driver writes it."""
    if not isinstance(value, Construct):
        return value
    known = [a.plain for a in value.args if isinstance(a, Text) and a.known]
    whole = len(known) == len(value.args) and known
    match last(value.path):
        case "SQL" if value.args:
            return value.args[0]
        case "Identifier" if whole:
            quoted = ('"' + name.replace('"', '""') + '"' for name in known)
            return Text.of(".".join(quoted), "literal")
        case "Literal" if whole:
            return Text.of(clauses.quoted(value.args[0]), "literal")
        case "Placeholder":
            return Text.of("%s", "literal")
    return Text.hole(value.code, "literal")


def _executes(run: Run, call: Call) -> Value:
    """`execute_values(cursor, sql, rows)`: executes it, once for some of the rows."""
    statement = call.get(1, "sql")
    inner = Call(call.node, call.frame, call.args[1:], call.kwargs, call.open)
    return execution.execute(run, statement, inner) if statement else Text.hole(call.code)


_HELPERS: dict[str, Known] = {
    "psycopg2.extras.execute_values": _executes,
    "psycopg2.extras.execute_batch": _executes,
}

LIBRARY = Library(
    packages=frozenset(_PACKAGES),
    names=_HELPERS,
    methods={Construct: _composed},
    examples=(
        Example(
            "cursor = op.get_bind().connection.cursor()\n"
            'cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier("s", "t")))',
            (DropTable(table=Name("t", "s")),),
            "from alembic import op\nfrom psycopg2 import sql",
            runs=False,
        ),
        Example(
            "names = sql.SQL(', ').join([sql.Identifier('t'), sql.Identifier('u')])\n"
            "query = sql.SQL('DROP TABLE {names}').format(names=names)\n"
            "op.execute(query.as_string(op.get_bind().connection))",
            (DropTable(table=Name("t")), DropTable(table=Name("u"))),
            "from alembic import op\nfrom psycopg import sql",
            runs=False,
        ),
        Example(
            "cursor = op.get_bind().connection.cursor()\n"
            'execute_values(cursor, "DELETE FROM t", [(1,), (2,)])',
            (Delete(table=Name("t"), all_rows=True),),
            "from alembic import op\nfrom psycopg2.extras import execute_values",
            runs=False,
        ),
    ),
)
