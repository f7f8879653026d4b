"""SQL that is put together from strings does what the pieces say.

A value that is written into the text instead of bound is an injection, or breaks on the first
quote. What comes from outside (an argument, the environment, a query's result) must not decide
what the statement is, not even as a table's name. An identifier from a constant in sight, and any
constant in DDL, cannot be bound and is no injection; the `op` call or SQLAlchemy construct for it
is still clearer.
"""

from collections.abc import Iterator

from guard.facts import BuiltSql
from guard.rule import Context, Example, Problem, rule
from guard.statement import Piece

DDL = {"CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "RENAME", "SET", "DO"}


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
        Example(
            upgrade="""
            status = 'open'
            op.execute(f"ALTER TABLE orders ALTER COLUMN status SET DEFAULT '{status}'")
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
    fixed = [p for p in built.pieces if p.role in {"value", "identifier"}]
    bindable = ([p for p in values if p in outside] or values) if _takes_parameters(built) else []
    if bindable:
        verb = "are" if len(_codes(bindable)) > 1 else "is"
        source = f"{_come(bindable)} from outside and {verb}" if bindable[0] in outside else verb
        yield Problem(
            message=f"{_listed(bindable)} {source} written into the SQL text ({built.how}) "
            "where a bound parameter could stand.",
            remedy=f'Bind it: text("... :value ...").bindparams(value={bindable[0].code})',
        )
    elif outside:
        decide = "decides" if len(_codes(outside)) == 1 else "decide"
        yield Problem(
            message=f"{_listed(outside)} {_come(outside)} from outside and {decide} what the SQL "
            f"does ({built.how}).",
            remedy="Build it from SQLAlchemy constructs (sa.table(), sa.column()), or choose the "
            "name from constants in sight.",
        )
    elif fixed and context.options["identifiers"] != "allow":
        yield Problem(
            message=f"{_listed(fixed)} {'is' if len(_codes(fixed)) == 1 else 'are'} put into the "
            f"SQL text ({built.how}), where no parameter can be bound.",
            remedy="Use the op call or SQLAlchemy construct that takes it as an argument, "
            'or allow it: identifiers = "allow" in [tool.guard]',
            severity="error" if context.options["identifiers"] == "error" else "warning",
        )


def _takes_parameters(built: BuiltSql) -> bool:
    """DDL takes none."""
    words = built.sql.lstrip("( ").split(maxsplit=1)
    return bool(words) and words[0].upper() not in DDL


def _come(pieces: list[Piece]) -> str:
    return "come" if len(_codes(pieces)) > 1 else "comes"


def _listed(pieces: list[Piece]) -> str:
    return ", ".join(f"`{code}`" for code in _codes(pieces))


def _codes(pieces: list[Piece]) -> list[str]:
    return list(dict.fromkeys(piece.code for piece in pieces))
