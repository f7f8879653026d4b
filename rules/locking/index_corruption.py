"""An index that no longer sorts as the server does gives wrong answers, without any error.

PostgreSQL 14.0 to 14.3 corrupt indexes that are built CONCURRENTLY while rows are updated; 14.4
mends that. And where the operating system or ICU has a newer collation, indexes on text are out of
order: REFRESH VERSION only takes the warning away and builds nothing anew.
"""

from collections.abc import Iterator

from guard.operations import AlterObject, CreateIndex, Operation, Reindex
from guard.rule import Context, Example, Problem, rule

BUILD = """
with op.get_context().autocommit_block():
    op.create_index('ix', 'orders', ['total'], postgresql_concurrently=True)
"""


@rule(
    CreateIndex,
    Reindex,
    AlterObject,
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade=BUILD,
            dialect="postgresql",
            version="14.2",
            says="PostgreSQL 14.2 may corrupt an index that is built CONCURRENTLY while rows are "
            "updated.",
            help="Update the server to 14.4 or later first",
            at="op.create_index",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('REINDEX TABLE CONCURRENTLY orders')
            """,
            dialect="postgresql",
            version="14.0",
            says="PostgreSQL 14.0 may corrupt an index that is built CONCURRENTLY",
            at="REINDEX",
        ),
        Example(
            upgrade="op.execute('ALTER COLLATION german REFRESH VERSION')",
            dialect="postgresql",
            says="REFRESH VERSION takes the warning away, and indexes that collation german has "
            "sorted before stay out of order: queries miss rows.",
            help="REINDEX them first, CONCURRENTLY, and refresh the version then",
            at="ALTER COLLATION",
        ),
        Example(
            upgrade="op.execute('ALTER DATABASE shop REFRESH COLLATION VERSION')",
            dialect="postgresql",
            version="16",
            says="indexes that database shop has sorted before stay out of order",
            at="ALTER DATABASE",
        ),
    ),
    safe=(
        Example(upgrade=BUILD, dialect="postgresql", version="14.4"),
        Example(upgrade=BUILD, dialect="postgresql", version="14"),
        Example(upgrade=BUILD, dialect="postgresql", version="13.7"),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('REINDEX DATABASE CONCURRENTLY shop')
            op.execute('ALTER DATABASE shop REFRESH COLLATION VERSION')
            """,
            dialect="postgresql",
            version="16",
        ),
    ),
)
def index_corruption(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, AlterObject):
        yield from _refreshed(operation, context)
        return
    version = context.server.version or ()
    if not (14, 0) <= version < (14, 4):
        return
    if not isinstance(operation, CreateIndex | Reindex) or not operation.concurrently:
        return
    if isinstance(operation, CreateIndex) and context.is_unreleased(operation.table):
        return
    yield Problem(
        message=f"PostgreSQL {'.'.join(map(str, version))} may corrupt an index that is built "
        "CONCURRENTLY while rows are updated.",
        remedy="Update the server to 14.4 or later first",
    )


def _refreshed(alter: AlterObject, context: Context) -> Iterator[Problem]:
    """Say so where a collation is taken for the new one before its indexes are built anew."""
    if alter.object_type not in ("collation", "database") or alter.action != "refresh":
        return
    if any(isinstance(o, Reindex) for s in context.before for o in s.operations):
        return
    yield Problem(
        message=f"REFRESH VERSION takes the warning away, and indexes that {alter.object_type} "
        f"{alter.name} has sorted before stay out of order: queries miss rows.",
        remedy="REINDEX them first, CONCURRENTLY, and refresh the version then",
    )
