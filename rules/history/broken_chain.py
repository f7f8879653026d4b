"""Alembic cannot walk the history: a parent is missing, an id is used twice, a file is unreadable.

Every Alembic command stops at such a history, also on the server during a deployment. And what
cannot be walked cannot be judged: a gate that skipped it would pass it.
"""

from collections.abc import Iterator

from guard.facts import BrokenChain
from guard.phrases import let_guard_find_python
from guard.rule import Context, Example, Problem, revision_file, rule

REMEDY = {
    "missing-parent": "Add the revision that is missing, or name the one that really comes before.",
    "cycle": "Let one of them come after a revision that stands outside the cycle.",
    "duplicate": "Give one of them an id of its own: alembic revision makes a new one.",
    "no-revision": "Move the file out of the versions folder, or give it revision and "
    "down_revision as alembic revision writes them.",
    "unreadable": "Correct the file, so that Alembic and guard can read it.",
    "computed": "Write the ids as plain strings: tools that do not run the code read them.",
}


@rule(
    BrokenChain,
    instructs=("ALWAYS give a migration an id of its own, and as parent one that is there",),
    unsafe=(
        Example(
            base=revision_file("a1"),
            change=revision_file("b2", "zz"),
            says="down_revision of b2 names zz",
            help=REMEDY["missing-parent"],
            at="revision = 'b2'",
        ),
        Example(
            base=revision_file("a1"),
            change=revision_file("b2", "c3") | revision_file("c3", "b2"),
            says="form a cycle",
            help=REMEDY["cycle"],
            at="revision = 'b2'",
        ),
        Example(
            base=revision_file("a1"),
            change=revision_file("a1", name="a1_copy"),
            says="Revision a1 stands in",
            help=REMEDY["duplicate"],
            at="revision = 'a1'",
        ),
        Example(
            base=revision_file("a1"),
            change={"migrations/versions/limits.py": "LIMIT = 10\n"},
            says="migrations/versions/limits.py cannot be read as a revision: it declares no "
            "revision id (revision = ...).",
            help=REMEDY["no-revision"],
            at="LIMIT = 10",
        ),
        Example(
            base=revision_file("a1"),
            change={"migrations/versions/b2.py": "def upgrade(:\n"},
            says="migrations/versions/b2.py cannot be read as a revision: it is not valid Python",
            help=REMEDY["unreadable"],
            at="def upgrade(:",
        ),
        Example(
            base=revision_file("a1"),
            change={"migrations/versions/b2.py": "import uuid\n\nrevision = uuid.uuid4().hex\n"},
            says="migrations/versions/b2.py cannot be read as a revision",
            help=REMEDY["computed"],
            at="revision = uuid",
        ),
    ),
    safe=(Example(base=revision_file("a1"), change=revision_file("b2", "a1")),),
)
def broken_chain(broken: BrokenChain, context: Context) -> Iterator[Problem]:
    remedy = let_guard_find_python(broken.needs) if broken.needs else REMEDY[broken.problem]
    yield Problem(message=broken.detail, remedy=remedy)
