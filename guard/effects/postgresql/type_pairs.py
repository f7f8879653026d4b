"""Which changes from one type to another PostgreSQL makes without touching the rows.

It does so where the conversion is nothing but a relabelling: the two are binary coercible (pg_cast,
castmethod `b`), and the new length or precision keeps every old value as it is (the planner support
functions of varchar, numeric, varbit, time, timestamp and interval). The tests ask live servers
about every pair of the usual types.
"""

from __future__ import annotations

from msgspec.structs import replace

from guard.effects.type_change import Work
from guard.operations import Name, Type
from guard.schema.model import Domain, ReadOnlySchema
from guard.sql.tokens import words

_OBJECT_IDS = ("regclass", "regproc", "regprocedure", "regtype", "regrole", "regnamespace")
# Relabelled where the new type has no length; those in `_SAME_ORDER` keep their plain indexes.
_RELABELLED = frozenset(
    [
        ("varchar", "text"),
        ("text", "varchar"),
        ("citext", "text"),
        ("citext", "varchar"),
        ("text", "citext"),
        ("varchar", "citext"),
        ("cidr", "inet"),
        ("bit", "varbit"),
        ("xml", "text"),
        ("xml", "varchar"),
        *(("integer", name) for name in ("oid", *_OBJECT_IDS)),
        *((name, "integer") for name in ("oid", *_OBJECT_IDS)),
        *(("oid", name) for name in _OBJECT_IDS),
        *((name, "oid") for name in _OBJECT_IDS),
    ]
)
_SAME_ORDER = frozenset(
    [
        ("varchar", "text"),
        ("text", "varchar"),
        ("cidr", "inet"),
        *(("oid", name) for name in _OBJECT_IDS),
        *((name, "oid") for name in _OBJECT_IDS),
    ]
)
_ZONES = frozenset([("timestamp", "timestamptz"), ("timestamptz", "timestamp")])
NO_SIZES = (None, None, None)
_FRACTION = 6  # digits of a second that are kept where no precision is written
_MOMENTS = ("timestamp", "timestamptz", "time", "timetz", "interval")
_TEXTS = ("varchar", "text", "char", "citext", "name")
_KNOWN = words(
    "smallint integer bigint real double numeric money boolean varchar text char name citext bytea "
    "bit varbit date time timetz timestamp timestamptz interval json jsonb uuid xml inet cidr "
    "macaddr macaddr8 oid tsvector tsquery hstore point line lseg box path polygon circle "
    "int4range int8range numrange tsrange tstzrange daterange ltree"
) | set(_OBJECT_IDS)
_SPELLINGS = {
    "datetime": "timestamp",
    "tinyint": "smallint",
    "blob": "bytea",
    "clob": "text",
    "binary": "bytea",
    "varbinary": "bytea",
}


def work_of(old: Type, new: Type, schema: ReadOnlySchema) -> Work:
    """Return what the plain conversion of a column from one type to another does."""
    before, after = as_postgresql(old), as_postgresql(new)
    if before.name == after.name and not (before.sized and after.sized):
        return "unknown"
    if is_same(old, new):
        return "none"
    domain = domain_of(new, schema)
    if isinstance(domain, Domain):
        if domain.constrained or domain.type is None:
            return "rewrite" if domain.constrained else "unknown"
        return _free_or(work_of(old, domain.type, schema))
    replaced = domain_of(old, schema)
    if isinstance(replaced, Domain):
        base = replaced.type and _unsized(
            replaced.type
        )  # whose length a domain's value does not tell
        return _free_or(work_of(base, new, schema)) if base else "unknown"
    if not (_is_known(old, schema) and _is_known(new, schema)):
        return "unknown"
    return _plain(before, after)


def _is_known(kind: Type, schema: ReadOnlySchema) -> bool:
    """Return whether it is a usual type, or an enum of the schema; not what nobody knows."""
    if kind.enum_name or as_postgresql(kind).name in _KNOWN:
        return True
    owner, _, name = kind.name.rpartition(".")
    return bool(schema.enum(Name(name, owner or None)))


