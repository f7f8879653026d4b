"""The Python files that a revision is made of: the revision itself and the helpers it imports.

A helper is followed by its path, never imported. What lies outside the given roots, or does not
parse, stays a dotted name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from guard.paths import MAX_BYTES, read_text
from guard.python_source import PythonSource, SourceError, Sources
from guard.reader.evaluate import values
from guard.reader.evaluate.values import Value


class Module:
    """A parsed file. `names` is filled by the interpreter when the module is first looked at.

    Raises SourceError for a file that is no Python.
    """

    def __init__(self, source: PythonSource, file: Path | None = None, name: str = ""):
        self.source = source
        self.path = source.path  # as reports name it
        self.name = name  # dotted, "" where unknown
        self.tree = source.tree
        self.lines = source.lines
        self.file = file
        self.names: dict[str, Value] = {}
        self.tables: list[Value] = []  # tables and mapped classes that it defines
        self.begun: set[ast.stmt] = set()  # statements of its body that were run
        self.asked: set[str] = set()  # names whose statements were run

    def forget(self) -> None:
        """Make it a module that nobody looked at yet."""
        self.names, self.tables, self.begun, self.asked = {}, [], set(), set()

    @cached_property
    def bindings(self) -> dict[str, list[ast.stmt]]:
        """The statements of its body that have to do with a name, by name; `*` for star imports."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for name in dict.fromkeys(_concerned(statement)):
                found.setdefault(name, []).append(statement)
        return found


def _concerned(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that the statement binds or may change."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from (a.asname or a.name.partition(".")[0] for a in statement.names)
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Expr(value=ast.Constant()):
            pass  # a docstring
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            yield from (n.id for n in ast.walk(statement) if isinstance(n, ast.Name))
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name):
                    yield node.id
                elif isinstance(node, ast.stmt) and node is not statement:
                    yield from _concerned(node)


class Resolver:
    """Finds helper modules under the project's roots; each is looked at once."""

    def __init__(self, root: Path, search: tuple[Path, ...] = (), sources: Sources | None = None):
        self.root = root
        self._sources = sources or Sources()
        self.roots = tuple(dict.fromkeys((*search, root, root / "src")))  # where modules are found
        self._modules: dict[Path, Module | None] = {}  # by real paths
        self._real: dict[Path, Path] = {}
        self._found: dict[str, Path | None] = {}
        self.settled: dict[str, Value] = {}  # what dotted names turned out to be
        self.consulted: set[Path] = set()  # every helper file that was asked for, there or not
        self.asked = 0  # how often one was asked for

    @property
    def modules(self) -> list[Module]:
        """The helpers that were parsed so far."""
        return [module for module in self._modules.values() if module is not None]

    def find(self, dotted: str) -> Module | None:
        """Return the module of that dotted name, or None where it is not in sight."""
        file = self.locate(dotted)
        return self.load(file, dotted) if file else None

    def find_relative(self, module: values.Module, level: int, dotted: str | None) -> Module | None:
        """Return the module that `from ..x import y` names."""
        if module.file is None:
            return None
        file = self.locate_relative(module.file, level, dotted)
        return self.load(file, "") if file else None

    def locate(self, dotted: str) -> Path | None:
        """Return the file of the module of that dotted name, or None where it is not in sight."""
        self.asked += 1
        if dotted not in self._found:
            relative = Path(*dotted.split("."))
            places = [
                place
                for base in self.roots
                for place in (base / relative.with_suffix(".py"), base / relative / "__init__.py")
            ]
            self.consulted.update(places)
            self._found[dotted] = next(filter(self._sources.is_file, places), None)
        return self._found[dotted]

    def locate_relative(self, file: Path, level: int, dotted: str | None) -> Path | None:
        """Return the file of the module that `from ..x import y` in another one names."""
        folder = file.parent
        for _ in range(level - 1):
            folder = folder.parent
        return self._at(folder.joinpath(*dotted.split(".")) if dotted else folder / "__init__")

    def find_in(self, folder: Path, dotted: str) -> Module | None:
        """Return the module of that dotted name below a folder that is none of the roots."""
        file = self._at(folder.joinpath(*dotted.split(".")))
        return self.load(file, dotted) if file else None

    def _at(self, target: Path) -> Path | None:
        self.asked += 1
        places = (target.with_suffix(".py"), target / "__init__.py")
        self.consulted.update(places)
        return next(filter(self._sources.is_file, places), None)

    def load(self, file: Path, dotted: str) -> Module | None:
        """Return the parsed file, None where it cannot be read or lies outside the root."""
        if file not in self._real:  # it is asked for by each name that is taken from it
            self._real[file] = file.resolve()
        file = self._real[file]
        if file not in self._modules:
            self._modules[file] = None
            try:
                path = file.relative_to(self.root.resolve()).as_posix()
                source = self._sources.source(path, self._sources.read(file))
                self._modules[file] = Module(source, file, dotted)
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
            if not self._sources.is_disk:
                data = self._sources.read(file)
                if len(data) > MAX_BYTES:
                    return None
                text = data.decode("utf-8-sig")
                return text.replace("\r\n", "\n").replace("\r", "\n")
            if file.stat().st_size > MAX_BYTES:
                return None
            return read_text(file, "utf-8-sig")
        except (OSError, ValueError):
            return None
