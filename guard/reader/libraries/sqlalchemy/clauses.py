"""Values as the names, flags and SQL expressions that they stand for."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable

from guard.operations import Name, unknown_name
from guard.patterns import lazy_re
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    BoundMethod,
    Class,
    Const,
    Construct,
    DottedName,
    Instance,
    Live,
    Operator,
    Sequence,
    Unknown,
    Value,
    is_known,
    to_python,
    truth,
)
from guard.sql.expressions import read_expression


def last(path: str) -> str:
    """Return the last name of a dotted one."""
    return path.rpartition(".")[2]


_NAMES = {"quoted_name", "f", "conv", "Column", "column"}  # whose first argument is the name


def string(value: Value | None) -> str | None:
    """Return a name; one that is not known in full as its code in braces; None for None."""
    match value:
        case None | Const(None):
            return None
        case Text():
            return value.plain
        case Instance(attributes=attributes) if "value" in attributes:
            return string(attributes["value"])
        case Construct(path=path, args=(inner, *_)) if last(path) in _NAMES:
            return string(inner)
        case Construct(code=code) | Unknown(code=code):
            return unknown_name(code)
        case Const(plain):
            return str(plain)
    return unknown_name(code_of(value))


def name(value: Value | None, schema: Value | None = None) -> Name:
    """Return a table's or other object's name; `a.b` as one string stays as it is written."""
    return Name(string(value) or unknown_name("?"), string(schema))


def strings(value: Value | None) -> tuple[str, ...]:
    """Return the names of a list of columns: strings, text(), columns, expressions."""
    match value:
        case None | Const(None):
            return ()
        case Sequence(items=items, open=more):
            return tuple(sql(item) for item in items) + (("{...}",) if more else ())
        case Text() | Construct():
            return (sql(value),)
    return (unknown_name(code_of(value)),)


def code_of(value: Value) -> str:
    match value:
        case Unknown(code=code) | Construct(code=code) | Live(code=code):
            return code
        case DottedName(path):
            return path
        case BoundMethod(receiver=receiver, name=attribute):
            return f"{code_of(receiver)}.{attribute}"
    return "?"


def flag(value: Value | None) -> bool:
    """Return whether an option is certainly on."""
    return value is not None and truth(value) is True


def sql(value: Value | None) -> str:
    """Return the SQL that an expression stands for, as far as it can be read."""
    match value:
        case None | Const(None):
            return "NULL"
        case Const(bool() as plain):
            return "true" if plain else "false"
        case Const(plain):
            return str(plain)
        case Text():
            return value.plain
        case Instance(attributes={"value": inner}):
            return sql(inner)
        case Construct():
            return _made_sql(value)
        case Unknown(code=code):
            return unknown_name(code)
    return unknown_name("?")


_COMPARISONS: dict[type[ast.AST], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


_JOINTS: dict[type[ast.AST], str] = {ast.BitAnd: "AND", ast.BitOr: "OR"}
_NOT_NULL = lazy_re(r"(\w+) IS NOT NULL")
_NULLS = {"is_": "IS NULL", "is_not": "IS NOT NULL", "isnot": "IS NOT NULL"}


def _operator_sql(value: Operator) -> str:
    """Return `table.c.a > 0` as `a > 0`, where both sides are known."""
    match value.source, value.args:
        case ast.Compare(ops=[operator]), (left, right):
            sign = _COMPARISONS.get(type(operator))
            if right == Const(None) and sign in {"=", "<>"}:
                sign = "IS" if sign == "=" else "IS NOT"
            parts = [sql(left), sign or "{?}", quoted(right)]
        case ast.BinOp(op=operator), (left, right) if type(operator) in _JOINTS:
            parts = [f"({sql(left)})", _JOINTS[type(operator)], f"({sql(right)})"]
        case _:
            parts = ["{?}"]
    written = " ".join(parts)
    return unknown_name(value.code) if "{" in written else written


def _made_sql(value: Construct) -> str:
    word = last(value.path)
    if isinstance(value, Operator):
        return _operator_sql(value)
    if word in _NULLS and value.receiver is not None and value.args == (Const(None),):
        subject = sql(value.receiver)
        return unknown_name(value.code) if "{" in subject else f"{subject} {_NULLS[word]}"
    match word:
        case "text" | "literal_column" | "column" | "Column" | "f" | "quoted_name" if value.args:
            return sql(value.args[0])
        case "inline_literal" | "literal" if value.args:
            return quoted(value.args[0])
        case "true" | "false" | "null":
            return word
        case "desc" | "asc" if value.receiver is not None:
            return f"{sql(value.receiver)} {word.upper()}"
        case "desc" | "asc" if value.args:
            return f"{sql(value.args[0])} {word.upper()}"
    if ".func." in value.path or value.path.startswith("func."):
        arguments = ", ".join(quoted(a) if isinstance(a, Text) else sql(a) for a in value.args)
        return f"{word}({arguments})"
    if (
        not value.called
        and isinstance(value.receiver, Construct)
        and value.receiver.path in {"c", "columns"}
    ):
        return word
    if not value.called and isinstance(value.receiver, Class):
        return word
    return unknown_name(value.code or word)


def quoted(value: Value) -> str:
    """Return the value as a SQL literal."""
    if isinstance(value, Text):
        return "'" + value.plain.replace("'", "''") + "'"
    return sql(value)


def not_null_columns(conditions: Iterable[Value]) -> tuple[str, ...]:
    """Return the columns that the conditions want not to be NULL; () where they want more."""
    found = [_NOT_NULL.fullmatch(sql(condition)) for condition in conditions]
    return tuple(match[1] for match in found if match) if all(found) else ()


def always_true(value: Value) -> bool:
    """Return whether a WHERE clause keeps every row."""
    match value:
        case Const(True):
            return True
        case Construct(path=path, args=args):
            if last(path) == "true":
                return True
            if last(path) == "text" and args and isinstance(args[0], Text):
                return read_expression(args[0].plain).always_true is True
            joint = getattr(value.source, "op", None) if isinstance(value, Operator) else last(path)
            if joint == "and_" or isinstance(joint, ast.BitAnd):
                return all(map(always_true, args))
            if joint == "or_" or isinstance(joint, ast.BitOr):
                return any(map(always_true, args))
            if isinstance(value, Operator) and len(args) == 2 and all(map(is_known, args)):
                return bool(to_python(args[0]) == to_python(args[1]))
    return False


def is_autocommit(kwargs: dict[str, Value]) -> bool:
    """Return whether an engine or connection is asked for `isolation_level="AUTOCOMMIT"`."""
    return (string(kwargs.get("isolation_level")) or "").upper() == "AUTOCOMMIT"


_LONGEST = {"postgresql": 63, "mysql": 64, "mariadb": 64}


def shortened(name: str, dialect: str | None) -> str:
    """Return the name of an index or constraint that SQLAlchemy makes, or that `op.f()` has made.

    It shortens those that the server would refuse or cut off, and no others.
    """
    most = _LONGEST.get(dialect or "", len(name))
    if len(name) <= most:
        return name
    return (
        f"{name[: most - 8]}_{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[-4:]}"
    )
