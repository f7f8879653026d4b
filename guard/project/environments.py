"""Where a project's migrations are: its Alembic environments and its folders of .sql files.

Configuration is read as Alembic reads it, and nothing of the project is imported: a package is
found by looking for its folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from guard.errors import GuardError
from guard.paths import read_bytes, relative
from guard.project.alembic_config import Options, read_options
from guard.project.file_names import FileNames
from guard.project.revision_header import RevisionHeader, read_file
from guard.project.sql_folders import is_sql_migration_folder

MAX_FOLDERS = 20_000
SKIPPED = {"node_modules", "build", "dist", "site-packages", "dist-packages", "__pycache__"}
POINT = "name the migrations folder or the alembic.ini on the command line"

Kind = Literal["alembic", "sql"]
Skips = Callable[[Path], bool]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """One history of revisions: a section of an alembic.ini, [tool.alembic], or a folder of .sql.

    All paths are absolute. `databases` are the names of a multidb environment, empty for one.
    """

    name: str
    kind: Kind
    config_path: Path | None  # alembic.ini or pyproject.toml; None where no file names it
    section: str = "alembic"
    script_location: Path
    version_locations: tuple[Path, ...]
    recursive: bool = False
    sys_path: tuple[Path, ...] = ()  # prepend_sys_path
    databases: tuple[str, ...] = ()
    file_names: FileNames = FileNames()

    def holds(self, path: Path) -> bool:
        """Return whether `path` is this environment's configuration or stands in its folders."""
        folders = (self.script_location, *self.version_locations)
        return path == self.config_path or any(path.is_relative_to(folder) for folder in folders)


def project_root(start: Path) -> Path:
    """Return the top of the git checkout around `start`.

    Without git: the nearest folder with a pyproject.toml or alembic.ini, else `start` itself.
    """
    start = start.resolve()
    start = start if start.is_dir() else start.parent
    for marks in ((".git",), ("pyproject.toml", "alembic.ini")):
        for folder in (start, *start.parents):
            if any((folder / mark).exists() for mark in marks):
                return folder
    return start


class Found(msgspec.Struct, frozen=True):
    """The environments that a search came upon, and why some could not be followed."""

    environments: tuple[Environment, ...]
    errors: tuple[GuardError, ...] = ()


def is_template(path: Path) -> bool:
    """Return whether the name is filled in when a project is made of the template."""
    return "{{" in path.name


def find_environments(
    start: Path,
    paths: Sequence[Path] = (),
    config_files: Sequence[Path] = (),
    skips: Skips = is_template,
) -> tuple[Environment, ...]:
    """Return the environments of a search; raise GuardError for one that cannot be followed."""
    found = search_environments(start, paths, config_files, skips)
    if found.errors:
        raise found.errors[0]
    return found.environments


def search_environments(
    start: Path,
    paths: Sequence[Path] = (),
    config_files: Sequence[Path] = (),
    skips: Skips = is_template,
    owner: Callable[[Environment], object] = lambda environment: None,
    unsaved: Container[Path] = (),
) -> Found:
    """Return the environments that `paths` belong to, or, without paths, those of the project.

    A path may be a revision, a versions or migrations folder, a configuration file, a folder of
    .sql files or a project. A Python file outside all environments (a model) adds none. The
    project's environments are those of `config_files`, else those found at or below `start`, else
    above it. What it `skips` is not looked at, but where a file is named. Environments of the same
    revisions are one, unless they have another `owner`. What is `unsaved` may be named though it is
    not there. Raises GuardError where none is found, and where one that is named cannot be
    followed.
    """
    start = start.resolve()
    root = project_root(start)
    known = Found(named_environments(config_files, root))
    if not paths:
        found = known if config_files else _around(start, root, skips)
        if not found.environments and not found.errors:
            found = Found(_sql_folders(start, root, skips))
        if not found.environments and not found.errors:
            above = "" if start == root else f" or above it up to {root}"
            raise GuardError(
                f"no Alembic environment and no folder of .sql migrations found in {start}{above}: "
                f"{POINT}"
            )
        return Found(_unique(found.environments, root, owner), found.errors)
    if not config_files:
        known = _scan(root, root, skips)
    belonging: list[Environment] = []
    for path in paths:
        there = (start / path).resolve()
        if there in unsaved and not there.exists():
            belonging += _holding(there, known, root, skips)
            continue
        if not config_files and there.is_file() and skips(there):
            belonging += _environments_of(path, start, _scan(root, root, _never), _never)
        else:
            belonging += _environments_of(path, start, known, skips)
    return Found(_unique(belonging, root, owner))


