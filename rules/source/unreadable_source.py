"""A file around the database could not be read, so no rule has judged it.

Python that does not parse, a file in another encoding than it says, one without permission to read:
whatever stands in it passed no gate. A file that is no source code at all (a template, say) belongs
into `exclude` of the configuration.
"""

from collections.abc import Iterator

from guard.facts import UnreadableSource
from guard.rule import Context, Problem, rule


@rule(
    UnreadableSource,
    unsafe=("from sqlalchemy import create_engine\nengine = create_engine(",),
    safe=("from sqlalchemy import create_engine",),
)
def unreadable_source(source: UnreadableSource, context: Context) -> Iterator[Problem]:
    yield Problem(
        message=f"{source.span.path} could not be read, so no rule has judged it: {source.detail}.",
        remedy="Correct the file, or, where it is no source code, leave it out: "
        f"exclude = [{source.span.path!r}] in [tool.guard]".replace("'", '"'),
    )
