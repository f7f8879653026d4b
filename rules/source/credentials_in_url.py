"""A password in the code is known to everybody who can read the repository, for ever.

It stays in the git history after it is removed. Change it, and take the URL from the environment or
a secret store.
"""

from collections.abc import Iterator

from guard.facts import DatabaseLiteral
from guard.rule import Context, Problem, rule

IN_ENV_PY = (
    'in env.py, config.set_main_option("sqlalchemy.url", '
    'os.environ["DATABASE_URL"].replace("%", "%%"))'
)


@rule(
    DatabaseLiteral,
    unsafe=(
        """
        from sqlalchemy import create_engine

        engine = create_engine("postgresql://app:s3cret@db.internal/shop")
        """,
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
        message=f"The URL {literal.text} holds a password ({literal.where}), which stays in the "
        "git history.",
        remedy="Change that password, and take the URL from the environment: "
        + (IN_ENV_PY if literal.span.path.endswith(".ini") else 'os.environ["DATABASE_URL"]'),
        object=literal.text,
    )
