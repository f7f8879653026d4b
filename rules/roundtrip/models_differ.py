"""The schema that the revisions make is not the one that the application's models describe.

Code that was tested against the models meets a database without their newest tables or columns.
Tables, columns and named indexes are compared, at head, with the metadata that env.py gives to
Alembic.
"""

from collections.abc import Iterator

from guard.facts import SchemaDrift
from guard.rule import Context, Example, Problem, rule

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
CONFIG = {"env": "none", "metadata": "models:metadata"}


@rule(
    SchemaDrift,
    unsafe=(
        Example(
            base={"models.py": MODELS},
            config=CONFIG,
            upgrade="op.create_table('user', sa.Column('id', sa.Integer(), primary_key=True))",
        ),
    ),
    safe=(
        Example(
            base={"models.py": MODELS},
            config=CONFIG,
            upgrade="op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))",
        ),
    ),
)
def models_differ(drift: SchemaDrift, context: Context) -> Iterator[Problem]:
    if drift.stage == "models":
        difference = "\n".join(f"  {line}" for line in drift.difference)
        yield Problem(
            message=f"The schema at {drift.revision} differs from the application's models "
            f"(- only in the schema, + only in the models):\n{difference}",
            remedy="Write a revision for the difference: alembic revision --autogenerate; "
            "name what belongs to nobody's models in env.py's include_name.",
        )
