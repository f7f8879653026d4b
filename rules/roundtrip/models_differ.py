"""The schema that the revisions make is not the one that the application's models describe.

Code that was tested against the models meets a database without their newest tables or columns.
What `alembic check` compares is compared, at head, with the metadata that env.py gives to Alembic:
tables, columns, their types and nullability, indexes, unique constraints and foreign keys. So is
what it leaves out: server defaults, CHECKs and the members of enums. Where the schema only holds
tables or indexes that no model knows, it is a warning.
"""

from collections.abc import Iterator

from guard.facts import ModelsDiffer
from guard.phrases import ALWAYS_A_MIGRATION, listed
from guard.rule import Context, Example, Problem, rule

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
CONFIG = {"env": "none", "metadata": "models:metadata"}


@rule(
    ModelsDiffer,
    instructs=(ALWAYS_A_MIGRATION,),
    unsafe=(
        Example(
            base={"models.py": MODELS},
            config=CONFIG,
            upgrade="op.create_table('users', sa.Column('key', sa.Integer(), primary_key=True))",
            says="The schema at 0001 differs from the application's models, as env.py gives them "
            "(- only in the schema, + only in the models):\n"
            "  + column users.id\n  - column users.key",
            help="Write a revision for the difference (alembic revision --autogenerate).",
            at="def upgrade()",
        ),
        Example(
            base={"models.py": MODELS},
            config=CONFIG,
            upgrade="op.create_table('user', sa.Column('id', sa.Integer(), primary_key=True))",
            says="(- only in the schema, + only in the models):\n  - table user\n  + table users",
            help="(alembic revision --autogenerate). Where a table has a model, import its module",
            at="def upgrade()",
        ),
        Example(
            base={"models.py": MODELS},
            config=CONFIG,
            upgrade="""
            op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
            op.create_table('jobs', sa.Column('id', sa.Integer(), primary_key=True))
            """,
            says="(- only in the schema, + only in the models):\n  - table jobs",
            help="Where a table has a model, import its module in env.py",
            at="def upgrade()",
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
def models_differ(drift: ModelsDiffer, context: Context) -> Iterator[Problem]:
    difference = listed(drift.difference)
    # Code runs well beside tables and indexes that it does not know.
    extra = [line for line in drift.difference if line.startswith(("- table ", "- index "))]
    harmless = len(extra) == len(drift.difference)
    unknown = (
        "Where a table has a model, import its module in env.py, so that the metadata holds it; "
        "leave out what belongs to nobody's models by include_name there."
    )
    if drift.told:
        yield Problem(
            message="The scratch run shows as well that models and schema differ (- only in the "
            f"schema, + only in the models):\n{difference}",
            remedy="Do what model-changed-without-revision says of it",
        )
        return
    if len(drift.dropped) == len(drift.difference):
        yield Problem(
            message=f"The application's models still have what new revisions drop:\n{difference}",
            remedy="Take it out of the models and deploy that; drop it in a later deployment",
        )
        return
    revision = "Write a revision for the difference (alembic revision --autogenerate)."
    if drift.dropped:
        revision += " What new revisions drop, take out of the models instead."
    if any("op." in line for line in drift.difference):
        revision += " It needs what stands after a colon, which autogenerate may not see."
    yield Problem(
        message=f"The schema at {drift.revision} differs from the application's models, as env.py "
        f"gives them (- only in the schema, + only in the models):\n{difference}",
        remedy=unknown if harmless else f"{revision} {unknown}" if extra else revision,
        severity="warning" if harmless else None,
    )
