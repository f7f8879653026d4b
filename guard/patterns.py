"""Regular expressions that are compiled when first asked.

guard has some two hundred, a run needs a few dozen, and compiling all of them took as long as
everything else in the linting of one revision.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, AnyStr, Generic, cast


class _Pattern(Generic[AnyStr]):
    """Stands for a compiled expression; once asked for a method, keeps it as its own."""

    def __init__(self, text: AnyStr, flags: int) -> None:
        self._text: AnyStr = text
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[AnyStr]:
        return re.compile(self._text, self._flags)

    @property
    def pattern(self) -> AnyStr:
        """Its text, for those that are made of others."""
        return self._text

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._compiled, name)
        setattr(self, name, value)
        return value


def lazy_re(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what `re.compile` returns, for a constant of a module."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
