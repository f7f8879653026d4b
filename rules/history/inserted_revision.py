"""A new revision was put below revisions that are released.

A database that is past that place never runs it: Alembic looks at where the database stands and
runs what comes after. A fresh database runs it in the middle of the chain, so that the two end with
other schemas, and what comes later fails on one of them. It happens when two branches are put in
order by changing the released one's `down_revision`, or when a step that was forgotten is added
where it should have been. A new revision comes after the head.
"""

from collections.abc import Iterator

from guard.facts import InsertedRevision, NewParent
from guard.rule import Context, Example, Problem, Related, revision_file, rule

TWO = revision_file("a1") | revision_file("b2", "a1")


@rule(
    InsertedRevision,
    approvable=True,
    instructs=("NEVER put a new migration below a released one: it follows the head",),
    unsafe=(
        Example(
            base=TWO,
            change=revision_file("c3", "a1") | revision_file("b2", "c3"),
            says="Revision c3 is new and comes before b2, which is on HEAD already and had "
            'down_revision = "a1": databases that ran b2 never run c3, and fresh ones run it '
            "first.",
            help='Let it come after the head, in migrations/versions/c3.py:\ndown_revision = "b2"\n'
            'and set back what was changed, in migrations/versions/b2.py:\ndown_revision = "a1"',
            at="down_revision = 'a1'",
        ),
        Example(
            base=TWO | revision_file("e5", "b2"),
            change=revision_file("c3", "a1")
            | revision_file("d4", "c3")
            | revision_file("b2", ("a1", "d4")),
            says="Revision c3 is new and comes before b2",
            help='in migrations/versions/c3.py:\ndown_revision = "e5"',
            at="down_revision = 'a1'",
        ),
        Example(
            base=TWO | revision_file("c3", "a1") | revision_file("m4", ("b2", "c3")),
            change=revision_file("x5", "a1")
            | revision_file("b2", "x5")
            | revision_file("c3", "x5"),
            says="Revision x5 is new and comes before b2 and c3, which are on HEAD already and had "
            'down_revision = "a1": databases that ran them never run x5',
            help='down_revision = "m4"\nand set back what was changed, in '
            'migrations/versions/b2.py:\ndown_revision = "a1"\nin migrations/versions/c3.py:',
            at="down_revision = 'a1'",
        ),
    ),
    safe=(
        Example(base=TWO, change=revision_file("c3", "b2") | revision_file("d4", "c3")),
        Example(
            base=TWO,
            change=revision_file("c3", "a1") | revision_file("d4", ("b2", "c3")),
        ),
        Example(
            base=TWO,
            change=revision_file("b2", ("a1",)) | revision_file("c3", "b2"),
        ),
    ),
)
def inserted_revision(inserted: InsertedRevision, context: Context) -> Iterator[Problem]:
    id_, base, below = inserted.revision, inserted.base, inserted.below
    ids = _listed([moved.revision for moved in below])
    had = _listed([*dict.fromkeys(_line(m.attribute, m.before) for m in below)])
    them, are = (ids, "is") if len(below) == 1 else ("them", "are")
    yield Problem(
        message=f"Revision {id_} is new and comes before {ids}, which {are} on {base} already and "
        f"had {had}: databases that ran {them} never run {id_}, and fresh ones run it first.",
        remedy=f"{_where(inserted)}\nand set back what was changed, {_set_back(below)}",
        related=tuple(
            Related(m.span, f"{m.revision} comes after {_listed(list(m.after))} here")
            for m in below
        ),
    )


def _where(inserted: InsertedRevision) -> str:
    path, heads = inserted.span.path, inserted.heads
    if len(heads) == 1:
        return f"Let it come after the head, in {path}:\n{_line('down_revision', heads)}"
    choice = "\nor ".join(_line("down_revision", (head,)) for head in heads)
    return f"Let it come after one of the heads, in {path}:\n{choice}"


def _set_back(below: tuple[NewParent, ...]) -> str:
    return "\n".join(f"in {m.span.path}:\n{_line(m.attribute, m.before)}" for m in below)


def _line(attribute: str, ids: tuple[str, ...]) -> str:
    quoted = [f'"{id_}"' for id_ in ids]
    value = f"({', '.join(quoted)})" if len(quoted) > 1 else "".join(quoted) or "None"
    return f"{attribute} = {value}"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
