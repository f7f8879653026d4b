"""Which findings the base had already: told by what they say and the code, not by the line."""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping

from guard.finding import Finding
from guard.statement import Span

Key = tuple[str, str, str, str]
_LINE = re.compile(r"\blines? \d+")


def told_apart(
    now: Iterable[Finding],
    texts: Mapping[str, str],
    then: Iterable[Finding],
    texts_then: Mapping[str, str],
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that the base did not have, and those it had.

    The texts are those of the files that the findings point into, by path. A second copy of what
    the base had once is new.
    """
    had = Counter(_key(finding, texts_then) for finding in then)
    new, known = [], []
    for finding in now:
        key = _key(finding, texts) if had else None
        if key is not None and had[key] > 0:
            had[key] -= 1
            known.append(finding)
        else:
            new.append(finding)
    return tuple(new), tuple(known)


def _key(finding: Finding, texts: Mapping[str, str]) -> Key:
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
        return ast.dump(ast.parse(textwrap.dedent(code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(code.split())
