"""Asks a database at which revisions it stands, with the project's own interpreter and driver."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import unquote

from guard.credentials import MASK, mask_credentials, secrets
from guard.errors import GuardError
from guard.project.settings import Settings
from guard.roundtrip.interpreter import find_interpreter
from guard.roundtrip.process import TimeLimitError, Worker

SECONDS = 60


def applied_revisions(url: str, settings: Settings, root: Path, start: Path) -> tuple[str, ...]:
    """Return the ids in the version tables of a database, which is only read.

    The file of a SQLite URL is relative to `start`.

    Raises GuardError, without the password, where the database or its driver is not there, or no
    Alembic has run on it.
    """
    python = find_interpreter(settings, root, settings.folder)
    shown = f"--applied-in {mask_credentials(url)}"
    with tempfile.TemporaryDirectory(prefix="guard-applied-") as folder:
        try:
            worker = Worker(python.path, start, {"applied_in": url, "folder": folder}, {})
        except OSError as error:
            raise GuardError(
                f"{shown}: the interpreter {python.path} cannot be run ({error.strerror}): "
                "correct --python or python = in [tool.guard]"
            ) from None
        with worker:
            try:
                events = list(worker.events(SECONDS))
            except TimeLimitError:
                raise GuardError(f"{shown}: it did not answer within {SECONDS} s") from None
            if not events:
                raise GuardError(f"{shown}: the process that asked {worker.ended()}")
    event = events[-1]
    if event["event"] == "fatal":
        remedy = f" {event['remedy'][:1].upper()}{event['remedy'][1:]}" if event["remedy"] else ""
        raise GuardError(_without(url, f"{shown}: {event['text']}{remedy}"))
    return tuple(event["revisions"])


def _without(url: str, message: str) -> str:
    """The message without the password, wherever a driver quotes it."""
    for start, end in secrets(url):
        for written in {url[start:end], unquote(url[start:end])}:
            message = message.replace(written, MASK)
    return mask_credentials(message)
