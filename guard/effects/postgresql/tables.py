"""What changes of whole tables do on PostgreSQL: storage, triggers, policies, upkeep, renames."""

from __future__ import annotations

from collections.abc import Iterator

from guard.action_words import TableAction
from guard.effects.effect import TableEffect
from guard.effects.row import Row, on, row
from guard.operations import (
    AlterObject,
    AlterTable,
    CreateObject,
    CreateView,
    DropObject,
    DropTable,
    LockTable,
    Maintenance,
    Name,
    RefreshMaterializedView,
    RenameColumn,
    RenameObject,
    RenameTable,
    SetComment,
    Truncate,
)
from guard.schema.model import ReadOnlySchema, View

PAGES = "https://www.postgresql.org/docs/current/"
ALTER_TABLE = f"{PAGES}sql-altertable.html"
LOCKS = f"{PAGES}explicit-locking.html"
ALL_WAIT = "ACCESS EXCLUSIVE"
NO_DDL = "SHARE UPDATE EXCLUSIVE"
NO_WRITES = "SHARE ROW EXCLUSIVE"

# ALTER TABLE

_LIGHT: tuple[TableAction, ...] = (
    "cluster-on",
    "reset-storage-parameters",
    "set-storage-parameters",
    "set-without-cluster",
)
_SWITCHES: tuple[TableAction, ...] = ("disable-trigger", "enable-trigger")
_REWRITES: tuple[TableAction, ...] = (
    "set-access-method",
    "set-logged",
    "set-tablespace",
    "set-unlogged",
)


