"""Text that is safe to show, on a terminal and in a CI log, whoever wrote it.

Names of files, tables and revisions come from the repository that is judged. Everything that prints
them sends them through `safe` first.
"""

from __future__ import annotations

import unicodedata

from guard.credentials import mask_credentials
from guard.patterns import lazy_re

REPLACEMENT = "\ufffd"
# Control, format (among them those that turn the text around), surrogate, and what ends a line.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# What a line must begin with, after spaces, to be a workflow command of GitHub; wrapping a text may
# bring any of its words to the beginning of a line.
_COMMAND = lazy_re(r"(?<!\S)::(?=[A-Za-z][^\n]*::)")
# Commands of GitHub, Azure Pipelines and TeamCity, also in the middle of a line.
LOG_COMMAND = lazy_re(r"##(?=\w*\[)")
_ITEM = lazy_re(r"(?<=[^:\s])\n {2}(?=\S)")  # but for the first, which follows a colon


def is_printable(character: str) -> bool:
    """Return whether a terminal shows the character and does nothing else with it."""
    return unicodedata.category(character) not in _UNPRINTABLE


def safe(text: str) -> str:
    """Return the text fit to be shown, line ends kept.

    Passwords are masked, control characters are made visible, and what a CI service would take for
    a command gets a space in it.
    """
    shown = mask_credentials(text).replace("\r\n", "\n").replace("\t", "    ")
    if not (shown.isascii() and shown.replace("\n", "").isprintable()):
        shown = "".join(c if c == "\n" or is_printable(c) else REPLACEMENT for c in shown)
    return LOG_COMMAND.sub("# #", _COMMAND.sub(": :", shown))


def one_line(text: str) -> str:
    """Return the text fit to be shown as a part of one line; the items of a list are set apart."""
    return " ".join(_ITEM.sub("; ", safe(text)).split())


def encodable(text: str) -> str:
    """Return the text without lone surrogates (a file name that is not UTF-8)."""
    return text.encode("utf-8", "replace").decode("utf-8")
