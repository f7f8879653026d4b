"""Only the downgrade of a released revision was edited.

No database ran it yet, so each runs the new one when it is taken back: also one whose schema was
made long ago. A downgrade that was wrong has to be corrected in its own revision, since no new
revision can do that.
"""

from collections.abc import Iterator

from guard.facts import EditedDowngrade
from guard.phrases import with_edit
from guard.rule import Context, Example, Problem, revision_file, rule

CREATE = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
DROP = 'op.drop_table("orders")'
IF_EXISTS = 'op.execute("DROP TABLE IF EXISTS orders")'


@rule(
    EditedDowngrade,
    severity="warning",
    unsafe=(
        Example(
            base=revision_file("a1", None, CREATE, DROP),
            change=revision_file("a1", None, CREATE, IF_EXISTS),
            says=f"The downgrade of a1, which is on HEAD, was edited (`{DROP}` became "
            f"`{IF_EXISTS}`): databases that are at a1 will run the new one.",
            help="Be sure that it undoes what the upgrade did to the databases that ran it.",
            at=IF_EXISTS,
        ),
    ),
    safe=(
        Example(
            base=revision_file("a1", None, CREATE, DROP),
            change=revision_file("a1", None, CREATE, f"print('back')\n{DROP}"),
        ),
    ),
)
def edited_downgrade(edited: EditedDowngrade, context: Context) -> Iterator[Problem]:
    through = f" through {edited.through}" if edited.through else ""
    message = with_edit(
        f"The downgrade of {edited.revision}, which is on {edited.base}, was edited{through}",
        edited.difference,
        f"databases that are at {edited.revision} will run the new one.",
    )
    remedy = "Be sure that it undoes what the upgrade did to the databases that ran it."
    yield Problem(message=message, remedy=remedy)
