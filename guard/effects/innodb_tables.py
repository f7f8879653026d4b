"""What changes of whole tables do with InnoDB and beside it, on MySQL and MariaDB alike."""

from __future__ import annotations

from collections.abc import Iterator

from guard.action_words import TableAction
from guard.effects import innodb
from guard.effects.innodb import has_fulltext
from guard.effects.row import Row, row
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterTable,
    CreateIndex,
    DropColumn,
    DropTable,
    LockTable,
    Maintenance,
    ModifyColumn,
    RenameColumn,
    RenameTable,
    Truncate,
)
from guard.schema.model import ReadOnlySchema

# Built anew beside the traffic; copied while writes wait; noted and no more.
_REBUILT: tuple[TableAction, ...] = ("force", "key-block-size", "row-format", "tablespace")
_COPIED: tuple[TableAction, ...] = (
    *("add-system-versioning", "coalesce-partition", "encryption", "optimize-partition"),
    *("order-by", "partition-by", "rebuild-partition", "remove-partitioning"),
    "reorganize-partition",
)
_NOTED: tuple[TableAction, ...] = (
    *("add-partition", "auto-increment", "character-set", "collate", "comment", "compression"),
    *("drop-partition", "stats-auto-recalc", "stats-persistent", "stats-sample-pages"),
    "truncate-partition",
)
_REBUILT_OTHERS = ("encrypted", "page-compress")  # MariaDB's own


def rows(alter_table: str, online_ddl: str, partitions: str, page: str) -> tuple[Row, ...]:
    """Return the rows; the first three are pages of the manual, `page` is one with {} for a name.

    Conversions of character sets are not among them: the two servers differ there.
    """

    def named(statement: str) -> str:
        return page.format(statement)

    return (
        row(
            AlterTable,
            when=_is_rebuilt_with_fulltext,
            lock="LOCK=SHARED",
            rewrites=True,
            source=online_ddl,
        ),
        row(AlterTable, when=_is_rebuilt, lock="LOCK=NONE", rewrites=True, source=online_ddl),
        row(
            AlterTable, when=_changes_engine, lock="LOCK=SHARED", rewrites=True, source=alter_table
        ),
        row(AlterTable, when=_is_copied, lock="LOCK=SHARED", rewrites=True, source=partitions),
        row(AlterTable, when=_is_noted, lock="LOCK=NONE", source=alter_table),
        row(
            Maintenance, when=_optimizes, lock="LOCK=NONE", rewrites=True, source=named("optimize")
        ),
        row(RenameColumn, lock="LOCK=NONE", source=alter_table),
        row(RenameTable, lock="LOCK=EXCLUSIVE", source=named("rename")),
        row(DropTable, lock="LOCK=EXCLUSIVE", source=named("drop")),
        row(Truncate, lock="LOCK=EXCLUSIVE", source=named("truncate")),
        row(LockTable, when=_only_reads, lock="LOCK=SHARED", source=alter_table),
        row(LockTable, lock="LOCK=EXCLUSIVE", source=alter_table),
    )


def other_engines(source: str) -> Iterator[Row]:
    """Yield the rows of tables that are not InnoDB's: MyISAM and Aria copy nearly always."""
    yield row(AddColumn, when=innodb.is_elsewhere, lock="LOCK=SHARED", rewrites=True, source=source)
    yield row(
        DropColumn, when=innodb.is_elsewhere, lock="LOCK=SHARED", rewrites=True, source=source
    )
    yield row(
        CreateIndex,
        when=innodb.is_elsewhere,
        lock="LOCK=SHARED",
        scans=True,
        rewrites=True,
        source=source,
    )
    yield row(
        AddConstraint, when=innodb.is_elsewhere, lock="LOCK=SHARED", rewrites=True, source=source
    )
    yield row(
        ModifyColumn,
        when=innodb.changes_nullability_elsewhere,
        lock="LOCK=SHARED",
        rewrites=True,
        source=source,
    )


def is_converted(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    """Return whether all its text gets another character set."""
    return alter.action == "convert-to-character-set"


def new_charset(alter: AlterTable) -> str:
    """Return the character set that a conversion names."""
    words = (alter.detail or "").lower().replace("=", " ").split() or [""]
    return words[0].strip("'\"`")


def _stays_innodb(alter: AlterTable) -> bool:
    return alter.action == "engine" and (alter.detail or "").strip("'\"`").lower() == "innodb"


def _is_rebuilt(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    other = alter.action == "other" and (alter.detail or "").startswith(_REBUILT_OTHERS)
    return alter.action in _REBUILT or other or _stays_innodb(alter)


def _is_rebuilt_with_fulltext(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    """Return whether it is built anew and has an index that rules out writes meanwhile."""
    return _is_rebuilt(alter, schema) and has_fulltext(alter, schema)


def _changes_engine(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action == "engine"


def _is_copied(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    """Return whether rows are copied; more partitions of a hash take some from the others."""
    more = alter.action == "add-partition" and (alter.detail or "").upper().startswith("PARTITIONS")
    return alter.action in _COPIED or more


def _is_noted(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action in _NOTED


def _optimizes(maintenance: Maintenance, schema: ReadOnlySchema) -> bool:
    return maintenance.command == "optimize" and maintenance.table is not None


def _only_reads(lock: LockTable, schema: ReadOnlySchema) -> bool:
    return lock.mode in ("read", "read local")
