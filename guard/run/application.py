"""Where the application begins: which files the revisions must not live on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePath

import msgspec

from guard.facts import ApplicationImport, Fact, RunFailure
from guard.history.cache import Cache, Entry
from guard.history.read import code_of, reading
from guard.paths import relative
from guard.patterns import lazy_re
from guard.project.environments import Environment
from guard.python_source import SourceError
from guard.reader.modules import Module, Resolver
from guard.run.scope import Scope
from guard.source.application_imports import application_imports, may_import
from guard.source.database_literals import is_test
from guard.source.files import files_below

INSTALLED = {"site-packages", "dist-packages"}
IMPORTS = lazy_re(rb"\bimport\b")
IMPORTED = lazy_re(rb"\b(?P<from>from)\s+(?P<level>\.*)(?P<path>[.\w]*)\s+import\b")
ENFORCES = lazy_re(rb"(?i)\bPRAGMA\s+foreign_keys\s*=\s*['\"]?(?:1|on|true|yes)\b")
DEFINES_MODEL = lazy_re(rb"__tablename__|\bTable\(|\btable\s*=\s*True|declarative_base|Declarative")
# What a database says of a column or table that it does not have, and Python of a name.
LACKS = lazy_re(
    r"no such (?:column|table)|has no column|does not exist|unknown column|doesn't exist"
    r"|has no attribute|cannot import name",
    re.IGNORECASE,
)


class Application:
    """Tells what revisions of an environment import of the application that it belongs to."""

    def __init__(self, scope: Scope, environment: Environment) -> None:
        self._scope = scope
        self._environment = environment
        search = (*environment.sys_path, environment.script_location)
        self._resolver = Resolver(scope.root, search, scope.sources)
        self._known: dict[Path, bool] = {}

    def imports(self, path: str, text: str, revision: str) -> tuple[ApplicationImport, ...]:
        """Return the imports of the application in a revision's text."""
        if not may_import(text):
            return ()
        data = text.encode("utf-8", "surrogatepass")
        key = self._code + data
        known = self._cache.find(PurePath(path), key)
        if known is None:
            known = self._read(path, data, revision)
            self._cache.keep(PurePath(path), key, known, followed=True)
            self._cache.depend_on(self._resolver.consulted)
        return known

    def save(self) -> None:
        """Keep what was read for the next run."""
        self._cache.save()

    @cached_property
    def _cache(self) -> Cache[tuple[ApplicationImport, ...]]:
        def decode(data: bytes) -> dict[str, Entry[tuple[ApplicationImport, ...]]]:
            return msgspec.msgpack.decode(
                data, type=dict[str, Entry[tuple[ApplicationImport, ...]]]
            )

        scope = self._scope
        environment = self._environment
        places = (environment.script_location, *environment.sys_path)
        name = "\0".join(("application", *map(str, places)))
        return Cache(scope.request.cache, scope.root, name, decode, reading(scope.sources))

    @cached_property
    def _code(self) -> bytes:
        """What stands for the application's code, on which it hangs what belongs to it."""
        return code_of(self._scope.sources, self._others)

    def _read(self, path: str, data: bytes, revision: str) -> tuple[ApplicationImport, ...]:
        try:
            source = self._scope.sources.source(path, data)
            module = Module(source, self._scope.root / path)
        except SourceError:
            return ()  # it was no revision then
        beside = relative(self._environment.script_location, self._scope.root)
        return tuple(application_imports(module, self._resolver, self._is_own, revision, beside))

    def explained(self, facts: Iterable[Fact], texts: Mapping[str, str]) -> tuple[Fact, ...]:
        """Return the facts, the failures among them with their likely reason."""
        return tuple(
            self._explained(fact, texts) if isinstance(fact, RunFailure) else fact for fact in facts
        )

    def enforces_keys(self) -> str:
        """Return the first place that has SQLite enforce foreign keys, "" where none does."""
        for path in self._others:
            data = self._scope.sources.read(path)
            if found := ENFORCES.search(data):
                line = data.count(b"\n", 0, found.start()) + 1
                return f"{relative(path, self._scope.root)}:{line}"
        return ""

    def hands_over(self) -> bool:
        """Return whether env.py takes a connection that the application may give it."""
        from guard.reader.env_py import takes_connection  # with the whole interpreter

        path = self._environment.script_location / "env.py"
        return path.is_file() and takes_connection(
            self._scope.sources.read(path).decode("utf-8", "replace")
        )

    def _explained(self, failure: RunFailure, texts: Mapping[str, str]) -> RunFailure:
        path = failure.span.path
        if failure.stopped or path not in texts or not LACKS.search(failure.error):
            return failure
        reasons = self.imports(path, texts[path], failure.revision or "")
        likely = next((one for one in reasons if _may_explain(one, failure)), None)
        return msgspec.structs.replace(failure, likely=likely)

    def _is_own(self, file: Path) -> bool:
        """Whether a file belongs to the migrations, or is installed: not the application."""
        if file not in self._known:
            self._known[file] = self._is_migrations(file) or not self._is_used(file)
        return self._known[file]

    def _is_migrations(self, file: Path) -> bool:
        environment = self._environment
        folders = {*environment.version_locations, environment.script_location}
        return bool(INSTALLED & {*file.parts}) or any(
            file.is_relative_to(folder) for folder in folders - {self._scope.root}
        )

    def _is_used(self, file: Path) -> bool:
        """Whether it holds models, or anything but the migrations and tests imports it."""
        sources = self._scope.sources
        if DEFINES_MODEL.search(sources.read(file)):
            return True
        module = file.parent if file.stem == "__init__" else file.with_suffix("")
        mention = re.compile(rb"\b%s\b" % re.escape(module.name.encode()))
        return any(
            _imports(line, module, other)
            for other in self._others
            if other != file
            for line in _lines(sources.read(other), mention)
        )

    @cached_property
    def _others(self) -> tuple[Path, ...]:
        """The Python files of the project that are neither migrations nor tests."""
        return tuple(path for path in self._files() if not self._is_migrations(path))

    def _files(self) -> Iterator[Path]:
        scope = self._scope
        if scope.repo is None:
            found = (path for path in files_below(scope.root) if path.suffix == ".py")
        else:
            shown = (name for name in scope.repo.present_files() if name.endswith(".py"))
            found = (scope.repo.root / name for name in shown)
        yield from (p for p in found if p.is_file() and not is_test(relative(p, scope.root)))


