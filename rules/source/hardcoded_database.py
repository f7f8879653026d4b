"""A database that is written into the code is the one that gets migrated by accident.

Tests, a colleague's shell and production all connect to the same literal file or server, whatever
their environment says. Take the URL from the settings or the environment, in one place.
"""

from collections.abc import Iterator

from guard.facts import DatabaseLiteral
from guard.rule import Context, Example, Problem, rule

IN_CODE = 'Take it from the settings or the environment: os.environ["DATABASE_URL"]'
IN_INI = (
    "Remove the line, and set the URL in env.py from the environment: "
    'config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))'
)


@rule(
    DatabaseLiteral,
    unsafe=(
        """
        from sqlalchemy import create_engine

        engine = create_engine("sqlite:///data.sqlite3")
        """,
        """
        import sqlite3

        connection = sqlite3.connect("bybit_klines_15m.db")
        """,
    ),
    safe=(
        """
        import os

        from sqlalchemy import create_engine

        engine = create_engine(os.environ["DATABASE_URL"])
        memory = create_engine("sqlite:///:memory:")
        """,
        Example(source="URL = 'sqlite:///test.db'\n", path="tests/models.py"),
    ),
)
def hardcoded_database(literal: DatabaseLiteral, context: Context) -> Iterator[Problem]:
    if literal.has_password:
        return  # credentials-in-url says the worse thing about it
    if literal.fallback:
        yield Problem(
            message=f"Where the setting is missing, {literal.text} is used without a word "
            f"({literal.where}).",
            remedy="Fail when the setting is missing, instead of falling back to a database.",
            severity="warning",
            object=literal.text,
        )
        return
    in_ini = literal.span.path.endswith(".ini")
    yield Problem(
        message=f"The database {literal.text} is written into the "
        f"{'configuration' if in_ini else 'code'} ({literal.where}).",
        remedy=IN_INI if in_ini else IN_CODE,
        object=literal.text,
    )
