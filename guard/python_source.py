"""Python files as text and tree, however they are encoded or broken.

Each is parsed once in a run, however many ask: the reader of headers, the evaluator, the comparison
with the base, the rules on source code. What they say of a place comes from here as well.
"""

from __future__ import annotations

import ast
import errno
import io
import os
import sys
import tokenize
import warnings
from collections import deque
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from weakref import WeakValueDictionary

from guard.newer_python import NewerPythons, Rejection, find_construct
from guard.paths import read_bytes
from guard.statement import Span

SAVE_AS_UTF_8 = (
    "save it as UTF-8, or name its encoding in the first line (# -*- coding: latin-1 -*-)"
)
KEPT = 1_000_000  # bytes of source whose trees wait for somebody else to ask: 25 MB of memory


class SourceError(Exception):
    """A file that is no readable Python: the message says why, `line` where, if that is known.

    `needs` is the version of Python that would read it, where none so new is at hand.
    """

    def __init__(self, message: str, line: int | None = None, needs: str = ""):
        super().__init__(message)
        self.line = line
        self.needs = needs


class PythonSource:
    """One Python file; `path` is what reports call it. Lines and columns count from 1.

    Where our own Python cannot parse it, the `newer` ones are asked.
    """

    def __init__(self, path: str, data: bytes, newer: NewerPythons | None = None):
        self.path = path
        self.data = data
        self._newer = newer

    @classmethod
    def of_text(cls, path: str, text: str) -> PythonSource:
        """Return the file that would hold this text."""
        source = cls(path, text.encode("utf-8", "surrogatepass"))
        source.text = text
        return source

    @cached_property
    def text(self) -> str:
        """The text, its newlines made `\\n`, by its BOM or coding comment; raises SourceError."""
        if b"\0" in self.data:
            raise SourceError("it holds NUL bytes: this is a binary file")
        try:
            return _decode(self.data)
        except UnicodeDecodeError as error:
            wrong = f"its byte {error.start + 1} is not {error.encoding}"
            raise SourceError(f"{wrong}: {SAVE_AS_UTF_8}") from None
        except SyntaxError as error:  # an encoding that is unknown, or contradicts the BOM
            raise SourceError(f"{error.msg}: {SAVE_AS_UTF_8}") from None
        except (LookupError, UnicodeError):  # a codec that makes no text of bytes (rot13), or none
            raise SourceError(
                f"its coding comment names no text encoding: {SAVE_AS_UTF_8}"
            ) from None

    @property
    def tree(self) -> ast.Module:
        """The syntax tree, which all share: look, do not change. Raises SourceError."""
        if isinstance(self._parsed, SourceError):
            raise self._parsed from None
        return self._parsed

    @cached_property
    def _parsed(self) -> ast.Module | SourceError:
        try:
            return _parse(self.text)
        except SyntaxError as error:
            return self._parsed_by_newer(error)
        except SourceError as error:
            return error

    def _parsed_by_newer(self, error: SyntaxError) -> ast.Module | SourceError:
        own = Rejection(sys.version_info[:2], error.msg, error.lineno or 1)
        found = (self._newer.parse(self.text) if self._newer else None) or own
        if isinstance(found, ast.Module):
            return found
        for line in dict.fromkeys((found.line, own.line)):
            if construct := find_construct("".join(self.lines[line - 1 : line]), found.version):
                newest = ".".join(map(str, found.version))
                return SourceError(
                    f"it needs Python {construct.python} ({construct.example}), and the newest "
                    f"that guard found is Python {newest}",
                    line,
                    construct.python,
                )
        return SourceError(f"it is not valid Python: {found.message}", found.line)

    @cached_property
    def lines(self) -> list[str]:
        """The lines as Python counts them (a form feed ends none), each with its newline."""
        return [line + "\n" for line in self.text.split("\n")]

    def column(self, line: int, offset: int) -> int:
        """Return the column in characters of a UTF-8 byte offset, which is what trees have."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        if text.isascii():
            return offset + 1
        return len(text.encode()[:offset].decode(errors="replace")) + 1

    def span(self, node: ast.AST) -> Span:
        """Return where a node of the tree stands."""
        first: int = getattr(node, "lineno", 1)
        last: int = getattr(node, "end_lineno", None) or first
        begin: int = getattr(node, "col_offset", 0)
        end: int = getattr(node, "end_col_offset", None) or 0
        return Span(self.path, first, self.column(first, begin), last, self.column(last, end))

    def span_of_name(self, node: ast.ClassDef) -> Span:
        """Return where the line that begins a class names it."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        at = line.find(node.name, self.column(node.lineno, node.col_offset) + len("class")) + 1
        return Span(self.path, node.lineno, max(at, 1), node.lineno, max(at, 1) + len(node.name))

    def between(self, first: tuple[ast.AST, bool], last: tuple[ast.AST, bool]) -> Span:
        """Return the text between two places: each the start of a node or (True) its end."""
        (line, column), (end_line, end_column) = self._place(*first), self._place(*last)
        return Span(self.path, line, column, end_line, end_column)

    def _place(self, node: ast.AST, end: bool) -> tuple[int, int]:
        span = self.span(node)
        return (span.end_line, span.end_column) if end else (span.line, span.column)


