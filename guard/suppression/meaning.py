"""What a finding says, whatever line it stands on: by that it is known again."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping

import msgspec

from guard.finding import Finding
from guard.patterns import lazy_re
from guard.statement import Span

_LINE = lazy_re(r"\blines? \d+")
_QUOTES = lazy_re(r"\"\"\"|'''|'")


class Meaning(msgspec.Struct, frozen=True):
    """What is said of what: the message without its places, the code without its formatting.

    Of its parts only the `fingerprint` may be another one with another version of guard, and the
    `message`, when it is put better.
    """

    rule: str
    object: str
    message: str
    fingerprint: str
    code: str


def meaning_of(finding: Finding, texts: Mapping[str, str]) -> Meaning:
    """Return what the finding says; the texts are those of the files, by path."""
    path = finding.span.path
    named = "" if finding.object in (path, finding.revision) else finding.object
    message = _LINE.sub("", finding.message.replace(path, ""))
    if finding.revision:
        message = re.sub(rf"\b{re.escape(finding.revision)}\b", "", message)
    code = _code(finding.statement_span or finding.span, texts)
    return Meaning(finding.rule, named, message, finding.fingerprint, _shape(code))


def _code(span: Span, texts: Mapping[str, str]) -> str:
    lines = texts.get(span.path, "").split("\n")[span.line - 1 : span.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def _shape(code: str) -> str:
    """The code without what formatting changes, as far as it is a piece of Python."""
    try:
        plain = ast.unparse(ast.parse(textwrap.dedent(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(code.split())
    return _QUOTES.sub('"', plain)  # which of them are used differs by the version of Python
