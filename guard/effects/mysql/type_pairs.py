"""Which changes from one type to another MySQL and MariaDB make without copying the table.

MySQL: https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html (column
operations) and alter-table.html. MariaDB: the tests ask a live server; see also
https://mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-online-ddl
"""

from __future__ import annotations

from guard.operations import Storage, Type
from guard.schema.model import Index

# The most bytes of a character; what is not here has one.
_WIDTHS = {
    "utf8mb4": 4, "utf8": 3, "utf8mb3": 3, "ucs2": 2, "utf16": 4, "utf16le": 4, "utf32": 4,
    "gb18030": 4, "eucjpms": 3, "ujis": 3, "big5": 2, "gb2312": 2, "gbk": 2, "euckr": 2, "sjis": 2,
    "cp932": 2,
}  # fmt: skip
_COLLATIONS = {"utf8mb4": "utf8mb4_0900_ai_ci", "latin1": "latin1_swedish_ci"}  # MySQL's own
DEFAULT_CHARSET = "utf8mb4"  # of a server that nobody has set up otherwise
_TEXTS = ("varchar", "char", "text", "tinytext", "mediumtext", "longtext", "enum", "set")
_SPELLINGS = {"boolean": "tinyint", "real": "double", "nvarchar": "varchar", "blob": "blob"}
# A member list is kept in so many members' steps of storage.
_SET_STEPS = (8, 16, 24, 32, 64)
_ENUM_STEP = 255


def charset_of(kind: Type, storage: Storage) -> str:
    """Return the character set of a column: its own, its collation's, or the table's."""
    for charset, collation in (
        (kind.charset, kind.collation),
        (storage.charset, storage.collation),
    ):
        found = charset or (collation and collation.partition("_")[0])
        if found:
            return "utf8mb3" if found == "utf8" else found
    return DEFAULT_CHARSET


def collation_of(kind: Type, storage: Storage) -> str:
    """Return the collation of a column: its own, the table's, or what its character set has."""
    charset = charset_of(kind, storage)
    inherited = storage.collation if storage.collation and not kind.charset else None
    return kind.collation or inherited or _COLLATIONS.get(charset, f"{charset}_general_ci")


def width_of(kind: Type, storage: Storage) -> int:
    """Return how many bytes a character of the column may take."""
    if kind.name in ("varbinary", "binary"):
        return 1
    return _WIDTHS.get(charset_of(kind, storage), 1)


def on_beginnings(index: Index, column: str) -> bool:
    """Return whether the index holds the first characters of the column alone, `KEY (note(10))`."""
    detail = (index.detail or "").lower()
    return f"{column.lower()}(" in detail or detail.endswith("_length")


def is_same(old: Type, new: Type, storage: Storage) -> bool:
    """Return whether the two are one type, in the same size, character set and collation."""
    if _as_mysql(old) != _as_mysql(new):
        return False
    if old.name not in _TEXTS:
        return True
    return collation_of(old, storage) == collation_of(new, storage)


def _as_mysql(kind: Type) -> Type:
    name = _SPELLINGS.get(kind.name, kind.name)
    precision, scale, length = kind.precision, kind.scale, kind.length
    if name == "numeric":
        precision, scale = (10 if precision is None else precision), scale or 0
    elif name in ("datetime", "timestamp", "time"):
        precision = precision or 0
    elif name == "float" and precision is not None and precision > 24:
        name, precision = "double", None
    elif name in ("char", "binary", "bit"):
        length = 1 if length is None else length
    elif name == "tinyint":
        length = None
    elif name == "uuid":  # how SQLAlchemy writes it
        name, length = "char", 32
    return Type(
        name=name,
        length=length,
        precision=precision,
        scale=scale,
        unsigned=kind.unsigned,
        values=kind.values,
    )


def grows_in_place(old: Type, new: Type, storage: Storage, *, mariadb: bool) -> bool:
    """Return whether a varchar or varbinary gets longer without a copy of the table.

    Its length is kept in one byte up to 255 bytes, in two beyond. MariaDB reads the one byte of up
    to 127 bytes as it reads two.
    """
    if old.name != new.name or new.name not in ("varchar", "varbinary"):
        return False
    if storage.engine not in (None, "innodb"):
        return False
    if old.length is None or new.length is None or new.length < old.length:
        return False
    before, after = (k.length * width_of(k, storage) for k in (old, new) if k.length is not None)
    if mariadb and (before <= 127 or storage.row_format == "redundant"):
        return True
    return (before <= 255) == (after <= 255)


def appends(old: Type, new: Type) -> bool:
    """Return whether members are added at the end, and their numbers take no more room."""
    if old.name != new.name or old.values is None or new.values is None:
        return False
    count = len(old.values)
    if new.values[:count] != old.values:
        return False
    if new.name == "enum":
        return (count <= _ENUM_STEP) == (len(new.values) <= _ENUM_STEP)
    return _step(count) == _step(len(new.values))


def _step(members: int) -> int:
    return next((step for step in _SET_STEPS if members <= step), _SET_STEPS[-1])
