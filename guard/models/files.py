"""The files in which the models of an environment may stand: those that its env.py imports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from guard.patterns import lazy_re
from guard.python_source import Sources
from guard.reader.modules import Resolver

# Found by a look at the bytes: only what may hold models is parsed.
_OF_MODELS = (b"mapped_column", b"Mapped[", b"SQLModel")
_OF_CLASSES = lazy_re(rb"^[ \t]+__tablename__\b|^class .*\.Model\b", re.M)
_OF_TABLES = (b"Column(", b"Table(")
_OF_BASES = (b"DeclarativeBase", b"declarative_base", b"SQLAlchemy(", b"registry(", b"MetaData(")
_LIBRARIES = (b"sqlalchemy", b"sqlmodel", b"advanced_alchemy")
_IMPORTS = lazy_re(
    rb"^[ \t]*(?:from[ \t]+(?P<source>[.\w]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n]*)"
    rb"|import[ \t]+(?P<modules>[^\n]*))",
    re.M,
)
# Code that imports what no statement names: in env.py, in a package, beside the base of models.
_BY_NAME = (
    *(b"import_module", b"iter_modules", b"walk_packages", b"__import__("),
    *(b"create_app", b"current_app"),
)
MAX_FILES = 5_000  # that are followed


def may_hold_models(data: bytes) -> bool:
    """Return whether the file may describe tables, at a cheap look."""
    if b"down_revision" in data:
        return False
    if any(word in data for word in _OF_MODELS):
        return True
    named = b"__tablename__" in data or b".Model" in data
    if named and _OF_CLASSES.search(data):
        return True
    is_about_tables = b"sqlalchemy" in data or b"db." in data
    return is_about_tables and any(word in data for word in _OF_TABLES)


def makes_base(data: bytes) -> bool:
    """Return whether the file may make what other models are built on: it is read before them."""
    return any(word in data for word in _OF_BASES)


def concerns_models(data: bytes) -> bool:
    """Return whether the file may have a part in describing tables: a type, a mixin, a base."""
    return any(word in data for word in _LIBRARIES) or may_hold_models(data)


class Imported(msgspec.Struct, frozen=True):
    """The files that a file imports, and those import; not `complete`: it may import others."""

    files: tuple[Path, ...]
    complete: bool


def imported_by(file: Path, resolver: Resolver, sources: Sources) -> Imported:
    """Return the files in sight that importing a file imports: each after those that it imports."""
    seen: set[Path] = {file}
    ended: list[Path] = []
    complete = True

    def enter(here: Path) -> tuple[Path, Iterator[Path]]:
        nonlocal complete
        data = read(sources, here)
        if any(word in data for word in _BY_NAME):
            complete = complete and not (here == file or _may_import_models(here, data, sources))
        return here, _imports(here, data, resolver)

    entered = [enter(file)]
    while entered:
        _, others = entered[-1]
        new = (other for other in others if other not in seen)
        inside = next((other for other in new if other.is_relative_to(resolver.root)), None)
        if inside is not None and len(seen) < MAX_FILES:
            seen.add(inside)
            entered.append(enter(inside))
        else:
            ended.append(entered.pop()[0])
    return Imported(tuple(ended[:-1]), complete)


def _may_import_models(file: Path, data: bytes, sources: Sources) -> bool:
    """Return whether a file that imports by name may so import models: those of its package."""
    beside = file.parent.glob("*.py") if file.name == "__init__.py" else ()
    return makes_base(data) or any(may_hold_models(read(sources, path)) for path in beside)


def read(sources: Sources, path: Path) -> bytes:
    """Return what a file holds, nothing where it cannot be read."""
    try:
        return sources.read(path)
    except OSError:
        return b""


def _imports(file: Path, data: bytes, resolver: Resolver) -> Iterator[Path]:
    for match in _IMPORTS.finditer(data):
        if match["modules"] is not None:
            for name in _words(match["modules"]):
                yield from _along(name, resolver)
            continue
        source = match["source"].decode(errors="replace")
        level = len(source) - len(source.lstrip("."))
        inside = source[level:] or None
        if level:
            found = [one] if (one := resolver.locate_relative(file, level, inside)) else []
        else:
            found = list(_along(source, resolver))
        yield from found
        if found and found[-1].name != "__init__.py":
            continue  # what a module gives is no other module
        for name in _words(match["names"]):
            if level:
                part = f"{inside}.{name}" if inside else name
                yield from _known([resolver.locate_relative(file, level, part)])
            elif found:
                yield from _known([resolver.locate(f"{source}.{name}")])


def _words(listed: bytes) -> list[str]:
    """Return the names of an import, without what they are called here."""
    text = re.sub(rb"#[^\n]*", b"", listed).decode(errors="replace")
    names = (part.split() for part in text.strip("() \t\r\n").split(","))
    return [words[0] for words in names if words and re.fullmatch(r"[\w.]+", words[0])]


def _along(dotted: str, resolver: Resolver) -> Iterator[Path]:
    """Yield the packages on the way to a module, and the module; nothing where that is not here."""
    parts = dotted.split(".")
    module = resolver.locate(dotted)
    if module is not None:
        paths = (".".join(parts[:count]) for count in range(1, len(parts)))
        yield from _known(resolver.locate(path) for path in paths)
        yield module


def _known(files: Iterable[Path | None]) -> Iterator[Path]:
    return (file for file in files if file is not None)
