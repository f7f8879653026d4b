"""Where a statement of a revision stands, and how its file is laid out."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from io import StringIO
from typing import TypeGuard

import msgspec

from guard.python_source import PythonSource
from guard.statement import Direction, Span

_BRANCHES = (ast.If, ast.With)


class Place(msgspec.Struct, frozen=True):
    """A call that is a statement by itself, and what it stands in, from the function inwards.

    All around it runs it once, or not at all.
    """

    call: ast.Call
    statement: ast.Expr
    around: tuple[ast.stmt, ...]

    @property
    def in_autocommit_block(self) -> bool:
        """Whether it runs outside of the transaction already."""
        return any("autocommit_block" in _opened(one) for one in self.around)

    @property
    def batch(self) -> ast.stmt | None:
        """The `with` of the batch that it is part of."""
        batches = (one for one in self.around if "batch_alter_table" in _opened(one))
        return next(batches, None)

    @property
    def op(self) -> str | None:
        """What the file calls Alembic's `op`: what the call is a method of, if that is a name."""
        called = self.call.func
        of = called.value if isinstance(called, ast.Attribute) else None
        return of.id if isinstance(of, ast.Name) else None


class LastArgument(msgspec.Struct, frozen=True):
    """Where the last argument of a call begins, and its `end`: a line and a column.

    `by_line`: what closes the call has another line, and a `comma` or a comment may follow before.
    """

    line: int
    end: tuple[int, int]
    by_line: bool
    comma: bool
    commented: bool


def find_place(source: PythonSource, span: Span) -> Place | None:
    """Return the call that stands there, in a function of a revision; None where it is no such."""
    for function in _functions(source.tree):
        for place in _places(function.body, (function,)):
            if source.span(place.call) == span:
                return place
    return None


def find_function(source: PythonSource, direction: Direction) -> ast.FunctionDef | None:
    """Return the function of that direction; None where there is none, or one for each database."""
    found = [one for one in _functions(source.tree) if one.name.startswith(direction)]
    return found[0] if len(found) == 1 and found[0].name == direction else None


def takes_arguments(source: PythonSource) -> bool:
    """Return whether upgrade() is called with the name of a database, or is one for each."""
    function = find_function(source, "upgrade")
    return function is None or bool(ast.unparse(function.args))


def has_function(source: PythonSource, direction: Direction) -> bool:
    """Return whether anything at the top of the file bears that name, or that of one database."""
    names = set(imports(source))
    for node in source.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif not isinstance(node, ast.ClassDef):
            names |= {n.id for n in ast.walk(node) if _is_given_a_value(n)}
    return any(name.startswith(direction) for name in names)


def indentation(source: PythonSource, node: ast.stmt) -> str | None:
    """Return the blanks before a statement; None where something else stands before it."""
    before = source.lines[node.lineno - 1][: source.span(node).column - 1]
    return before if not before.strip() else None


def stands_alone(source: PythonSource, node: ast.stmt) -> bool:
    """Return whether no other statement shares its lines."""
    span = source.span(node)
    after = source.lines[span.end_line - 1][span.end_column - 1 :].strip()
    return indentation(source, node) is not None and (not after or after.startswith("#"))


def does_nothing(node: ast.stmt) -> bool:
    """Return whether the statement only stands where Python wants one: `pass` or `...`."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(node, ast.Pass) or (isinstance(value, ast.Constant) and value.value is ...)


def is_comment(line: str, blanks: str) -> bool:
    """Return whether the line is a comment on what follows, and none of Alembic's templates."""
    return line.startswith(f"{blanks}#") and not line.startswith(f"{blanks}# ###")


def has_comment(source: PythonSource, span: Span) -> bool:
    """Return whether a comment stands inside of the span; also where that cannot be told."""
    if span.line == span.end_line:
        return False  # a comment ends its line
    try:
        found = list(tokenize.generate_tokens(StringIO(source.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return True
    first, last = (span.line, span.column - 1), (span.end_line, span.end_column - 1)
    return any(token.type == tokenize.COMMENT and first <= token.start < last for token in found)


def last_argument(call: ast.Call, source: PythonSource) -> LastArgument:
    """Return where the last argument of a call that has some stands, its own parentheses included.

    Between it and the end of the call are parentheses, a comma, comments and blanks.
    """
    given: list[ast.expr] = [*call.args, *(word.value for word in call.keywords)]
    last = max(given, key=lambda one: (one.end_lineno or 0, one.end_col_offset or 0))
    at, whole = source.span(last), source.span(call)
    end, comma = (at.end_line, at.end_column), 0
    for line in range(at.end_line, whole.end_line + 1):
        begin = at.end_column - 1 if line == at.end_line else 0
        stop = whole.end_column - 2 if line == whole.end_line else None
        code = source.lines[line - 1][begin:stop].partition("#")[0]
        if ")" in code:
            end = (line, begin + code.rindex(")") + 2)
        comma = comma or (line if "," in code else 0)
    rest = source.lines[end[0] - 1][end[1] - 1 :].strip(", \t\n")
    by_line = end[0] < whole.end_line and (not rest or rest.startswith("#"))
    return LastArgument(at.line, end, by_line and comma in {0, end[0]}, bool(comma), bool(rest))


def lines_of_text(node: ast.AST) -> frozenset[int]:
    """Return the numbers of the lines that begin inside of a string: their blanks belong to it."""
    strings = (n for n in ast.walk(node) if isinstance(n, (ast.Constant, ast.JoinedStr)))
    return frozenset(
        line
        for string in strings
        for line in range(string.lineno + 1, (string.end_lineno or string.lineno) + 1)
        if not isinstance(string, ast.Constant) or isinstance(string.value, (str, bytes))
    )


def imports(source: PythonSource) -> dict[str, str]:
    """Return what is imported at the top of the file, by the name it has there."""
    found: dict[str, str] = {}
    for node in source.tree.body:
        if isinstance(node, ast.Import):
            found |= {a.asname or a.name.partition(".")[0]: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def last_import(source: PythonSource) -> ast.stmt | None:
    """Return the last import at the top of the file."""
    found = [node for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return found[-1] if found else None


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("upgrade", "downgrade")):
            yield node


def _places(body: list[ast.stmt], around: tuple[ast.stmt, ...]) -> Iterator[Place]:
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield Place(node.value, node, around)
        elif isinstance(node, _BRANCHES):
            yield from _places(node.body, (*around, node))
            yield from _places(getattr(node, "orelse", []), (*around, node))


def _opened(node: ast.stmt) -> str:
    items = node.items if isinstance(node, ast.With) else ()
    return " ".join(ast.unparse(item.context_expr) for item in items)


def opened_by(node: ast.With) -> str | None:
    """Return what the one call that a `with` opens is a method of, if that is a name."""
    match node.items:
        case [ast.withitem(context_expr=ast.Call(func=ast.Attribute(value=ast.Name(id=name))))]:
            return name
    return None


def _is_given_a_value(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
