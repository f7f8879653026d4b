"""What an editor offers to do about a finding: fix it, ignore it with a reason, approve it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from lsprotocol import types

from guard.finding import Edit, Finding
from guard.fixing import overlap
from guard.lsp.places import Lines, uri_of
from guard.statement import Span
from guard.suppression.comments import Comment, read_comments

APPROVE = "guard.approve"
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.guard"
KINDS: tuple[types.CodeActionKind | str, ...] = (types.CodeActionKind.QuickFix, FIX_ALL)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it was checked: each finding with its diagnostic.

    `root` is the folder that the paths of the findings are relative to.
    """

    uri: str
    path: Path
    version: int | None
    text: str
    root: Path
    told: tuple[tuple[Finding, types.Diagnostic], ...] = ()


def actions_at(
    document: Document,
    chosen: Sequence[tuple[Finding, types.Diagnostic]],
    lines_of: Callable[[Path], Lines],
) -> Iterator[types.CodeAction]:
    """Yield what can be done about the chosen findings of the document."""
    for finding, diagnostic in chosen:
        if finding.fix:
            yield types.CodeAction(
                title=f"Fix {finding.rule}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=True,
                edit=_edit_of(finding.fix, document, lines_of),
            )
        if finding.approvable:
            yield types.CodeAction(
                title=f"Approve {finding.rule} of {finding.object or finding.revision}…",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                command=_approve(finding, document),
            )
        elif ignoring := ignored(finding, document):
            yield types.CodeAction(
                title=f"Ignore {finding.rule} here, with a reason…",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                edit=_edit_of([ignoring], document, lines_of),
            )


def fix_all(document: Document, lines_of: Callable[[Path], Lines]) -> types.CodeAction | None:
    """Return the action that makes all fixes that do not touch each other; None without any."""
    made: list[Edit] = []
    for finding, _ in document.told:
        here = all(edit.span.path == finding.span.path for edit in finding.fix)
        if here and not any(overlap(one, other) for one in finding.fix for other in made):
            made += finding.fix
    if not made:
        return None
    return types.CodeAction(
        title="Fix all that guard can fix", kind=FIX_ALL, edit=_edit_of(made, document, lines_of)
    )


def ignored(finding: Finding, document: Document) -> Edit | None:
    """Return the edit that ignores a finding; its reason is left to be written.

    It is a comment on a line of its own above the statement, or another name in the comment that is
    there. Without its reason guard does not take it.
    """
    span = finding.statement_span or finding.span
    if span.path != finding.span.path:
        return None
    for comment in read_comments(span.path, document.text):
        if comment.kind == "ignore" and comment.covers(span.line, span.end_line):
            return _named_beside(comment, finding.rule, document.text)
    mark = "--" if document.path.suffix == ".sql" else "#"
    line = Lines(document.text, "utf-32").line(span.line)
    indent = line[: len(line) - len(line.lstrip())]
    at = Span(span.path, span.line, 1)
    return Edit(at, f"{indent}{mark} guard: ignore[{finding.rule}] \n")


def _named_beside(comment: Comment, rule: str, text: str) -> Edit | None:
    """The edit that puts another rule into the list of a comment."""
    line = Lines(text, "utf-32").line(comment.span.line)
    end = line.find("]", comment.span.column)
    if end < 0 or rule in comment.rules:
        return None
    return Edit(Span(comment.span.path, comment.span.line, end + 1), f", {rule}")


def _approve(finding: Finding, document: Document) -> types.Command:
    asked = {
        "uri": document.uri,
        "rule": finding.rule,
        "object": finding.object,
        "fingerprint": finding.fingerprint,
    }
    return types.Command("Approve…", APPROVE, arguments=[asked])


def _edit_of(
    edits: Iterable[Edit], document: Document, lines_of: Callable[[Path], Lines]
) -> types.WorkspaceEdit:
    """The edits by file; those of the document hold for the version that was checked."""
    by_path: dict[Path, list[types.TextEdit]] = {}
    for edit in edits:
        path = document.root / edit.span.path
        text = types.TextEdit(lines_of(path).exactly(edit.span), edit.text)
        by_path.setdefault(path, []).append(text)
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(_versioned(path, document), [*texts])
            for path, texts in by_path.items()
        ]
    )


def _versioned(path: Path, document: Document) -> types.OptionalVersionedTextDocumentIdentifier:
    own = path == document.path.parent.resolve() / document.path.name
    return types.OptionalVersionedTextDocumentIdentifier(
        document.uri if own else uri_of(path), document.version if own else None
    )
