"""Passwords must not reach a report, which is kept, mailed and read by many."""

from __future__ import annotations

import re
from collections.abc import Iterator

MASK = "***"

# What stands for a password and is none: {name}, ${NAME}, $NAME, %(name)s, <name>, stars.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|\$\{\w+\}|\$\w+|%\(\w+\)s|%s|<[\w -]+>|\*+")
_SECRET = re.compile(
    r"""
      # postgresql://user:secret@host: to the last @, since people forget to escape one
      \b[a-z][\w+.-]{0,40}://[^\s:/@]{0,200}:(?P<url>\S{0,500})(?=@)
      # password='secret', "password": "secret", PASSWORD 'secret'
    | (?:passw(?:or)?d|\bpwd)(?:["']?\s*[=:]\s*|\s+)(?P<quote>["'])(?P<quoted>.+?)(?P=quote)
      # IDENTIFIED BY 'secret'
    | \bidentified\s+by\s+'(?P<by>[^']+)'
      # ?password=secret&..., host=h password=secret
    | [?&;\s"'](?:ssl)?(?:passw(?:or)?d|pwd)=(?P<plain>[^\s&;"'(),]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each password in a text, in their order."""
    for match in _SECRET.finditer(text):
        group = next(name for name in ("url", "quoted", "by", "plain") if match[name] is not None)
        if match[group] and not _PLACEHOLDER.fullmatch(match[group]):
            yield match.span(group)


def mask_credentials(text: str) -> str:
    """Return the text with `***` for each password: `scheme://user:***@host`."""
    pieces = []
    last = 0
    for start, end in secrets(text):
        pieces += [text[last:start], MASK]
        last = end
    return "".join([*pieces, text[last:]])
