"""What SQLAlchemy 2.0 removed or deprecated stops the upgrade, or the program.

Code that was written for SQLAlchemy 1.x goes on to run on 1.4 with a warning that nobody sees, and
fails on 2.0 where it is called: not when it is imported. Which it is here depends on the version
that the project requires in pyproject.toml, requirements*.txt or a lock file. The ways to write it
stand in SQLAlchemy's migration guide: https://docs.sqlalchemy.org/en/20/changelog/migration_20.html
"""

from collections.abc import Iterator

from guard.facts import LegacyUse
from guard.rule import Context, Example, Problem, rule


@rule(
    LegacyUse,
    severity="warning",
    instructs=(
        "NEVER use what SQLAlchemy 2.0 removed: `session.get(Model, id)`, not `query.get(id)`",
    ),
    unsafe=(
        Example(
            source="""
            from sqlalchemy.ext.declarative import declarative_base

            Base = declarative_base()
            """,
            says="`sqlalchemy.ext.declarative.declarative_base` is deprecated since SQLAlchemy "
            "1.4.",
            help="Import it from sqlalchemy.orm:\nfrom sqlalchemy.orm import declarative_base",
            at="from sqlalchemy.ext",
            fixed="""
            from sqlalchemy.orm import declarative_base

            Base = declarative_base()
            """,
        ),
        Example(
            source="""
            from sqlalchemy.orm import Session

            from app.backtests import BacktestResult

            class BacktestRepository:
                def __init__(self, session: Session):
                    self.session = session

                def get_by_id(self, id: int):
                    return self.session.query(BacktestResult).get(id)
            """,
            path="app/repository.py",
            says="`Query.get()` is deprecated since SQLAlchemy 1.4.",
            help="Write self.session.get(BacktestResult, id)",
            at="self.session.query",
        ),
        Example(
            source="""
            from sqlalchemy import create_engine

            def orders(url):
                return create_engine(url).execute("SELECT id FROM orders").fetchall()
            """,
            says="`Engine.execute()` is deprecated since SQLAlchemy 1.4 and gone in 2.0: it fails "
            "as soon as SQLAlchemy is upgraded.",
            help="Write with engine.connect() as connection: connection.execute(...)",
            at="create_engine(url).execute",
        ),
        Example(
            base={"requirements.txt": "SQLAlchemy>=2.0\n"},
            source="""
            from sqlalchemy import select

            def orders(connection, table):
                return connection.execute(select([table.c.id]))
            """,
            says="`select([...])` was removed in SQLAlchemy 2.0, and the project requires 2.0 or "
            "later: it fails when it runs.",
            help="Write select(table.c.id)",
            at="select([",
        ),
    ),
    safe=(
        """
        from sqlalchemy import create_engine, select, text
        from sqlalchemy.orm import Session

        def orders(url, table, cache):
            cache.get(1)
            with create_engine(url).connect() as connection:
                connection.execute(text("SELECT 1"))
                return connection.execute(select(table.c.id)).all()
        """,
        """
        import sqlite3

        def orders(path):
            with sqlite3.connect(path) as connection:
                return connection.execute("SELECT id FROM orders").fetchall()
        """,
    ),
)
def legacy_sqlalchemy(use: LegacyUse, context: Context) -> Iterator[Problem]:
    required = context.requires("sqlalchemy")
    if required.below is not None and required.below <= use.deprecated:
        return  # what is to be written instead does not exist there
    yield Problem(message=_message(use, required.at_least), remedy=use.instead, fix=use.fix)


def _message(use: LegacyUse, at_least: tuple[int, ...] | None) -> str:
    since = _version(use.deprecated)
    if use.removed is None:
        return f"{use.what} is deprecated since SQLAlchemy {since}."
    removed = _version(use.removed)
    if at_least is not None and at_least >= use.removed:
        effect = "it does nothing, and nothing says so" if use.ignored else "it fails when it runs"
        return (
            f"{use.what} was removed in SQLAlchemy {removed}, and the project requires "
            f"{_version(at_least)} or later: {effect}."
        )
    effect = "does nothing" if use.ignored else "fails"
    return (
        f"{use.what} is deprecated since SQLAlchemy {since} and gone in {removed}: it {effect} as "
        "soon as SQLAlchemy is upgraded."
    )


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
