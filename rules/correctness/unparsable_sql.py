"""SQL that no parser accepts will hardly run.

The statement is broken, or is written for another database than the one that guard was told. No
rule has judged it.
"""

from collections.abc import Iterator

from guard.facts import DowngradeFailed, UpgradeFailed
from guard.operations import Opaque
from guard.rule import Context, Example, Problem, rule


@rule(
    Opaque,
    predicts=(UpgradeFailed, DowngradeFailed),
    instructs=("NEVER write SQL for another database than the project's",),
    unsafe=(
        Example(
            upgrade="op.execute('ALTER TABEL orders ADD COLUMN note text')",
            says="This SQL could not be parsed, so no rule has judged it: expected what to alter, "
            "found 'TABEL' (line 1, column 7).",
            at="ALTER TABEL",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ENGINE = InnoDB')",
            dialect="postgresql",
            says="This SQL could not be parsed as postgresql, so no rule has judged it: ",
            help="Correct the statement, or say which database it is for: dialect in "
            "[tool.guard] or --dialect",
            at="ALTER TABLE orders ENGINE",
        ),
    ),
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
