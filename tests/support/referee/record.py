"""Runs revisions and writes down what each of them sends to a database, and which line sent it.

It stands alone, on the standard library, Alembic and SQLAlchemy, so that it also runs under the
interpreter of a project that guard is not installed for:

    python record.py < job.json > records.json

A statement belongs to the innermost line of the revision file that was running when it was sent.
Inside `batch_alter_table` nothing is sent before the block ends: there a statement belongs to the
line that asked for it, and a table that is copied and moved to what was asked of the copy.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import tempfile
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa
import sqlalchemy.orm  # many revisions use it without importing it
from alembic.config import Config
from alembic.operations import Operations, batch
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine.mock import MockConnection

Emitted = dict[str, Any]  # "line"; "sql", or "asked" of a copy; "via": who sent it
Record = dict[str, Any]  # "path", "direction", "error", "emitted"

SQLALCHEMY = str(Path(sa.__file__).parent)
_QUERY = re.compile(r"\s*(SELECT|PRAGMA|SHOW|WITH)\b", re.I)
_EXPANDED = re.compile(r"__\[POSTCOMPILE_\w+\]")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class Recorder:
    """Collects what is sent while one revision runs."""

    def __init__(self, path: str):
        self.path = path
        self.emitted: list[Emitted] = []
        self.line: int | None = None  # of the batch entry that is being carried out
        self.copying = False

    def sent(self, sql: str) -> None:
        line, via = self._where()
        if line is None or not sql.strip() or sql.startswith("-- Running"):
            return
        sql = _EXPANDED.sub("NULL", sql)  # SQLAlchemy's own mark, where a list will stand
        if via in ("reflection", "row") and not _QUERY.match(sql):
            via = ""
        self.emitted.append({"line": line, "sql": sql, "via": "copy" if self.copying else via})

    def asked(self, line: int, name: str, table: str, args: Sequence[Any], kw: Any) -> None:
        """Record what a copy of the table was asked to change."""
        self.emitted.append({"line": line, "asked": _asked(name, table, args, kw), "via": "batch"})

    def _where(self) -> tuple[int | None, str]:
        """Return the revision's line, and what of SQLAlchemy stands between it and the database."""
        frame: types.FrameType | None = sys._getframe(2)
        via = ""
        while frame is not None:
            file = frame.f_code.co_filename
            if file == self.path:
                return self.line or frame.f_lineno, via
            via = via or _via(file, frame.f_code.co_name)
            frame = frame.f_back
        return None, via

    def asking_line(self) -> int:
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != self.path:
            frame = frame.f_back
        return frame.f_lineno if frame else 0


def _via(file: str, function: str) -> str:
    if not file.startswith(SQLALCHEMY):
        return ""
    part = file[len(SQLALCHEMY) :].replace(os.sep, "/")
    if part == "/engine/reflection.py" or (part.startswith("/dialects/") and "has_" in function):
        return "reflection"
    if part == "/orm/session.py" and function in ("_flush", "flush"):
        return "flush"
    if part == "/orm/strategies.py" or function in ("load_scalar_attributes", "_load_expired"):
        return "row"
    return ""


def _asked(name: str, table: str, args: Sequence[Any], kw: Any) -> dict[str, Any]:
    unset = {"server_default": False, "comment": False}
    keys = [k for k, v in kw.items() if v is not unset.get(k)]
    about: Any = args[1] if name.endswith("_column") and len(args) > 1 else args[0]
    label = getattr(about, "name", about)  # a marker where no name was given
    return {
        "name": name,
        "table": table,
        "keys": keys,
        "label": label if isinstance(label, str) else "",
    }


# Batches


