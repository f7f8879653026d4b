"""A password in the code is known to everybody who can read the repository, for ever.

It stays in the git history after it is removed. Change it, and take the URL from the environment or
a secret store.
"""

from collections.abc import Iterator

from guard.facts import DatabaseLiteral
from guard.phrases import URL, url_in_env_py
from guard.rule import Context, Example, Problem, rule


@rule(
    DatabaseLiteral,
    instructs=(
        "NEVER write a password into code or settings: take the URL from the environment or from "
        "a secret store",
    ),
    unsafe=(
        Example(
            source="""
            from sqlalchemy import create_engine

            engine = create_engine("postgresql://app:s3cret@db.internal/shop")
            """,
            says="The URL postgresql://app:***@db.internal/shop holds a password "
            "(create_engine()), which stays in the git history.",
            help=f"Change that password, and take the URL from the environment: {URL}",
            at='"postgresql://',
        ),
        Example(
            path="alembic.ini",
            source="""
            [alembic]
            script_location = migrations
            sqlalchemy.url = postgresql://app:s3cret@db.internal/shop
            """,
            says="holds a password (sqlalchemy.url)",
            help='in env.py:\nimport os\nconfig.set_main_option("sqlalchemy.url", '
            'os.environ["DATABASE_URL"].replace("%", "%%"))',
            at="postgresql://",
            fixed="""
            import os
            from alembic import context

            config = context.config
            config.set_main_option("sqlalchemy.url", os.environ["DATABASE_URL"].replace("%", "%%"))
            """,
        ),
    ),
    safe=(
        """
        import os

        from sqlalchemy import create_engine

        engine = create_engine(os.environ["DATABASE_URL"])
        """,
    ),
)
def credentials_in_url(literal: DatabaseLiteral, context: Context) -> Iterator[Problem]:
    if not literal.has_password:
        return
    yield Problem(
        message=f"{'The URL ' * ('://' in literal.text)}{literal.text} holds a password "
        f"({literal.where}), which stays in the git history.",
        remedy="Change that password, and take the URL from the environment: "
        + (
            f"in env.py:\n{url_in_env_py(literal.where, literal.section)}"
            if literal.span.path.endswith(".ini")
            else f"{URL} (import os)"
        ),
        object=literal.text,
    )
