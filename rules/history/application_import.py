"""A revision uses the application's own models or code.

A revision is run for years: on each new database, and on each that is behind. What it imports is
the application of that day, not the one that it was written for. A model has by then a column that
no earlier revision made, a function is gone, an enum has another member, and databases that were
migrated on different days differ. What lies with the migrations, what only revisions use, and
names that stand for a plain value or a column's type (a `TypeDecorator`) are not meant:
`edited-revision` tells when those change.
"""

from collections.abc import Iterator

from guard.facts import ApplicationImport
from guard.phrases import instead_of_import
from guard.rule import Context, Example, Problem, revision_file, rule

MODEL = """import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = sa.Column(sa.Integer, primary_key=True)
    email = sa.Column(sa.String(80))
"""
ROWS = "op.execute(sa.update(User).where(User.email == '').values(email=None))"
DESCRIBED = 'users = sa.table("users", sa.column("email"))\n' + ROWS.replace("User.", "users.c.")
APP = {"app/__init__.py": "", "app/models.py": MODEL, "app/text.py": "def slug(s): return s\n"}
USED = {"app/views.py": "from app.text import slug\n"}
NO_WAY_BACK = "raise NotImplementedError('the values are gone')"


@rule(
    ApplicationImport,
    severity="warning",
    instructs=("NEVER import the application's models or code in a migration",),
    unsafe=(
        Example(
            base=APP,
            change=revision_file("a1", None, f"from app.models import User\n{ROWS}", NO_WAY_BACK),
            says="Revision a1 uses User of app/models.py, as that is on the day when it runs: a "
            "column that the model gets later does not exist yet at a1.",
            help="Describe in the revision what it needs, as it is at this point:\n"
            'users = sa.table("users", sa.column("email"))',
            at="from app.models",
        ),
        Example(
            base=APP,
            change=revision_file(
                "a1",
                None,
                "from app.models import Base\nBase.metadata.create_all(op.get_bind())",
                NO_WAY_BACK,
            ),
            says="uses Base of app/models.py",
            help="Write the tables out in the revision, as they are at this point: op.create_table",
            at="from app.models",
        ),
        Example(
            base=APP | USED,
            change=revision_file(
                "a1", None, "from app.text import slug\nop.execute('ANALYZE')\nslug('a')", "pass"
            ),
            says="Revision a1 uses slug of app/text.py, as that is on the day when it runs: what "
            "is changed there later changes what a1 does.",
            help="Copy what the revision needs into it, or into a module beside the revisions that "
            "is not edited later (migrations/helpers.py)",
            at="from app.text",
        ),
    ),
    safe=(
        Example(
            base=APP | {"migrations/helpers.py": "def slug(s): return s\n"},
            change=revision_file(
                "a1", None, "from migrations.helpers import slug\nop.execute('ANALYZE')", "pass"
            ),
        ),
        Example(base=APP, change=revision_file("a1", None, "op.execute('ANALYZE')", "pass")),
    ),
)
def application_import(imported: ApplicationImport, context: Context) -> Iterator[Problem]:
    id_, names = imported.revision, ", ".join(imported.names)
    through = f", through {imported.through}" if imported.through else ""
    effect = (
        f"a column that the model gets later does not exist yet at {id_}"
        if imported.models or imported.whole
        else f"what is changed there later changes what {id_} does"
    )
    yield Problem(
        message=f"Revision {id_} uses {names} of {imported.path}{through}, as that is on the day "
        f"when it runs: {effect}.",
        remedy=instead_of_import(imported),
    )
