"""Which Python it takes for what an older one calls a syntax error: said where there is none."""

from __future__ import annotations

import msgspec

from guard.patterns import lazy_re

Version = tuple[int, int]


class Construct(msgspec.Struct, frozen=True):
    """Something that Python can do since a `version`, its `example` in words."""

    version: Version
    example: str

    @property
    def python(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))


_PARAMETERS = r"^[ \t]*((async[ \t]+)?def|class|type)[ \t]+\w+[ \t]*\["
_CONSTRUCTS = (
    (lazy_re(_PARAMETERS + r"[^\]]*="), Construct((3, 13), "`class Name[T = int]`")),
    (lazy_re(_PARAMETERS), Construct((3, 12), "`class Name[T]`")),
    (lazy_re(r"^[ \t]*type[ \t]+\w+[ \t]*="), Construct((3, 12), "`type Name = ...`")),
    (
        lazy_re(r"""(?<!\w)([fF][rR]?|[rR][fF])(["'])(?:(?!\2).)*\{[^{}"']*\2[^{}]*\2[^{}]*\}"""),
        Construct((3, 12), "the same quotes inside an f-string"),
    ),
    (
        lazy_re(r"""(?<!\w)([fF][rR]?|[rR][fF])(["']).*\{[^{}]*\\[^{}]*\}"""),
        Construct((3, 12), "a backslash inside the braces of an f-string"),
    ),
    (
        lazy_re(r"^[ \t]*except\*?[ \t]+(?![^#]*\bas\b)[^:(#]*,[^:#]*:"),
        Construct((3, 14), "`except A, B:`"),
    ),
    (lazy_re(r"""(?<!\w)([tT][rR]?|[rR][tT])["']"""), Construct((3, 14), '`t"..."`')),
    (lazy_re(r"^[ \t]*lazy[ \t]+(import|from)\b"), Construct((3, 15), "`lazy import`")),
    (lazy_re(r"^[^#]*[\[{(][ \t]*\*[^#]*\bfor\b"), Construct((3, 15), "`[*x for x in y]`")),
)


def find_construct(line: str, than: Version) -> Construct | None:
    """Return what on a line of code needs a Python newer `than` that."""
    for pattern, construct in _CONSTRUCTS:
        if construct.version > than and pattern.search(line):
            return construct
    return None
