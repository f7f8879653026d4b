"""What a run reads before it judges anything: the services, their histories, what the base has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from guard.history.git import Repository
from guard.history.settings_then import FilesThen
from guard.judge.load_rules import load_rules
from guard.paths import relative
from guard.project.settings import SettingsFiles
from guard.rule import Rule
from guard.run.histories import ChangedHistory, with_text
from guard.run.released import Released, open_released
from guard.run.running_code import RunningCode
from guard.run.scope import Request, Scope, open_scope
from guard.run.services import Service, Services, open_histories


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """All that is judged. What is only looked up on demand is kept with it: `running`, `then`.

    `excluded`: the settings leave out all that was named.
    """

    scope: Scope
    services: Services
    histories: tuple[tuple[Service, ChangedHistory], ...] = ()
    released: Released | None = None
    excluded: bool = False
    running: dict[Path, RunningCode] = {}  # by the place of the migrations
    then: dict[str, FilesThen] = {}  # by commit

    def running_code(self, service: Service, history: ChangedHistory) -> RunningCode:
        """Return what the code maps that runs while the history's new revisions are deployed."""
        place = history.environment.script_location
        if place not in self.running:
            self.running[place] = RunningCode(service.scope, history, self.released)
        return self.running[place]

    def as_of(self, repo: Repository, commit: str) -> FilesThen:
        """Return the files that a commit has."""
        if commit not in self.then:
            self.then[commit] = FilesThen(repo, commit)
        return self.then[commit]

    def with_text(self, path: Path, data: bytes) -> Opened | None:
        """Return the same where a file of a history holds something else.

        None where that is no new revision of one history, or is at another place in it now: what
        was read of the rest does not hold then.
        """
        shown = relative(path, self.scope.root)
        holding = [n for n, (_, one) in enumerate(self.histories) if shown in one.graph.files]
        if len(holding) != 1:
            return None
        self.scope.sources.put(path, data)
        (number,), histories = holding, list(self.histories)
        service, history = histories[number]
        now = with_text(service.scope, history, path, data)
        if now is None:
            return None
        histories[number] = service, now
        return msgspec.structs.replace(self, histories=tuple(histories))


def open_run(request: Request, settings: SettingsFiles, rules: Sequence[Rule] | None) -> Opened:
    """Return what the request is about, read; raise GuardError where there is nothing to judge.

    `rules` are those to choose from, None: the built-in ones. Where the settings leave out all that
    was named, there are no histories.
    """
    scope = open_scope(request, settings)
    services = Services(scope, load_rules() if rules is None else rules)
    if request.paths and not scope.request.paths:
        return Opened(scope=scope, services=services, excluded=True)
    histories = open_histories(services)
    released = open_released(scope) if scope.request.statements else None
    return Opened(scope=scope, services=services, histories=tuple(histories), released=released)