def named_environments(files: Iterable[Path], root: Path) -> tuple[Environment, ...]:
    """Return the environments that the files declare; raise GuardError for one without any."""
    found: list[Environment] = []
    for file in files:
        declared = read_environments(file.resolve(), root)
        if not declared:
            raise GuardError(f"{file}: no [alembic] section with a script_location")
        found += declared
    return tuple(found)


def read_environments(
    path: Path, root: Path, *, text: str | None = None, is_dir: Callable[[Path], bool] = Path.is_dir
) -> tuple[Environment, ...]:
    """Return the environments that an alembic.ini or a pyproject.toml declares, in file order.

    `text` and `is_dir` stand in for the file and the disk (what a commit held). Raises GuardError.
    """
    return tuple(_environment(options, root, is_dir) for options in read_options(path, text))


def _never(path: Path) -> bool:
    return False


def _around(start: Path, root: Path, skips: Skips) -> Found:
    """The environments at or below `start`; else the one it stands in; else the nearest above."""
    found = _scan(start, root, skips)
    if found.errors or any(env.config_path for env in found.environments):
        return found
    for folder in start.parents:
        if not folder.is_relative_to(root):
            break
        wider = _scan(folder, root, skips)
        inside = tuple(env for env in wider.environments if env.config_path and env.holds(start))
        if inside:
            return Found(inside)
        found = Found(found.environments or wider.environments, found.errors or wider.errors)
    return Found(found.environments, () if found.environments else found.errors)


def _sql_folders(start: Path, root: Path, skips: Skips) -> tuple[Environment, ...]:
    """The folders of .sql migrations at or below `start`, else those of the project."""
    for top in dict.fromkeys((start, root)):
        places = [
            place for place, files in _walk(top, skips) if any(f.endswith(".sql") for f in files)
        ]
        found = [_plain(p, root, kind="sql") for p in places if is_sql_migration_folder(p)]
        if found:
            return tuple(found)
    return ()


def _environments_of(
    path: Path, start: Path, known: Found, skips: Skips
) -> tuple[Environment, ...]:
    path = Path(os.path.abspath(start / path))  # noqa: PTH100  symlinks stay as the user wrote them
    if not path.exists():
        raise GuardError(f"{path}: no such file or folder")
    path = path.resolve()
    root = project_root(path)
    if path.suffix == ".ini" or path.name == "pyproject.toml":
        declared = read_environments(path, root)
        if declared or path.name != "alembic.ini":
            return declared
        raise GuardError(f"{path}: no [alembic] section with a script_location")
    found = _holding(path, known, root, skips)
    if found or path.is_file():
        return found
    if known.errors:
        raise known.errors[0]
    if skips(path) or skips(path / "env.py"):
        raise GuardError(
            f"{path}: the setting exclude leaves out what lies in it: correct it, or name the "
            "files themselves"
        )
    raise GuardError(f"{path}: no Alembic environment and no migrations in it: {POINT}")


def _holding(path: Path, known: Found, root: Path, skips: Skips) -> tuple[Environment, ...]:
    """The environments that a path belongs to, or that lie in it: one that is known, if any is."""
    related = tuple(e for e in known.environments if e.holds(path) or _inside(e, path))
    return related or _by_structure(path, root, skips)


