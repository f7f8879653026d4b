"""Arguments under the names of their parameters: `String(10)` is `String(length=10)`."""

from __future__ import annotations

import ast

from guard.alembic_parameters import PARAMETERS

_LENGTH = ("length", "collation")
_DECIMAL = ("precision", "scale")
# The parameters of SQLAlchemy's types, in order. A type stands for itself called without any.
_TYPES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("BigInteger", "Date", "Integer", "Interval", "SmallInteger"), ()),
    **dict.fromkeys(("JSON", "JSONB", "UUID", "Uuid"), ()),
    **dict.fromkeys(
        ("CHAR", "String", "Text", "TEXT", "Unicode", "UnicodeText", "VARCHAR"), _LENGTH
    ),
    **dict.fromkeys(("DECIMAL", "NUMERIC", "Numeric"), _DECIMAL),
    **dict.fromkeys(("Boolean",), ("create_constraint", "name")),
    **dict.fromkeys(("DateTime", "TIMESTAMP", "Time"), ("timezone",)),
    **dict.fromkeys(("Float",), ("precision",)),
    **dict.fromkeys(("LargeBinary",), ("length",)),
}
_OPERATIONS = {
    **{name: names for name, names in PARAMETERS.items() if not names[-1].startswith("*")},
    "create_foreign_key": (
        "constraint_name", "source_table", "referent_table", "local_cols", "remote_cols",
    ),
}  # fmt: skip


class Named(ast.NodeTransformer):
    """Names the arguments of Alembic's operations and of SQLAlchemy's types, in plain code."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "sqlalchemy.Column":
            node.args = [_called(argument) for argument in node.args]
        parameters = _parameters(node.func)
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        if starred or not 0 < len(node.args) <= len(parameters):
            return node
        given = [
            ast.keyword(name, value) for name, value in zip(parameters, node.args, strict=False)
        ]
        if {keyword.arg for keyword in node.keywords} & {keyword.arg for keyword in given}:
            return node
        keywords = [*given, *node.keywords]
        if all(keyword.arg for keyword in keywords):
            keywords.sort(key=lambda keyword: keyword.arg or "")
        return ast.Call(node.func, [], keywords)


def _called(node: ast.expr) -> ast.expr:
    match node:
        case ast.Name(id=name) if name.startswith("sqlalchemy.") and _last(name) in _TYPES:
            return ast.Call(node, [], [])
    return node


def _parameters(function: ast.expr) -> tuple[str, ...]:
    match function:
        case ast.Name(id=name) if name.startswith("alembic.op."):
            return _OPERATIONS.get(name.removeprefix("alembic.op."), ())
        case ast.Name(id=name) if name.startswith("sqlalchemy."):
            return _TYPES.get(_last(name), ())
    return ()


def _last(name: str) -> str:
    return name.rpartition(".")[2]
