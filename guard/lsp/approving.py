"""An approval as an edit of the approvals file, with the reason left to be written."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from guard.errors import GuardError
from guard.finding import Finding
from guard.history.git import user_name
from guard.lsp.places import Lines, uri_of
from guard.paths import read_text
from guard.project.settings import SettingsFiles
from guard.run.asked import Instead
from guard.statement import Span
from guard.suppression.approvals import add_approval, approval_of

_REASON = 'reason = "'


def approvals_of(path: Path, config: Path | None) -> Path:
    """Return the approvals file of the project that a file belongs to; raise GuardError."""
    files: SettingsFiles = Instead(config=config).settings(path.parent)
    settings = files.at(path.parent.resolve())
    return settings.folder / settings.config.approvals


def approval_edit(
    finding: Finding, file: Path, text: str | None, encoding: str, *, may_create: bool
) -> tuple[types.WorkspaceEdit, types.Range]:
    """Return the edit that adds the approval without a reason, and the place of that.

    `text` is what the file holds, None where there is none. Raises GuardError for one that is
    broken, or where the client cannot make files.
    """
    if text is None and not may_create:
        raise GuardError(f"{file.name} is not there, and this editor makes no files: make it first")
    approval = approval_of(finding, reason="", approver=user_name(file.parent) or "")
    new = add_approval(text or "", approval)
    old = Lines(text or "", encoding)
    whole = old.exactly(Span("", 1, 1, (text or "").count("\n") + 1, 1_000_000))
    changes: list[types.CreateFile | types.TextDocumentEdit] = []
    if text is None:
        changes.append(
            types.CreateFile(uri_of(file), options=types.CreateFileOptions(ignore_if_exists=True))
        )
    changes.append(
        types.TextDocumentEdit(
            types.OptionalVersionedTextDocumentIdentifier(uri_of(file)),
            [types.TextEdit(whole, new)],
        )
    )
    return types.WorkspaceEdit(document_changes=[*changes]), _place_of_reason(new, encoding)


def _place_of_reason(text: str, encoding: str) -> types.Range:
    """Where the last empty reason is to be written."""
    before = text[: text.rindex(f'{_REASON}"') + len(_REASON)]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Lines(text, encoding).exactly(Span("", line, column))


def text_of(file: Path) -> str | None:
    """Return what a file holds, None where there is none; raise GuardError."""
    try:
        return read_text(file) if file.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{file.name} cannot be read: {error}") from None
