"""SQLAlchemy's column types as types of the vocabulary."""

from __future__ import annotations

import ast

import msgspec

from guard.operations import Constraint, Type
from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Run, find
from guard.reader.evaluate.state import Call, Frame
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    TRUE,
    Class,
    Const,
    Construct,
    DottedName,
    Function,
    Instance,
    Value,
    truth,
)
from guard.reader.libraries.sqlalchemy.clauses import flag, last, name, string
from guard.reader.libraries.sqlalchemy.live import DialectObject
from guard.server import DIALECTS

# SQLAlchemy's class names in lower case -> the names of guard.sql.types.
_TYPES = {
    "string": "varchar",
    "unicode": "varchar",
    "nvarchar": "varchar",
    "unicodetext": "text",
    "clob": "text",
    "int": "integer",
    "biginteger": "bigint",
    "smallinteger": "smallint",
    "bool": "boolean",
    "datetime": "timestamp",
    "decimal": "numeric",
    "float": "double",
    "double_precision": "double",
    "largebinary": "blob",
    "pickletype": "blob",
    "nullid": "null",
}
_MOMENTS = {"time", "timestamp", "datetime", "interval"}
_DIGITS = {"numeric", "double", "float", "real"}
_SIZES = ("length", "precision", "scale", "fsp", "second_precision")
_LENGTH_FIRST = {"varchar", "char", "text", "binary", "varbinary", "blob", "bit", "bytea"}


def read_type(run: Run, value: Value | None) -> Type | None:
    """Return the column type; None where it is not known."""
    match value:
        case DottedName(path):
            return _type_of_name(run, path, (), {})
        case Class():
            return _class_type(run, value)
        case Instance(cls=cls):
            return _class_type(run, cls)
        case Construct(path="with_variant", receiver=base, args=args):
            return _with_variants(run, base, args)
        case Construct(path=path, args=(inner, *_)) if last(path) in {"as_mutable", "MutableType"}:
            return read_type(run, inner)
        case Construct(receiver=Class() as cls, called=True):
            return _class_type(run, cls)
        case Construct(path=path, args=args, kwargs=kwargs):
            return _type_of_name(run, path, args, kwargs)
    return None


def _type_of_name(
    run: Run, path: str, args: tuple[Value, ...], kwargs: dict[str, Value]
) -> Type | None:
    """Return the type of that name: a library's own, or one of SQLAlchemy's by its last name."""
    rule = find(run.library.types, path)
    if rule is not None:
        return read_type(run, rule(args, kwargs))
    return _named_type(run, last(path), args, kwargs)


def _with_variants(run: Run, base: Value | None, args: tuple[Value, ...]) -> Type | None:
    plain = read_type(run, base)
    variant = read_type(run, args[0]) if args else None
    if plain is None or variant is None:
        return plain
    names = [n for n in (string(a) for a in args[1:]) if n]
    if run.dialect in names:
        return variant
    return msgspec.structs.replace(
        plain, variants={**plain.variants, **dict.fromkeys(names, variant)}
    )


def _class_type(run: Run, cls: Class) -> Type:
    """Return the type of a TypeDecorator in sight: the dialect's own, or that of its `impl`."""
    loader = classes.lookup(cls, "load_dialect_impl")
    if isinstance(loader, Function) and run.dialect is not None:
        return _loaded(run, cls, loader) or Type(name=cls.name)
    impl = classes.lookup(cls, "impl")
    if impl is not None and (found := read_type(run, impl)):
        return found
    for base in cls.bases:
        if isinstance(base, Class | DottedName) and last(getattr(base, "path", "")) not in {
            "TypeDecorator",
            "UserDefinedType",
        }:
            return read_type(run, base) or Type(name=cls.name)
    return Type(name=cls.name)


def _loaded(run: Run, cls: Class, loader: Function) -> Type | None:
    """Return the type of `dialect.type_descriptor(...)`, which a TypeDecorator chooses."""
    node = ast.copy_location(ast.Call(ast.Name("load", ast.Load()), [], []), loader.node)
    frame = Frame(cls.module, cls.module.names)
    bound = run.bind(loader, Instance(cls, {}))
    return read_type(run, run.call(bound, Call(node, frame, (DialectObject(),), {})))


