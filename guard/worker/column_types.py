"""Whether a column's type in the schema is the one that its model has, however both spell it."""

from __future__ import annotations

from typing import Any, Callable

from sqlalchemy.exc import CompileError

_SAME = {
    "BOOL": "BOOLEAN",
    "CHARACTER VARYING": "VARCHAR",
    "CLOB": "TEXT",
    "DECIMAL": "NUMERIC",
    "DOUBLE": "FLOAT",
    "DOUBLE PRECISION": "FLOAT",
    "DOUBLE_PRECISION": "FLOAT",
    "INT": "INTEGER",
    "NCHAR": "CHAR",
    "NTEXT": "TEXT",
    "NVARCHAR": "VARCHAR",
    "REAL": "FLOAT",
    "TIMESTAMP": "DATETIME",
}
Comparison = Callable[[Any, Any, Any, Any, Any], "bool | None"]


def type_comparison(configured: Any) -> Comparison | bool:
    """Return what Alembic should compare types with: what env.py wants, and spelling aside.

    `configured` is env.py's `compare_type`: False to compare none, or a function that knows more.
    """
    if configured is False:
        return False

    def compare(context: Any, inspected: Any, column: Any, found: Any, wanted: Any) -> bool | None:
        if callable(configured):
            answer: bool | None = configured(context, inspected, column, found, wanted)
            if answer is not None:
                return answer
        spelled = spell(found, context.dialect)
        wished = [spell(type_, context.dialect) for type_ in _variants(wanted)]
        return False if spelled in wished or None in wished else None  # None: as Alembic does

    return compare


def spell(type_: Any, dialect: Any) -> str | None:
    """Return a type as its dialect writes it, by its first name; None where that has none."""
    try:
        text = str(type_.compile(dialect=dialect)).upper()
    except CompileError:
        return None
    name, bracket, size = text.partition("(")
    name, size = name.strip(), bracket + size
    sized = "" if _SAME.get(name, name) == "FLOAT" else size.replace(" ", "")
    return _SAME.get(name, name) + sized


def _variants(type_: Any) -> list[Any]:
    """Return the type for SQLite and those for other servers: any of them may be in use."""
    variants = dict(
        getattr(type_, "_variant_mapping", None) or getattr(type_, "mapping", None) or {}
    )
    if not variants:
        return [type_]
    plain = getattr(type_, "impl", None)  # SQLAlchemy 1.4 wraps the type, 2.0 marks it
    if not hasattr(type_, "mapping") or plain is None:
        plain = type_.copy()
        plain._variant_mapping = type(type_._variant_mapping)()
    return [type_, plain, *variants.values()]