def _inside(env: Environment, folder: Path) -> bool:
    places = (env.config_path or env.script_location, env.script_location, *env.version_locations)
    return any(place.is_relative_to(folder) for place in places)


def _by_structure(path: Path, root: Path, skips: Skips) -> tuple[Environment, ...]:
    """The environment that a path is or stands in, where no configuration names it."""
    folder = path if path.is_dir() else path.parent
    if path.is_dir():
        below = _scan(path, root, skips)
        if below.errors:
            raise below.errors[0]
        if below.environments:
            return below.environments
    for candidate in (folder, *folder.parents):
        if not candidate.is_relative_to(root):
            break
        if _is_migrations_folder(candidate):
            env = _plain(candidate, root)
            return (env,) if env.holds(path) else ()
    if path.suffix == ".sql" or (path.is_dir() and any(folder.glob("*.sql"))):
        return (_plain(folder, root, kind="sql"),)
    if _holds_revisions([path] if path.is_file() else sorted(folder.glob("*.py"))):
        return (_plain(folder, root),)
    if path.is_dir() and folder.name == "versions":
        return (_plain(folder, root),)
    return ()


def _is_migrations_folder(folder: Path) -> bool:
    """Whether it looks like what `alembic init` makes: env.py beside versions/ or its template."""
    return (folder / "env.py").is_file() and (
        (folder / "versions").is_dir() or (folder / "script.py.mako").is_file()
    )


def _holds_revisions(files: Iterable[Path]) -> bool:
    return any(
        file.suffix == ".py" and b"down_revision" in read_bytes(file)[:65_536]
        for file in files
        if file.is_file()
    )


def _plain(folder: Path, root: Path, kind: Kind = "alembic") -> Environment:
    versions = folder / "versions"
    beside = folder.name == "versions" and (folder.parent / "env.py").is_file()
    return Environment(
        name=relative(folder, root),
        kind=kind,
        config_path=None,
        script_location=folder.parent if beside else folder,
        version_locations=(versions if kind == "alembic" and versions.is_dir() else folder,),
    )


def _scan(folder: Path, root: Path, skips: Skips) -> Found:
    """The environments at or below a folder, and the configurations that could not be followed."""
    found: list[Environment] = []
    errors: list[GuardError] = []
    unnamed: list[Path] = []
    for place, files in _walk(folder, skips):
        for name in ("alembic.ini", "pyproject.toml"):
            if name in files:
                try:
                    found += read_environments(place / name, root)
                except GuardError as error:
                    errors.append(error)
        if "env.py" in files and _is_migrations_folder(place) and not _is_template(place):
            unnamed.append(place)
    named = {env.script_location for env in found}
    found += [_plain(place, root) for place in unnamed if place not in named]
    return Found(tuple(found), tuple(errors))


def _is_template(folder: Path) -> bool:
    """Whether it is one of those that `alembic init` copies: no revision can stand in it."""
    return not (folder / "versions").is_dir() and not _holds_revisions(folder.glob("*.py"))


def _walk(folder: Path, skips: Skips) -> Iterator[tuple[Path, set[str]]]:
    """Each folder with its file names, top down; linked folders are not entered, so no loops."""
    for count, (place, folders, files) in enumerate(os.walk(folder)):
        if count >= MAX_FOLDERS:
            raise GuardError(
                f"{folder}: more than {MAX_FOLDERS:,} folders to search for migrations: {POINT}"
            )
        if "pyvenv.cfg" in files and count:
            folders.clear()
            continue
        here = Path(place)
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED and not name.startswith(".") and not skips(here / name)
        )
        yield here, {name for name in files if not skips(here / name)}


