"""Whether a column's new type holds every value of its old one, whatever the server."""

from __future__ import annotations

from guard.operations import Type
from guard.server import is_mysql

# Whole numbers: their bits.
_BITS = {
    "boolean": 1, "tinyint": 8, "smallint": 16, "mediumint": 24, "integer": 32, "bigint": 64,
}  # fmt: skip
# Texts without a length, and how many bytes of it fit on MySQL; on PostgreSQL all do.
_TEXTS = {"tinytext": 255, "text": 65_535, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_BYTES = {"tinyblob": 255, "blob": 65_535, "mediumblob": 2**24 - 1, "longblob": 2**32 - 1}
_FLOATS = {"real": 24, "float": 24, "double": 53}  # bits of the mantissa
_SIZED = ("varchar", "char", "varbit", "binary", "varbinary")
_AFTER = "the digits after the point"
_SECOND = ("timestamp", "datetime", "time", "interval")


def loses(old: Type, new: Type, dialect: str | None) -> str | None:
    """Return how a value of the old type may not fit the new one, in words that follow "fails".

    None where each fits, and where the two are too different to be compared.
    """
    if old.array != new.array or not (old.sized and new.sized):
        return None
    for compare in (_of_lengths, _of_whole_numbers, _of_digits, _of_days):
        if found := compare(old, new):
            return found
    return _of_fractions(old, new, 0 if is_mysql(dialect) else 6)


def _of_lengths(old: Type, new: Type) -> str | None:
    for sizes, unit in ((_TEXTS, "characters"), (_BYTES, "bytes")):
        most = sizes.get(new.name)
        before = sizes.get(old.name)
        if most and before:
            return f"values longer than {most:,} bytes" if most < before else None
        if before and new.name in _SIZED and new.length is not None:
            return f"values longer than {new.length} {unit}"
    comparable = new.name in _SIZED and (old.name in _SIZED or old.name == "citext")
    if not comparable or new.length is None:
        return None
    if old.length is None or new.length < old.length:
        unit = "bits" if new.name == "varbit" else "characters"
        return f"values longer than {new.length} {unit}"
    return None


def _of_whole_numbers(old: Type, new: Type) -> str | None:
    before, after = _BITS.get(old.name), _BITS.get(new.name)
    if before is None or after is None or "boolean" in (old.name, new.name):
        return None
    most = 2 ** (after - (not new.unsigned)) - 1
    if most < 2 ** (before - (not old.unsigned)) - 1:
        return f"values above {most:,}"
    return "values below 0" if new.unsigned and not old.unsigned else None


def _of_digits(old: Type, new: Type) -> str | None:
    if new.name == "numeric" and new.precision is not None:
        return _into_numeric(old, new.precision - (new.scale or 0), new.scale or 0)
    if new.name in _BITS and new.name != "boolean":
        whole = old.scale == 0 or (old.scale is None and old.precision is not None)
        if old.name in _FLOATS or (old.name == "numeric" and not whole):
            return _AFTER
    if new.name in _FLOATS and old.name in _BITS and _BITS[old.name] > _FLOATS[new.name]:
        return f"digits of values above {2 ** _FLOATS[new.name]:,}"
    if (old.name, new.name) in (("double", "real"), ("double", "float")):
        return "digits behind the seventh"
    return None


def _into_numeric(old: Type, whole: int, scale: int) -> str | None:
    """Return what does not fit into so many digits before and after the point."""
    if old.name in _BITS and old.name != "boolean":
        digits = len(str(2 ** (_BITS[old.name] - 1)))
        return f"values of more than {whole} digits" if whole < digits else None
    after = f"digits after the point from number {scale + 1} on" if scale else _AFTER
    if old.name in _FLOATS:
        return after
    if old.name != "numeric":
        return None
    if old.precision is None or (old.precision - (old.scale or 0)) > whole:
        return f"values of more than {whole} digits before the point"
    return after if (old.scale or 0) > scale else None


def _of_fractions(old: Type, new: Type, unwritten: int) -> str | None:
    """`unwritten`: the digits of a second that are kept where the type does not say it."""
    if new.name not in _SECOND or old.name not in _SECOND:
        return None
    before, after = (unwritten if k.precision is None else k.precision for k in (old, new))
    if after >= before:
        return None
    return f"fractions of a second behind digit {after}" if after else "fractions of a second"


def _of_days(old: Type, new: Type) -> str | None:
    if old.name in ("timestamp", "datetime") and new.name in ("date", "time", "year"):
        return "the time of day" if new.name == "date" else "the date"
    return None
