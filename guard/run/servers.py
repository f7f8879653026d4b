"""What a run says of the server that it judged for, where the settings do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guard.note import Note
from guard.project.find_server import FoundServer
from guard.run.histories import ChangedHistory
from guard.run.services import Service

History = tuple[Service, ChangedHistory]


def judged_for(service: Service, history: ChangedHistory) -> tuple[str, ...]:
    """Return the line of the summary that names the server and what tells it."""
    return (f"for {service.found.why}",) if history.judged and service.found.why else ()


def about_server(histories: Sequence[History]) -> Iterator[Note]:
    """Yield one note where revisions were judged and nobody knows for which server."""
    unknown = [
        (service, history)
        for service, history in histories
        if history.judged and service.scope.dialect is None
    ]
    if not unknown:
        return
    count = len({r.name for service, _ in unknown for r in service.rules if r.dialects is not None})
    places = ""
    if len(histories) > 1:
        places = f"{', '.join(history.environment.name for _, history in unknown)}: "
    service = unknown[0][0]
    text = service.scope.settings.as_set_here(
        f"{_reason(service.found)}, so what holds on one server only was not judged: which lock a "
        f"statement takes and what waits for it, and {count} rules. Name it: "
        'dialect = "postgresql", say, in [tool.guard].'
    )
    yield Note("server-unknown", places + text)


def _reason(found: FoundServer) -> str:
    """Why the server is not known."""
    said = [f"{clue.where} {clue.said}" for clue in found.against]
    match said:
        case [one, other]:
            return f"{one} and {other}"
        case [one]:
            return f"{one}, of which guard knows no rules"
    return "Nothing here tells which database server this is for"
