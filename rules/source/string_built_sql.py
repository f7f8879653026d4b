"""SQL that is put together from strings does what the pieces say.

A value that is written into the text instead of bound is an injection, or breaks on the first
quote. What comes from outside (an argument, the environment, a query's result) must not decide
what the statement is, not even as a table's name. An identifier from a constant in sight cannot be
bound and is no injection; the `op` call or SQLAlchemy construct for it is still clearer.
"""

from collections.abc import Iterator

from guard.facts import BuiltSql
from guard.rule import Context, Example, Problem, rule
from guard.statement import Piece


@rule(
    BuiltSql,
    unsafe=(
        """
        from sqlalchemy import text

        def find(session, name):
            return session.execute(text(f"SELECT * FROM users WHERE name = '{name}'"))
        """,
        Example(
            upgrade="""
            status = 'open'
            op.execute("UPDATE orders SET status = '%s' WHERE status IS NULL" % status)
            """
        ),
        Example(
            upgrade="""
            for table in ('orders', 'invoices'):
                op.execute(f'ANALYZE {table}')
            """
        ),
    ),
    safe=(
        """
        from sqlalchemy import text

        def find(session, name):
            return session.execute(text("SELECT * FROM users WHERE name = :name"), {"name": name})
        """,
        Example(upgrade="op.execute('UPDATE orders ' + 'SET status = 1 ' + 'WHERE status = 2')"),
    ),
)
def string_built_sql(built: BuiltSql, context: Context) -> Iterator[Problem]:
    outside = [p for p in built.pieces if p.origin == "outside"]
    values = [p for p in built.pieces if p.role == "value"]
    names = [p for p in built.pieces if p.role == "identifier"]
    if bindable := [p for p in values if p in outside] or values:
        source = "comes from outside and " if bindable[0] in outside else ""
        yield Problem(
            message=f"{_listed(bindable)} {source}is written into the SQL text ({built.how}) "
            "where a bound parameter could stand.",
            remedy='Bind it: execute(text("... WHERE c = :value"), {"value": '
            + f"{bindable[0].code}}})",
        )
    elif outside:
        yield Problem(
            message=f"{_listed(outside)} comes from outside and decides what the SQL does "
            f"({built.how}).",
            remedy="Build it from SQLAlchemy constructs (sa.table(), sa.column()), or choose the "
            "name from constants in sight.",
        )
    elif names and context.options["identifiers"] != "allow":
        yield Problem(
            message=f"The name {_listed(names)} is put into the SQL text ({built.how}).",
            remedy="Use the op call or SQLAlchemy construct that takes the name as an argument, "
            'or allow it: identifiers = "allow" in [tool.guard]',
            severity="error" if context.options["identifiers"] == "error" else "warning",
        )


def _listed(pieces: list[Piece]) -> str:
    return ", ".join(dict.fromkeys(f"`{piece.code}`" for piece in pieces))
