"""What indexes do on PostgreSQL: those made, dropped, built anew.

An index of a partitioned table is one of each partition as well, which is locked like the parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import CreateIndex, DropIndex, Name, Operation, Reindex
from guard.schema.model import ReadOnlySchema, Table

MANUAL = "https://www.postgresql.org/docs/current"
CREATE_INDEX = f"{MANUAL}/sql-createindex.html"
DROP_INDEX = f"{MANUAL}/sql-dropindex.html"
REINDEX = f"{MANUAL}/sql-reindex.html"


def _concurrent(operation: CreateIndex | DropIndex | Reindex, schema: ReadOnlySchema) -> bool:
    return operation.concurrently


def _only_of_the_parent(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    """No partition gets one. Of a table without partitions ONLY says nothing."""
    table = schema.table(create.table)
    return create.only and not (table and table.complete and not table.partitioned)


def _in_partitions(create: CreateIndex, schema: ReadOnlySchema) -> bool:
    """The rows that it reads are those of partitions."""
    return bool(schema.partitions_of(create.table))


def _table(operation: DropIndex | Reindex, schema: ReadOnlySchema) -> Name | None:
    """Return the table of the index; None for one that no revision names."""
    if isinstance(operation, Reindex) and operation.target == "table":
        return operation.name
    if isinstance(operation, DropIndex) and operation.table:
        return operation.table
    if operation.name is None:
        return None
    found = schema.table_of_index(operation.name)
    return found.name if isinstance(found, Table) else None


def _own_table(operation: DropIndex | Reindex, schema: ReadOnlySchema) -> Name:
    """Return the table of the index, else the index itself: it is locked as well."""
    found = _table(operation, schema) or operation.name
    assert found is not None
    return found


def _of_one_table(reindex: Reindex, schema: ReadOnlySchema) -> bool:
    return reindex.target in ("index", "table") and reindex.name is not None


def _of_one_table_concurrently(reindex: Reindex, schema: ReadOnlySchema) -> bool:
    return reindex.concurrently and _of_one_table(reindex, schema)


def _partitions(
    operation: Operation,
    schema: ReadOnlySchema,
    *,
    table: Callable[[Operation, ReadOnlySchema], Name | None],
    lock: str,
    scans: bool = False,
) -> Iterator[TableEffect]:
    """Yield what happens to the partitions of the table, and to theirs."""
    found = table(operation, schema)
    waiting = list(schema.partitions_of(found)) if found else []
    while waiting:
        partition = waiting.pop(0)
        yield on(partition, lock, scans=scans)
        waiting += schema.partitions_of(partition)


def _indexed(operation: Operation, schema: ReadOnlySchema) -> Name | None:
    return operation.table if isinstance(operation, CreateIndex) else None


def _having(operation: Operation, schema: ReadOnlySchema) -> Name | None:
    return _table(operation, schema) if isinstance(operation, DropIndex | Reindex) else None


ROWS: tuple[Row, ...] = (
    row(
        CreateIndex,
        when=_concurrent,
        lock="SHARE UPDATE EXCLUSIVE",
        scans=True,
        source=f"{CREATE_INDEX}#SQL-CREATEINDEX-CONCURRENTLY",
    ),
    row(CreateIndex, when=_only_of_the_parent, lock="SHARE", source=CREATE_INDEX),
    row(
        CreateIndex,
        when=_in_partitions,
        lock="SHARE",
        related=partial(_partitions, table=_indexed, lock="SHARE", scans=True),
        source=CREATE_INDEX,
    ),
    row(CreateIndex, lock="SHARE", scans=True, source=CREATE_INDEX),
    row(
        DropIndex,
        when=_concurrent,
        lock="SHARE UPDATE EXCLUSIVE",
        table=_own_table,
        source=DROP_INDEX,
    ),
    row(
        DropIndex,
        lock="ACCESS EXCLUSIVE",
        table=_own_table,
        related=partial(_partitions, table=_having, lock="ACCESS EXCLUSIVE"),
        source=DROP_INDEX,
    ),
    row(
        Reindex,
        when=_of_one_table_concurrently,
        lock="SHARE UPDATE EXCLUSIVE",
        scans=True,
        table=_own_table,
        source=f"{REINDEX}#SQL-REINDEX-CONCURRENTLY",
    ),
    row(
        Reindex,
        when=_of_one_table,
        lock="SHARE",
        blocks=("reads",),  # which have to lock each index as they are planned
        scans=True,
        table=_own_table,
        related=partial(_partitions, table=_having, lock="SHARE", scans=True),
        source=REINDEX,
    ),
)