def _named_type(run: Run, word: str, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Type:
    lower = word.lower()
    base = _TYPES.get(lower, lower)
    if lower == "datetime" and run.dialect not in (None, "postgresql"):
        base = "datetime"
    if lower == "float" and run.dialect in ("mysql", "mariadb"):
        base = "float"
    if base == "bit" and flag(kwargs.get("varying")):
        base = "varbit"
    if base == "enum" or lower == "set":
        return _enum_type(run, base, args, kwargs)
    if base == "array":
        inner = read_type(run, args[0]) if args else None
        inner = inner or Type(name="?")
        return msgspec.structs.replace(inner, array=inner.array + 1)
    numbers = [_number(a) for a in args]
    return Type(
        name=base,
        length=_length(base, numbers, kwargs),
        precision=_precision(base, numbers, kwargs),
        scale=_first(_number(kwargs.get("scale")), *(numbers[1:2] if base in _DIGITS else ())),
        timezone=flag(kwargs.get("timezone"))
        or (base == "timestamp" and bool(args) and flag(args[0])),
        unsigned=flag(kwargs.get("unsigned")),
        charset=string(kwargs.get("charset")),
        collation=string(kwargs.get("collation")),
        sized=_is_sized(base, args, kwargs),
    )


def _is_sized(base: str, args: tuple[Value, ...], kwargs: dict[str, Value]) -> bool:
    """Return whether each size that is written is known."""
    count = 1 if base in _LENGTH_FIRST or base == "varbit" else 2 if base in _DIGITS else 0
    sizes = (*args[:count], *(kwargs[name] for name in _SIZES if name in kwargs))
    return all(isinstance(size, Const) for size in sizes)


def _length(base: str, numbers: list[int | None], kwargs: dict[str, Value]) -> int | None:
    if base == "tinyint":  # MySQL's boolean
        width = _first(_number(kwargs.get("display_width")), *numbers[:1])
        return width if width == 1 else None
    if base in _LENGTH_FIRST or base == "varbit":
        return _first(_number(kwargs.get("length")), *numbers[:1])
    return _number(kwargs.get("length"))


def _precision(base: str, numbers: list[int | None], kwargs: dict[str, Value]) -> int | None:
    """Return the digits; those of a second's fraction have several names."""
    if base not in _MOMENTS | _DIGITS:
        return None if base in _LENGTH_FIRST else _number(kwargs.get("precision"))
    names = ("precision", "fsp", "second_precision") if base in _MOMENTS else ("precision",)
    written = (_number(kwargs.get(name)) for name in names)
    return _first(*written, *(numbers if base in _MOMENTS else numbers[:1]))


def _first(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)


def _number(value: Value | None) -> int | None:
    if (
        isinstance(value, Const)
        and isinstance(value.value, int)
        and not isinstance(value.value, bool)
    ):
        return value.value
    return None


def _members(args: tuple[Value, ...]) -> tuple[str, ...] | None:
    """Return the words of an enum, None where they are not known."""
    if args and isinstance(args[0], Class) and args[0].is_enum:
        found = classes.members(args[0]) or []
        names = (m.attributes["name"] for m in found if isinstance(m, Instance))
        return tuple(string(n) or "" for n in names)
    if all(isinstance(a, Text) for a in args) and args:
        return tuple(a.plain for a in args if isinstance(a, Text))
    return None


def _enum_type(run: Run, base: str, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Type:
    members = _members(args)
    native = truth(kwargs.get("native_enum", TRUE)) is not False
    if not native or (base == "enum" and run.dialect == "sqlite"):
        # It is text, as long as its longest word.
        longest = max((len(m) for m in members), default=None) if members else None
        return Type(name="varchar", length=_number(kwargs.get("length")) or longest)
    label = kwargs.get("name")
    if label is None and args and isinstance(args[0], Class) and args[0].is_enum:
        label = Text.of(args[0].name.lower())  # as SQLAlchemy names it
    return Type(
        name=base,
        enum_name=name(label, kwargs.get("schema")) if label is not None else None,
        values=members,
        create_type=truth(kwargs.get("create_type", TRUE)) is not False,
    )


# A type that a dialect does not have is made of a CHECK there, where `create_constraint` asks.
_NATIVE = {"boolean": ("postgresql",), "enum": ("postgresql", "mysql", "mariadb")}


class TypeCheck(msgspec.Struct, frozen=True):
    """The CHECK that stands in for a type, and the dialects that need it."""

    constraint: Constraint
    dialects: tuple[str, ...]


def type_check(kind: Value | None, column: str) -> TypeCheck | None:
    """Return the CHECK of a `sa.Boolean(create_constraint=True)` or of such an Enum, else None."""
    if not isinstance(kind, Construct) or not flag(kind.kwargs.get("create_constraint")):
        return None
    word = last(kind.path).lower()
    if word not in _NATIVE:
        return None
    values = _members(kind.args) or ()
    members = ", ".join(f"'{v}'" for v in values) if word == "enum" else "0, 1"
    native = _NATIVE[word] if flag(kind.kwargs.get("native_enum", TRUE)) else ()
    return TypeCheck(
        Constraint(
            type="check",
            name=string(kind.kwargs.get("name")),
            sql=f"{column} IN ({members})",
        ),
        tuple(d for d in DIALECTS if d not in native),
    )
