"""Reads a file for the source rules: its text, its code, and the project's code that it calls."""

from __future__ import annotations

from pathlib import Path

from guard.paths import MAX_BYTES, too_long
from guard.python_source import PythonSource, SourceError
from guard.reader import read_source
from guard.reader.modules import Module, Resolver
from guard.source.code import read_code
from guard.source.database_literals import find_in_ini, find_in_python, is_test
from guard.source.event_loop import EventLoop
from guard.source.source_file import SourceFile, Waits, unreadable


class SourceReader:
    """Reads the files of a project. One serves many, whose helpers it reads once."""

    def __init__(self, resolver: Resolver):
        self._resolver = resolver
        self._loop = EventLoop(resolver)

    def read(self, path: Path, source: PythonSource) -> SourceFile:
        """Return what the file says about databases and SQL."""
        if len(source.data) > MAX_BYTES:
            return unreadable(source.path, too_long(len(source.data)))
        try:
            if path.suffix != ".py":
                return SourceFile(literals=find_in_ini(source.path, source.text))
            module = Module(source, path)
            return SourceFile(
                literals=find_in_python(source),
                built=read_source(module, self._resolver),
                code=read_code(module, self._resolver),
                waits=Waits() if is_test(source.path) else self._loop.waits(module),
            )
        except SourceError as error:
            return unreadable(source.path, str(error), error.line or 1, error.needs)
