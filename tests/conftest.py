"""What every test gets: `--run-slow`, and an environment that says nothing of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import forked_worker
import pytest

pytest_plugins = ["servers"]
ROOT = Path(__file__).parent.parent
SLOW_MARKERS = ("slow", "server")
# What a CI machine or a shell sets that guard, git or alembic would listen to, or that would have
# each process compile guard anew.
FOREIGN = (
    *("CI", "GITHUB_", "GITLAB_", "GIT_", "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV"),
    "PYTHONDONTWRITEBYTECODE",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the slow tests too")


def pytest_report_header(config: pytest.Config) -> str:
    return "slow tests: " + ("too" if config.getoption("--run-slow") else "not without --run-slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow ones out: to skip each of so many takes its time too."""
    if config.getoption("--run-slow"):
        return
    slow = {item for item in items if any(map(item.get_closest_marker, SLOW_MARKERS))}
    items[:] = [item for item in items if item not in slow]
    config.hook.pytest_deselected(items=[*slow])


@pytest.fixture(scope="session", autouse=True)
def quiet_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove foreign variables, and keep git away from the machine's own configuration.

    Before any other fixture, so that a program that serves a whole module starts with this too.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(FOREIGN):
                patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
        patch.setenv("GUARD_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "guard-cache"))
        yield


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository that holds this project as it is now, committed."""
    copy = tmp_path_factory.mktemp("checkout") / "guard"
    unwanted = (".git", ".venv", "venv", "dist", "build", ".*_cache", ".hypothesis", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*unwanted))
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Test"), ("EMAIL", "test@example.org"))
    }
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run(
            ["git", *command], cwd=copy, check=True, env=os.environ | identity | isolated
        )
    return copy


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Say what a test starts: no fixture, since most of the many tests start nothing.

    Where it does not ask for a real start, workers are forked from one that has started. Where it
    does not ask for servers there are none, whatever this machine has.
    """
    from guard.roundtrip import mysql, postgresql, process  # once what is covered is measured

    with pytest.MonkeyPatch.context() as patch:
        if sys.platform == "linux" and item.get_closest_marker("real_start") is None:
            patch.setattr(process, "Popen", forked_worker.start)
        if item.get_closest_marker("server") is None:
            for kind in (postgresql, mysql):
                patch.setattr(kind, "installed", lambda *_: None)
        return (yield)
