"""The language server: listens to an editor, and tells it what guard finds."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Unpack
from urllib.parse import unquote

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from guard import __version__
from guard.api import Options
from guard.errors import GuardError
from guard.finding import Finding
from guard.judge.load_rules import load_rules
from guard.lsp.actions import APPROVE, FIX_ALL, KINDS, Document, actions_at, fix_all
from guard.lsp.approving import approval_edit, approvals_of, text_of
from guard.lsp.checking import Checked, Projects
from guard.lsp.diagnostics import diagnostic_of, diagnostic_of_problem
from guard.lsp.hover import hover_text
from guard.lsp.places import Lines, overlap, path_of, uri_of

JUDGED = (".py", ".sql", ".ini")  # what guard judges; the settings are read from disk
WATCHED = "**/*.{py,sql,ini,toml}"
PAUSE = 0.02  # seconds without a change before a text is checked; while one is, changes gather


class Editor:
    """The documents of one editor, what was told of them, and the checks that are under way.

    Checks run one after another in a thread, so that the editor is answered meanwhile.
    """

    def __init__(self, server: LanguageServer, options: Options) -> None:
        self._server = server
        self._config = options.get("config")
        self._projects = Projects(**options)
        self._pool = ThreadPoolExecutor(1, "guard")
        self._told: dict[str, Document] = {}
        self._blamed: dict[str, str] = {}  # the settings that a document is not judged for
        self._edited: set[str] = set()  # documents that differ from what is saved
        self._due: dict[str, float] = {}  # when documents are to be checked
        self._checks: dict[str, asyncio.Task[None]] = {}

    # What the editor says

    def opened(self, uri: str) -> None:
        self._edited.discard(uri)
        self._check(uri, 0)

    def changed(self, uri: str) -> None:
        self._edited.add(uri)
        self._check(uri, PAUSE)

    def saved(self, uri: str) -> None:
        """What is saved and not judged may be a part of what was read for other files."""
        self._edited.discard(uri)
        path = path_of(uri)
        if path and path.suffix not in JUDGED:
            self.changed_on_disk([types.FileEvent(uri, types.FileChangeType.Changed)])
        self._check(uri, 0)

    def closed(self, uri: str) -> None:
        self._edited.discard(uri)
        self._due.pop(uri, None)
        if self._told.pop(uri, None) is not None:
            self._publish(uri, None, [])
        self._blame(uri, None, None)

    def changed_on_disk(self, changes: list[types.FileEvent]) -> None:
        """Other programs write too. What was read is forgotten; settings are looked at anew."""
        told = self._told
        others = [path for one in changes if one.uri not in told and (path := path_of(one.uri))]
        for path in others:
            self._projects.forget(path)
        if any(path.suffix in (".toml", ".ini") for path in others):
            for uri in self._told:
                self._check(uri, PAUSE)

    # What it asks

    async def hover(self, uri: str, position: types.Position) -> types.Hover | None:
        document = await self._checked(uri)
        here = _at(document, types.Range(position, position))
        if not here:
            return None
        rules = {rule.name: rule for rule in load_rules()}
        text = hover_text([finding for finding, _ in here], rules)
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, here[0][1].range)

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        document = await self._checked(params.text_document.uri)
        if document is None:
            return []
        only = params.context.only
        found: list[types.CodeAction] = []
        if _wants(types.CodeActionKind.QuickFix.value, only):
            here = _at(document, params.range)
            found += actions_at(document, here, self._lines_of)
        if only and _wants(FIX_ALL, only):
            everything = fix_all(document, self._lines_of)
            found += [everything] if everything else []
        return found

    async def approve(self, asked: Mapping[str, str]) -> None:
        """Put an approval into the approvals file, and lead the user to its reason."""
        document = await self._checked(asked.get("uri", ""))
        key = ("rule", "object", "fingerprint")
        finding = next(
            (
                one
                for one, _ in (document.told if document else ())
                if all(getattr(one, name) == asked.get(name) for name in key)
            ),
            None,
        )
        if document is None or finding is None:
            self._say("There is no such finding any more.")
            return
        try:
            config = Path(self._config) if self._config else None
            file = approvals_of(document.path, config)
            shown = self._document(uri_of(file))
            edit, place = approval_edit(
                finding,
                file,
                shown.source if shown else text_of(file),
                self._encoding,
                may_create=self._may_create,
            )
        except GuardError as error:
            self._say(str(error))
            return
        done = await self._server.workspace_apply_edit_async(
            types.ApplyWorkspaceEditParams(edit, label="Approve")
        )
        if done.applied and self._shows_documents:
            await self._server.window_show_document_async(
                types.ShowDocumentParams(uri_of(file), take_focus=True, selection=place)
            )

    # Checks

    def _check(self, uri: str, after: float) -> None:
        path = path_of(uri)
        if path is None or path.suffix not in JUDGED:
            return
        self._due[uri] = asyncio.get_running_loop().time() + after
        if uri not in self._checks:
            self._checks[uri] = asyncio.create_task(self._check_until_done(uri, path))

    async def _check_until_done(self, uri: str, path: Path) -> None:
        """Check a document for as long as it changes; each time once no change came for a pause."""
        loop = asyncio.get_running_loop()
        try:
            while uri in self._due:
                left = self._due[uri] - loop.time()
                if left > 0:
                    await asyncio.sleep(left)
                    continue
                del self._due[uri]
                document = self._document(uri)
                if document is None:
                    return
                version, text = document.version, document.source
                texts = {**self._unsaved(), path: text}
                found = await loop.run_in_executor(self._pool, self._projects.check, path, texts)
                first = uri not in self._told
                if self._document(uri) is not None:
                    self._tell(uri, path, version, text, found)
                if first:
                    gc.freeze()  # its history stays: no collection looks through it at a change
        finally:
            del self._checks[uri]

    def _unsaved(self) -> dict[Path, str]:
        """The texts of the documents that differ from what is saved."""
        edited = ((path_of(uri), self._document(uri)) for uri in self._edited)
        return {
            path: document.source
            for path, document in edited
            if path and document and path.suffix in JUDGED
        }

    async def _checked(self, uri: str) -> Document | None:
        """Return what was found in a document as it is now."""
        if uri in self._checks:
            await asyncio.wait([self._checks[uri]])
        return self._told.get(uri)

    def _tell(self, uri: str, path: Path, version: int | None, text: str, found: Checked) -> None:
        lines = Lines(text, self._encoding)

        def lines_of(other: Path) -> Lines:
            same = other == path.parent.resolve() / path.name
            return lines if same else self._lines_of(other)

        told = tuple((one, diagnostic_of(one, found.root, lines_of)) for one in found.findings)
        self._told[uri] = Document(
            uri=uri, path=path, version=version, text=text, root=found.root, told=told
        )
        problem = found.problem
        said = [diagnostic_of_problem(problem, lines)] if problem else []
        self._publish(uri, version, [*said, *(diagnostic for _, diagnostic in told)])
        at_fault = problem.file if problem and problem.file != path.resolve() else None
        if problem and at_fault:
            there = diagnostic_of_problem(problem, self._lines_of(at_fault), problem.line)
            self._blame(uri, uri_of(at_fault), there)
        else:
            self._blame(uri, None, None)

    def _blame(self, uri: str, settings: str | None, said: types.Diagnostic | None) -> None:
        """Show the problem of a document at the settings too, and what was there no longer."""
        before = self._blamed.pop(uri, None)
        if before and before != settings and before not in self._blamed.values():
            self._publish(before, None, [])
        if settings and said:
            self._blamed[uri] = settings
            self._publish(settings, None, [said])

    def _publish(self, uri: str, version: int | None, said: list[types.Diagnostic]) -> None:
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, said, version)
        )

    def _say(self, message: str) -> None:
        self._server.window_show_message(
            types.ShowMessageParams(types.MessageType.Error, f"guard: {message}")
        )

    # The client

    def _document(self, uri: str) -> TextDocument | None:
        """The open document of a URI, by which pygls knows it without its escapes."""
        found: TextDocument | None = self._server.workspace.text_documents.get(unquote(uri))
        return found

    def _lines_of(self, path: Path) -> Lines:
        """The lines of any file: as it is open, else as it lies on disk."""
        for document in self._server.workspace.text_documents.values():
            other = path_of(document.uri)
            if other and other.parent.resolve() / other.name == path:
                return Lines(document.source, self._encoding)
        try:
            return Lines(path.read_text(encoding="utf-8", errors="replace"), self._encoding)
        except OSError:
            return Lines("", self._encoding)

    @property
    def _encoding(self) -> str:
        encoding = self._server.workspace.position_encoding
        return str(getattr(encoding, "value", encoding) or "utf-16")

    @property
    def _may_create(self) -> bool:
        workspace = self._server.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        made = (edits.resource_operations if edits else None) or ()
        return types.ResourceOperationKind.Create in made

    @property
    def _shows_documents(self) -> bool:
        window = self._server.client_capabilities.window
        return bool(window and window.show_document and window.show_document.support)

    def watch(self) -> None:
        """Ask the editor to tell of files that others write, if it can."""
        workspace = self._server.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace else None
        if not (watching and watching.dynamic_registration):
            return
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(WATCHED)])
        asked = types.Registration("guard-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        self._server.client_register_capability(types.RegistrationParams([asked]))


def _at(document: Document | None, range_: types.Range) -> list[tuple[Finding, types.Diagnostic]]:
    return [one for one in (document.told if document else ()) if overlap(one[1].range, range_)]


def _wants(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether a kind is among those that are asked for; `source` asks for all below it."""
    asked = [str(getattr(one, "value", one)) for one in only or ()]
    return not asked or any(kind == one or kind.startswith(f"{one}.") for one in asked)


def serve(**options: Unpack[Options]) -> int:
    """Listen on standard input until the editor ends; return the exit code: 0 after a shutdown."""
    gc.enable()  # a command does without, which ends soon
    server = LanguageServer("guard", __version__)
    editor = Editor(server, options)
    ended: list[object] = []

    def initialized(_: types.InitializedParams) -> None:
        editor.watch()

    def shutdown(*_: object) -> None:
        ended.append(True)

    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        editor.opened(params.text_document.uri)

    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        editor.changed(params.text_document.uri)

    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        editor.saved(params.text_document.uri)

    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        editor.closed(params.text_document.uri)

    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        editor.changed_on_disk([*params.changes])

    async def hover(params: types.HoverParams) -> types.Hover | None:
        return await editor.hover(params.text_document.uri, params.position)

    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await editor.actions(params)

    async def approve(asked: dict[str, str]) -> None:
        await editor.approve(asked)

    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.SHUTDOWN)(shutdown)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(watched)
    server.feature(types.TEXT_DOCUMENT_HOVER)(hover)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([*KINDS]))(code_action)
    server.command(APPROVE)(approve)
    server.start_io()
    return 0 if ended else 1
