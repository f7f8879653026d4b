"""What partitions do on PostgreSQL: those made, attached, detached, dropped."""

from __future__ import annotations

from collections.abc import Iterator

from guard.effects.effect import TableEffect
from guard.effects.postgresql.bounds import excludes_bounds, implies_bounds
from guard.effects.row import Row, on, row
from guard.operations import AttachPartition, CreateTable, DetachPartition, DropTable, Name
from guard.schema.model import ReadOnlySchema

PARTITIONS = "https://www.postgresql.org/docs/current/ddl-partitioning.html"
ALTER_TABLE = "https://www.postgresql.org/docs/current/sql-altertable.html"
CREATE_TABLE = "https://www.postgresql.org/docs/current/sql-createtable.html"
ALL_WAIT = "ACCESS EXCLUSIVE"


def _default(
    parent: Name, but: Name, bounds: str | None, schema: ReadOnlySchema
) -> Iterator[TableEffect]:
    """Yield what happens to the default partition: it must hold none of the new one's rows."""
    whole = schema.table(parent)
    found = whole.default_partition if whole else None
    if found is not None and found != but:
        scans = bounds is not None and not excludes_bounds(found, parent, bounds, schema)
        yield on(found, ALL_WAIT, scans=scans)


def _attached(attach: AttachPartition, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    scans = not implies_bounds(attach.partition, attach.table, attach.bounds, schema)
    if attach.default:
        whole = schema.table(attach.table)
        scans = not (whole and whole.certain and whole.complete and not whole.partitions)
    yield on(attach.partition, ALL_WAIT, scans=scans)
    if not attach.default:
        yield from _default(attach.table, attach.partition, attach.bounds or "", schema)


def _detached(detach: DetachPartition, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    yield on(detach.partition, ALL_WAIT)
    if not detach.concurrently and not detach.finalize:
        yield from _default(detach.table, detach.partition, None, schema)


def _made(create: CreateTable, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    bounds = None if create.bounds == "default" else create.bounds or ""
    yield from _default(_whole(create, schema), create.table, bounds, schema)


def _whole(create: CreateTable, schema: ReadOnlySchema) -> Name:
    assert create.partition_of is not None
    return create.partition_of


def _is_partition(create: CreateTable, schema: ReadOnlySchema) -> bool:
    return create.partition_of is not None


def _is_concurrent(detach: DetachPartition, schema: ReadOnlySchema) -> bool:
    return detach.concurrently or detach.finalize


def _of_partitioned(drop: DropTable, schema: ReadOnlySchema) -> bool:
    return bool(schema.partition_of(drop.table))


def _dropped(drop: DropTable, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    parent = schema.partition_of(drop.table)
    if isinstance(parent, Name):
        yield on(parent, ALL_WAIT)
        yield from _default(parent, drop.table, None, schema)


ROWS: tuple[Row, ...] = (
    row(
        AttachPartition,
        lock="SHARE UPDATE EXCLUSIVE",
        related=_attached,
        source=f"{PARTITIONS}#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
    ),
    row(
        DetachPartition,
        when=_is_concurrent,
        lock="SHARE UPDATE EXCLUSIVE",
        related=_detached,
        since=(14,),
        source=f"{ALTER_TABLE}#SQL-ALTERTABLE-DETACH-PARTITION",
    ),
    row(
        DetachPartition,
        lock=ALL_WAIT,
        related=_detached,
        source=f"{ALTER_TABLE}#SQL-ALTERTABLE-DETACH-PARTITION",
    ),
    row(
        CreateTable,
        when=_is_partition,
        table=_whole,
        lock=ALL_WAIT,
        related=_made,
        source=f"{CREATE_TABLE}#SQL-CREATETABLE-PARTITION",
    ),
    row(
        DropTable,
        when=_of_partitioned,
        lock=ALL_WAIT,
        related=_dropped,
        source=f"{PARTITIONS}#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
    ),
)