def _imports(line: bytes, module: Path, reader: Path) -> bool:
    """Return whether a line of a file may import the module, and no other of the same name."""
    found = IMPORTED.search(line)
    if found is None or not found["from"]:
        return IMPORTS.search(line) is not None
    level, path = len(found["level"]), found["path"].decode().split(".") if found["path"] else []
    if level:
        folder = reader.parents[level - 1] if level <= len(reader.parents) else reader
        return module in (around := folder.joinpath(*path), around / module.name)
    return any(
        module.parts[-len(parts) :] == tuple(parts) for parts in (path, [*path, module.name])
    )


def _lines(data: bytes, mention: re.Pattern[bytes]) -> Iterator[bytes]:
    """Yield the lines that hold a word; most files hold none."""
    if mention.search(data):
        yield from (line for line in data.split(b"\n") if mention.search(line))


def _may_explain(imported: ApplicationImport, failure: RunFailure) -> bool:
    """Whether what is lacking can be of a model that the revision uses."""
    told = f"{failure.error} {failure.sql or ''}"
    if imported.whole or not imported.models:
        return any(re.search(rf"\b{re.escape(name)}\b", told) for name in imported.names)
    return any(
        model.table is None or re.search(rf"\b{re.escape(model.table)}\b", told)
        for model in imported.models
    )
