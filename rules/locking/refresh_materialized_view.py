"""REFRESH MATERIALIZED VIEW locks the view for as long as its query runs.

PostgreSQL takes ACCESS EXCLUSIVE on it, so that whoever reads it waits. CONCURRENTLY lets reads go
on, also inside a transaction; it needs a unique index on plain columns and without WHERE, and a
view that was filled before. WITH NO DATA empties it: queries fail until the next refresh.
"""

from collections.abc import Iterator

from guard.constraint_code import executed, table_sql
from guard.operations import RefreshMaterializedView
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import View

TOTALS = "op.execute('CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id')"
UNIQUE = "op.execute('CREATE UNIQUE INDEX ux_totals ON totals (id)')"
REFRESH = "op.execute('REFRESH MATERIALIZED VIEW totals')"
CONCURRENTLY = "op.execute('REFRESH MATERIALIZED VIEW CONCURRENTLY totals')"
UNIQUE_FIRST = (
    "Make a unique index on plain columns that tell its rows apart, without WHERE, in an earlier "
    "revision"
)
EMPTY = "op.execute('CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id WITH NO DATA')"


@rule(
    RefreshMaterializedView,
    dialects=("postgresql",),
    instructs=("ALWAYS refresh a materialized view `CONCURRENTLY`",),
    unsafe=(
        Example(
            upgrade=REFRESH,
            dialect="postgresql",
            says="Refreshing totals takes ACCESS EXCLUSIVE on totals while every row and all "
            "indexes "
            "are written anew: reads and writes wait.",
            help="Refresh it CONCURRENTLY, which needs a unique index on it:\n" + CONCURRENTLY,
            at="REFRESH",
            fixed=CONCURRENTLY,
        ),
        Example(
            released=(TOTALS, UNIQUE),
            upgrade=REFRESH,
            dialect="postgresql",
            says="Refreshing totals takes ACCESS EXCLUSIVE",
            help="Refresh it CONCURRENTLY:\n" + CONCURRENTLY,
            at="REFRESH",
            fixed=CONCURRENTLY,
        ),
        Example(
            released=(TOTALS,),
            upgrade=REFRESH,
            dialect="postgresql",
            says="Refreshing totals takes ACCESS EXCLUSIVE",
            help="Make a unique index on plain columns that tell its rows apart, without WHERE, in "
            f"an earlier revision, then refresh it CONCURRENTLY: {CONCURRENTLY}",
            at="REFRESH",
        ),
        Example(
            released=(TOTALS,),
            upgrade=CONCURRENTLY,
            dialect="postgresql",
            says="REFRESH ... CONCURRENTLY fails, since totals has no unique index on plain "
            "columns of all rows.",
            help="Make a unique index on plain columns that tell its rows apart, without WHERE",
            at="REFRESH",
        ),
        Example(
            released=(EMPTY, UNIQUE),
            upgrade=CONCURRENTLY,
            dialect="postgresql",
            says="REFRESH ... CONCURRENTLY fails, since totals was never filled.",
            help="Fill it without CONCURRENTLY: nobody can read it yet.",
            at="REFRESH",
        ),
        Example(
            upgrade="op.execute('REFRESH MATERIALIZED VIEW app.totals WITH NO DATA')",
            dialect="postgresql",
            says="WITH NO DATA empties app.totals: whoever reads it fails until it is filled "
            "again.",
            at="REFRESH",
        ),
    ),
    safe=(
        Example(released=(TOTALS, UNIQUE), upgrade=CONCURRENTLY, dialect="postgresql"),
        Example(upgrade=f"{TOTALS}\n{REFRESH}", dialect="postgresql"),
        Example(released=(EMPTY, UNIQUE), upgrade=REFRESH, dialect="postgresql"),
    ),
)
def refresh_materialized_view(
    refresh: RefreshMaterializedView, context: Context
) -> Iterator[Problem]:
    view = context.schema.view(refresh.name)
    known = view if isinstance(view, View) and view.certain else None
    if known and context.is_made_here(known.created_by) and not refresh.concurrently:
        return
    if refresh.concurrently:
        yield from _refused(refresh, known, context)
    elif not refresh.with_data:
        yield Problem(
            message=f"WITH NO DATA empties {refresh.name}: whoever reads it fails until it is "
            f"filled "
            "again.",
            remedy="Drop it instead, once no running code reads it.",
        )
    elif not (known and not known.populated):
        yield _waits(refresh, context)


def _refused(
    refresh: RefreshMaterializedView, view: View | None, context: Context
) -> Iterator[Problem]:
    """Yield why the server refuses it, where that is known."""
    if view is None:
        return
    if not view.populated:
        yield Problem(
            message=f"REFRESH ... CONCURRENTLY fails, since {refresh.name} was never filled.",
            remedy="Fill it without CONCURRENTLY: nobody can read it yet.",
        )
    elif not _has_key(refresh, context):
        yield Problem(
            message=f"REFRESH ... CONCURRENTLY fails, since {refresh.name} has no unique index on "
            "plain columns of all rows.",
            remedy=f"{UNIQUE_FIRST}.",
        )


def _has_key(refresh: RefreshMaterializedView, context: Context) -> bool:
    """Return whether there is an index that CONCURRENTLY can tell the rows apart by."""
    return any(
        index.unique and not index.where and not any("(" in key for key in index.columns)
        for index in context.schema.indexes(refresh.name)
    )


def _waits(refresh: RefreshMaterializedView, context: Context) -> Problem:
    effect = context.effect(refresh)
    assert effect is not None
    sql = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {table_sql(refresh.name, 'postgresql')}"
    code = executed(sql, context.statement)
    how = f"Refresh it CONCURRENTLY:\n{code}"
    if not _has_key(refresh, context):
        how = f"Refresh it CONCURRENTLY, which needs a unique index on it:\n{code}"
        if context.schema.view(refresh.name):
            how = f"{UNIQUE_FIRST}, then refresh it CONCURRENTLY: {code}"
    return Problem(
        message=f"Refreshing {refresh.name} {what_waits(effect, context.size(refresh.name))}.",
        remedy=how,
        effect=effect,
    )
