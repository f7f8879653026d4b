"""Where a project has guard run: the lines of its CI and hook files that start it."""

from __future__ import annotations

import re

from guard.paths import matches
from guard.patterns import lazy_re

FILES = (
    ".pre-commit-config.yaml", ".pre-commit-config.yml", ".github/workflows/*.yml",
    ".github/workflows/*.yaml", ".github/actions/*/action.yml", ".gitlab-ci.yml",
    ".gitlab/*.yml", "azure-pipelines*.yml", "bitbucket-pipelines.yml", ".circleci/config.yml",
    ".buildkite/*.yml", ".woodpecker*.y*ml", "Jenkinsfile", "Makefile", "justfile", "tox.ini",
    "noxfile.py", "lefthook.yml",
)  # fmt: skip
CALL = lazy_re(
    r"\bguard(?:\.exe)?\s+(?:check|lint|history|roundtrip)\b"
    r"|\bid:\s*['\"]?guard-(?:check|lint)\b"
    r"|\buses:\s*\S*/migration-guard\b"
)
LETS_PASS = lazy_re(
    r"\bcontinue-on-error:\s*['\"]?true|\ballow_failure:\s*true|\bif:\s*(?:\$\{\{\s*)?false\b"
    r"|\bcontinueOnError:\s*true"
)
COMMENT = lazy_re(r"(^|\s)#.*$")


def may_run_guard(path: str) -> bool:
    """Return whether a file of that path is one in which CI and hooks are set up."""
    return any(matches(path, glob) for glob in FILES)


def calls(text: str) -> dict[str, int]:
    """Return the lines that start guard, without comments and versions, each with its number."""
    return _lines(text, CALL)


def passes(text: str) -> dict[str, int]:
    """Return the lines by which a step may fail unseen, in a file that starts guard."""
    return _lines(text, LETS_PASS) if calls(text) else {}


def _lines(text: str, wanted: re.Pattern[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = COMMENT.sub("", line).strip().removeprefix("- ").strip()
        if wanted.search(plain):
            found.setdefault(re.sub(r"(uses:\s*\S+?)@\S+", r"\1", plain), number)
    return found