class Sources:
    """The files of a run. What nobody holds is parsed again only when much else was in between.

    `files` stand in for the disk (what is staged, what came on standard input), and `instead` for
    some of them, None for one that is not there; `newer` parse what our own Python cannot.
    """

    def __init__(
        self,
        files: Mapping[Path, bytes] | None = None,
        newer: NewerPythons | None = None,
        instead: Mapping[Path, bytes | None] | None = None,
    ):
        self.files = files
        self.newer = newer
        self.instead = instead or {}
        self._read: dict[str, bytes] = {}
        self._known: WeakValueDictionary[tuple[str, bytes], PythonSource] = WeakValueDictionary()
        self._latest: deque[PythonSource] = deque()
        self._size = 0

    @property
    def is_disk(self) -> bool:
        """Whether all files are as they lie on disk."""
        return self.files is None and not self.instead

    def on_disk(self) -> Sources:
        """Return the files as they lie on disk; what was parsed of equal ones serves both."""
        disk = Sources(newer=self.newer)
        disk._known = self._known
        return disk

    def read(self, path: Path) -> bytes:
        """Return what a file holds, read from the disk once; raises OSError."""
        if (other := self.instead.get(path)) is not None:
            return other
        if path in self.instead or (self.files is not None and path not in self.files):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if self.files is not None:
            return self.files[path]
        name = str(path)  # hashed faster than the path
        data = self._read.get(name)
        if data is None:
            data = self._read[name] = read_bytes(path)
        return data

    def put(self, path: Path, data: bytes) -> None:
        """Have a file hold this from now on, whatever lies on disk."""
        self.instead = {**self.instead, path: data}

    def is_file(self, path: Path) -> bool:
        """Return whether there is such a file."""
        if path in self.instead:
            return self.instead[path] is not None
        return path.is_file() if self.files is None else path in self.files

    def files_in(self, folder: Path) -> list[Path]:
        """Return the files right in a folder, sorted; raises OSError."""
        given = [path for path in self.instead if path.parent == folder]
        if self.files is None:
            inside: Iterable[Path] = folder.iterdir() if folder.is_dir() or not given else ()
        else:
            inside = (path for path in self.files if path.parent == folder)
        found = {*inside, *given}
        return sorted(path for path in found if self.is_file(path))

    def source(self, path: str, data: bytes) -> PythonSource:
        """Return the file of that shown path with these contents."""
        known = self._known.get((path, data))
        if known is not None:
            return known
        source = self._known[path, data] = PythonSource(path, data, self.newer)
        self._latest.append(source)
        self._size += len(data)
        while self._size > KEPT and len(self._latest) > 1:
            self._size -= len(self._latest.popleft().data)
        return source


def _decode(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _parse(text: str) -> ast.Module:
    """Return the tree; raise SyntaxError for anything that is not Python, however it is broken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is the linter's affair, not ours
            return ast.parse(text)
    except (RecursionError, MemoryError):
        raise SyntaxError("nested too deeply to be read") from None
    except ValueError as error:  # NUL bytes, lone surrogates
        raise SyntaxError(str(error)) from None
