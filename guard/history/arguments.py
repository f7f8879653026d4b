"""Arguments under the names of their parameters, without those that say what holds anyway.

`String(10)` is `String(length=10)`, and `nullable=True` says nothing of a column.
"""

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

# What parameters are where nobody says it: of the operations and of what makes a table's parts.
_NOT_GIVEN: dict[str, dict[str, tuple[object, ...]]] = {
    "sqlalchemy.Column": {
        "autoincrement": ("auto",),
        "comment": (None,),
        "index": (False, None),
        "key": (None,),
        "primary_key": (False,),
        "quote": (None,),
        "server_default": (None,),
        "server_onupdate": (None,),
        "system": (False,),
        "unique": (False, None),
    },
    "alembic.op.alter_column": {
        **dict.fromkeys(("comment", "server_default", "existing_server_default"), (False,)),
        **dict.fromkeys(("nullable", "type_", "new_column_name", "autoincrement"), (None,)),
        **dict.fromkeys(("existing_type", "existing_nullable", "existing_comment"), (None,)),
    },
    "alembic.op.batch_alter_table": {"recreate": ("auto",)},
    "alembic.op.create_index": {"unique": (False,)},
    "alembic.op.drop_constraint": {"type_": (None,)},
}
_OF_OPERATIONS = dict.fromkeys(("if_exists", "if_not_exists", "schema"), (None,))
_OF_KEYS = dict.fromkeys(
    (
        "deferrable", "initially", "match", "name", "ondelete", "onupdate", "referent_schema",
        "source_schema",
    ),
    (None,),
)  # fmt: skip
_KEYS = (
    "alembic.op.create_foreign_key", "alembic.op.create_unique_constraint",
    "sqlalchemy.ForeignKey", "sqlalchemy.ForeignKeyConstraint", "sqlalchemy.UniqueConstraint",
)  # fmt: skip
_OF_TYPES: dict[str, tuple[object, ...]] = {
    **dict.fromkeys((*_LENGTH, *_DECIMAL), (None,)),
    "timezone": (False,),
}


class Named(ast.NodeTransformer):
    """Names the arguments of Alembic's operations and of SQLAlchemy's types, in plain code."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        return _without_defaults(self._named(node))

    def _named(self, node: ast.Call) -> ast.Call:
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


def _without_defaults(call: ast.Call) -> ast.Call:
    """Return the call without the arguments that are what they would be anyway."""
    if not isinstance(call.func, ast.Name):
        return call
    defaults = _defaults(call.func.id)
    kept = [k for k in call.keywords if not _is_one_of(k.value, defaults.get(k.arg or "", ()))]
    if call.func.id == "sqlalchemy.Column":
        kept = _without_nullable(kept, call.args)
    return ast.Call(call.func, call.args, kept)


def _defaults(function: str) -> dict[str, tuple[object, ...]]:
    defaults = _NOT_GIVEN.get(function, {})
    if function in _KEYS:
        defaults = defaults | _OF_KEYS
    if function.startswith("alembic.op."):
        return defaults | _OF_OPERATIONS
    is_type = function.startswith("sqlalchemy.") and _last(function) in _TYPES
    return _OF_TYPES if is_type else defaults


def _without_nullable(keywords: list[ast.keyword], args: list[ast.expr]) -> list[ast.keyword]:
    """Return the arguments of a column without a nullability that it has in any case."""
    keys = [k.value for k in keywords if k.arg == "primary_key"]
    is_key = bool(keys) and _is_one_of(keys[0], (True,))
    unsure = (keys and not is_key) or any(map(_may_be_identity, args))
    if unsure or not all(k.arg for k in keywords):
        return keywords
    return [k for k in keywords if k.arg != "nullable" or not _is_one_of(k.value, (not is_key,))]


def _may_be_identity(node: ast.expr) -> bool:
    """Return whether it may be what makes a column NOT NULL by itself."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name) if name.startswith("sqlalchemy."):
            return _last(name) == "Identity"
    return isinstance(node, ast.Starred | ast.Name)


def _is_one_of(node: ast.expr, values: tuple[object, ...]) -> bool:
    match node:
        case ast.Constant(value=str() as text):
            return text in values
        case ast.Constant(value=None | bool() as value):
            return any(value is one for one in values)
    return False


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
