"""SQL that is put together from strings does what the pieces say.

A value that is written into the text instead of bound is an injection, or breaks on the first
quote. What comes from outside (an argument, the environment, a query's result) must not decide
what the statement is, not even as a table's name. A number, boolean or keyword that the code itself
says does no harm, and a bound one is clearer. An identifier from a constant in sight, and any
constant in DDL, cannot be bound and is no injection; the `op` call or SQLAlchemy construct for it
is still clearer.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from guard.facts import BuiltSql
from guard.rule import Context, Example, Options, Problem, rule
from guard.statement import Piece

DDL = {"CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "RENAME", "SET", "DO"}

CONSTRUCTS = (
    "Build it from SQLAlchemy constructs (sa.table(), sa.column()), or choose the name from "
    "constants in sight."
)
ALLOW = (
    "Use the op call or SQLAlchemy construct that takes it as an argument, or allow it: "
    'identifiers = "allow" in [tool.guard.rules.string-built-sql]'
)


class StringBuiltSql(Options, frozen=True):
    """How strict to be where no parameter can be bound."""

    identifiers: Annotated[
        Literal["allow", "warning", "error"],
        "what to make of an identifier from a constant, and of any constant in DDL",
    ] = "warning"


@rule(
    BuiltSql,
    options=StringBuiltSql,
    unsafe=(
        Example(
            source="""
            from sqlalchemy import text

            def find(session, name):
                return session.execute(text(f"SELECT * FROM users WHERE name = '{name}'"))
            """,
            says="`name` comes from outside and is written into the SQL text (f-string) where a "
            "bound parameter could stand.",
            help='Bind it: text("... :value ...").bindparams(value=name)',
            at="text(f",
        ),
        Example(
            source="""
            from sqlalchemy import text

            def rename(session, old, new):
                session.execute(text(f"UPDATE users SET name = '{new}' WHERE name = '{old}'"))
            """,
            says="`new`, `old` come from outside and are written into the SQL text (f-string)",
            at="text(f",
        ),
        Example(
            upgrade="""
            status = 'open'
            op.execute("UPDATE orders SET status = '%s' WHERE status IS NULL" % status)
            """,
            says="`status` is written into the SQL text (%) where a bound parameter could stand.",
            at="op.execute",
        ),
        Example(
            source="""
            from sqlalchemy import text

            def count(session, table):
                return session.scalar(text("SELECT count(*) FROM " + table))
            """,
            says="`table` comes from outside and decides what the SQL does (+).",
            help="Build it from SQLAlchemy constructs (sa.table(), sa.column())",
            at="text(",
        ),
        Example(
            source="""
            from sqlalchemy import text

            def column(session, table, name):
                return session.scalars(text("SELECT {} FROM {}".format(name, table)))
            """,
            says="`name`, `table` come from outside and decide what the SQL does (.format()).",
            at="text(",
        ),
        Example(
            upgrade="""
            for table in ('orders', 'invoices'):
                op.execute(f'ANALYZE {table}')
            """,
            says="`table` is put into the SQL text (f-string), where no parameter can be bound.",
            help="Use the op call or SQLAlchemy construct that takes it as an argument",
            at="op.execute",
        ),
        Example(
            upgrade="""
            limit = 5
            op.execute(f"DELETE FROM orders WHERE total < {limit}")
            """,
            says="`limit` is put into the SQL text (f-string) where a bound parameter could stand.",
            help='Bind it: text("... :value ...").bindparams(value=limit)',
            at="op.execute",
        ),
        Example(
            upgrade="""
            table, status = 'orders', 'open'
            op.execute(f"ALTER TABLE {table} ALTER COLUMN status SET DEFAULT '{status}'")
            """,
            says="`table`, `status` are put into the SQL text (f-string), where no parameter can "
            "be bound.",
            at="op.execute",
        ),
        Example(
            upgrade="""
            table = 'orders'
            op.execute(f'ANALYZE {table}')
            """,
            config={"identifiers": "error"},
            says="`table` is put into the SQL text (f-string), where no parameter can be bound.",
            at="op.execute",
        ),
    ),
    safe=(
        """
        from sqlalchemy import text

        def find(session, name):
            return session.execute(text("SELECT * FROM users WHERE name = :name"), {"name": name})
        """,
        Example(upgrade="op.execute('UPDATE orders ' + 'SET status = 1 ' + 'WHERE status = 2')"),
        Example(
            upgrade="""
            table = 'orders'
            op.execute(f'ANALYZE {table}')
            """,
            config={"identifiers": "allow"},
        ),
    ),
)
def string_built_sql(built: BuiltSql, context: Context) -> Iterator[Problem]:
    values = [p for p in built.pieces if p.role == "value"] if _takes_parameters(built) else []
    given = [p for p in values if p.origin == "outside"]
    deciding = [p for p in built.pieces if p.origin == "outside" and p not in given]
    strings = [p for p in values if p.quoted and p not in given]
    if given or deciding or strings:
        yield _wrong(built, given, deciding, strings)
        return
    names = [p for p in built.pieces if p.role in {"value", "identifier"} and p not in values]
    identifiers = context.options(StringBuiltSql).identifiers
    allowed = [*values, *(names if identifiers != "allow" else ())]
    if not allowed:
        return
    where = ", where no parameter can be bound" if names else " where a bound parameter could stand"
    yield Problem(
        message=f"{_listed(allowed)} {_are(allowed)} put into the SQL text ({built.how}){where}.",
        remedy=ALLOW if names else f"{_bind(values)}; a keyword is better written in place",
        severity=identifiers if names and identifiers == "error" else "warning",
    )


def _wrong(
    built: BuiltSql, given: list[Piece], deciding: list[Piece], strings: list[Piece]
) -> Problem:
    """Return the one problem of a statement: all that is wrong with it."""
    where = f"written into the SQL text ({built.how}) where a bound parameter could stand"
    said, remedies = [], []
    if given:
        said.append(f"{_listed(given)} {_come(given)} from outside and {_are(given)} {where}.")
    if strings:
        said.append(f"{_listed(strings)} {_are(strings)} {where}.")
    if given or strings:
        remedies.append(_bind([*given, *strings]))
    if deciding:
        decide = "decide" if len(_codes(deciding)) > 1 else "decides"
        said.append(
            f"{_listed(deciding)} {_come(deciding)} from outside and {decide} what the SQL does "
            f"({built.how})."
        )
        remedies.append(CONSTRUCTS)
    return Problem(message=" ".join(said), remedy="\n".join(remedies))


def _bind(pieces: list[Piece]) -> str:
    return f'Bind it: text("... :value ...").bindparams(value={pieces[0].code})'


def _takes_parameters(built: BuiltSql) -> bool:
    """Return whether the statement takes bound parameters: DDL takes none."""
    words = built.sql.lstrip("( ").split(maxsplit=1)
    return bool(words) and words[0].upper() not in DDL


def _are(pieces: list[Piece]) -> str:
    return "are" if len(_codes(pieces)) > 1 else "is"


def _come(pieces: list[Piece]) -> str:
    return "come" if len(_codes(pieces)) > 1 else "comes"


def _listed(pieces: list[Piece]) -> str:
    return ", ".join(f"`{code}`" for code in _codes(pieces))


def _codes(pieces: list[Piece]) -> list[str]:
    return list(dict.fromkeys(piece.code for piece in pieces))