def _environment(options: Options, root: Path, is_dir: Callable[[Path], bool]) -> Environment:
    here = options.path.parent
    above = [folder for folder in here.parents if folder.is_relative_to(root)]
    sys_path = tuple(_absolute(entry, here) for entry in options.prepend_sys_path)
    bases = [here, *sys_path, root, root / "src", *above, *(folder / "src" for folder in above)]

    def locate(location: str, what: str) -> Path:
        for base in bases:
            place = _absolute(_as_path(location), base)
            if is_dir(place):
                return place
        raise GuardError(
            f"{options.path}: {what} {location!r} of [{options.section}] is not a folder here: "
            f"correct it, or {POINT}"
        )

    if options.script_location is None:
        script_location = here  # as Flask-Migrate has it: the file lies in the migrations folder
    else:
        script_location = locate(options.script_location, "script_location")
    versions = tuple(locate(v, "version_locations entry") for v in options.version_locations)
    if not versions and not is_dir(script_location / "versions"):
        raise GuardError(
            f"{options.path}: {relative(script_location, root)} has no versions folder: make one "
            f"(mkdir {relative(script_location / 'versions', root)}) or set version_locations"
        )
    if options.sourceless:
        _refuse_compiled(options, versions or (script_location / "versions",))
    shown = relative(script_location, root)
    return Environment(
        name=shown if options.section == "alembic" else options.section,
        kind="alembic",
        config_path=options.path,
        section=options.section,
        script_location=script_location,
        version_locations=versions or (script_location / "versions",),
        recursive=options.recursive,
        sys_path=sys_path,
        databases=options.databases,
        file_names=options.file_names,
    )


def _refuse_compiled(options: Options, folders: Iterable[Path]) -> None:
    """Raise GuardError for a revision that Alembic would load without its source."""
    for folder in folders:
        for file in sorted([*folder.glob("*.py[co]"), *folder.glob("__pycache__/*.py[co]")]):
            name = file.name.partition(".")[0]
            if name != "__init__" and not (folder / f"{name}.py").exists():
                raise GuardError(
                    f"{file}: [{options.section}] says sourceless, so Alembic runs this compiled "
                    "revision, and guard cannot read it: keep its .py file here, or remove it"
                )


def _histories(env: Environment, root: Path) -> tuple[Environment, ...]:
    """One environment for each history in a versions folder that holds nothing but histories.

    Programs that keep one chain for each dialect in a folder of its own choose the folder at run
    time (`versions/postgresql`, `versions/sqlite`). Each such chain stands on its own.
    """
    versions = env.script_location / "versions"
    if env.kind != "alembic" or env.recursive or env.version_locations != (versions,):
        return (env,)
    if any(_may_be_revision(file) for file in versions.glob("*.py")):
        return (env,)
    chains = {folder: _heads(folder) for folder in sorted(versions.glob("*/"))}
    chains = {folder: heads for folder, heads in chains.items() if heads}
    alone = all(
        {parent for head in heads for parent in head.parents} <= {head.revision for head in heads}
        for heads in chains.values()
    )
    if len(chains) < 2 or not alone:
        return (env,)
    return tuple(
        msgspec.structs.replace(env, name=relative(folder, root), version_locations=(folder,))
        for folder in chains
    )


def _heads(folder: Path) -> list[RevisionHeader]:
    heads = (read_file(file, read_bytes(file)) for file in _python_files(folder))
    return [head for head in heads if head.revision]


def _python_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.py") if _may_be_revision(file))


def _may_be_revision(file: Path) -> bool:
    return file.name != "__init__.py"


def _as_path(location: str) -> str:
    """`package.sub:folder` as the folder that holds it; a Windows drive is no package."""
    if ":" not in location or Path(location).is_absolute():
        return location
    package, _, rest = location.partition(":")
    return "/".join([*package.split("."), *rest.split(":")])


def _absolute(path: str, base: Path) -> Path:
    return Path(os.path.normpath(base / path))


def _unique(
    environments: Iterable[Environment], root: Path, owner: Callable[[Environment], object]
) -> tuple[Environment, ...]:
    """One environment for each history: sections that differ only in their database are one."""
    first: dict[object, Environment] = {}
    for env in environments:
        for one in _histories(env, root):
            key = (one.script_location, one.version_locations, one.kind, owner(env))
            first.setdefault(key, one)
    return tuple(first.values())
