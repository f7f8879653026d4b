"""A released revision is gone, or stands in another file.

A database whose alembic_version names the missing revision cannot be upgraded: Alembic stops with
"Can't locate revision". A moved file still upgrades, but hides its history from git and from
everybody who looks for it. A squash names what it replaces, with `replaces = ("id", ...)` in the
new revision, and is then allowed.
"""

from collections.abc import Iterator

from guard.facts import DeletedRevision
from guard.rule import Context, Example, Problem, revision_file, rule

TWO = revision_file("a1") | revision_file("b2", "a1")


@rule(
    DeletedRevision,
    approvable=True,
    unsafe=(
        Example(
            base=TWO,
            change={"migrations/versions/b2.py": None},
            says="Revision b2 is on HEAD and gone here: a database that stands at it can be "
            "neither upgraded nor downgraded.",
            help="Restore it (git checkout HEAD -- migrations/versions/b2.py) and undo it in a new "
            "revision, or, if this is a squash, name it in the new revision: "
            'replaces = ("b2", ...)',
            at="migrations/versions/b2.py",
        ),
        Example(
            base=TWO,
            change={"migrations/versions/b2.py": None, **revision_file("b2", "a1", name="b2_note")},
            says="Revision b2 was moved from migrations/versions/b2.py, where it is on HEAD, to "
            "migrations/versions/b2_note.py: whoever looks for its history no longer finds it.",
            help="Move it back: git mv migrations/versions/b2_note.py migrations/versions/b2.py",
            at="migrations/versions/b2.py",
        ),
    ),
    safe=(
        Example(
            base=TWO,
            change={
                "migrations/versions/a1.py": None,
                "migrations/versions/b2.py": None,
                **revision_file("c3", replaces=("a1", "b2")),
            },
        ),
    ),
)
def deleted_revision(gone: DeletedRevision, context: Context) -> Iterator[Problem]:
    restore = f"git checkout {gone.base} -- {gone.span.path}"
    if gone.moved_to:
        yield Problem(
            message=f"Revision {gone.revision} was moved from {gone.span.path}, where it is on "
            f"{gone.base}, to {gone.moved_to}: whoever looks for its history no longer finds it.",
            remedy=f"Move it back: git mv {gone.moved_to} {gone.span.path}",
        )
        return
    yield Problem(
        message=f"Revision {gone.revision} is on {gone.base} and gone here: a database that stands "
        "at it can be neither upgraded nor downgraded.",
        remedy=f"Restore it ({restore}) and undo it in a new revision, or, if this is a squash, "
        f'name it in the new revision: replaces = ("{gone.revision}", ...)',
    )
