"""The services of a run: the parts of the project that settings of their own hold for.

Most projects are one. In a repository of many, each environment and each source file is judged by
the settings of the nearest file above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.judge.context import Project
from guard.judge.judge import Judge
from guard.judge.load_rules import more_rules, trusts_rules
from guard.judge.select_rules import select_rules
from guard.paths import relative
from guard.project.environments import Environment, named_environments, search_environments
from guard.project.find_server import FoundServer, ServerFinder
from guard.project.naming_convention import finds_naming_convention
from guard.project.requirements import read_requirements
from guard.project.server_clues import Clue, urls_in
from guard.project.settings import Settings
from guard.project.table_sizes import read_sizes
from guard.rule import Rule
from guard.run.histories import (
    ChangedHistory,
    given_environment,
    given_history,
    open_history,
)
from guard.run.policies import read_policies
from guard.run.scope import Scope
from guard.server import DIALECTS
from guard.source.policy_constants import Policy


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One set of settings, the rules that they choose, and what judges by these.

    `found` is what was found of the server that an environment is for, beside the settings.
    """

    scope: Scope
    rules: tuple[Rule, ...]
    judge: Judge
    all_rules: tuple[Rule, ...] = ()  # those that there were to choose from
    policies: tuple[Policy, ...] = ()  # the constants that the settings keep in one module
    found: FoundServer = FoundServer()

    @property
    def file(self) -> Path | None:
        """The file of its settings, which tells it from the others."""
        return self.scope.settings.file

    @property
    def folder(self) -> str:
        """The folder of its settings, as it is shown."""
        return relative(self.scope.settings.folder, self.scope.root)

    def on(self, found: FoundServer) -> Service:
        """Return the service for an environment whose server was found."""
        return msgspec.structs.replace(
            self,
            found=found,
            scope=msgspec.structs.replace(self.scope, server=found.server),
            judge=self.judge.on(found.server),
        )


