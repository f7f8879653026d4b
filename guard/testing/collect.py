"""Guard's items in a pytest run: read once, collected beside the tests, run when one is chosen."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from guard.errors import GuardError
from guard.testing.items import GuardFile, GuardItem, RestItem, RunItem, collectors, files_of
from guard.testing.once import once
from guard.testing.told import Asked, Told, as_asked_here

FOLDER = "guard_folder"  # where the workers of xdist find what the first process read


class GuardItems:
    """The plugin's other half, registered where the items are asked for."""

    read: Told

    def __init__(self, config: pytest.Config) -> None:
        self._asked = Asked(
            root=config.rootpath,
            everything=config.getoption("--guard-all"),
            base=config.getoption("--guard-base"),
        )
        given = getattr(config, "workerinput", {}).get(FOLDER)
        self._own = None if given else Path(tempfile.mkdtemp(prefix="guard-pytest-"))
        self._folder = Path(given) if given else self._own
        self._runs = False  # the migrations
        self._whole: Told | None = None

    @pytest.hookimpl(tryfirst=True)  # before xdist starts workers, which would all say the same
    def pytest_sessionstart(self) -> None:
        """Read the project; end the run where that cannot be done."""
        try:
            self.read = self._once("read", roundtrip=False)
        except GuardError as error:
            raise pytest.UsageError(f"guard: {as_asked_here(str(error))}") from None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist where that stands."""
        node.workerinput[FOLDER] = str(self._folder)

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect a file that pytest was led to; a revision is no module of tests."""
        found = yield
        path = str(file_path)
        if path not in files_of(self.read):
            return found
        ours = GuardFile.from_parent(parent, path=file_path, checks=self)
        return [ours] if path in self.read.judged else [*found, ours]

    @pytest.hookimpl(tryfirst=True)  # before -k and -m choose
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add the items that pytest did not meet; none where an argument names a file of theirs."""
        met = {item.path for item in items if isinstance(item, GuardItem)}
        if not any(map(session.isinitpath, met)):
            for collector in collectors(session, self, met):
                items += session.genitems(collector)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """See whether an item was chosen for which the migrations have to run."""
        chosen = {type(item) for item in session.items}
        self._runs = RunItem in chosen or (RestItem in chosen and not self.read.runs)

    def pytest_unconfigure(self) -> None:
        """Remove what the processes shared."""
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)

    def whole(self) -> Told:
        """Return what the check told, with the round trip if an item of one was chosen."""
        if self._whole is None:
            self._whole = self._once("run", roundtrip=True) if self._runs else self.read
        return self._whole

    def _once(self, name: str, *, roundtrip: bool) -> Told:
        assert self._folder
        return once(self._folder, name, lambda: self._asked.told(roundtrip=roundtrip))
