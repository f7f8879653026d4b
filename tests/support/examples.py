"""The examples of rules as tests call them."""

from __future__ import annotations

from guard.run.examples import git, judge, judge_again, project, source_at

__all__ = ["git", "judge", "judge_again", "project", "source_at"]
