"""The summary of a job, which GitHub shows on the page of a run."""

from __future__ import annotations

from guard.finding import Report
from guard.reporters.background import NOTHING, Background
from guard.reporters.markdown import page

_MOST = 1_000_000  # bytes: GitHub takes 1 MiB of a step, and others may write there too


def github_summary(report: Report, background: Background = NOTHING) -> str:
    """Return the report as Markdown; never longer than GitHub takes."""
    return page(report, background, _MOST)
