"""The column that an annotation describes: `Mapped[str | None]`, `Mapped[Annotated[int, ...]]`."""

from __future__ import annotations

import ast

import msgspec

from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Frame
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    FALSE,
    NONE,
    Class,
    Construct,
    DottedName,
    GenericAlias,
    Mapping,
    Operator,
    Unknown,
    Value,
)
from guard.reader.libraries.sqlalchemy.clauses import last

# Python's types, and the types of columns that SQLAlchemy takes for them.
_DEFAULTS = {
    "builtins.int": "Integer",
    "builtins.str": "String",
    "builtins.bool": "Boolean",
    "builtins.float": "Float",
    "builtins.bytes": "LargeBinary",
    "decimal.Decimal": "Numeric",
    "datetime.datetime": "DateTime",
    "datetime.date": "Date",
    "datetime.time": "Time",
    "datetime.timedelta": "Interval",
    "uuid.UUID": "Uuid",
}
MAX_DEPTH = 8  # of types in types


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What an annotation says: the types it names, the outermost first, and whether None is one.

    `extras` are what stands in `Annotated` besides the type.
    """

    types: tuple[Value, ...]
    optional: bool = False
    extras: tuple[Value, ...] = ()


def evaluated(run: Run, node: ast.expr, owner: Class) -> Value:
    """Return the annotation of a class's member as a value; one in quotes is read too."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return Unknown(node)
    frame = Frame(owner.module, owner.module.names, (owner.attributes,))
    return run.evaluate(node, frame)


def mapped_type(value: Value) -> Value | None:
    """Return the type in `Mapped[type]`; None for any other annotation."""
    if isinstance(value, GenericAlias) and last(value.path) in {"Mapped", "MappedColumn"}:
        return value.args[0] if value.args else None
    return None


def described(run: Run, value: Value, owner: Class, depth: int = 0) -> Described:
    """Return what a type annotation describes."""
    if isinstance(value, Text) and value.known and depth < MAX_DEPTH:  # Mapped["int | None"]
        quoted = ast.Constant(value.plain)
        return described(run, evaluated(run, quoted, owner), owner, depth + 1)
    inner = _inner(value)
    if inner is None or depth >= MAX_DEPTH:
        return Described(types=(value,))
    found = [described(run, one, owner, depth + 1) for one in inner if one != NONE]
    optional = len(found) < len(inner) or any(one.optional for one in found)
    if len(found) != 1:  # a union of several types
        return Described(types=(Unknown("a union"),), optional=optional)
    is_annotated = isinstance(value, GenericAlias) and last(value.path) == "Annotated"
    extras = value.args[1:] if isinstance(value, GenericAlias) and is_annotated else ()
    return Described(
        types=(value, *found[0].types) if is_annotated else found[0].types,
        optional=optional,
        extras=(*extras, *found[0].extras),
    )


def _inner(value: Value) -> tuple[Value, ...] | None:
    """Return the types that a union or `Annotated` is of; None for a plain type."""
    match value:
        case GenericAlias(path=path, args=args):
            match last(path):
                case "Annotated":
                    return args[:1]
                case "Optional":
                    return (*args[:1], NONE)
                case "Union":
                    return args
        case Operator(args=(left, right), source=ast.BinOp(op=ast.BitOr())):
            return tuple(part for side in (left, right) for part in _inner_of_union(side))
    return None


def _inner_of_union(side: Value) -> tuple[Value, ...]:
    match side:
        case Operator(source=ast.BinOp(op=ast.BitOr())):
            return _inner(side) or (side,)
    return (side,)


def column_type(types: tuple[Value, ...], chosen: Value | None) -> Value | None:
    """Return the type of a column for one of these types of Python; None where it is not known.

    `chosen` is the base's `type_annotation_map`.
    """
    if isinstance(chosen, Mapping):
        if not chosen.is_whole:
            return None
        pairs = list(chosen.pairs.values())
        for wanted in (each for type_ in types for each in (type_, *_ancestors(type_))):
            for key, value in pairs:
                if key == wanted:
                    return value
    elif chosen is not None:
        return None
    return default_type(types[-1])


def _ancestors(type_: Value) -> list[Value]:
    """Return the base classes of a class, and the type that a NewType is made of."""
    match type_:
        case Class(bases=bases):
            return [each for base in bases for each in (base, *_ancestors(base))]
        case Construct(path=path, args=(_, inner)) if last(path) == "NewType":
            return [inner, *_ancestors(inner)]
    return []


def default_type(type_: Value) -> Value | None:
    """Return the type of a column that SQLAlchemy takes for a type of Python."""
    match type_:
        case Class(is_enum=True, name=name):
            label: dict[str, Value] = {"name": Text.of(name.lower())}
            return Construct("sqlalchemy.Enum", (type_,), label)
        case GenericAlias(path=path, args=words) if last(path) == "Literal":
            return Construct("sqlalchemy.Enum", words, {"native_enum": FALSE})
        case DottedName(path) if path in _DEFAULTS:
            return DottedName(f"sqlalchemy.{_DEFAULTS[path]}")
    found = (default_type(one) for one in _ancestors(type_))
    return next((one for one in found if one is not None), None)


def type_map(run: Run, base: Value) -> Value | None:
    """Return the `type_annotation_map` of a declarative base; None where it has none."""
    if isinstance(base, Class):
        found = classes.lookup(base, "type_annotation_map")
        registry = classes.lookup(base, "registry")
        return found if found is not None else type_map(run, registry) if registry else None
    if isinstance(base, Construct):
        found = base.kwargs.get("type_annotation_map")
        if found is None and base.receiver is not None and base.path == "generate_base":
            return type_map(run, base.receiver)
        return found
    return None