class Services:
    """The services of a run, each opened when something of it comes up.

    `rules` are those to choose from, None where nothing is to be judged. `errors` says what of the
    project had to be left out, such as a service whose settings are not valid.
    """

    def __init__(self, scope: Scope, rules: Sequence[Rule] | None) -> None:
        self.scope = scope
        self.errors: dict[str, None] = {}
        self.rules = rules
        self._servers = ServerFinder(scope.root)
        self.home = self._open(scope.settings)
        self._known: dict[Path | None, Service | None] = {self.home.file: self.home}

    def __iter__(self) -> Iterator[Service]:
        return iter([service for service in self._known.values() if service])

    def at(self, folder: Path) -> Service | None:
        """Return the service that a folder belongs to, None where its settings are not valid."""
        try:
            return self._of(self.scope.all_settings.at(folder))
        except GuardError as error:
            self.errors[str(error)] = None
            return None

    def holding(self, path: str) -> Service | None:
        """Return the service of a file, by its path as it is shown."""
        return self.at((self.scope.root / path).parent)

    def environments(self) -> Iterator[tuple[Service, Environment]]:
        """Yield what the named paths belong to, or all, each with its service.

        A service that names its `alembic-config` has those environments and no others. Raises
        GuardError where there is nothing.
        """
        settings, request = self.scope.all_settings, self.scope.request
        found = search_environments(
            request.start,
            request.paths,
            _config_files(settings.home),
            settings.excludes,
            settings.owner,
            request.unsaved,
        )
        self.errors |= dict.fromkeys(map(str, found.errors))
        seen: set[object] = set()
        for environment in found.environments:
            try:
                service = self._of(settings.of(environment))
                instead = self._instead(service, environment) if service else ()
            except GuardError as error:
                self.errors[str(error)] = None
                continue
            for one in instead:
                key = (one.config_path, one.script_location, one.version_locations)
                if service and key not in seen:
                    seen.add(key)
                    yield service, one

    def on_its_server(self, service: Service, environment: Environment) -> Service:
        """Return the service with what is found of the server that the environment is for.

        What the settings say counts; files are asked for the rest. What only shows revisions shows
        them for every server that nobody excluded.
        """
        config = service.scope.config
        if self.rules is None or (config.server_version and config.dialect):
            return service
        found = self._found(service.scope.settings, environment)
        if config.server_version is not None:
            found = msgspec.structs.replace(found, version=config.server_version, version_by=None)
        return service.on(found)

    def version_found(self, service: Service, environment: Environment) -> str | None:
        """Return the server's version as files tell it, whatever the settings say of that."""
        return self._found(service.scope.settings, environment).version

    def _found(self, settings: Settings, environment: Environment) -> FoundServer:
        found = self._servers.find(environment, settings.config.server.dialect)
        return _asked_for(found, settings, self.scope.root) if found.dialect is None else found

    def _instead(self, service: Service, environment: Environment) -> tuple[Environment, ...]:
        """The environments that the service names for what was found there."""
        files = _config_files(service.scope.settings)
        if not files or service is self.home:
            return (environment,)
        named = named_environments(files, self.scope.root)
        if not self.scope.request.paths:
            return named
        return tuple(e for e in named if e.script_location == environment.script_location)

    def _of(self, settings: Settings) -> Service | None:
        if settings.file not in self._known:
            self._known[settings.file] = None  # if it cannot be opened, it is tried once
            self._known[settings.file] = self._open(settings)
        return self._known[settings.file]

    def _open(self, settings: Settings) -> Service:
        all_rules: tuple[Rule, ...] = ()
        chosen: tuple[Rule, ...] = ()
        try:
            if self.rules is not None:
                all_rules = (*self.rules, *self._more_rules(settings, self.rules))
                chosen = select_rules(settings.config, all_rules)
            policies = read_policies(settings, self.scope, chosen)
        except GuardError as error:
            raise GuardError(f"{settings.file}: {error}") from None
        project = Project(
            size=read_sizes(settings.folder, settings.config.stats),
            small_table_rows=settings.config.small_table_rows,
            names_constraints=finds_naming_convention(settings.folder),
            requires=read_requirements(settings.folder, self.scope.root),
        )
        judge = Judge(chosen, settings.config.server, project, settings.as_set_here)
        scope = msgspec.structs.replace(
            self.scope, settings=settings, server=settings.config.server
        )
        return Service(
            scope=scope, rules=chosen, judge=judge, all_rules=all_rules, policies=policies
        )

    def _more_rules(self, settings: Settings, known: Sequence[Rule]) -> tuple[Rule, ...]:
        """The rules of packages and of the project, which is code that a round trip runs anyway."""
        request = self.scope.request
        runs = request.roundtrip and settings.config.roundtrip
        return more_rules(settings, known, trusted=runs or trusts_rules(request.environ))


def _asked_for(found: FoundServer, settings: Settings, root: Path) -> FoundServer:
    """Return what the settings come to where the files of a project do not tell its server.

    It is the one to run on, or that of the URLs that env.py is to find in its variables. Not
    SQLite, which runs what is written for other servers too.
    """
    config = settings.config
    backend: str = config.backend
    asked = {backend: Clue("asked", backend, "the round trip", "is to run there")}
    if backend in ("auto", "sqlite"):
        place = relative(settings.file, root) if settings.file else ""
        urls = (clue for value in config.env_vars.values() for clue in urls_in(value, place))
        asked = {clue.dialect: clue for clue in urls if clue.dialect != "sqlite"}
    if len(asked) != 1 or not asked.keys() <= {*DIALECTS}:
        return found
    ((dialect, by),) = asked.items()
    return msgspec.structs.replace(found, dialect=dialect, by=by, against=())


def _config_files(settings: Settings) -> tuple[Path, ...]:
    return tuple(settings.folder / name for name in settings.config.alembic_config)


def open_histories(services: Services) -> list[tuple[Service, ChangedHistory]]:
    """Return the histories that the named paths belong to, or all, each with its service.

    What cannot be opened is among the services' errors. Raises GuardError where nothing else is.
    """
    given = services.scope.request.given
    if given is not None:
        environment = given_environment(services.scope, given)
        if environment is None:
            return []
        folder = (services.scope.request.start / given.path).resolve().parent
        service = services.on_its_server(services.at(folder) or services.home, environment)
        return [(service, given_history(service.scope, given, environment))]
    opened = []
    for settings, environment in services.environments():
        try:
            service = services.on_its_server(settings, environment)
            opened.append((service, open_history(service.scope, environment)))
        except GuardError as error:
            services.errors[str(error)] = None
    if services.errors and not opened:
        raise GuardError(next(iter(services.errors)))
    return opened
