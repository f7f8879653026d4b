"""A migration-safety linter and CI gate for Alembic and SQLAlchemy projects.

As a library: `from guard import check`. docs/api.md tells what there is.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it: to import typing would cost something
if TYPE_CHECKING:
    from guard.api import Options, Session, check
    from guard.errors import GuardError
    from guard.finding import Edit, Finding, Related, Report
    from guard.note import Note
    from guard.statement import Span

__version__ = "0.1.0"
__all__ = [
    "Edit",
    "Finding",
    "GuardError",
    "Note",
    "Options",
    "Related",
    "Report",
    "Session",
    "Span",
    "__version__",
    "check",
]
_HOMES = {
    **dict.fromkeys(("Options", "Session", "check"), "guard.api"),
    **dict.fromkeys(("Edit", "Finding", "Related", "Report"), "guard.finding"),
    "GuardError": "guard.errors",
    "Note": "guard.note",
    "Span": "guard.statement",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and only then: `import guard` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
