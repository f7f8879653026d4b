"""Fixes: what rules want a statement to become, as edits of the file it stands in.

`layout` knows where things stand and how they are written, `bound` takes values out of SQL text,
`edits` makes edits of a rewrite, `apply` makes a text of edits.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from guard.finding import Finding
from guard.fixing.apply import apply_edits, overlap
from guard.fixing.edits import edits_of
from guard.python_source import PythonSource, SourceError
from guard.rewrite import Assigned

__all__ = ["apply_edits", "overlap", "with_fix"]


def with_fix(finding: Finding, texts: Mapping[str, str]) -> Finding:
    """Return the finding with the edits for what its rule wants, where these are certain."""
    path = finding.span.path
    if finding.fix or not finding.rewrite or finding.status != "open" or not path.endswith(".py"):
        return finding
    sources = {name: PythonSource.of_text(name, texts[name]) for name in _paths(finding, texts)}
    for span in dict.fromkeys(filter(None, (finding.statement_span, finding.span))):
        try:
            edits = edits_of(finding.rewrite, span, sources)
        except SourceError:
            break
        if edits:
            return replace(finding, fix=edits)
    return finding


def _paths(finding: Finding, texts: Mapping[str, str]) -> set[str]:
    named = {change.path for change in finding.rewrite if isinstance(change, Assigned)}
    return {finding.span.path, *named} & texts.keys()
