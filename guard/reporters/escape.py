"""Text of others, put where it stays text: in Markdown and in XML."""

from __future__ import annotations

import re

from guard.patterns import lazy_re
from guard.printable import REPLACEMENT, one_line, safe

_MARKUP = lazy_re(r"([\\`*_{}\[\]!|~$^])")
_APART = "&#8203;"  # a space of no width
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\x00": _APART})
# Where GitHub or GitLab would call somebody, or make a link: it is divided there.
_CALLS = lazy_re(r"(?<=@)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=#)(?=\w)", re.IGNORECASE)
_CODE = lazy_re(r"(`[^`]+`)")
_TICKS = lazy_re(r"`+")
# What XML 1.0 has no way to write.
_NO_XML = lazy_re("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def prose(text: str) -> str:
    """Return the text as one line of Markdown: what it says, with its code, and nothing it does."""
    parts = _CODE.split(one_line(text))
    return "".join(code(part[1:-1]) if n % 2 else _plain(part) for n, part in enumerate(parts))


def html(text: str) -> str:
    """Return the text as one line of HTML, where no Markdown is read."""
    return _entities(_CALLS.sub("\x00", one_line(text)))


def _plain(text: str) -> str:
    return _entities(_MARKUP.sub(r"\\\1", _CALLS.sub("\x00", text)))


def _entities(text: str) -> str:
    return text.translate(_HTML)


def code(text: str) -> str:
    """Return the text as a piece of code inside a line of Markdown (no cell of a table)."""
    shown = one_line(text)
    ticks = "`" * (_longest(shown) + 1)
    space = " " if shown[:1] == "`" or shown[-1:] == "`" or not shown else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def block(text: str, language: str = "") -> str:
    """Return the text as a block of code, which nothing in it can end."""
    shown = safe(text).strip("\n")
    fence = "`" * max(3, _longest(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def xml(text: str) -> str:
    """Return the text with what XML can hold of it; `<` and the like are left to who writes it."""
    return _NO_XML.sub(REPLACEMENT, safe(text))


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
