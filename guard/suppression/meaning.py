"""What a finding says, whatever line it stands on: by that it is known again."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping

from guard.finding import Finding
from guard.statement import Span

_LINE = re.compile(r"\blines? \d+")
_QUOTES = re.compile(r"\"\"\"|'''|'")


def meaning_of(finding: Finding, texts: Mapping[str, str]) -> tuple[str, str, str, str]:
    """Return the rule, the object, the message without its places, and the code as it is meant.

    The texts are those of the files that findings point into, by path. Formatting does not count,
    nor does the version of Python that asks: the meaning may be written down.
    """
    path = finding.span.path
    named = "" if finding.object in (path, finding.revision) else finding.object
    message = _LINE.sub("", finding.message.replace(path, ""))
    if finding.revision:
        message = re.sub(rf"\b{re.escape(finding.revision)}\b", "", message)
    code = _code(finding.statement_span or finding.span, texts)
    return finding.rule, named, message, finding.fingerprint + _shape(code)


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