class _Asked(list):  # type: ignore[type-arg]
    """The entries of a batch: each is carried out under the line that asked for it."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self.recorder = recorder
        self.lines: list[int] = []

    def append(self, entry: Any) -> None:
        self.lines.append(self.recorder.asking_line())
        super().append(entry)

    def __iter__(self) -> Iterator[Any]:
        try:
            for line, entry in zip(self.lines, super().__iter__(), strict=True):
                self.recorder.line = line
                yield entry
        finally:
            self.recorder.line = None


@contextlib.contextmanager
def _batches(recorder: Recorder) -> Iterator[None]:
    """Let batches tell the recorder which line asked for what."""
    start: Any = batch.BatchOperationsImpl.__init__
    flush: Any = batch.BatchOperationsImpl.flush
    create: Any = batch.ApplyBatchImpl._create
    flushing: list[Any] = []

    def started(self: Any, *args: Any, **kw: Any) -> None:
        start(self, *args, **kw)
        self.batch = _Asked(recorder)

    def flushed(self: Any) -> None:
        flushing.append(self)
        try:
            flush(self)
        finally:
            flushing.pop()

    def created(self: Any, impl: Any) -> None:
        owner = flushing[-1]
        for line, (name, args, kw) in zip(
            owner.batch.lines, list.__iter__(owner.batch), strict=True
        ):
            recorder.asked(line, name, owner.table_name, args, kw)
        recorder.copying = True
        try:
            create(self, impl)
        finally:
            recorder.copying = False

    with (
        mock.patch.multiple(batch.BatchOperationsImpl, __init__=started, flush=flushed),
        mock.patch.object(batch.ApplyBatchImpl, "_create", created),
    ):
        yield


# Running


class Buffer:
    """What Alembic's offline mode prints to: one statement at a time."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None

    def write(self, text: str) -> None:
        if self.recorder is not None:
            self.recorder.sent(text.strip().rstrip(";"))

    def flush(self) -> None:
        pass


