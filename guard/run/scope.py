"""What one run is about: what was asked, the settings, the repository, and what is released."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec

from guard.config import Config
from guard.history.base import Asked, Base, base_of_ci, find_base
from guard.history.git import Repository
from guard.history.lock import read_lock
from guard.history.settings_then import FilesThen
from guard.history.tree import Tree, TreeFiles, open_tree
from guard.newer_python import NewerPythons
from guard.note import Note
from guard.paths import relative
from guard.project.environments import project_root
from guard.project.settings import Settings, SettingsFiles
from guard.python_source import Sources
from guard.run.shard import Shard
from guard.server import Server

NOT_COMPARED = Note(
    "not-compared",
    'History was not judged, as history = "off" in the guard settings says: every revision counts '
    "as new.",
)
ONLY_APPLIED = Note(
    "not-compared",
    "Nothing but the database tells what is released, so it was not judged whether released "
    "revisions were edited.",
)


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came on standard input; `path` is what to call it, relative to the start."""

    path: Path
    data: bytes


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for. `paths` empty: the whole project; `given`: this text alone.

    `unsaved` are the texts of files, by absolute path, that an editor has and the disk has not.
    """

    start: Path
    paths: tuple[Path, ...] = ()
    force_exclude: bool = False  # also of the paths, those that the settings exclude are left out
    given: Input | None = None
    unsaved: Mapping[Path, bytes] = {}
    statements: bool = True  # judge what the revisions say
    history: bool = True
    roundtrip: bool = True
    everything: bool = False  # released revisions too
    base: str | None = None
    source: Tree = "working tree"
    scratch_url: str | None = None  # of a server for the scratch databases of the round trip
    keep: bool = False  # those databases
    verify: bool = False  # what was read, by the schemas that the round trip makes
    shard: Shard | None = None  # the part of the round trip that is run, None: all of it
    applied_in: str | None = None  # the URL of a database that tells what is released
    applied: tuple[str, ...] | None = None  # what one said already
    approvals_from: str | None = None
    environ: Mapping[str, str] = {}
    cache: Path | None = None  # the folder for what was read; None: nothing is kept
    today: datetime.date


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A request with what it means here. `root` is what all paths are shown relative to.

    `settings` are those in force: where the run was started, or in one of its services; `server` is
    what these say, or what was found of an environment.
    `sources` are the files as they lie on disk or, where the run is about another, in that `tree`.
    """

    request: Request
    all_settings: SettingsFiles
    settings: Settings
    server: Server
    root: Path
    repo: Repository | None
    base: Base
    sources: Sources
    tree: TreeFiles | None = None

    @property
    def config(self) -> Config:
        return self.settings.config

    @property
    def approvals(self) -> str:
        """The file that holds the approvals, as it is shown."""
        return self._shown(self.config.approvals)

    @property
    def baseline(self) -> str:
        """The file that holds the findings from before guard, as it is shown."""
        return self._shown(self.config.baseline)

    def _shown(self, named: str) -> str:
        return relative(Path(os.path.normpath(self.settings.folder / named)), self.root)

    @property
    def dialect(self) -> str | None:
        return self.server.dialect

    @property
    def compares(self) -> bool:
        """Whether only what the base does not have is judged."""
        return self.base.commit is not None and not self.request.everything

    @property
    def is_ci(self) -> bool:
        """Whether a CI service says that it runs this."""
        return self.request.environ.get("CI", "").lower() not in ("", "0", "false")

    @property
    def roundtrip(self) -> bool:
        """Whether the migrations are to be run."""
        return self.request.roundtrip and self.config.roundtrip

    @property
    def named(self) -> frozenset[Path]:
        """The files that were named, resolved; empty where a folder was named, or nothing."""
        files = self.named_files
        return files if all(map(self._is_file, self.request.paths)) else frozenset()

    @property
    def named_files(self) -> frozenset[Path]:
        """The files that were named, resolved, also those beside a folder."""
        return frozenset(path.resolve() for path in self.request.paths if self._is_file(path))

    def _is_file(self, path: Path) -> bool:
        return path.is_file() or path in self.request.unsaved


def open_scope(request: Request, files: SettingsFiles) -> Scope:
    """Return the scope; raise GuardError where a base is wanted and not here."""
    home = files.home
    root = project_root(request.start)
    if request.force_exclude:
        skips = files.excludes
        kept = (path for path in request.paths if not skips((request.start / path).resolve()))
        request = msgspec.structs.replace(request, paths=tuple(kept))
    repo = Repository.discover(root)
    compared = request.given is None and (request.history or not request.everything)
    base = Base()
    if compared and home.config.history == "off" and not request.base:
        base = Base(notes=(NOT_COMPARED,))
    elif compared:
        asked = Asked(
            option=request.base,
            config=home.config.base,
            environ=request.environ,
            lock=read_lock(root),
            folder=root,
        )
        base = _not_moved(find_base(repo, asked), repo, request, home, root)
    applied = _applied(request, home, root) if compared else None
    if applied is not None:
        notes = base.notes if base.known else (ONLY_APPLIED,)
        base = msgspec.structs.replace(base, applied=applied, notes=notes)
    tree = open_tree(repo, request.source) if repo else None
    return Scope(
        request=request,
        all_settings=files,
        settings=home,
        server=home.config.server,
        root=root,
        repo=repo,
        base=base,
        sources=Sources(
            tree, NewerPythons(partial(_project_python, request, home, root)), request.unsaved
        ),
        tree=tree,
    )


def _applied(request: Request, home: Settings, root: Path) -> tuple[str, ...] | None:
    """Where the database stands that tells what is released, if one does."""
    if not request.applied_in:
        return request.applied
    from guard.roundtrip.live_database import LiveDatabase  # few ask one

    database = LiveDatabase(request.applied_in, "--applied-in", home, root, request.start)
    return tuple(database.ask("applied"))


def _project_python(request: Request, settings: Settings, root: Path) -> tuple[str, ...]:
    """The program of the project's Python: of a virtual environment that which it was made of.

    What lies in the repository may come from the change, so it is started only where the round trip
    starts it anyway.
    """
    from guard.roundtrip.errors import RoundTripError  # who lints alone starts without it
    from guard.roundtrip.interpreter import find_interpreter

    try:
        program = Path(find_interpreter(settings, root, request.start).path).resolve()
    except RoundTripError:
        return ()  # the round trip says so
    own = program == Path(sys.executable).resolve()
    runs = request.roundtrip and settings.config.roundtrip
    return () if own or (program.is_relative_to(root) and not runs) else (str(program),)


def _not_moved(
    base: Base, repo: Repository | None, request: Request, home: Settings, root: Path
) -> Base:
    """Return the base, or CI's where the change itself sets another: nobody moves their own."""
    if repo is None or request.base is not None or home.config.base is None:
        return base
    by_ci = base_of_ci(repo, request.environ)
    if by_ci is None or by_ci.commit is None:
        return base
    then, _ = FilesThen(repo, by_ci.commit).settings(relative(home.folder, root))
    if then.base == home.config.base:
        return base
    text = (
        f"Compared with {by_ci.ref} at {by_ci.commit[:12]}, as CI says: this change sets the base "
        f"to {home.config.base}, which counts once it is on {by_ci.ref}."
    )
    return msgspec.structs.replace(by_ci, notes=(Note("base", text),))
