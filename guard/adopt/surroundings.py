"""What a project is made of, as far as guard has to know: found on disk, nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.history.compare import branches
from guard.history.graph import build_graph
from guard.paths import relative
from guard.project.env_urls import asked_by_env
from guard.project.environments import Environment, project_root, search_environments
from guard.project.find_server import FoundServer, ServerFinder
from guard.project.settings import Settings, SettingsFiles
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.interpreter import find_interpreter
from guard.roundtrip.remedies import example_of

_CI_FILES = {
    "azure-pipelines.yml": "Azure Pipelines",
    "bitbucket-pipelines.yml": "Bitbucket Pipelines",
    ".circleci/config.yml": "CircleCI",
    "Jenkinsfile": "Jenkins",
}


class CI(msgspec.Struct, frozen=True):
    """A CI system, and what tells that it is used."""

    name: str
    said_by: str


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """A project, from the folder in which it is looked at.

    `root` is the top of the checkout, `folder` the one whose settings are meant. `heads` is how
    many the history has where that is more than one. `variables` are those that env.py has to
    have, each with a value for the round trip.
    """

    root: Path
    folder: Path
    settings: Settings
    environments: tuple[Environment, ...]
    server: FoundServer
    interpreter: str
    ci: tuple[CI, ...]
    heads: int = 1
    variables: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def look_around(start: Path, files: SettingsFiles) -> Surroundings:
    """Return what is there; raise GuardError where there is no migration at all."""
    start = start.resolve()
    root = project_root(start)
    folder = _folder(start, root)
    config_files = [files.home.folder / name for name in files.home.config.alembic_config]
    found = search_environments(start, (), config_files, files.excludes, files.owner)
    if not found.environments:
        raise found.errors[0]
    configs = [one.config_path for one in found.environments if one.config_path]
    finder = ServerFinder(root)
    servers = [finder.find(one) for one in found.environments]
    heads = max(map(_heads, found.environments))
    return Surroundings(
        root=root,
        folder=folder,
        settings=files.home,
        environments=found.environments,
        server=_agreed(servers),
        interpreter=_interpreter(files.home, root, configs[0].parent if configs else folder),
        ci=tuple(_ci(root)),
        heads=heads,
        variables=tuple(dict(_variables(found.environments, servers, root)).items()),
        notes=tuple(map(str, found.errors)),
    )


def _variables(
    environments: Sequence[Environment], servers: Sequence[FoundServer], root: Path
) -> Iterator[tuple[str, str]]:
    for environment, server in zip(environments, servers, strict=True):
        env_py = environment.script_location / "env.py"
        search = (*environment.sys_path, environment.script_location)
        asked = asked_by_env(env_py, search, root, server.dialect)
        yield from ((name, example_of(name, asked.scheme)) for name in asked.variables)


def environments_here(start: Path, files: SettingsFiles) -> tuple[Environment, ...]:
    """Return the environments of the project, none where there are none."""
    config_files = [files.home.folder / name for name in files.home.config.alembic_config]
    try:
        return search_environments(
            start, (), config_files, files.excludes, files.owner
        ).environments
    except GuardError:
        return ()


def outermost(environments: Sequence[Environment]) -> tuple[Path, ...]:
    """Return the folders that hold the revisions, without those that lie in another of them."""
    folders = dict.fromkeys(path for one in environments for path in one.version_locations)
    return tuple(path for path in folders if not folders.keys() & {*path.parents})


def _agreed(servers: Sequence[FoundServer]) -> FoundServer:
    """The server of all environments, since the settings hold for all."""
    known = {one.dialect: one for one in servers}
    if len(known) == 1:
        return servers[0]
    told = [one.by for one in known.values() if one.by is not None]
    return FoundServer(against=tuple(told[:2])) if len(told) > 1 else FoundServer()


def notes_on(server: FoundServer) -> tuple[str, ...]:
    """Return sentences on what contradicts itself."""
    if len(server.against) > 1:
        places = " and ".join(f"{clue.dialect} ({clue.where})" for clue in server.against)
        return (f"several servers are named, {places}: set the dialect by hand",)
    oldest, newest = server.version_by, server.newest
    if oldest is None or newest is None:
        return ()
    return (
        f"versions differ: {oldest.version} ({oldest.where}) was taken, the oldest; there is also "
        f"{newest.version} ({newest.where})",
    )


def _folder(start: Path, root: Path) -> Path:
    """The nearest folder with a pyproject.toml or an alembic.ini, in which settings would stand."""
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in ("pyproject.toml", "alembic.ini")):
            return folder
        if folder == root:
            break
    return root


def _heads(environment: Environment) -> int:
    """How many heads the settings must allow: one, unless no labels tell apart those there are."""
    if environment.kind == "sql":
        return 1
    graph = build_graph(environment)
    return len(graph.heads) if len(graph.heads) > branches(graph) else 1


def _interpreter(settings: Settings, root: Path, project: Path) -> str:
    try:
        found = find_interpreter(settings, root, project)
    except RoundTripError as error:
        return str(error)
    return f"{relative(Path(found.path), root)} ({found.chosen})"


def _ci(root: Path) -> list[CI]:
    found = []
    remote = _remote(root)
    if (root / ".github").is_dir() or "github.com" in remote:
        found.append(CI("GitHub", ".github" if (root / ".github").is_dir() else ".git/config"))
    if (root / ".gitlab-ci.yml").is_file() or "gitlab" in remote:
        said_by = ".gitlab-ci.yml" if (root / ".gitlab-ci.yml").is_file() else ".git/config"
        found.append(CI("GitLab", said_by))
    found += [CI(name, file) for file, name in _CI_FILES.items() if (root / file).is_file()]
    return found


def _remote(root: Path) -> str:
    try:
        return (root / ".git" / "config").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def described(around: Surroundings) -> Sequence[tuple[str, str]]:
    """Return what was found, as labels and texts."""
    root, server = around.root, around.server
    rows = []
    for number, one in enumerate(around.environments):
        where = ", ".join(relative(folder, root) for folder in outermost([one]))
        config = f" ({relative(one.config_path, root)})" if one.config_path else ""
        rows.append(("Migrations" if not number else "", f"{where}{config}"))
    by = server.version_by or server.by
    title = f"{server.dialect} {server.version or ''}".rstrip()
    dialect = f"{title} ({by.where})" if by else "nothing here tells which"
    rows.append(("Database", dialect))
    rows.append(("Python", around.interpreter))
    ci = ", ".join(f"{one.name} ({one.said_by})" for one in around.ci)
    rows.append(("CI", ci or "none found"))
    if around.settings.file:
        rows.append(("Settings", relative(around.settings.file, root)))
    return rows
