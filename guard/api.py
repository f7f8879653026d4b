"""Guard as a library: `from guard import check`. Nothing here prints, exits or keeps a global.

A call goes through the same door as the command of that name, so that it finds the same.
"""

from __future__ import annotations

import datetime
import os
import tokenize
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypedDict, Unpack

import msgspec

from guard.errors import GuardError
from guard.finding import Report
from guard.run.asked import Backend, Instead, cache_folder
from guard.run.check import judge_opened, run
from guard.run.opened import Opened, open_run
from guard.run.scope import Request
from guard.run.stamp import Stamp, stamp_of

AnyPath = str | os.PathLike[str]
Texts = Mapping[str, str] | Mapping[Path, str]


class Options(TypedDict, total=False):
    """What can be said of a check, each as on the command line; what is not said, the settings say.

    config: The one file of settings for everything, instead of those nearest to each file.
    base: The commit, branch or tag that holds what is released.
    everything: Judge released revisions too.
    select, ignore: Names of rules or groups: those alone, or not those.
    dialect, server_version: The server to judge for, such as "postgresql" and "14".
    strict: A warning counts as a failure.
    cache: Keep what was read for the next run, in the user's cache folder (default: True).
    """

    config: AnyPath | None
    base: str | None
    everything: bool
    select: Iterable[str]
    ignore: Iterable[str]
    dialect: str | None
    server_version: str | None
    strict: bool
    cache: bool


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """The options with their defaults."""

    config: AnyPath | None = None
    base: str | None = None
    everything: bool = False
    select: Iterable[str] = ()
    ignore: Iterable[str] = ()
    dialect: str | None = None
    server_version: str | None = None
    strict: bool = False
    cache: bool = True

    def instead(self, python: str | None = None, backend: Backend | None = None) -> Instead:
        return Instead(
            config=Path(self.config) if self.config is not None else None,
            select=tuple(self.select),
            ignore=tuple(self.ignore),
            dialect=self.dialect,
            server_version=self.server_version,
            python=python,
            backend=backend,
            strict=self.strict,
        )

    def request(self, root: Path, paths: Iterable[Path], unsaved: Mapping[Path, bytes]) -> Request:
        return Request(
            start=root,
            paths=tuple(paths),
            unsaved=unsaved,
            roundtrip=False,
            everything=self.everything,
            base=self.base,
            environ=dict(os.environ),
            cache=cache_folder(os.environ) if self.cache else None,
            today=datetime.date.today(),
        )


def check(
    paths: Iterable[AnyPath] = (),
    *,
    root: AnyPath = ".",
    unsaved: Texts | None = None,
    roundtrip: bool = False,
    python: str | None = None,
    backend: Backend | None = None,
    url: str | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    **options: Unpack[Options],
) -> Report:
    """Return what guard finds in the project around `root`: in the `paths` (of files or folders,
    relative to it), or in all that the change brings.

    `unsaved` are texts of files that count instead of what lies on disk. With `roundtrip` the
    migrations are run as well, up, down and up again, on a scratch database of the `backend`, by
    the project's `python`, or on the server of the `url`; it runs what lies on disk.
    `on_progress` is told of that: what is done, how many steps of it, of how many.

    Raises GuardError where nothing reliable can be said: settings that are not valid, a path that
    is not there, a base that is named and missing. What could not be done beside the rest stands in
    the report's `errors`.
    """
    start = Path(root).absolute()
    if not start.exists():
        raise GuardError(f"{start}: there is no such folder")
    said = _Said(**options)
    texts = _placed(start, unsaved)
    if roundtrip and texts:
        raise GuardError("unsaved: a round trip runs the files as they lie on disk: save them")
    asked = [_place(start, path) for path in paths]
    for path in asked:
        if not (path.exists() or path.is_symlink() or path in texts):
            raise GuardError(f"{path}: there is no such file or folder")
    request = said.request(start, asked, texts)
    request = msgspec.structs.replace(request, roundtrip=roundtrip, scratch_url=url)
    return run(request, said.instead(python, backend).settings(start), on_progress).report


class Session:
    """Checks the files of a project one by one, again and again, as an editor does.

    What was read of the project is kept between two checks of the same file, so that the second
    takes a few hundredths of a second. It is read anew when a migration, the settings or the commit
    has changed, and after `forget`. One check at a time: whoever has threads takes a lock.
    """

    def __init__(self, root: AnyPath = ".", **options: Unpack[Options]) -> None:
        self._root = Path(root).absolute()
        self._said = _Said(**options)
        self._kept: _Kept | None = None

    def check(self, path: AnyPath, unsaved: Texts | None = None) -> Report:
        """Return what guard finds in one file; raise GuardError as the function `check` does.

        Nothing is found in a file that the settings exclude. `unsaved` are texts that count instead
        of what lies on disk, the file's own among them.
        """
        file = _place(self._root, path)
        texts = _placed(self._root, unsaved)
        if file not in texts:
            try:
                texts[file] = file.read_bytes()
            except OSError as error:
                raise GuardError(f"{file}: it cannot be read: {error.strerror}") from None
        data = texts[file]
        others = {path: text for path, text in texts.items() if path != file}
        opened = self._kept.with_text(file, data, others) if self._kept else None
        if opened is None:
            opened = self._open(file, texts)
            self._kept = _Kept(file, others, opened, stamp_of(opened, besides=file))
        return judge_opened(opened).report

    def forget(self) -> None:
        """Read everything anew at the next check: code changed that no check was asked of."""
        self._kept = None

    def _open(self, file: Path, texts: Mapping[Path, bytes]) -> Opened:
        self._kept = None  # before the next is read: two histories need twice the memory
        request = self._said.request(self._root, [file], texts)
        request = msgspec.structs.replace(request, force_exclude=True)
        return open_run(request, self._said.instead().settings(self._root), None)


class _Kept(msgspec.Struct, frozen=True):
    """What was read for the last check: of which file, beside which other unsaved texts."""

    file: Path
    others: Mapping[Path, bytes]
    opened: Opened
    stamp: Stamp

    def with_text(self, file: Path, data: bytes, others: Mapping[Path, bytes]) -> Opened | None:
        """Return it with the file's new text; None where it no longer holds."""
        if (file, others) != (self.file, self.others):
            return None
        if stamp_of(self.opened, besides=file) != self.stamp:
            return None
        return self.opened.with_text(file, data)


def _place(root: Path, path: AnyPath) -> Path:
    """The absolute path; a link is followed as far as the file's folder."""
    whole = root / path
    return whole.parent.resolve() / whole.name


def _placed(root: Path, texts: Texts | None) -> dict[Path, bytes]:
    return {_place(root, path): _encoded(path, text) for path, text in (texts or {}).items()}


def _encoded(path: AnyPath, text: object) -> bytes:
    """The bytes of a file that holds the text: as its first lines name the encoding."""
    if not isinstance(text, str):  # who calls may not check types
        kind = type(text).__name__
        raise GuardError(f"unsaved: {path} is given as {kind}: give its text, as a str")
    data = text.encode("utf-8", "surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(iter(data.splitlines(keepends=True)).__next__)
        return data if encoding.startswith("utf-8") else text.encode(encoding)
    except (SyntaxError, UnicodeEncodeError):
        return data
