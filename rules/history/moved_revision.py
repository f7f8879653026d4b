"""A released revision stands in another file, with the same content.

Alembic finds revisions by their ids, so that databases do not notice. Whoever looks for the history
of the file has to follow it to its old place.
"""

from collections.abc import Iterator

from guard.facts import MovedRevision
from guard.rule import Context, Example, Problem, revision_file, rule

TWO = revision_file("a1") | revision_file("b2", "a1")


@rule(
    MovedRevision,
    severity="info",
    unsafe=(
        Example(
            base=TWO,
            change={"migrations/versions/b2.py": None, **revision_file("b2", "a1", name="b2_note")},
            says="Revision b2 was moved from migrations/versions/b2.py, where it is on HEAD, to "
            "migrations/versions/b2_note.py: databases do not notice.",
            help="Nothing has to be done; git log --follow shows what was before the move.",
            at="revision = 'b2'",
        ),
    ),
    safe=(Example(base=TWO, change=revision_file("c3", "b2")),),
)
def moved_revision(moved: MovedRevision, context: Context) -> Iterator[Problem]:
    if moved.unread:
        return  # deleted-revision tells that
    count = len(moved.moves)
    old, new = moved.moves[0]
    if count > 1:
        old, new = old.rpartition("/")[0] or ".", new.rpartition("/")[0] or "."
    what = f"Revision {moved.revision} was" if count == 1 else f"{count} revisions were"
    yield Problem(
        message=f"{what} moved from {old}, where {'it is' if count == 1 else 'they are'} on "
        f"{moved.base}, to {new}: databases do not notice.",
        remedy="Nothing has to be done; git log --follow shows what was before the move.",
    )
