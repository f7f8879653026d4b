"""Reads what a revision does, without running it."""

from guard.reader.revision import Procedure, Reading, read_revision

__all__ = ["Procedure", "Reading", "read_revision"]
