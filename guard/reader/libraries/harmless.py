"""Libraries that are often called in revisions and never reach a database."""

from __future__ import annotations

from guard.reader.evaluate.run import Library

LIBRARY = Library(
    harmless=frozenset({"click", "loguru", "oslo_log", "rich", "structlog", "tqdm"}),
)
