"""A released revision is gone, or its id stands for another one.

A database whose alembic_version names the missing revision cannot be upgraded: Alembic stops with
"Can't locate revision". So it does after a squash, also where the new revision names those that it
stands for (`replaces` means nothing to Alembic): each database must have been at the last of them
before, and be told the new id afterwards.
"""

from collections.abc import Iterator

from guard.facts import DeletedRevision, HistoryFact, MovedRevision, SquashedRevisions
from guard.phrases import ALWAYS_A_NEW_REVISION, NEVER_TOUCH_RELEASED, listed, restored
from guard.rule import Context, Example, Problem, revision_file, rule

TWO = revision_file("a1") | revision_file("b2", "a1")
ORDERS = 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))'
MOST_LINES = 20  # of a schema difference


@rule(
    DeletedRevision,
    MovedRevision,
    SquashedRevisions,
    approvable=True,
    instructs=(NEVER_TOUCH_RELEASED, ALWAYS_A_NEW_REVISION),
    unsafe=(
        Example(
            base=TWO,
            change={"migrations/versions/b2.py": None},
            says="Revision b2 is on HEAD and gone here: a database that stands at it can be "
            "neither upgraded nor downgraded.",
            help="Restore it (git checkout HEAD -- migrations/versions/b2.py) and undo it in a new "
            "revision.",
            at="migrations/versions/b2.py",
        ),
        Example(
            base=TWO,
            change={"migrations/versions/a1.py": None},
            says="Revision a1 is on HEAD and gone here, and b2 still comes after it: Alembic "
            "cannot walk the history any more.",
            help="Restore it (git checkout HEAD -- migrations/versions/a1.py)",
            at="migrations/versions/a1.py",
        ),
        Example(
            base=TWO,
            change={
                "migrations/versions/b2.py": None,
                **revision_file("c3", "b2", name="b2_now_c3"),
                **revision_file("b2", "a1", ORDERS, 'op.drop_table("orders")', name="b2_new"),
            },
            says="Revision b2 is on HEAD in migrations/versions/b2.py, and its id stands for "
            "another one here, in migrations/versions/b2_new.py; its own is c3 now: databases that "
            "ran it will not run the other one.",
            help="Give each its old id back, and the new one an id of its own.",
            at="migrations/versions/b2.py",
        ),
        Example(
            base=revision_file("a1", None, ORDERS, 'op.drop_table("orders")')
            | revision_file("b2", "a1"),
            change={
                "migrations/versions/a1.py": None,
                "migrations/versions/b2.py": None,
                **revision_file("c3", replaces=("a1", "b2")),
            },
            says="Revisions a1, b2 are on HEAD and gone here, and c3 stands in their place: a "
            'database that stands at one of them stops with "Can\'t locate revision". c3 does not '
            "make the same schema (- they, + it):\n  - orders.id integer",
            help="Bring every database to b2 before this is deployed, and then tell it the new "
            "id:\nalembic stamp --purge c3",
            at="migrations/versions/a1.py",
        ),
        Example(
            base=TWO | revision_file("c3", "b2", ORDERS, 'op.drop_table("orders")'),
            change={
                "migrations/versions/a1.py": None,
                "migrations/versions/b2.py": None,
                **revision_file("c3", None, ORDERS, 'op.drop_table("orders")'),
            },
            says="Revisions a1, b2 are on HEAD and gone here, and c3, changed, stands in their "
            'place: a database that stands at one of them stops with "Can\'t locate revision". c3 '
            "makes the same schema.",
            help="Bring every database to c3 before this is deployed: it keeps its id there.",
            at="migrations/versions/a1.py",
        ),
        Example(
            base=TWO,
            change={
                "migrations/versions/b2.py": None,
                **revision_file("b2", "a1", name="2024/b2"),
            },
            says="Revision b2 was moved to migrations/versions/2024, which Alembic does not enter: "
            'a database that stands at it stops with "Can\'t locate revision".',
            help="Say recursive_version_locations = true in the [alembic] section, or move it back",
            at="revision = 'b2'",
        ),
    ),
    safe=(
        Example(base=TWO, change=revision_file("c3", "b2")),
        Example(
            base=TWO,
            change={
                "alembic.ini": "[alembic]\nscript_location = migrations\n"
                "recursive_version_locations = true\n",
                "migrations/versions/b2.py": None,
                **revision_file("b2", "a1", name="2024/b2"),
            },
        ),
    ),
)
def deleted_revision(gone: HistoryFact, context: Context) -> Iterator[Problem]:
    if isinstance(gone, SquashedRevisions):
        yield _squashed(gone)
    elif isinstance(gone, MovedRevision) and gone.unread:
        yield _moved_out_of_sight(gone)
    elif isinstance(gone, DeletedRevision):
        yield _deleted(gone)


