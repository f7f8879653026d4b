"""SQL that no parser accepts will hardly run.

The statement is broken, or is written for another dialect than the one configured. No rule has
judged it.
"""

from collections.abc import Iterator

from guard.operations import Opaque
from guard.rule import Context, Problem, rule


@rule(
    Opaque,
    unsafe=("op.execute('ALTER TABEL orders ADD COLUMN note text')",),
    safe=("op.execute('ALTER TABLE orders ADD COLUMN note text')",),
)
def unparsable_sql(opaque: Opaque, context: Context) -> Iterator[Problem]:
    if not opaque.invalid:
        return
    where = f" as {context.server.dialect}" if context.server.dialect else ""
    yield Problem(
        message=f"This SQL could not be parsed{where}, so no rule has judged it: {opaque.reason}.",
        remedy="Correct the statement, or say which database it is for: dialect in [tool.guard] "
        "or --dialect",
    )
