"""A database that is written into the code is the one that gets migrated by accident.

Tests, a colleague's shell and production all connect to the same literal file or server, whatever
their environment says. Take the URL from the settings or the environment, in one place.
"""

from collections.abc import Iterator

from guard.facts import DatabaseLiteral
from guard.phrases import URL, url_in_env_py
from guard.rule import Context, Example, Problem, rule


@rule(
    DatabaseLiteral,
    instructs=(
        "NEVER hardcode a database path or URL: take it from the settings or the environment",
    ),
    unsafe=(
        Example(
            source="""
            from sqlalchemy import create_engine

            engine = create_engine("sqlite:///data.sqlite3")
            """,
            says="The database sqlite:///data.sqlite3 is written into the code (create_engine()), "
            "so it is used whatever the environment says.",
            help="Take it from the settings or the environment: "
            'os.environ["DATABASE_URL"] (import os)',
            at='"sqlite:///',
        ),
        Example(
            source="""
            import sqlite3

            connection = sqlite3.connect("bybit_klines_15m.db")
            """,
            says="The database bybit_klines_15m.db is written into the code (sqlite3.connect())",
            at='"bybit_klines_15m.db"',
        ),
        Example(
            path="alembic.ini",
            source="""
            [alembic]
            script_location = migrations
            sqlalchemy.url = sqlite:///data.sqlite3
            """,
            says="The database sqlite:///data.sqlite3 is written into the configuration "
            "(sqlalchemy.url)",
            help="Remove the line, and set the URL in env.py from the environment:\n"
            'import os\nconfig.set_main_option("sqlalchemy.url", '
            'os.environ["DATABASE_URL"].replace("%", "%%"))',
            at="sqlite:///",
            fixed="""
            import os
            from alembic import context

            config = context.config
            config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
            """,
        ),
        Example(
            source="""
            import os

            URL = os.environ.get("DATABASE_URL", "sqlite:///data.sqlite3")
            """,
            says="Where the setting is missing, sqlite:///data.sqlite3 is used without notice "
            "(os.environ.get()).",
            help="Fail when the setting is missing, instead of falling back to a database.",
            at='"sqlite:///',
        ),
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
            message=f"Where the setting is missing, {literal.text} is used without notice "
            f"({literal.where}).",
            remedy="Fail when the setting is missing, instead of falling back to a database.",
            severity="warning",
            object=literal.text,
        )
        return
    in_ini = literal.span.path.endswith(".ini")
    yield Problem(
        message=f"The database {literal.text} is written into the "
        f"{'configuration' if in_ini else 'code'} ({literal.where}), so it is used whatever the "
        "environment says.",
        remedy="Remove the line, and set the URL in env.py from the environment:\n"
        + url_in_env_py(literal.where, literal.section)
        if in_ini
        else f"Take it from the settings or the environment: {URL} (import os)",
        object=literal.text,
    )
