"""Passwords must not reach a report, which is kept, mailed and read by many."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.patterns import lazy_re

MASK = "***"

_URL = lazy_re(r"\b[a-z][\w+.-]{0,40}://[^\s:/@]{0,200}:", re.IGNORECASE)
_SPACE = lazy_re(r"\s")
_LONGEST = 4096  # characters of a password, so that no text takes long to search
_NAMED = lazy_re(
    r"""
      # password='secret', "password": "secret", PASSWORD 'secret'
      (?:passw(?:or)?d|\bpwd)(?:["']?\s*[=:]\s*|\s+)(?P<quote>["'])(?P<quoted>.+?)(?P=quote)
      # IDENTIFIED BY 'secret'
    | \bidentified\s+by\s+'(?P<by>[^']+)'
      # ?password=secret&..., host=h password=secret
    | [?&;\s"'](?:ssl)?(?:passw(?:or)?d|pwd)=(?P<plain>[^\s&;"'(),]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What stands for a password and is none: {name}, ${NAME}, $NAME, %(name)s, <name>, stars.
_PLACEHOLDER = lazy_re(r"\{[^{}]*\}|\$\{\w+\}|\$\w+|%\(\w+\)s|%s|<[\w -]+>|\*+")


def secrets(text: str) -> list[tuple[int, int]]:
    """Return start and end of each password in a text, in their order and apart."""
    places: list[tuple[int, int]] = []
    for start, end in sorted([*_in_urls(text), *_named(text)]):
        if places and start <= places[-1][1]:
            places[-1] = (places[-1][0], max(end, places[-1][1]))
        elif not _PLACEHOLDER.fullmatch(text, start, end):
            places.append((start, end))
    return places


def mask_credentials(text: str) -> str:
    """Return the text with `***` for each password: `scheme://user:***@host`."""
    pieces = []
    last = 0
    for start, end in secrets(text):
        pieces += [text[last:start], MASK]
        last = end
    return "".join([*pieces, text[last:]])


def _in_urls(text: str) -> Iterator[tuple[int, int]]:
    """Yield the passwords of URLs: up to the last @, since people forget to escape one."""
    for url in _URL.finditer(text):
        before = text[url.start() - 1 : url.start()]
        end = re.compile(before) if before in {"'", '"'} else _SPACE
        limit = min(url.end() + _LONGEST, len(text))
        stop = end.search(text, url.end(), limit)
        at = text.rfind("@", url.end(), stop.start() if stop else limit)
        if at > url.end():
            yield url.end(), at


def _named(text: str) -> Iterator[tuple[int, int]]:
    for match in _NAMED.finditer(text):
        group = next(name for name in ("quoted", "by", "plain") if match[name] is not None)
        yield match.span(group)
