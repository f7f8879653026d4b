"""The database URLs that an env.py is written for, in it and in the modules that it imports."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from guard.paths import read_text, relative
from guard.patterns import lazy_re
from guard.project.server_clues import IN_MEMORY, SCHEMES, Clue, dialect_of, driver_of

_MOST_FILES = 40
_DEEPEST = 3  # env.py imports app.db, that app.session, that app.settings
_IMPORT = lazy_re(
    r"""^[ \t]*(?:
        from[ \t]+(\.*[\w.]*)[ \t]+import\s*(?:\(([^)]*)\)|([^\n\#]*))
        |import[ \t]+([^\n\#]+)
    )""",
    re.MULTILINE | re.VERBOSE,
)
# As a text begins: postgresql+asyncpg://..., or is: the drivername of a URL.
_URL = lazy_re(rf"({SCHEMES})(?:(?:\+\w+)?://|\+\w+$)")
_MENTIONS = lazy_re(rf"[\"'](?:{SCHEMES})(?:\+\w+)?(?:://|[\"'])|\b(?:Postgres|MySQL|MariaDB)Dsn\b")
_IS_ASYNC = lazy_re(r"\basync_engine_from_config\b|\bcreate_async_engine\b|\bAsyncEngine\b")
_ASYNC = {
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
    "mariadb": "mariadb+aiomysql",
    "sqlite": "sqlite+aiosqlite",
}
_REQUIRED = lazy_re(r"\benviron\[\s*[\"'](\w+)[\"']\s*\](?!\s*=[^=])")  # KeyError where it is not
_DSN = {"PostgresDsn": "postgresql", "MySQLDsn": "mysql", "MariaDBDsn": "mariadb"}


def urls_of_env(env_py: Path, search: Sequence[Path], root: Path) -> Iterator[Clue]:
    """Yield the dialects of the URLs in an env.py and in what it imports from the `search` path.

    Nothing is run: texts that begin like a URL count, and pydantic's types for them. What a URL is
    compared with it need not be.
    """
    modules = _Modules(search)
    seen: dict[Path, None] = {env_py: None}
    level = [env_py]
    for _ in range(_DEEPEST + 1):
        following: dict[Path, None] = {}
        for path in level:
            text = _text(path)
            if _MENTIONS.search(text):
                yield from _urls(text, relative(path, root))
            following |= dict.fromkeys(modules.imported(text, path))
        level = [path for path in following if path not in seen][: _MOST_FILES - len(seen)]
        seen |= dict.fromkeys(level)


class EnvironmentCode(NamedTuple):
    """How a URL of an env.py begins (`postgresql+asyncpg`), and which variables it has to have."""

    scheme: str
    variables: tuple[str, ...]


def asked_by_env(
    env_py: Path, search: Sequence[Path], root: Path, dialect: str | None
) -> EnvironmentCode:
    """Return what an env.py asks of its surroundings.

    The scheme is that of a URL in sight, else the one for the `dialect` of the engine that is made.
    """
    text = _text(env_py)
    urls = (clue.said.partition("has a URL ")[2] for clue in urls_of_env(env_py, search, root))
    written = next((url.partition("://")[0] for url in urls if "+" in url), None)
    kind = dialect or "postgresql"
    scheme = written or (_ASYNC.get(kind, kind) if _IS_ASYNC.search(text) else kind)
    return EnvironmentCode(scheme, tuple(dict.fromkeys(_REQUIRED.findall(text))))


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError):
        return ""


def _urls(text: str, shown: str) -> Iterator[Clue]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    compared: set[int] = set()
    for node in ast.walk(tree):  # what surrounds a node comes before it
        if isinstance(node, ast.Compare) or _is_test(node):
            compared |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = None if IN_MEMORY.match(node.value) else _URL.match(node.value)
            if found:
                dialect, where = dialect_of(found[1]), f"{shown}:{node.lineno}"
                if id(node) in compared:
                    yield Clue("asked", dialect, where, f"asks for {dialect}")
                else:
                    said, driver = f"has a URL {found[0]}", driver_of(found[0])
                    yield Clue("url", dialect, where, said, driver=driver)
        elif isinstance(node, ast.Name) and node.id in _DSN:
            yield Clue("url", _DSN[node.id], f"{shown}:{node.lineno}", f"has a {node.id}")


def _is_test(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr == "startswith"


class _Modules:
    """Finds the files of modules on a search path; what is not there is asked for once."""

    def __init__(self, search: Sequence[Path]) -> None:
        self._search = search
        self._tops: dict[str, list[Path]] = {}

    def imported(self, text: str, path: Path) -> Iterator[Path]:
        """Yield the files of the project that a module imports, as far as its lines say it."""
        for found in _IMPORT.finditer(text):
            module, plain = found[1], found[4]
            if plain is not None:
                names = (one.strip().partition(" ")[0] for one in plain.split(","))
                yield from (file for name in names if (file := self._file(name)))
                continue
            dots = len(module) - len(module.lstrip("."))
            place = path.parents[dots - 1] if 0 < dots <= len(path.parents) else None
            base = module.lstrip(".")
            file = self._file(base, place) if base else None
            if file:
                yield file
            if base and (file is None or file.name != "__init__.py"):
                continue  # no package, so what is imported of it is no module
            for name in re.findall(r"[A-Za-z_]\w*", found[2] or found[3]):
                inner = self._file(f"{base}.{name}" if base else name, place)
                if inner:
                    yield inner

    def _file(self, module: str, place: Path | None = None) -> Path | None:
        top, *rest = module.split(".")
        if not top.isidentifier():
            return None
        places = [place] if place else self._places(top)
        for folder in places:
            stem = os.path.join(folder, top, *rest)  # noqa: PTH118  asked often: pathlib is slow
            for file in (f"{stem}.py", f"{stem}/__init__.py"):
                if os.path.isfile(file):  # noqa: PTH113
                    return Path(file)
        return None

    def _places(self, top: str) -> list[Path]:
        """The folders of the search path that have a module or package of that name."""
        if top not in self._tops:
            self._tops[top] = [
                folder
                for folder in self._search
                if os.path.isdir(f"{folder}/{top}") or os.path.isfile(f"{folder}/{top}.py")  # noqa: PTH112, PTH113
            ]
        return self._tops[top]
