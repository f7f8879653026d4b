"""DROP SYSTEM VERSIONING deletes the history of the rows.

MariaDB keeps the earlier versions of each row in the table itself. Without versioning they are
gone, and no downgrade brings them back: ADD SYSTEM VERSIONING begins a new history. The table is
written anew while writes wait.
"""

from collections.abc import Iterator

from guard.operations import AlterTable
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

DROP = "op.execute('ALTER TABLE prices DROP SYSTEM VERSIONING')"
ADD = "op.execute('ALTER TABLE prices ADD SYSTEM VERSIONING')"


@rule(
    AlterTable,
    instructs=("NEVER use `DROP SYSTEM VERSIONING`",),
    unsafe=(
        Example(
            upgrade=DROP,
            dialect="mariadb",
            says="DROP SYSTEM VERSIONING deletes the history of prices, and no downgrade restores "
            "it. It copies prices with LOCK=SHARED: writes wait.",
            help="Copy the history into a table of its own first (FOR SYSTEM_TIME ALL "
            "shows it), or keep the versioning.",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade=f"op.create_table('prices', sa.Column('id', sa.Integer()))\n{ADD}",
            downgrade=f"{DROP}\nop.drop_table('prices')",
            dialect="mariadb",
        ),
    ),
)
def drop_system_versioning(drop: AlterTable, context: Context) -> Iterator[Problem]:
    if drop.action != "drop-system-versioning" or context.is_unreleased(drop.table):
        return
    if context.undoes_upgrade(drop):
        return
    effect = context.effect(drop)
    waits = f" It {what_waits(effect, context.size(drop.table))}." if effect else ""
    yield Problem(
        message=f"DROP SYSTEM VERSIONING deletes the history of {drop.table}, and no "
        f"{context.statement.opposite_direction} restores it.{waits}",
        remedy="Copy the history into a table of its own first (FOR SYSTEM_TIME ALL shows it), or "
        "keep "
        "the versioning.",
    )
