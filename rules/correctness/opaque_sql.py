"""A statement could not be understood, so no rule has judged it.

SQL whose text is known only at run time, the body of a routine, a helper whose code is not in
sight: whatever it does to the data, no rule has seen it. Write it so that it can be read (literal
SQL, `op` calls, helpers in the repository), or look at it yourself and say so in a comment.
"""

from collections.abc import Iterator

from guard.operations import Opaque
from guard.rule import Context, Example, Problem, rule


@rule(
    Opaque,
    severity="warning",
    unsafe=(
        Example(
            upgrade="op.execute(sys.argv[1])",
            says="This could not be judged: what it executes is not known.",
            help="Write it so that it can be read (literal SQL or op calls), or check it by hand "
            "and add: # guard: ignore[opaque-sql] <what it does>",
            at="op.execute",
        ),
        Example(
            upgrade="""
            op.execute("DO $$ BEGIN EXECUTE format('DROP TABLE %I', tab); END $$")
            """,
            says="This could not be judged: the SQL is put together while the block runs.",
            at="DO $$",
        ),
    ),
    safe=("op.execute('ANALYZE orders')",),
)
def opaque_sql(opaque: Opaque, context: Context) -> Iterator[Problem]:
    if opaque.invalid:
        return
    yield Problem(
        message=f"This could not be judged: {opaque.reason}.",
        remedy="Write it so that it can be read (literal SQL or op calls), or check it by hand and "
        "add: # guard: ignore[opaque-sql] <what it does>",
    )
