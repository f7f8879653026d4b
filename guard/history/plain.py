"""Source in its plainest form: what is written differently and does the same becomes the same.

Imported names become the dotted names that they stand for. Docstrings, annotations, prints and
logs, and arguments that send nothing to a database are left out. Line numbers stay.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from guard.patterns import lazy_re

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Where names of SQLAlchemy stand beside the package itself.
SQLALCHEMY = lazy_re(r"^sqlalchemy\.(sql(\.(expression|sqltypes|schema))?|types|schema)(?=\.)")
LOGGER = lazy_re(r"(^|\.|_)(logg(er|ing)|log)(\.getLogger)?$", re.IGNORECASE)
LOG_METHODS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}
PRINTS = {
    "print", "click.echo", "typer.echo", "warnings.warn", "pprint.pprint",
    "sys.stdout.write", "sys.stderr.write", "sys.stdout.flush", "sys.stderr.flush",
}  # fmt: skip
HARMLESS = {
    "len", "str", "repr", "int", "format", "join", "strip", "sorted", "list", "type", "round",
    "keys", "items", "values", "time", "perf_counter", "monotonic",
}  # fmt: skip
ONLY_IN_PYTHON = {"default", "insert_default", "onupdate", "info", "doc"}  # of a column: no DDL
MAKES_DDL = {"Sequence", "Identity", "Computed", "FetchedValue", "DefaultClause"}
# Where text() would change the text: a bind parameter, an escaped colon, a driver's placeholder.
NOT_PLAIN_SQL = lazy_re(r"(?<![:\w\\]):\w|%|\\")


def origins(tree: ast.AST) -> dict[str, str]:
    """Return what the imports of a module, or of a function, bind and nothing else there does."""
    body = list(_own_scope(tree))
    found: dict[str, str] = {}
    bound = Counter(_bound_names(body))
    for node in getattr(tree, "body", ()):
        for name, origin in _imported(node):
            bound[name] += name in found and found[name] != origin
            found[name] = origin
    return {name: origin for name, origin in found.items() if not bound[name]}


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, _canonical(f"{module}.{alias.name}")


def _canonical(dotted: str) -> str:
    return SQLALCHEMY.sub("sqlalchemy", dotted.replace("typing_extensions.", "typing.", 1))


def _own_scope(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without what stands inside its functions and classes."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            yield from _own_scope(node)


def _bound_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that these nodes bind in another way than by a plain import."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str() as name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While():
                inner = (n for child in ast.iter_child_nodes(node) for n in ast.walk(child))
                yield from (name for n in inner for name, _ in _imported(n))


class Plain(ast.NodeTransformer):
    """Makes code plain. `imported` is what names stand for; `documented`: docstrings are used."""

    def __init__(self, imported: Mapping[str, str], *, documented: bool = False) -> None:
        self._imported = imported
        self._documented = documented
        self._in_class = False

    def body(self, nodes: list[ast.stmt]) -> list[ast.stmt]:
        """Return the plain statements of a block."""
        made = (self.visit(node) for node in nodes)
        return [node for node in made if node is not None]

    # Statements

    def visit_Import(self, node: ast.Import) -> ast.Import | None:
        return None if self._all_known(node) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if self._all_known(node) else node

    def _all_known(self, node: ast.Import | ast.ImportFrom) -> bool:
        names = list(_imported(node))
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        known = all(self._imported.get(name) == origin for name, origin in names)
        return future or (bool(names) and known)

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            return ast.copy_location(ast.Return(), node)
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt | None:
        if self._in_class:  # of a mapped or data class they are the columns
            return self.generic_visit(node)  # type: ignore[return-value]
        if node.value is None:
            return None
        assign = ast.Assign(targets=[node.target], value=node.value)
        return self.visit(ast.copy_location(assign, node))  # type: ignore[no-any-return]

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        self.generic_visit(node)
        made = node.value
        logger = isinstance(made, ast.Call) and LOGGER.search(_last(made.func).replace("get", "_"))
        return None if logger and all(isinstance(t, ast.Name) for t in node.targets) else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        outside, self._in_class = self._in_class, True
        self.generic_visit(node)
        self._in_class = outside
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._function(node)

    def _function(self, node: Node) -> Node:
        assert isinstance(node, Function)
        node.returns = None
        local = {*_bound_names(_own_scope(node))}
        around, in_class = self._imported, self._in_class
        self._imported = {k: v for k, v in around.items() if k not in local} | origins(node)
        self._in_class = False
        self.generic_visit(node)
        self._imported, self._in_class = around, in_class
        while node.body and isinstance(last := node.body[-1], ast.Return) and last.value is None:
            node.body.pop()
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_If(self, node: ast.If) -> ast.stmt | None:
        self.generic_visit(node)
        empty = not node.body and not node.orelse and _does_nothing(node.test)
        return None if empty else node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        if isinstance(node.value, ast.Constant) and not self._documented:
            return None
        if _is_operation(node.value):
            for inner in ast.walk(node.value):
                if isinstance(inner, ast.Call) and _last(inner.func) == "Column":
                    inner.keywords = [k for k in inner.keywords if not _only_in_python(k)]
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and _only_tells(node.value):
            acting = [
                argument for argument in _arguments(node.value) if not _does_nothing(argument)
            ]
            return ast.copy_location(_expression(acting), node) if acting else None
        return node

    # Expressions

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if isinstance(node.ctx, ast.Load):
            node.id = self._imported.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        owner = node.value
        if (
            isinstance(owner, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and self._is_dotted(owner)
        ):
            dotted = _canonical(f"{owner.id}.{node.attr}")
            return ast.copy_location(ast.Name(dotted, ast.Load()), node)
        return node

    def _is_dotted(self, node: ast.Name) -> bool:
        return "." in node.id or node.id in self._imported.values()

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        node.kind = None
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        self.generic_visit(node)
        texts = [piece.value for piece in node.values if isinstance(piece, ast.Constant)]
        if len(texts) < len(node.values):
            return node
        return ast.copy_location(ast.Constant("".join(map(str, texts))), node)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if all(keyword.arg for keyword in node.keywords):
            node.keywords.sort(key=lambda keyword: keyword.arg or "")
        if node.args and _last(node.func) == "execute":
            node.args[0] = _without_text(
                node.args[0], of_op=_dotted(node.func) == "alembic.op.execute"
            )
        return node


def _without_text(node: ast.expr, *, of_op: bool) -> ast.expr:
    """The text inside of `text("...")`, where executing either does the same."""
    match node:
        case ast.Call(func=function, args=[ast.Constant(value=str() as sql) as text], keywords=[]):
            if _dotted(function) == "sqlalchemy.text" and (of_op or not NOT_PLAIN_SQL.search(sql)):
                return text
    return node


def _is_operation(node: ast.expr) -> bool:
    """Whether it sends DDL alone: a table that is kept may serve inserts, which use defaults."""
    return isinstance(node, ast.Call) and _last(node.func) in ("create_table", "add_column")


def _only_in_python(keyword: ast.keyword) -> bool:
    made = isinstance(keyword.value, ast.Call) and _last(keyword.value.func) in MAKES_DDL
    return keyword.arg in ONLY_IN_PYTHON and not made


def _only_tells(call: ast.Call) -> bool:
    """Whether a call prints or logs."""
    dotted = _dotted(call.func)
    owner, _, method = dotted.rpartition(".")
    logs = method in LOG_METHODS and LOGGER.search(owner.removesuffix("()"))
    return dotted in PRINTS or method == "print_stdout" or bool(logs)


def _does_nothing(node: ast.expr) -> bool:
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
    quiet = all(_last(call.func) in HARMLESS for call in calls)
    return quiet and not any(
        isinstance(inner, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr)
        for inner in ast.walk(node)
    )


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _expression(values: list[ast.expr]) -> ast.Expr:
    return ast.Expr(ast.Tuple(values, ast.Load()))


def _last(node: ast.expr) -> str:
    return _dotted(node).rpartition(".")[2]


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=attr):
            return f"{_dotted(owner)}.{attr}"
        case ast.Call(func=function):
            return f"{_dotted(function)}()"
    return ""
