"""A revision changes something and its downgrade does not undo it.

When a deployment goes wrong, `alembic downgrade` is the way out. An empty downgrade is the worst:
it reports success, the schema stays as it was, and the next upgrade fails over what is already
there. Where there is no way back, say so with a reason, and nobody counts on it.
"""

from collections.abc import Iterator

from guard.facts import Migration
from guard.rule import Context, Example, Problem, revision_file, rule
from guard.statement import Steps

CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
REASON = "# guard: irreversible <reason>"


@rule(
    Migration,
    unsafe=(
        Example(
            change=revision_file("a1", None, CREATE, None),
            says="Revision a1 has no downgrade(), so alembic downgrade stops with an error at it.",
            help="Write the downgrade() that undoes upgrade(), or say why there is none, in a "
            f"comment:\n{REASON}",
            at="def upgrade()",
        ),
        Example(
            upgrade=CREATE,
            downgrade="pass",
            says="Revision 0001 has an empty downgrade(), so alembic downgrade reports success and "
            "leaves all that upgrade() did.",
            help="Write the downgrade() that undoes upgrade(), or say why there is none, in a "
            f"comment inside it:\n{REASON}",
            at="def downgrade()",
        ),
        Example(
            upgrade=CREATE,
            downgrade="raise NotImplementedError",
            says="Revision 0001 refuses to be downgraded, so a deployment cannot be taken back "
            "past it.",
            at="def downgrade()",
        ),
        Example(
            upgrade=CREATE,
            downgrade='raise NotImplementedError("orders are for ever")',
            says="Revision 0001 refuses to be downgraded (orders are for ever), so a "
            "deployment cannot be taken back past it.",
            at="def downgrade()",
        ),
    ),
    safe=(
        Example(upgrade=CREATE, downgrade='op.drop_table("orders")'),
        Example(
            upgrade=CREATE,
            downgrade="# guard: irreversible the rows of the old table are not kept\npass",
        ),
    ),
)
def missing_downgrade(migration: Migration, context: Context) -> Iterator[Problem]:
    dialect = context.server.dialect
    if migration.tool != "alembic" or migration.irreversible is not None:
        return
    downgrade = migration.downgrade
    if not migration.upgrade.changes(dialect) or downgrade.changes(dialect):
        return
    yield Problem(
        message=f"Revision {migration.revision} {_is(downgrade)}.",
        remedy="Write the downgrade() that undoes upgrade(), or say why there is none, in a "
        f"comment{' inside it' if downgrade.span else ''}:\n{REASON}",
    )


def _is(downgrade: Steps) -> str:
    if downgrade.span is None:
        return "has no downgrade(), so alembic downgrade stops with an error at it"
    if downgrade.raises is not None and not downgrade.statements:
        said = f" ({downgrade.raises})" if downgrade.raises else ""
        return f"refuses to be downgraded{said}, so a deployment cannot be taken back past it"
    return (
        "has an empty downgrade(), so alembic downgrade reports success and leaves all that "
        "upgrade() did"
    )
