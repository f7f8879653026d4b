"""A revision does nothing in either direction.

Autogenerate writes one where it sees no difference: mostly the models are not imported by `env.py`,
and the change that the revision was made for is in none. Whoever reads its title believes that it
is. What brings branches together, or begins one that has a name, is empty by right; the mark of a
release, or a place to stamp old databases with, says so in a comment.
"""

from collections.abc import Iterator

from guard.facts import Migration
from guard.rule import Context, Example, Problem, revision_file, rule


@rule(
    Migration,
    severity="warning",
    instructs=("NEVER leave a migration that does nothing",),
    unsafe=(
        Example(
            upgrade="pass",
            downgrade="pass",
            says="Revision 0001 does nothing, neither in upgrade() nor in downgrade(): what its "
            "title promises is not done.",
            help="Write what it is for (where alembic revision --autogenerate found no difference, "
            "env.py may not import the models), or delete the file, or say why it is there: "
            "# guard: ignore[empty-revision] <why>",
            at="def upgrade()",
        ),
        Example(
            change=revision_file("a1", None, "bind = op.get_bind()", None),
            says="Revision a1 does nothing, neither in upgrade() nor in downgrade()",
            at="def upgrade()",
        ),
    ),
    safe=(
        Example(
            base=revision_file("a1") | revision_file("b2", "a1") | revision_file("c3", "a1"),
            change=revision_file("d4", ("b2", "c3"), "pass"),
        ),
        Example(upgrade="raise RuntimeError('restore the backup of March first')"),
    ),
)
def empty_revision(migration: Migration, context: Context) -> Iterator[Problem]:
    if not migration.idle or migration.joins:
        return
    yield Problem(
        at=migration.upgrade.span,
        message=f"Revision {migration.revision} does nothing, neither in upgrade() nor in "
        "downgrade(): what its title promises is not done.",
        remedy="Write what it is for (where alembic revision --autogenerate found no difference, "
        "env.py may not import the models), or delete the file, or say why it is there: "
        "# guard: ignore[empty-revision] <why>",
    )
