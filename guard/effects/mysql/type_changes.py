"""What MODIFY and CHANGE do to a column's type, on MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.mysql.type_pairs import (
    appends,
    charset_of,
    collation_of,
    grows_in_place,
    is_same,
    on_beginnings,
    width_of,
)
from guard.effects.narrowing import loses
from guard.effects.type_change import TypeChange, Work
from guard.operations import ModifyColumn, Name, Storage, Type
from guard.schema.model import Index, ReadOnlySchema
from guard.server import fold


def change_of(modify: ModifyColumn, schema: ReadOnlySchema) -> TypeChange:
    """Return what becomes of the column's type."""
    table = schema.table(modify.table)
    storage = table.storage if table else Storage()
    column = schema.column(modify.table, modify.column.name)
    new = modify.column.type
    old = column.type if column and column.certain and column.type else modify.existing_type
    if old and new and old != new and _lacks_length(old):
        told = modify.existing_type
        old = told if told and not _lacks_length(told) else None
    mariadb = schema.dialect == "mariadb"
    keys = [index for index in schema.indexes(modify.table) if _holds(index, modify, schema)]
    # MySQL builds any index on such texts anew, MariaDB one on their beginnings.
    indexed = any(on_beginnings(key, modify.column.name) for key in keys) if mariadb else bool(keys)
    refusing = ("free", "rewrite") if mariadb else ("rewrite",)  # what a foreign key does not bear
    work: Work = "unknown"
    back: Work = "unknown"
    if old and new:
        work = _work(old, new, storage, mariadb=mariadb, indexed=indexed)
        back = _work(new, old, storage, mariadb=mariadb, indexed=indexed)
    return TypeChange(
        table=modify.table,
        column=modify.column.name,
        old=old,
        new=new,
        work=work,
        back=back,
        refused_by=tuple(_keys(modify, schema)) if work in refusing else (),
        loses=loses(old, new, schema.dialect) if old and new else None,
        text_width=width_of(new, storage) if new else None,
    )


def _holds(index: Index, modify: ModifyColumn, schema: ReadOnlySchema) -> bool:
    """Return whether the column is a part of the index."""
    names = (part.partition("(")[0].split(" ")[0] for part in index.columns)
    wanted = fold(modify.column.name, schema.dialect)
    return any(fold(name, schema.dialect) == wanted for name in names)


def _lacks_length(kind: Type) -> bool:
    """Return whether it is a varchar of no length, which these servers do not have.

    A type of the application's own (sqlmodel's AutoString) chose one that no revision shows.
    """
    return kind.name == "varchar" and kind.length is None and kind.sized


def _work(old: Type, new: Type, storage: Storage, *, mariadb: bool, indexed: bool) -> Work:
    if old.name == new.name and not (old.sized and new.sized):
        return "unknown"
    if is_same(old, new, storage):
        return "none"
    if old.name in ("enum", "set") and appends(old, new):
        return "free"
    if not _keeps_text(old, new, storage, mariadb=mariadb, indexed=indexed):
        return "rewrite"
    kept = is_same(old, _in_the_text_of(old, new), storage)
    return "free" if kept or grows_in_place(old, new, storage, mariadb=mariadb) else "rewrite"


def _in_the_text_of(old: Type, new: Type) -> Type:
    """Return the new type in the character set and collation of the old one."""
    return Type(
        name=new.name,
        length=new.length,
        precision=new.precision,
        scale=new.scale,
        unsigned=new.unsigned,
        values=new.values,
        charset=old.charset,
        collation=old.collation,
    )


def _keeps_text(old: Type, new: Type, storage: Storage, *, mariadb: bool, indexed: bool) -> bool:
    """Return whether what is stored is the same text in the new character set and collation."""
    before, after = charset_of(old, storage), charset_of(new, storage)
    if before == after:
        return mariadb or collation_of(old, storage) == collation_of(new, storage)
    if (before, after) != ("utf8mb3", "utf8mb4") or indexed:
        return False
    if old.name != "varchar" or old.length is None or new.length is None:
        return old.name in ("text", "tinytext", "mediumtext", "longtext") and old.name == new.name
    return grows_in_place(old, new, storage, mariadb=mariadb)


def _keys(modify: ModifyColumn, schema: ReadOnlySchema) -> Iterator[str]:
    """Yield the foreign keys that the column is part of: their types must stay alike."""
    table, name = schema.table(modify.table), fold(modify.column.name, schema.dialect)
    for constraint in table.constraints if table else ():
        if constraint.target and name in (fold(c, schema.dialect) for c in constraint.columns):
            yield f"the foreign key {constraint.name or _leading_to(constraint.target)}"
    for reference in schema.references_to(modify.table):
        if name in (fold(c, schema.dialect) for c in reference.constraint.target_columns):
            yield f"the foreign key {reference.constraint.name or ''} of {reference.table}".replace(
                "  ", " "
            )


def _leading_to(table: Name) -> str:
    return f"to {table}"
