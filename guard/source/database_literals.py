"""Database URLs and files that are written in code and configuration, instead of being settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePath

import msgspec

from guard.credentials import mask_credentials
from guard.facts import DatabaseLiteral
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.reader.evaluate.values import unparse
from guard.statement import Span

_SCHEMES = "sqlite|postgres|postgresql|mysql|mariadb|oracle|mssql|cockroachdb"
_URL = lazy_re(rf"(?P<scheme>{_SCHEMES})(\+\w+)?://(?P<rest>\S*)\Z", re.I)
_PLACEHOLDER = lazy_re(
    r"[{}<>$]|%\(|\*\*\*|^driver:|\.\.\.|//user:pass(word)?@(host|localhost)/|\[[A-Z_ ]+\]"
    r"|/path/to/"
)
_MEMORY = lazy_re(r"^(/{0,2}:memory:.*|/?file::memory:.*|/?\?.*mode=memory.*|)$", re.I)
# What libpq takes besides a URL: `host=db password=secret`.
_DSN = lazy_re(r"(?=.*\b(host|dbname|user)\s*=)(.*\bpassword\s*=\s*)([^\s'\"]+|'[^']+')(.*)", re.S)
_DRIVERS = (
    r"psycopg2?|asyncpg|aiopg|pg8000|pymysql|MySQLdb|mysql\.connector|aiomysql|asyncmy|mariadb"
    r"|oracledb"
)
_TAKES_PASSWORD = lazy_re(
    rf"(({_DRIVERS})\.([\w.]+\.)?(connect|create_pool)|(\w+\.)*URL\.create)\Z"
)
_FILE = lazy_re(r"[^\s*?<>{}|]+\.(db3?|sqlite3?|sdb)\Z", re.I)
_ABOUT_DATABASE = lazy_re(r"db|database|sqlite|dsn|engine|conn|url", re.I)
_FILE_CONNECTS = {"sqlite3.connect", "aiosqlite.connect", "apsw.Connection", "duckdb.connect"}
_TALK = {"description", "example", "examples", "help", "json_schema_extra", "title"}
_ENVIRONMENT = {"getenv", "get", "env", "config", "str", "setdefault", "Field"}
_TEST_PARTS = {"test", "tests", "testing", "fixtures"}


def is_test(path: str) -> bool:
    """Return whether the file belongs to tests, where a literal database is fine."""
    pure = PurePath(path)
    return (
        bool(_TEST_PARTS & set(pure.parts[:-1]))
        or pure.name.startswith("test_")
        or pure.name.endswith("_test.py")
        or pure.name == "conftest.py"
    )


_CONNECTS = lazy_re(r"\b(connect|Connection)\s*\(")
_HINT = lazy_re(
    rf"({_SCHEMES})(\+\w+)?:|\bpassword\s*=|[\"']://|\.(db|sqlite|sdb)|connect(ion)?\s*\("
)


def find_in_python(source: PythonSource) -> tuple[DatabaseLiteral, ...]:
    """Return the database URLs and files that the file writes as literals. Raises SourceError."""
    if is_test(source.path) or not _HINT.search(source.text.lower()):  # most hold none
        return ()
    return tuple(_Finder(source).found())


def find_in_ini(path: str, text: str) -> tuple[DatabaseLiteral, ...]:
    """Return the `sqlalchemy.url` settings of an ini file that name a real database."""
    found = []
    section = None
    for number, line in enumerate(text.split("\n"), 1):
        if heading := re.match(r"\[([^\]]+)\]", line):
            section = heading[1]
        match = re.match(r"\s*([\w.]*sqlalchemy\.url|[\w.]*database_url)\s*[=:]\s*(\S+)", line)
        if match and (literal := _judge(match[2])):
            span = Span(path, number, match.start(2) + 1, number, match.end(2) + 1)
            found.append(
                DatabaseLiteral(
                    span=span,
                    text=literal.shown,
                    where=match[1],
                    has_password=literal.password,
                    section=section,
                )
            )
    return tuple(found)


class _Literal(msgspec.Struct, frozen=True):
    shown: str
    password: bool


def _judge(text: str) -> _Literal | None:
    """Return the URL with its password masked where it names a real database."""
    if _PLACEHOLDER.search(text):
        return None
    if dsn := _DSN.match(text.strip()):
        return _Literal(f"{dsn[2]}***{dsn[4]}", True)
    url = _URL.match(text.strip())
    if url is None:
        return None
    rest = url["rest"]
    if url["scheme"].lower() == "sqlite" and _MEMORY.match(rest.removeprefix("/")):
        return None
    if not rest.strip("/"):
        return None  # a scheme to compare with, as in url.startswith("postgresql://")
    return _Literal(mask_credentials(text), bool(re.match(r"[^/@:]*:[^/@]+@", rest)))


class _Finder:
    """Walks a syntax tree, knowing for each string what it is used for."""

    def __init__(self, source: PythonSource) -> None:
        self._source = source
        self._connects = bool(_CONNECTS.search(source.text))

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        tree = self._source.tree
        return {
            child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
        }

    def found(self) -> Iterator[DatabaseLiteral]:
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                if self._connects or _URL.match(text) or _FILE.match(text) or _DSN.match(text):
                    yield from self._constant(node, node.value)
            elif isinstance(node, ast.JoinedStr):
                yield from self._joined(node)
            elif isinstance(node, ast.Call):
                yield from self._password(node)

    def _constant(self, node: ast.Constant, text: str) -> Iterator[DatabaseLiteral]:
        parent = self._parents.get(node)
        if isinstance(parent, ast.Expr | ast.JoinedStr | ast.Compare):
            return  # a docstring, a piece of an f-string, a comparison
        if literal := _judge(text):
            if self._is_only_mentioned(node):
                return
            yield self._literal(node, literal.shown, literal.password)
        elif self._is_database_file(node, text):
            yield self._literal(node, text, False)

    def _joined(self, node: ast.JoinedStr) -> Iterator[DatabaseLiteral]:
        """An f-string whose target is written out: `f"sqlite:///data.db?timeout={n}"`."""
        first = node.values[0] if node.values else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            return
        text = first.value
        match = re.match(r"(sqlite(\+\w+)?:///[^?]+\.\w+)\?|(\w+(\+\w+)?://[^/]+:[^/@]+@)", text)
        if match and (literal := _judge(text.partition("?")[0])):
            yield self._literal(node, literal.shown, literal.password)

    def _password(self, node: ast.Call) -> Iterator[DatabaseLiteral]:
        """A password that is given by itself: `psycopg.connect(host=host, password="secret")`."""
        if not _TAKES_PASSWORD.match(_called(node)):
            return
        for keyword in node.keywords:
            match keyword:
                case ast.keyword(arg="password", value=ast.Constant(value=str(text)) as value):
                    if text and not _PLACEHOLDER.search(text):
                        yield self._literal(value, "password=***", True)

    def _literal(self, node: ast.expr, shown: str, password: bool) -> DatabaseLiteral:
        where, fallback = self._use(node)
        span = self._source.span(node)
        return DatabaseLiteral(
            span=span, text=shown, where=where, has_password=password, fallback=fallback
        )

    def _use(self, node: ast.AST) -> tuple[str, bool]:
        """Return what the literal is used for, and whether it only stands in for a setting."""
        parent = self._parents.get(node)
        while parent is not None:
            match parent:
                case ast.Call():
                    name = _called(parent)
                    short = name.rpartition(".")[2]
                    fallback = short in _ENVIRONMENT and short != "str"
                    return f"{name}()", fallback
                case ast.Assign(targets=[target, *_]):
                    return self._assigned(unparse(target), parent)
                case ast.AnnAssign(target=target):
                    return self._assigned(unparse(target), parent)
                case ast.arguments():
                    return "a default argument", False
                case ast.keyword(arg=str() as name):
                    pass
                case ast.BoolOp(op=ast.Or()):
                    return "a fallback", True
                case ast.stmt():
                    return "in the code", False
            parent = self._parents.get(parent)
        return "in the code", False

    def _assigned(self, target: str, assignment: ast.stmt) -> tuple[str, bool]:
        """Return the use of what is assigned; a default is one that a setting may replace."""
        words = target.rpartition(".")[2].lower().split("_")
        is_default = "default" in (words[0], words[-1])
        return f"assigned to {target}", is_default or self._in_settings(assignment)

    def _in_settings(self, node: ast.AST) -> bool:
        """Whether it is the default of a field of a settings class (pydantic)."""
        owner = self._parents.get(node)
        return isinstance(owner, ast.ClassDef) and any(
            "Settings" in unparse(base) for base in owner.bases
        )

    def _is_only_mentioned(self, node: ast.AST) -> bool:
        """Whether the text is only talked about: logged, raised, compared, replaced, an example."""
        parent = self._parents.get(node)
        around = parent
        while isinstance(around, ast.List | ast.Tuple | ast.Dict):
            around = self._parents.get(around)
        if isinstance(around, ast.keyword) and around.arg in _TALK:
            return True
        if isinstance(parent, ast.Call):
            name = _called(parent).rpartition(".")[2]
            return name in {
                "startswith", "replace", "warning", "info", "debug", "error", "print", "echo",
                "removeprefix", "ValueError", "RuntimeError", "split", "partition", "exception",
            }  # fmt: skip
        return False

    def _is_database_file(self, node: ast.AST, text: str) -> bool:
        parent = self._parents.get(node)
        if isinstance(parent, ast.Call) and node in parent.args[:1]:
            name = _called(parent)
            if name in _FILE_CONNECTS:
                return not _MEMORY.match(text) and not _URL.match(text)
        if not _FILE.match(text):
            return False
        while isinstance(parent, ast.Call | ast.BinOp | ast.keyword):
            match parent:
                case ast.BinOp(left=ast.Constant(value=str(start))) if start.startswith("sqlite:"):
                    return True
                case ast.Call(func=ast.Attribute(attr="create" | "set")):
                    return any(k.arg == "database" and k.value is node for k in parent.keywords)
            if isinstance(parent, ast.Call) and _called(parent).rpartition(".")[2] not in {
                "Path", "PurePath", "join", "str", "resolve", "joinpath", "abspath",
            }:  # fmt: skip
                return "connect" in _called(parent)
            parent = self._parents.get(parent)
        match parent:
            case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target):
                return bool(_ABOUT_DATABASE.search(unparse(target)))
        return False


def _called(node: ast.Call) -> str:
    return unparse(node.func)
