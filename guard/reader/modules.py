"""The Python files that a revision is made of: the revision itself and the helpers it imports.

A helper is followed by its path, never imported. What lies outside the given roots, or does not
parse, stays a dotted name.
"""

from __future__ import annotations

import ast
from pathlib import Path

from guard.head import SAVE_AS_UTF_8, decode_source, parse_source
from guard.reader.values import Value

MAX_BYTES = 20_000_000  # past this a file is no revision


class SourceError(Exception):
    """A file that is no readable Python: the message says why, `line` where."""

    def __init__(self, message: str, line: int = 1):
        super().__init__(message)
        self.line = line


class Module:
    """A parsed file. `names` is filled by the interpreter when the module is first looked at."""

    def __init__(self, path: str, name: str, tree: ast.Module, text: str, file: Path | None):
        self.path = path  # as reports name it
        self.name = name  # dotted, "" where unknown
        self.tree = tree
        self.lines = text.splitlines(keepends=True) or [""]
        self.file = file
        self.names: dict[str, Value] = {}
        self.loaded = False


def decode(data: bytes) -> str:
    """Return the text of a Python source file (PEP 263, BOM); raise SourceError."""
    if b"\0" in data:
        raise SourceError("it holds NUL bytes: this is a binary file")
    try:
        return decode_source(data)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SourceError(f"it cannot be decoded ({error}): {SAVE_AS_UTF_8}") from None


def parse(path: str, text: str, name: str = "", file: Path | None = None) -> Module:
    """Return the parsed module; raise SourceError with the line of a syntax error."""
    try:
        tree = parse_source(text)
    except SyntaxError as error:
        raise SourceError(f"it is not valid Python: {error.msg}", error.lineno or 1) from None
    return Module(path, name, tree, text, file)


class Resolver:
    """Finds helper modules under the project's roots; each is parsed once."""

    def __init__(self, root: Path, search: tuple[Path, ...] = ()):
        self.root = root
        self._search = tuple(dict.fromkeys((*search, root, root / "src")))
        self._modules: dict[Path, Module | None] = {}
        self._found: dict[str, Path | None] = {}
        self.consulted: set[Path] = set()  # every helper file that was asked for, there or not
        self.asked = 0  # how often one was asked for

    def find(self, dotted: str) -> Module | None:
        """Return the module of that dotted name, or None where it is not in sight."""
        self.asked += 1
        if dotted not in self._found:
            relative = Path(*dotted.split("."))
            places = [
                place
                for base in self._search
                for place in (base / relative.with_suffix(".py"), base / relative / "__init__.py")
            ]
            self.consulted.update(places)
            self._found[dotted] = next((place for place in places if place.is_file()), None)
        file = self._found[dotted]
        return self.load(file, dotted) if file else None

    def find_relative(self, module: Module, level: int, dotted: str | None) -> Module | None:
        """Return the module that `from ..x import y` names."""
        if module.file is None:
            return None
        folder = module.file.parent
        for _ in range(level - 1):
            folder = folder.parent
        target = folder.joinpath(*dotted.split(".")) if dotted else folder / "__init__"
        self.asked += 1
        places = (target.with_suffix(".py"), target / "__init__.py")
        self.consulted.update(places)
        file = next((place for place in places if place.is_file()), None)
        return self.load(file, "") if file else None

    def load(self, file: Path, dotted: str) -> Module | None:
        """Return the parsed file, None where it cannot be read or lies outside the root."""
        file = file.resolve()
        if file not in self._modules:
            self._modules[file] = None
            try:
                path = file.relative_to(self.root.resolve()).as_posix()
                self._modules[file] = parse(path, decode(file.read_bytes()), dotted, file)
            except (OSError, ValueError, SourceError):
                pass  # it stays a name; the call of it is what gets said
        return self._modules[file]

    def read_text(self, file: Path) -> str | None:
        """Return the text of a file beside a revision (a .sql it reads), None outside the root."""
        self.asked += 1
        self.consulted.add(file)
        try:
            file = file.resolve()
            file.relative_to(self.root.resolve())
            if file.stat().st_size > MAX_BYTES:
                return None
            return file.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            return None