def _is_light(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action in _LIGHT and "user_catalog_table" not in (alter.detail or "").lower()


def _switches_triggers(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    return alter.action in _SWITCHES


def _writes_anew(alter: AlterTable, schema: ReadOnlySchema) -> bool:
    """Return whether the table is stored anew; what it has already changes nothing."""
    if alter.action not in _REWRITES:
        return False
    table = schema.table(alter.table)
    if not table or not table.certain:
        return True
    if table.partitioned:  # has no rows of its own
        return False
    made = table.complete or table.created_by is not None
    logged = made and not table.unlogged
    asked = (alter.detail or "").strip('"').lower()
    already = {
        "set-logged": logged,
        "set-unlogged": table.unlogged,
        "set-access-method": asked == (table.storage.access_method or "heap"),
        "set-tablespace": asked == (table.storage.tablespace or "pg_default"),
    }
    return not already.get(alter.action, False)


# Upkeep


def _command(maintenance: Maintenance) -> str:
    if maintenance.table is None:
        return ""
    full = maintenance.command == "vacuum" and maintenance.full
    return "vacuum full" if full else maintenance.command


def _stores_anew(maintenance: Maintenance, schema: ReadOnlySchema) -> bool:
    return _command(maintenance) in ("vacuum full", "cluster")


def _is_beside(maintenance: Maintenance, schema: ReadOnlySchema) -> bool:
    return _command(maintenance) in ("vacuum", "analyze")


def _is_concurrent(refresh: RefreshMaterializedView, schema: ReadOnlySchema) -> bool:
    return refresh.concurrently


def _is_filled(refresh: RefreshMaterializedView, schema: ReadOnlySchema) -> bool:
    return refresh.with_data


def _emptied_with(truncate: Truncate, schema: ReadOnlySchema) -> Iterator[TableEffect]:
    """Yield the partitions, and with CASCADE the tables whose foreign keys lead here."""
    names = {*schema.partitions_of(truncate.table)}
    names |= {one.table for one in schema.references_to(truncate.table) if truncate.cascade}
    yield from (on(name, ALL_WAIT) for name in sorted(names, key=str))


def _locked(mode: str) -> Row:
    def asks(lock: LockTable, schema: ReadOnlySchema) -> bool:
        return (lock.mode or "access exclusive").upper() == mode

    return row(LockTable, when=asks, lock=mode, source=f"{PAGES}sql-lock.html")


# Triggers, policies, rules, views


def _is_trigger(made: CreateObject, schema: ReadOnlySchema) -> bool:
    return made.object_type == "trigger" and made.table is not None


def _belongs_to_table(made: CreateObject, schema: ReadOnlySchema) -> bool:
    return made.object_type in ("policy", "rule") and made.table is not None


def _is_dropped_of_table(drop: DropObject, schema: ReadOnlySchema) -> bool:
    return drop.table is not None or drop.object_type in ("view", "materialized view")


def _is_policy(alter: AlterObject, schema: ReadOnlySchema) -> bool:
    return alter.object_type == "policy" and alter.table is not None


def _is_view(alter: AlterObject, schema: ReadOnlySchema) -> bool:
    return alter.object_type in ("view", "materialized view")


def _is_renamed_view(rename: RenameObject, schema: ReadOnlySchema) -> bool:
    return rename.object_type in ("view", "materialized view")


def _is_there(create: CreateView, schema: ReadOnlySchema) -> bool:
    return create.replace and isinstance(schema.view(create.name), View)


def _is_of_table(comment: SetComment, schema: ReadOnlySchema) -> bool:
    return comment.object_type in ("table", "column")


def _commented(comment: SetComment, schema: ReadOnlySchema) -> Name:
    return comment.name


ROWS: tuple[Row, ...] = (
    row(AlterTable, when=_is_light, lock=NO_DDL, source=ALTER_TABLE),
    row(AlterTable, when=_switches_triggers, lock=NO_WRITES, source=ALTER_TABLE),
    row(AlterTable, when=_writes_anew, lock=ALL_WAIT, rewrites=True, source=ALTER_TABLE),
    row(AlterTable, lock=ALL_WAIT, source=ALTER_TABLE),
    row(DropTable, lock=ALL_WAIT, source=f"{PAGES}sql-droptable.html"),
    row(RenameTable, lock=ALL_WAIT, source=ALTER_TABLE),
    row(RenameColumn, lock=ALL_WAIT, source=ALTER_TABLE),
    row(
        Maintenance,
        when=_stores_anew,
        lock=ALL_WAIT,
        rewrites=True,
        source=f"{PAGES}routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY",
    ),
    row(Maintenance, when=_is_beside, lock=NO_DDL, source=LOCKS),
    row(
        RefreshMaterializedView,
        when=_is_concurrent,
        lock="EXCLUSIVE",
        scans=True,
        source=f"{PAGES}sql-refreshmaterializedview.html",
    ),
    row(
        RefreshMaterializedView,
        when=_is_filled,
        lock=ALL_WAIT,
        rewrites=True,
        source=f"{PAGES}sql-refreshmaterializedview.html",
    ),
    row(
        RefreshMaterializedView,
        lock=ALL_WAIT,
        source=f"{PAGES}sql-refreshmaterializedview.html",
    ),
    row(Truncate, lock=ALL_WAIT, related=_emptied_with, source=f"{PAGES}sql-truncate.html"),
    *map(
        _locked,
        (
            *("ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", NO_DDL),
            *("SHARE", NO_WRITES, "EXCLUSIVE", ALL_WAIT),
        ),
    ),
    row(CreateObject, when=_is_trigger, lock=NO_WRITES, source=LOCKS),
    row(CreateObject, when=_belongs_to_table, lock=ALL_WAIT, source=LOCKS),
    row(DropObject, when=_is_dropped_of_table, lock=ALL_WAIT, source=LOCKS),
    row(AlterObject, when=_is_policy, lock=ALL_WAIT, source=LOCKS),
    row(AlterObject, when=_is_view, lock=ALL_WAIT, source=LOCKS),
    row(RenameObject, when=_is_renamed_view, lock=ALL_WAIT, source=LOCKS),
    row(CreateView, when=_is_there, lock=ALL_WAIT, source=LOCKS),
    row(
        SetComment,
        when=_is_of_table,
        table=_commented,
        lock=NO_DDL,
        source=f"{PAGES}sql-comment.html",
    ),
)
