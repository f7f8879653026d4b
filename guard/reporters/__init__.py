"""Reports in their formats: each is one function from a report to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guard.finding import Report
from guard.reporters import github, json, text

REPORTERS: Mapping[str, Callable[[Report], str]] = {
    "text": text.text,
    "json": json.json,
    "github": github.github,
}
