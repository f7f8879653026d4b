"""A source file could not be read, so no rule has judged it.

Python that does not parse, a file in another encoding than it says, one without permission to read:
whatever it holds has passed no gate. A file that is not source code at all (a template, say)
belongs in `exclude` of the configuration. Where the Python that runs guard is too old for a file,
a newer one that the machine has parses it, and runs nothing.
"""

from collections.abc import Iterator

from guard.facts import UnreadableSource
from guard.phrases import let_guard_find_python
from guard.rule import Context, Example, Problem, rule


@rule(
    UnreadableSource,
    unsafe=(
        Example(
            source="""
            from sqlalchemy import create_engine
            engine = create_engine(
            """,
            says="app/models.py could not be read, so no rule has judged it: it is not valid "
            "Python: '(' was never closed.",
            help="Correct the file, or, if it is not source code, leave it out: "
            'exclude = ["app/models.py"] in [tool.guard]',
            at="engine = create_engine(",
        ),
    ),
    safe=("from sqlalchemy import create_engine",),
)
def unreadable_source(source: UnreadableSource, context: Context) -> Iterator[Problem]:
    leave_it_out = f'exclude = ["{source.span.path}"] in [tool.guard]'
    yield Problem(
        message=f"{source.span.path} could not be read, so no rule has judged it: {source.detail}.",
        remedy=let_guard_find_python(source.needs)
        if source.needs
        else f"Correct the file, or, if it is not source code, leave it out: {leave_it_out}",
    )
