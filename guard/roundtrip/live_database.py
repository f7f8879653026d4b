"""Asks a database that the user named, with the project's own interpreter and driver."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from guard.credentials import MASK, mask_credentials, secrets
from guard.errors import GuardError
from guard.project.settings import Settings
from guard.roundtrip.interpreter import find_interpreter
from guard.roundtrip.process import TimeLimitError, Worker
from guard.roundtrip.variables import inherited

SECONDS = 60


class LiveDatabase:
    """A database by its URL, which the user gave in an `option`; it is only read.

    The file of a SQLite URL is relative to `start`.
    """

    def __init__(self, url: str, option: str, settings: Settings, root: Path, start: Path) -> None:
        """Find the project's interpreter; raise RoundTripError where there is none."""
        self._url = url
        self._shown = f"{option} {mask_credentials(url)}"
        self._python = find_interpreter(settings, root, settings.folder).path
        self._start = start

    def ask(self, question: Literal["applied", "table_sizes"]) -> Any:
        """Return the answer of the worker's module of that name.

        Raises GuardError, without the password, where the database or its driver is not there, and
        where it has no answer.
        """
        with tempfile.TemporaryDirectory(prefix="guard-ask-") as folder:
            request = {"ask": question, "url": self._url, "folder": folder}
            try:
                worker = Worker(self._python, self._start, request, inherited())
            except OSError as error:
                raise GuardError(
                    f"{self._shown}: the interpreter {self._python} cannot be run "
                    f"({error.strerror}): correct --python or python = in [tool.guard]"
                ) from None
            with worker:
                try:
                    events = list(worker.events(SECONDS))
                except TimeLimitError:
                    raise GuardError(
                        f"{self._shown}: it did not answer within {SECONDS} s"
                    ) from None
                if not events:
                    raise GuardError(f"{self._shown}: the process that asked {worker.ended()}")
        event = events[-1]
        if event["event"] == "fatal":
            remedy = event["remedy"]
            said = f"{event['text']} {remedy[:1].upper()}{remedy[1:]}".rstrip()
            raise GuardError(self._without_password(f"{self._shown}: {said}"))
        return event["answer"]

    def _without_password(self, message: str) -> str:
        """The message without the password, wherever a driver quotes it."""
        for start, end in secrets(self._url):
            for written in {self._url[start:end], unquote(self._url[start:end])}:
                message = message.replace(written, MASK)
        return mask_credentials(message)