class NoRows:
    """What a query gives that is printed and not run, also one of the catalogue: nothing."""

    rowcount = 0

    def __init__(self, *args: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        one = name in ("fetchone", "first", "scalar", "one_or_none", "scalar_one_or_none")
        many = name in ("scalars", "mappings", "unique", "columns", "tuples")
        return lambda *args, **kw: None if one else self if many else []

    def has_table(self, *args: Any, **kw: Any) -> bool:
        return False


@contextlib.contextmanager
def _answers() -> Iterator[None]:
    """Let the connection of offline mode be asked, so that revisions which ask run to their end."""
    execute: Any = MockConnection.execute

    def executed(self: Any, *args: Any, **kw: Any) -> NoRows:
        execute(self, *args, **kw)
        return NoRows()

    added: Any = {
        "execute": executed,
        "close": lambda self: None,
        "scalar": lambda self, *args: executed(self, *args).scalar(),
    }
    with (
        mock.patch.multiple(MockConnection, create=True, **added),
        mock.patch.dict(sa.inspection._registrars, {MockConnection: NoRows}),
    ):
        yield


def run(
    paths: Sequence[str], dialect: str, url: str | None = None, before: str | None = None
) -> list[Record]:
    """Run the files in order, upgrades first, then the downgrades backwards; return their records.

    Without a URL nothing is connected: Alembic's offline mode prints what it would send. `before`
    names the metadata (`package.module:Base.metadata`) whose tables are there from the start.
    """
    modules: dict[str, Any] = {}
    steps = [(path, "upgrade") for path in paths]
    steps += [(path, "downgrade") for path in reversed(paths)]
    records = []
    engine = None if url is None else _engine(url)
    if before is not None and engine is not None:
        _named(before).create_all(engine)
    for path, direction in steps:
        recorder = Recorder(path)
        error = None
        try:
            if path not in modules:
                modules[path] = _load(path)
            function = getattr(modules[path], direction, None)
            if function is not None:
                with _batches(recorder):
                    if engine is None:
                        _run_offline(function, dialect, recorder)
                    else:
                        _run_live(function, engine, recorder)
        except (Exception, SystemExit) as problem:  # noqa: BLE001  (it is the finding)
            error = f"{type(problem).__name__}: {problem}"[:300]
        records.append(
            {"path": path, "direction": direction, "error": error, "emitted": recorder.emitted}
        )
    if engine is not None:
        engine.dispose()
    return records


def _named(path: str) -> Any:
    module, _, attributes = path.partition(":")
    found: Any = importlib.import_module(module)
    for name in attributes.split("."):
        found = getattr(found, name)
    return found


def _load(path: str) -> Any:
    name = "revision_" + re.sub(r"\W", "_", Path(path).name)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _call(function: Any) -> None:
    """Call upgrade(), or those of a multidb revision one by one."""
    if function.__code__.co_argcount:
        prefix = function.__name__ + "_"
        for name in [n for n in function.__globals__ if n.startswith(prefix)]:
            function(name[len(prefix) :])
    else:
        function()


@contextlib.contextmanager
def _environment(**options: Any) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        script = ScriptDirectory(folder)
        config = Config()
        config.set_main_option("script_location", folder)
        with EnvironmentContext(config, script, as_sql="connection" not in options) as environment:
            environment.configure(transaction_per_migration=True, **options)
            # Revisions that ask are told that they run against a server, as the reader supposes.
            environment.context_opts.pop("as_sql", None)
            context = environment.get_context()
            with Operations.context(context):
                yield context


def _run_offline(function: Any, dialect: str, recorder: Recorder) -> None:
    buffer = Buffer()
    options = {"paramstyle": "named"}
    with (
        _environment(dialect_name=dialect, output_buffer=buffer, dialect_opts=options) as context,
        _answers(),
        context.begin_transaction(_per_migration=True),
    ):
        buffer.recorder = recorder
        _call(function)


def _engine(url: str) -> sa.engine.Engine:
    options: dict[str, Any] = {}
    if url == "sqlite://":
        options = {"poolclass": sa.pool.StaticPool}
    return sa.create_engine(url, **options)


def _run_live(function: Any, engine: sa.engine.Engine, recorder: Recorder) -> None:
    def executed(
        connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if connection.dialect.paramstyle in ("format", "pyformat") and parameters:
            sql = _PLACEHOLDER.sub(r":\1", sql).replace("%%", "%")
        recorder.sent(sql)

    with engine.connect() as connection, _environment(connection=connection) as context:
        event.listen(engine, "before_cursor_execute", executed)
        try:
            with context.begin_transaction(_per_migration=True):
                _call(function)
        finally:
            event.remove(engine, "before_cursor_execute", executed)
            connection.rollback()
            _clear(connection)


def _clear(connection: sa.engine.Connection) -> None:
    """Drop what a failed copy left behind: SQLite's driver commits a CREATE TABLE at once."""
    if connection.dialect.name == "sqlite":
        for table in sa.inspect(connection).get_table_names():
            if table.startswith("_alembic_tmp_"):
                connection.execute(sa.text(f'DROP TABLE "{table}"'))
        connection.commit()


# Packages that are not installed


class _Anything(type):
    """A class that has every attribute, can be called with anything and inherited from."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})

    def __call__(cls, *args: Any, **kw: Any) -> Any:
        if len(args) == 1 and not kw and isinstance(args[0], types.FunctionType):
            return args[0]  # a decorator
        return _Anything(cls.__name__, (), {})

    def __iter__(cls) -> Iterator[Any]:
        return iter(())

    def __or__(cls, other: Any) -> Any:
        return cls

    __ror__ = __or__

    def __getitem__(cls, key: Any) -> Any:
        return cls

    def __enter__(cls) -> Any:
        return cls

    def __exit__(cls, *error: object) -> None:
        pass


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for modules that the code below `folder` imports and that are not installed.

    What a library tries to import is its own business, and so is what may fail. `made` are the
    names of the packages.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.made: set[str] = set()

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        package = name.partition(".")[0]
        if package in sys.stdlib_module_names or package in ("alembic", "sqlalchemy"):
            return None
        if package not in self.made and (path is not None or not self._asked_by_project()):
            return None
        self.made.add(package)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def _asked_by_project(self) -> bool:
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if frame is None or not frame.f_code.co_filename.startswith(self.folder):
            return False
        tree = ast.parse(Path(frame.f_code.co_filename).read_bytes())
        tries = (node for node in ast.walk(tree) if isinstance(node, ast.Try) and node.handlers)
        return not any(t.lineno <= frame.f_lineno < t.handlers[0].lineno for t in tries)

    def create_module(self, spec: Any) -> Any:
        module = types.ModuleType(spec.name)
        module.__version__ = "0"  # type: ignore[attr-defined]
        module.__getattr__ = lambda name: getattr(_Anything("stub", (), {}), name)  # type: ignore[method-assign]
        return module

    def exec_module(self, module: Any) -> None:
        module.__path__ = []


def main() -> None:
    job = json.load(sys.stdin)
    sys.path[:0] = job["sys_path"]
    stubs = Stubs(job["sys_path"][0])
    sys.meta_path.append(stubs)
    with contextlib.redirect_stdout(sys.stderr):
        for name in job["imports"]:
            importlib.import_module(name)
        records = run(job["paths"], job["dialect"], job["url"], job["before"])
    json.dump({"records": records, "stubs": sorted(stubs.made)}, sys.stdout)


if __name__ == "__main__":
    main()