def _free_or(work: Work) -> Work:
    """Return the work of a change to or from a domain: it is another type in any case."""
    return "free" if work == "none" else work


def _plain(old: Type, new: Type) -> Work:
    pair = (old.name, new.name)
    if old.name == new.name and bool(old.array) == bool(new.array):
        if _sizes(old) == _sizes(new) or _sizes(new) == NO_SIZES:
            return "free"
        return "free" if not old.array and _grows(old, new) else "rewrite"
    if old.array or new.array:
        return "rewrite"
    if pair in _ZONES:
        return "free in utc" if new.precision in (None, _FRACTION) else "rewrite"
    any_length = new.length is None and new.sized
    return "free" if pair in _RELABELLED and any_length else "rewrite"


def _grows(old: Type, new: Type) -> bool:
    """Return whether every value of the one size is a value of the other, stored alike."""
    if new.name in ("varchar", "varbit"):
        return new.length is None or (old.length is not None and new.length >= old.length)
    if new.name == "numeric":
        if new.precision is None or old.precision is None:
            return new.precision is None
        return new.scale == old.scale and new.precision >= old.precision
    if new.name in _MOMENTS:
        if new.precision is None or new.precision == _FRACTION:
            return True
        return old.precision is not None and new.precision >= old.precision
    return False


def _unsized(kind: Type) -> Type:
    return replace(kind, length=None, precision=None, scale=None)


def _sizes(kind: Type) -> tuple[int | None, ...]:
    return (kind.length, kind.precision, kind.scale)


def is_same(old: Type, new: Type) -> bool:
    """Return whether the two are one type, in the same size and collation."""
    one, other = as_postgresql(old), as_postgresql(new)
    return (
        (one.name, bool(one.array)) == (other.name, bool(other.array))
        and _sizes(one) == _sizes(other)
        and old.collation == new.collation
    )


def keeps_plain_indexes(old: Type, new: Type, schema: ReadOnlySchema) -> bool:
    """Return whether an index on nothing but columns stays as it is, where the change is free."""
    one, other = (as_postgresql(_base(kind, schema)) for kind in (old, new))
    same = one.name == other.name or (one.name, other.name) in _SAME_ORDER
    return same and (old.collation == new.collation or other.name not in _TEXTS)


def as_postgresql(kind: Type) -> Type:
    """Return the type under the one name that this module knows it by, with its implied sizes."""
    if kind.enum_name:
        return Type(name=_unqualified(str(kind.enum_name)), array=kind.array)
    name = _SPELLINGS.get(kind.name, kind.name)
    length, precision, scale, sized = kind.length, kind.precision, kind.scale, kind.sized
    match name:
        case "double" | "float":
            name = "real" if precision is not None and precision <= 24 else "double"
            precision = scale = None
        case "numeric":
            scale = 0 if precision is not None and scale is None else scale
        case "char" | "bit":
            length = 1 if length is None and kind.sized else length
        case "timestamp" | "time" if kind.timezone:
            name += "tz"
        case "text" | "bytea" | "json" | "jsonb" | "integer" | "bigint" | "smallint" | "boolean":
            length = precision = scale = None
            sized = True
    if name in _MOMENTS:
        length = scale = None
    return Type(
        name=_unqualified(name),
        length=length,
        precision=precision,
        scale=scale,
        array=kind.array,
        sized=sized,
    )


def _unqualified(name: str) -> str:
    return name.removeprefix("public.").removeprefix("pg_catalog.")


def _base(kind: Type, schema: ReadOnlySchema) -> Type:
    domain = domain_of(kind, schema)
    return domain.type if domain and domain.type else kind


def domain_of(kind: Type, schema: ReadOnlySchema) -> Domain | None:
    """Return the domain that the type names, None for any other type."""
    if kind.array or kind.enum_name:
        return None
    owner, _, name = kind.name.rpartition(".")
    return schema.domain(Name(name, owner or None)) or None
