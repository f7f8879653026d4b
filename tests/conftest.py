"""What every test gets: `--run-slow`, and an environment that says nothing of the machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

SLOW_MARKERS = ("slow", "server")
# What a CI machine or a shell sets that guard, git or alembic would listen to.
FOREIGN = ("CI", "GITHUB_", "GITLAB_", "GIT_", "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the slow tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    for item in items:
        if any(item.get_closest_marker(marker) for marker in SLOW_MARKERS):
            item.add_marker(pytest.mark.skip(reason="slow: run with --run-slow"))


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove foreign variables, and keep git away from the machine's own configuration."""
    for name in os.environ:
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
