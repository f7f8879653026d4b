"""A client of the Language Server Protocol over the pipes of a real `guard lsp`."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PATIENCE = 60  # seconds; a machine may be busy
EVERYTHING: Json = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    },
    "window": {"showDocument": {"support": True}},
}


class Client:
    """Starts a server and talks to it; `asked` are the requests that the server made."""

    def __init__(self, folder: Path, *arguments: str, capabilities: Json | None = None) -> None:
        self.asked: list[Json] = []
        self.shown: list[str] = []
        self._versions: dict[str, int] = {}
        self._number = 0
        self._told: queue.Queue[Json] = queue.Queue()
        self._answers: queue.Queue[Json] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guard", "lsp", *arguments],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "GUARD_CACHE_DIR": str(folder / ".guard-cache")},
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        given = EVERYTHING if capabilities is None else capabilities
        root = {"uri": folder.as_uri(), "name": "project"}
        started = {"processId": None, "rootUri": None, "workspaceFolders": [root]}
        self.server = self.ask("initialize", **started, capabilities=given)
        self.tell("initialized")

    # Messages

    def send(self, body: bytes, length: int | None = None) -> None:
        """Send these bytes as a message."""
        assert self.process.stdin is not None
        size = len(body) if length is None else length
        self.process.stdin.write(f"Content-Length: {size}\r\n\r\n".encode() + body)
        self.process.stdin.flush()

    def tell(self, method: str, **params: object) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, **params: object) -> Any:
        """Return the result of a request; raise AssertionError for an error."""
        answer = self.answer(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def answer(self, method: str, **params: object) -> Json:
        """Return the whole answer to a request, which may be an error."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params or None})
        while (answer := self._answers.get(timeout=PATIENCE))["id"] != self._number:
            pass
        return answer

    def _send(self, message: Json) -> None:
        self.send(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            size = int(header.partition(b":")[2])
            while stream.readline().strip():  # the other headers, and the empty line
                pass
            self._take(json.loads(stream.read(size)))

    def _take(self, message: Json) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self._told.put(message["params"])
        elif method == "window/showMessage":
            self.shown.append(message["params"]["message"])
        elif method and "id" in message:
            self.asked.append(message)
            done = {"applied": True} if method == "workspace/applyEdit" else {"success": True}
            with suppress(ValueError, OSError):  # the test has ended meanwhile
                self._send({"id": message["id"], "result": done})
        elif not method:
            self._answers.put(message)

    # Documents

    def open(self, path: Path, text: str | None = None, language: str = "python") -> list[Json]:
        """Open a file, with this text where it is not the one on disk; return what is told."""
        uri = path.as_uri()
        self._versions[uri] = 1
        content = path.read_text(encoding="utf-8") if text is None else text
        document = {"uri": uri, "languageId": language, "version": 1, "text": content}
        self.tell("textDocument/didOpen", textDocument=document)
        return self.diagnostics(uri, 1)

    def change(self, path: Path, text: str | Json) -> list[Json]:
        """Give the document another text, or a change of it; return what is told then."""
        uri = path.as_uri()
        self._versions[uri] += 1
        version = self._versions[uri]
        change = {"text": text} if isinstance(text, str) else text
        identifier = {"uri": uri, "version": version}
        self.tell("textDocument/didChange", textDocument=identifier, contentChanges=[change])
        return self.diagnostics(uri, version)

    def save(self, path: Path) -> list[Json]:
        self.tell("textDocument/didSave", textDocument={"uri": path.as_uri()})
        return self.diagnostics(path.as_uri())

    def close(self, path: Path) -> list[Json]:
        self.tell("textDocument/didClose", textDocument={"uri": path.as_uri()})
        return self.diagnostics(path.as_uri())

    def diagnostics(self, uri: str, version: int | None = None) -> list[Json]:
        """Wait for what is told of a document, of that version if one is given."""
        return self.wait(lambda told: told["uri"] == uri and version in (None, told.get("version")))

    def wait(self, wanted: Callable[[Json], bool]) -> list[Json]:
        while not wanted(told := self._told.get(timeout=PATIENCE)):
            pass
        found: list[Json] = told["diagnostics"]
        return found

    def nothing_told(self, seconds: float) -> bool:
        """Return whether no diagnostics come for so long."""
        try:
            self._told.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def hover(self, path: Path, line: int, character: int) -> str:
        at = {"line": line, "character": character}
        asked = self.ask("textDocument/hover", textDocument={"uri": path.as_uri()}, position=at)
        text: str = asked["contents"]["value"] if asked else ""
        return text

    def actions(self, path: Path, range_: Json, *only: str) -> list[Json]:
        context: Json = {"diagnostics": [], **({"only": [*only]} if only else {})}
        identifier = {"uri": path.as_uri()}
        found: list[Json] = self.ask(
            "textDocument/codeAction", textDocument=identifier, range=range_, context=context
        )
        return found

    # The end

    def shutdown(self) -> None:
        self.ask("shutdown")

    def exit(self) -> int:
        """Say that it is to end, and return its exit code."""
        self.tell("exit")
        code: int = self.process.wait(PATIENCE)
        return code

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what was not sent any more
                if stream is not None:
                    stream.close()


def applied(text: str, edits: list[Json]) -> str:
    """Return the text with the edits of the protocol made, whose columns are UTF-16 units."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len((line + "\n").encode("utf-16-le")))
    data = text.encode("utf-16-le")

    def offset(position: Json) -> int:
        start = starts[min(int(position["line"]), len(lines))]
        return min(start + int(position["character"]) * 2, len(data))

    for edit in sorted(edits, key=lambda one: offset(one["range"]["start"]), reverse=True):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        data = data[:start] + edit["newText"].encode("utf-16-le") + data[end:]
    return str(data, "utf-16-le")
