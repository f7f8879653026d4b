"""SQL that is put together from strings does what the pieces say.

A value that is written into the text instead of bound is an injection, or breaks on the first
quote. What comes from outside (an argument, the environment, a query's result) must not decide
what the statement is, not even as a table's name. A number, boolean or keyword that the code itself
says does no harm, and a bound one is clearer. An identifier from a constant in sight or from the
database's own catalogue, and any constant in DDL, cannot be bound and is no injection; the `op`
call or SQLAlchemy construct for it is still clearer.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from guard.facts import BuiltSql
from guard.rewrite import Bound
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
        "what to make of a constant in DDL, and of an identifier from a constant or the catalogue",
    ] = "warning"


@rule(
    BuiltSql,
    options=StringBuiltSql,
    instructs=(
        "ALWAYS use bound parameters for what a query is given",
        "NEVER put SQL together from strings: no f-string, no `+`, no `%`, no `.format()`",
    ),
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
            import sqlalchemy as sa

            def find(session, name):
                return session.execute(sa.text(f"SELECT * FROM users WHERE name = '{name}'"))
            """,
            says="`name` comes from outside and is written into the SQL text (f-string)",
            help='Bind it: sa.text("... :value ...").bindparams(value=name)',
            at="sa.text(f",
        ),
        Example(
            upgrade="""
            name = 'Ada'
            found = f"SELECT id FROM users WHERE name = '{name}'"
            if op.get_bind().exec_driver_sql(found).first() is None:
                op.get_bind().exec_driver_sql(found)
            """,
            says="`name` is written into the SQL text (f-string) where a bound parameter could",
            help='Bind it: op.get_bind().execute(text("... :value ..."), {"value": name})',
            at="op.get_bind().exec_driver_sql(found).first()",
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
            for key in sa.inspect(op.get_bind()).get_foreign_keys('orders'):
                op.execute(f"ALTER TABLE orders DROP CONSTRAINT {key['name']}")
            """,
            says="`key['name']` is put into the SQL text (f-string), where no parameter can be "
            "bound.",
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
        Example(upgrade="op.execute('UPDATE orders ' + 'SET total = 1 ' + 'WHERE total = 2')"),
        Example(
            upgrade="""
            table = 'orders'
            op.execute(f'ANALYZE {table}')
            """,
            dialect="postgresql",
            config={"identifiers": "allow"},
        ),
    ),
)
def string_built_sql(built: BuiltSql, context: Context) -> Iterator[Problem]:
    values = [p for p in built.pieces if p.role == "value"] if _takes_parameters(built) else []
    given = [p for p in values if p.origin == "outside"]
    deciding = [
        piece
        for piece in built.pieces
        if piece.origin == "outside" and piece not in given and not _is_of_the_catalogue(piece)
    ]
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
        remedy=ALLOW if names else f"{_bind(built, values)}; a keyword is better written in place",
        rewrite=() if names else (Bound(tuple(_codes(values))),),
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
        remedies.append(_bind(built, [*given, *strings]))
    if deciding:
        decide = "decide" if len(_codes(deciding)) > 1 else "decides"
        said.append(
            f"{_listed(deciding)} {_come(deciding)} from outside and {decide} what the SQL does "
            f"({built.how})."
        )
        remedies.append(CONSTRUCTS)
    rewrite = () if deciding else (Bound(tuple(_codes([*given, *strings]))),)
    return Problem(message=" ".join(said), remedy="\n".join(remedies), rewrite=rewrite)


def _is_of_the_catalogue(piece: Piece) -> bool:
    """Return whether it is the name of a thing that the database has, and gave itself."""
    return piece.inspected and piece.role == "identifier"


def _bind(built: BuiltSql, pieces: list[Piece]) -> str:
    receiver, _, called = built.function.rpartition(".")
    if called == "exec_driver_sql":
        bound = f'{receiver}.execute(text("... :value ..."), {{"value": {pieces[0].code}}})'
        return f"Bind it: {bound}"
    text = built.function if called == "text" else "text"
    return f'Bind it: {text}("... :value ...").bindparams(value={pieces[0].code})'


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
