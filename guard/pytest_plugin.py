"""The pytest plugin: nothing but names until an option, the setting or the fixture asks for more.

It is loaded wherever migration-guard is installed, so it imports pytest alone, which is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from guard.testing.database import DatabaseAt


@pytest.fixture
def guard_database_at(request: pytest.FixtureRequest) -> Iterator[Callable[..., DatabaseAt]]:
    """Make scratch databases at a revision, with rows: `guard_database_at("4f5e")`."""
    from guard.testing.database import Databases

    with Databases(request.config.rootpath) as databases:
        yield databases.at


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of guard's items; each of them can be left out."""
    group = parser.getgroup("guard", "guard (migrations)")
    group.addoption("--guard", action="store_true", help="check the migrations of the change")
    group.addoption(
        "--guard-all", action="store_true", help="check all migrations, released ones too"
    )
    group.addoption(
        "--guard-base", metavar="REF", help="the commit, branch or tag that holds what is released"
    )
    parser.addini("guard", "check the migrations of the change", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the items known where they are asked for."""
    config.addinivalue_line("markers", "guard: what guard checks of the migrations")
    everything = config.getoption("--guard-all")
    if everything or config.getoption("--guard") or config.getini("guard"):
        from guard.testing.collect import GuardItems

        config.pluginmanager.register(GuardItems(config), "guard-items")
