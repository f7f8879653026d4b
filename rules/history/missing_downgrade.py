"""A revision changes something and its downgrade does not undo it.

When a deployment goes wrong, `alembic downgrade` is the way out. An empty downgrade is the worst,
and one that only queries or sets something is as empty: it reports success, the schema stays as it
was, and the next upgrade fails over what is already there. Where there is no way back, say so with
a reason, in a `raise` or in a comment, and nobody counts on it. A project that never downgrades
sets `ignore = ["missing-downgrade"]` under `[tool.guard]`.
"""

from collections.abc import Iterator

from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Migration,
    SchemaNotRestored,
    SecondUpgradeFailed,
)
from guard.inverse_code import way_back_of
from guard.operations import CreateIndex, Operation, Update, ValidateConstraint
from guard.phrases import ALWAYS_A_DOWNGRADE
from guard.rewrite import Last, Rewrite
from guard.rule import Context, Example, Foretold, Problem, revision_file, rule
from guard.statement import Steps, changes_something
from guard.way_back import statements_of

CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
UNDO = "Write the downgrade() that undoes upgrade()"
DECLARE = (
    'or say why there is none:\nraise NotImplementedError("<reason>")\nA project that never '
    'downgrades sets ignore = ["missing-downgrade"] in [tool.guard].'
)


@rule(
    Migration,
    predicts=(SchemaNotRestored, SecondUpgradeFailed, DeclaredIrreversible, DowngradeFailed),
    instructs=(ALWAYS_A_DOWNGRADE,),
    unsafe=(
        Example(
            change=revision_file("a1", None, CREATE, None),
            says="Revision a1 has no downgrade(), so alembic downgrade stops with an error at it.",
            help=f"{UNDO}, {DECLARE}",
            at="def upgrade()",
        ),
        Example(
            upgrade=CREATE,
            downgrade="pass",
            says="Revision 0001 has an empty downgrade(), so alembic downgrade reports success and "
            "leaves all that upgrade() did.",
            help=f"{UNDO}, {DECLARE}",
            at="def downgrade()",
        ),
        Example(
            upgrade=CREATE,
            downgrade="op.execute(\"SET LOCAL lock_timeout = '3s'\")",
            says="Revision 0001 has a downgrade() that changes nothing, so alembic downgrade "
            "reports success and leaves all that upgrade() did.",
            at="def downgrade()",
        ),
        Example(
            released=(CREATE,),
            upgrade="op.create_index('ix_orders_id', 'orders', ['id'], if_not_exists=True)",
            downgrade="pass",
            says="has an empty downgrade()",
            at="def downgrade()",
        ),
        Example(
            upgrade=CREATE,
            downgrade="raise NotImplementedError",
            says="Revision 0001 refuses to be downgraded and does not say why, so a deployment "
            "cannot be taken back past it.",
            at="def downgrade()",
        ),
    ),
    safe=(
        Example(upgrade=CREATE, downgrade='op.drop_table("orders")'),
        Example(upgrade=CREATE, downgrade='raise NotImplementedError("orders are for ever")'),
        Example(
            upgrade=CREATE,
            downgrade="# guard: irreversible the rows of the old table are not kept\npass",
        ),
        Example(
            upgrade="""op.execute("UPDATE orders SET status = 'open' WHERE status IS NULL")""",
            downgrade="pass",
        ),
        Example(
            released=(CREATE, 'op.create_index("ix_orders_id", "orders", ["id"])'),
            upgrade="""
            if op.get_bind().scalar(sa.text('SELECT NOT bool_and(indisvalid) FROM pg_index')):
                with op.get_context().autocommit_block():
                    op.execute('REINDEX INDEX CONCURRENTLY ix_orders_id')
            op.create_index('ix_orders_id', 'orders', ['id'], if_not_exists=True)
            """,
            downgrade="pass",
            dialect="postgresql",
        ),
        Example(
            released=(
                CREATE,
                "op.execute('ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID')",
            ),
            upgrade="op.execute('ALTER TABLE orders VALIDATE CONSTRAINT c')",
            downgrade="pass",
            dialect="postgresql",
        ),
    ),
)
def missing_downgrade(migration: Migration, context: Context) -> Iterator[Problem]:
    dialect = context.server.dialect
    if migration.tool != "alembic" or migration.irreversible is not None:
        return
    downgrade = migration.downgrade
    refuses = downgrade.raises == ""  # whatever it does before
    if not migration.upgrade.changes(dialect) or downgrade.raises:
        return
    if downgrade.changes(dialect) and not refuses:
        return
    if downgrade.span and downgrade.raises is None and _only_repairs(migration.upgrade, context):
        return
    raises = Foretold(how="raises")
    stays = Foretold(how="left over", everything=True)
    yield Problem(
        message=f"Revision {migration.revision} {_is(downgrade)}.",
        remedy=f"{UNDO}, {DECLARE}",
        rewrite=_rewrite(migration, context),
        foretells=(raises if refuses else stays,),
    )


def _rewrite(migration: Migration, context: Context) -> Rewrite:
    """Return the downgrade, where each step of the upgrade has one plain way back."""
    steps = [
        statement
        for statement in statements_of(migration.upgrade, context)
        if any(map(changes_something, statement.operations))
    ]
    if migration.downgrade.raises is not None:
        return ()
    code = way_back_of(steps, context.server.dialect)
    return (Last(code, "downgrade"),) if code else ()


def _only_repairs(upgrade: Steps, context: Context) -> bool:
    """Return whether there is nothing to take back.

    All it does is to give values to rows that had none, to validate constraints, or to make indexes
    that are there already.
    """
    return all(
        not changes_something(operation)
        or isinstance(operation, ValidateConstraint)  # no server takes it back
        or _fills(operation, context)
        or _is_there(operation, context)
        for statement in upgrade.statements
        for operation in statement.operations
    )


def _is_there(operation: Operation, context: Context) -> bool:
    """Return whether it makes an index, if there is none, that an earlier revision surely made."""
    if not isinstance(operation, CreateIndex) or not operation.if_not_exists:
        return False
    found = context.schema.indexes(operation.table)
    return any(index.name == operation.name and index.certain for index in found)


def _fills(operation: Operation, context: Context) -> bool:
    if not isinstance(operation, Update) or not operation.columns:
        return False
    nulls = context.expression(operation.where).nulls if operation.where else ()
    return operation.changes_nothing or all(
        column in nulls or context.is_new_column(operation.table, column)
        for column in operation.columns
    )


def _is(downgrade: Steps) -> str:
    if downgrade.span is None:
        return "has no downgrade(), so alembic downgrade stops with an error at it"
    if downgrade.raises is not None:
        return (
            "refuses to be downgraded and does not say why, so a deployment cannot be taken back "
            "past it"
        )
    empty = "a downgrade() that changes nothing" if downgrade.statements else "an empty downgrade()"
    return f"has {empty}, so alembic downgrade reports success and leaves all that upgrade() did"
