"""The test items: a rule with findings in a file, a clean revision, a revision's round trip."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from guard.errors import GuardError
from guard.testing.told import Group, Told

CLEAN = "lint"  # of a revision in which nothing was found
RUN = "roundtrip"


class Checks(Protocol):
    """What the items ask: what reading told, and what the whole check does."""

    read: Told

    def whole(self) -> Told:
        """Return what the check told, with the round trip if an item of one was chosen."""


class FoundError(Exception):
    """Something stops the gate; the text is guard's own."""


class GuardItem(pytest.Item):
    """An item whose failure is a text, without a traceback."""

    checks: Checks

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.add_marker("guard")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Return guard's text."""
        if isinstance(excinfo.value, FoundError | GuardError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return where it stands, as the heading of a failure says."""
        file, _, name = self.nodeid.partition("::")
        return self.config.rootpath / file, None, f"{file}: {name}"

    def tell(self, groups: list[Group]) -> None:
        """Fail, skip or pass as the groups say; what does not fail is told beside."""
        texts = [group.text for group in groups if group.outcome == "failed"]
        if texts:
            raise FoundError("\n".join(texts))
        told = [group.text for group in groups if group.outcome == "passed"]
        if told:
            self.add_report_section("call", "guard", "\n".join(told))
        elif groups:
            pytest.skip("; ".join(group.text for group in groups))


class RuleItem(GuardItem):
    """What one rule finds in one file; with the round trip, as this proves or disproves it."""

    def __init__(self, *, checks: Checks, file: str, **named: Any) -> None:
        super().__init__(**named)
        self.checks, self.file = checks, file

    def runtest(self) -> None:
        """Fail if one of the findings stops the gate."""
        groups = self.checks.whole().groups
        self.tell([one for one in groups if (one.file, one.rule) == (self.file, self.name)])


class CleanItem(GuardItem):
    """A revision in which reading found nothing."""

    def runtest(self) -> None:
        """Pass: it would be another item else."""


class RunItem(GuardItem):
    """The round trip of a revision: what it shows that reading did not."""

    def __init__(self, *, checks: Checks, file: str, **named: Any) -> None:
        super().__init__(**named)
        self.checks, self.file = checks, file

    def runtest(self) -> None:
        """Fail if it shows what stops the gate; skipped if the run did not come to it."""
        told = self.checks.whole()
        groups = [one for one in told.groups if one.file == self.file]
        self.tell([one for one in groups if not _is_read(one, self.checks.read)])
        if self.file in told.ran:
            return
        if told.errors:
            raise FoundError("\n".join(told.errors))
        pytest.skip("; ".join(["it was not run", *told.notes]))


class RestItem(GuardItem):
    """All that belongs to no other item, such as what could not be done: nothing is lost."""

    def __init__(self, *, checks: Checks, **named: Any) -> None:
        super().__init__(**named)
        self.checks = checks

    def runtest(self) -> None:
        """Fail if that stops the gate, or if a part of the check could not be done."""
        told, read = self.checks.whole(), self.checks.read
        if told.errors:
            raise FoundError("\n".join(told.errors))
        rest = [one for one in told.groups if one.file not in read.runs]
        self.tell([one for one in rest if not _is_read(one, read)])
        said = "\n".join([*(f"note: {note}" for note in told.notes), told.verdict])
        self.add_report_section("call", "guard", said)


class GuardFile(pytest.File):
    """A file of which guard has something to say."""

    def __init__(self, *, checks: Checks, **named: Any) -> None:
        super().__init__(**named)
        self.checks = checks

    def collect(self) -> Iterator[pytest.Item]:
        """Yield its rules, or that it is clean; then its round trip."""
        read, file = self.checks.read, str(self.path)
        rules = sorted({group.rule for group in read.groups if group.file == file})
        named: dict[str, Any] = {"checks": self.checks, "file": file}
        for rule in rules:
            yield RuleItem.from_parent(self, name=rule, **named)
        if file in read.judged and not rules:
            yield CleanItem.from_parent(self, name=CLEAN)
        if file in read.runs:
            yield _in_one_worker(RunItem.from_parent(self, name=RUN, **named))


class Rest(pytest.Collector):
    """What belongs to no file."""

    def __init__(self, *, checks: Checks, **named: Any) -> None:
        super().__init__(**named)
        self.checks = checks

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the one item."""
        yield _in_one_worker(RestItem.from_parent(self, name="check", checks=self.checks))


def collectors(
    session: pytest.Session, checks: Checks, known: set[Path]
) -> Iterator[pytest.Collector]:
    """Yield those of the files that are not known, by their paths, and of what belongs to none."""
    for file in map(Path, files_of(checks.read)):
        if file not in known:
            yield GuardFile.from_parent(session, path=file, checks=checks)
    yield Rest.from_parent(session, name="guard", nodeid="guard", checks=checks)


def files_of(read: Told) -> list[str]:
    """Return the files that have items, in order."""
    return sorted({*read.judged, *read.runs, *(group.file for group in read.groups)})


def _is_read(group: Group, read: Told) -> bool:
    return any((one.file, one.rule) == (group.file, group.rule) for one in read.groups)


def _in_one_worker(item: pytest.Item) -> pytest.Item:
    """Keep those together that wait for the round trip, where xdist is asked to (`loadgroup`)."""
    if item.config.pluginmanager.hasplugin("xdist"):
        item.add_marker(pytest.mark.xdist_group("guard"))
    return item
