"""What InnoDB does with indexes on MySQL and MariaDB, and where a statement says how to do it.

ALGORITHM= and LOCK= hold for the whole statement, and a LOCK= is at least what is taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.row import Row, row
from guard.operations import AlterTable, CreateIndex, DropIndex, Name, Operation, RenameIndex
from guard.schema.model import ReadOnlySchema, Table

_INDEXES = (CreateIndex, DropIndex)


def index_rows(source: str, *, copies_online: tuple[int, ...] | None = None) -> Iterator[Row]:
    """Yield the rows of indexes; from the version `copies_online` on, a copy lets writes go on."""
    yield from explicit_rows(source, copies_online)
    yield row(
        CreateIndex,
        when=_first_fulltext,
        lock="LOCK=SHARED",
        scans=True,
        rewrites=True,
        source=source,
    )
    yield row(CreateIndex, when=_fulltext_or_spatial, lock="LOCK=SHARED", scans=True, source=source)
    yield row(CreateIndex, lock="LOCK=NONE", scans=True, source=source)
    yield row(DropIndex, lock="LOCK=NONE", table=_table, source=source)
    yield row(RenameIndex, lock="LOCK=NONE", table=_table, source=source)


def explicit_rows(source: str, copies_online: tuple[int, ...] | None) -> Iterator[Row]:
    """Yield the rows of statements that name an algorithm or a lock."""
    for kind in _INDEXES:
        yield row(kind, when=_exclusive, lock="LOCK=EXCLUSIVE", scans=True, source=source)
        yield row(
            kind,
            when=_copied,
            until=copies_online,
            lock="LOCK=SHARED",
            scans=True,
            rewrites=True,
            source=source,
        )
        yield row(kind, when=_copied, lock="LOCK=NONE", scans=True, rewrites=True, source=source)
        yield row(kind, when=_shared, lock="LOCK=SHARED", scans=True, source=source)
    yield row(AlterTable, when=_says_exclusive, lock="LOCK=EXCLUSIVE", source=source)
    yield row(AlterTable, when=_says_shared, lock="LOCK=SHARED", source=source)
    yield row(
        AlterTable,
        when=_says_copy,
        until=copies_online,
        lock="LOCK=SHARED",
        scans=True,
        rewrites=True,
        source=source,
    )
    yield row(
        AlterTable, when=_says_copy, lock="LOCK=NONE", scans=True, rewrites=True, source=source
    )


def _exclusive(operation: Operation, schema: ReadOnlySchema) -> bool:
    return isinstance(operation, _INDEXES) and operation.lock == "exclusive"


def _shared(operation: Operation, schema: ReadOnlySchema) -> bool:
    return isinstance(operation, _INDEXES) and operation.lock == "shared"


def _copied(operation: Operation, schema: ReadOnlySchema) -> bool:
    return isinstance(operation, _INDEXES) and operation.algorithm == "copy"


def _says_exclusive(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action == "lock" and (alter.detail or "").lower() == "exclusive"


def _says_shared(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action == "lock" and (alter.detail or "").lower() == "shared"


def _says_copy(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action == "algorithm" and (alter.detail or "").lower() == "copy"


def _fulltext_or_spatial(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    return create.method in ("fulltext", "spatial")


def _first_fulltext(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    """The first one rebuilds the table; where nobody knows of another, it is the first."""
    others = schema.indexes(create.table)
    return create.method == "fulltext" and not any(i.method == "fulltext" for i in others)


def _table(operation: DropIndex | RenameIndex, schema: ReadOnlySchema) -> Name:
    found = schema.table_of_index(operation.name)
    if operation.table is None and isinstance(found, Table):
        return found.name
    return operation.table or operation.name