def _deleted(gone: DeletedRevision) -> Problem:
    released = f"Revision {gone.revision} is on {gone.base}"
    restore = f"Restore it ({restored(gone.base, gone.span.path)})"
    if gone.renamed_to:
        return Problem(
            message=f"{released} in {gone.span.path}, which was renamed to {gone.renamed_to}: the "
            "migration tool takes it for a new one, and misses the old one.",
            remedy=f"Rename it back: git mv {gone.renamed_to} {gone.span.path}",
        )
    if gone.taken_by:
        own = f"; its own is {gone.now_called} now" if gone.now_called else ""
        return Problem(
            message=f"{released} in {gone.span.path}, and its id stands for another one here, in "
            f"{gone.taken_by}{own}: databases that ran it will not run the other one.",
            remedy="Give each its old id back, and the new one an id of its own.",
        )
    if gone.orphans:
        children = ", ".join(gone.orphans)
        verb = "come" if len(gone.orphans) > 1 else "comes"
        return Problem(
            message=f"{released} and gone here, and {children} still {verb} after it: Alembic "
            "cannot walk the history any more.",
            remedy=f"{restore} and undo it in a new revision.",
            approvable=False,
        )
    return Problem(
        message=f"{released} and gone here: a database that stands at it can be neither upgraded "
        "nor downgraded.",
        remedy=f"{restore} and undo it in a new revision.",
    )


def _moved_out_of_sight(moved: MovedRevision) -> Problem:
    count = len(moved.moves)
    old, new = moved.moves[0]
    folder = new.rpartition("/")[0]
    what, at, back = f"Revision {moved.revision} was", "it", f"it back: git mv {new} {old}"
    if count > 1:
        what, at, back = f"{count} revisions were", "one of them", "them back"
    return Problem(
        message=f"{what} moved to {folder}, which Alembic does not enter: a database that stands "
        f'at {at} stops with "Can\'t locate revision".',
        remedy=f"Say recursive_version_locations = true in the [alembic] section, or move {back}",
    )


def _squashed(squash: SquashedRevisions) -> Problem:
    gone = [id_ for id_ in squash.ids if id_ != squash.by]
    many = len(gone) > 1
    told = f"Revisions {', '.join(gone)} are" if many else f"Revision {gone[0]} is"
    place = "their place" if many else "its place"
    at = "one of them" if many else "it"
    bring = f"Bring every database to {squash.ids[-1]} before this is deployed"
    kept = squash.by in squash.ids
    return Problem(
        message=f"{told} on {squash.base} and gone here, and {squash.by}{', changed,' * kept} "
        f"stands in {place}: a database that stands at {at} stops with "
        f'"Can\'t locate revision". {_proof(squash)}',
        remedy=_kept(squash, bring)
        if kept
        else f"{bring}, and then tell it the new id:\nalembic stamp --purge {squash.by}",
    )


def _kept(squash: SquashedRevisions, bring: str) -> str:
    if not squash.difference:
        return f"{bring}: it keeps its id there."
    return (
        f"Have {squash.by} make what they made, and put what is new into a revision that follows: "
        f"a database at {squash.by} will not run it again. {bring}."
    )


def _proof(squash: SquashedRevisions) -> str:
    if not squash.difference:
        same = f"{squash.by} makes the same schema"
        return f"{same}." if squash.proven else f"As far as it can be read, {same}."
    more = len(squash.difference) - MOST_LINES
    rest = [f"and {more} more"] if more > 0 else []
    lines = listed([*squash.difference[:MOST_LINES], *rest])
    several = len(squash.ids) > 1 and squash.by not in squash.ids
    sides = "they, + it" if several else "as it was, + as it is"
    return f"{squash.by} does not make the same schema (- {sides}):\n{lines}"
