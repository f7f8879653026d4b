"""Reports in their formats: each is one function from a report, and what is known besides, to text.

A format that is not asked for is not loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from guard.finding import Report
    from guard.reporters.background import Background

    Reporter = Callable[[Report, Background], str]

# For people, with what they set: colour, width, how much of it.
TEXTS = ("text", "concise")
# Each has a module of that name, which holds a function of that name.
REPORTERS = (
    "json",
    "github",
    "github-summary",
    "markdown",
    "sarif",
    "gitlab",
    "junit",
    "rdjson",
    "rdjsonl",
    "azure",
    "html",
)
# They are told the whole histories too.
DRAWS = frozenset(["html"])
FORMATS = (*TEXTS, *REPORTERS)


def reporter(name: str) -> Reporter:
    """Return the function of one of the REPORTERS."""
    function = name.replace("-", "_")
    module = import_module(f"{__name__}.{_HOMES.get(function, function)}")
    return cast("Reporter", getattr(module, function))


_HOMES = {"rdjsonl": "rdjson"}
