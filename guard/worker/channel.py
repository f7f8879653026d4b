"""The line to guard: JSON lines on a private descriptor that no print of the project can reach."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from typing import Any


class FatalError(Exception):
    """The round trip cannot go on: one sentence for the user, and what to do.

    `place`: `path` and `line`, and what the project was `lacking` where that is known.
    """

    def __init__(self, text: str, remedy: str, **place: Any) -> None:
        super().__init__(text)
        self.remedy = remedy
        self.place = place


class Channel:
    """Sends events; made once, before any code of the project runs."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._in = os.fdopen(os.dup(0), encoding="utf-8")
        os.dup2(2, 1)  # what the project prints goes where its errors go
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)

    def request(self) -> dict[str, Any]:
        """Return what guard asks for: the first line it sends."""
        request: dict[str, Any] = json.loads(self._in.readline())
        return request

    def send(self, event: str, **fields: Any) -> None:
        """Send one event."""
        self._out.write(json.dumps({"event": event, **fields}) + "\n")
        self._out.flush()

    def end_with_guard(self, folder: str) -> None:
        """Remove the scratch folder and end, should guard go away before this process does."""

        def watch() -> None:
            self._in.read()  # returns once the other end is closed
            shutil.rmtree(folder, ignore_errors=True)
            if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGKILL)
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
