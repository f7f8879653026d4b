"""The one error that a user meets."""

from __future__ import annotations


class GuardError(Exception):
    """Bad input that the user can mend: the message is one sentence with file and remedy."""
