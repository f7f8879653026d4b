"""Sentences broken into lines of a width, and code that is not: broken, it could not be pasted."""

from __future__ import annotations

import textwrap

from guard.patterns import lazy_re

# What a line of code begins with that ends like a sentence, or stands alone.
_CODE = lazy_re(
    r"\s|(?:op|batch_op|config|context|connection)\.|(?:with|for|if|def|class) .*:$"
    r"|(?:import|from) \w|#|--|(?:ALTER|CREATE|DROP|UPDATE|SET|SELECT|COMMENT) .*;$"
)
_CALL = r"\((?:[^()\n]|\([^()\n]*\))*\)"
# Code inside a sentence: between backticks, a call and what is called on it, a command of guard,
# a comment for it.
_INLINE = lazy_re(
    rf"`[^`\n]+`|(?:await )?\b[A-Za-z_][\w.]*{_CALL}(?:\.\w+{_CALL})*"
    r"|\bguard [a-z]+(?: --[a-z-]+(?: [^-\s]\S*)?)*|"
    r"(?:#|--) guard: [a-z-]+(?:\[[^\]\n]*\])?(?: <\w+>)?"
)
_GLUE = "\x00"  # stands for a space that is none to break at; no text that is shown holds it


def wrapped(words: str, width: int) -> list[str]:
    """Return the lines of a text; each of its own lines begins a new one, and code stays whole.

    A line after the first is code unless it ends as a sentence does.
    """
    first, *more = words.splitlines() or [""]
    lines = [first] if _CODE.match(first) else _filled(first, width)
    for line in more:
        lines += [line] if is_code(line) else _filled(line, width)
    return lines


def is_code(line: str) -> bool:
    """Return whether a line after the first of a text is code, and no sentence."""
    return bool(_CODE.match(line)) or not line.endswith((".", ":"))


def _filled(sentence: str, width: int) -> list[str]:
    glued = _INLINE.sub(lambda code: code[0].replace(" ", _GLUE), sentence)
    found = textwrap.wrap(glued, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_GLUE, " ") for line in found] or [""]
