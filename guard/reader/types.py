"""SQLAlchemy's column types as types of the vocabulary."""

from __future__ import annotations

import msgspec

from guard.operations import Constraint, Type
from guard.reader import classes
from guard.reader.clauses import flag, last, name, string
from guard.reader.text import Text
from guard.reader.values import TRUE, Class, Const, Construct, DottedName, Instance, Value, truth
from guard.server import DIALECTS

# SQLAlchemy's class names in lower case -> the names of guard.sql.types.
_TYPES = {
    "string": "varchar",
    "unicode": "varchar",
    "nvarchar": "varchar",
    "autostring": "varchar",
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
_LENGTH_FIRST = {"varchar", "char", "text", "binary", "varbinary", "blob", "bit", "bytea"}


def read_type(value: Value | None, dialect: str | None) -> Type | None:
    """Return the column type; None where it is not known."""
    match value:
        case DottedName(path):
            return _named_type(last(path), (), {}, dialect)
        case Class():
            return _class_type(value, (), {}, dialect)
        case Instance(cls=cls, attributes=attributes):
            made = attributes.get("<args>")
            args = made.args if isinstance(made, Construct) else ()
            return _class_type(cls, args, {}, dialect)
        case Construct(path="with_variant", receiver=base, args=args):
            return _with_variants(base, args, dialect)
        case Construct(path=path, args=(inner, *_)) if last(path) in {"as_mutable", "MutableType"}:
            return read_type(inner, dialect)
        case Construct(receiver=Class() as cls, args=args, kwargs=kwargs, called=True):
            return _class_type(cls, args, kwargs, dialect)
        case Construct(path=path, args=args, kwargs=kwargs):
            return _named_type(last(path), args, kwargs, dialect)
    return None


def _with_variants(base: Value | None, args: tuple[Value, ...], dialect: str | None) -> Type | None:
    plain = read_type(base, dialect)
    variant = read_type(args[0], dialect) if args else None
    if plain is None or variant is None:
        return plain
    names = [n for n in (string(a) for a in args[1:]) if n]
    if dialect in names:
        return variant
    return msgspec.structs.replace(
        plain, variants={**plain.variants, **dict.fromkeys(names, variant)}
    )


def _class_type(
    cls: Class, args: tuple[Value, ...], kwargs: dict[str, Value], dialect: str | None
) -> Type:
    """Return the type of a TypeDecorator in sight: that of its `impl`."""
    impl = classes.lookup(cls, "impl")
    if impl is not None and (found := read_type(impl, dialect)):
        return found
    for base in cls.bases:
        if isinstance(base, Class | DottedName) and last(getattr(base, "path", "")) not in {
            "TypeDecorator",
            "UserDefinedType",
        }:
            return read_type(base, dialect) or Type(name=cls.name)
    return Type(name=cls.name)


def _named_type(
    word: str, args: tuple[Value, ...], kwargs: dict[str, Value], dialect: str | None
) -> Type:
    lower = word.lower()
    base = _TYPES.get(lower, lower)
    if lower == "datetime" and dialect not in (None, "postgresql"):
        base = "datetime"
    if base == "enum" or lower == "set":
        return _enum_type(base, args, kwargs, dialect)
    if base == "array":
        inner = read_type(args[0], dialect) if args else None
        inner = inner or Type(name="?")
        return msgspec.structs.replace(inner, array=inner.array + 1)
    numbers = [_number(a) for a in args]
    length = _number(kwargs.get("length")) or (
        numbers[0] if numbers and base in _LENGTH_FIRST else None
    )
    precise = base in {"numeric", "double", "real", "time", "timestamp", "interval"}
    precision = _number(kwargs.get("precision")) or (numbers[0] if numbers and precise else None)
    return Type(
        name=base,
        length=length,
        precision=precision if base not in _LENGTH_FIRST else None,
        scale=_number(kwargs.get("scale"))
        or (numbers[1] if len(numbers) > 1 and precise else None),
        timezone=flag(kwargs.get("timezone"))
        or (base == "timestamp" and bool(args) and flag(args[0])),
        unsigned=flag(kwargs.get("unsigned")),
        collation=string(kwargs.get("collation")),
    )


def _number(value: Value | None) -> int | None:
    if (
        isinstance(value, Const)
        and isinstance(value.value, int)
        and not isinstance(value.value, bool)
    ):
        return value.value
    return None


def _enum_type(
    base: str, args: tuple[Value, ...], kwargs: dict[str, Value], dialect: str | None
) -> Type:
    members: tuple[str, ...] | None
    if args and isinstance(args[0], Class) and args[0].is_enum:
        found = classes.members(args[0]) or []
        names = (m.attributes["name"] for m in found if isinstance(m, Instance))
        members = tuple(string(n) or "" for n in names)
    elif all(isinstance(a, Text) for a in args) and args:
        members = tuple(a.plain for a in args if isinstance(a, Text))
    else:
        members = None
    native = truth(kwargs.get("native_enum", TRUE)) is not False
    if not native or (base == "enum" and dialect == "sqlite"):  # text as long as its longest word
        longest = max((len(m) for m in members), default=None) if members else None
        return Type(name="varchar", length=_number(kwargs.get("length")) or longest)
    label = kwargs.get("name")
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
    values = _enum_type(word, kind.args, {}, None).values or ()
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
