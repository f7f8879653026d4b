"""Changes in tables as a whole, their partitions and their rows."""

from __future__ import annotations

from msgspec.structs import replace

from guard.operations import (
    AlterTable,
    AttachPartition,
    Constraint,
    CreateTable,
    Delete,
    DetachPartition,
    DropTable,
    Insert,
    Merge,
    Name,
    RenameTable,
    Truncate,
    Update,
    is_known,
)
from guard.schema.catalog import Draft
from guard.schema.columns import fill_columns, inline_constraints, stored
from guard.schema.constraints import with_constraint
from guard.schema.model import UNKNOWN, EnumType, Table, View
from guard.schema.storage import STORED_AS, stored_as
from guard.server import is_mysql

_KEYS = ("primary key", "unique")
DEFAULT = "default"  # the bounds of a default partition


def create_table(operation: CreateTable, draft: Draft) -> None:
    before = draft.table(operation.table)
    if before and (operation.if_not_exists or not draft.certain):
        return
    perhaps_there = operation.if_not_exists and before is UNKNOWN
    readable = [column for column in operation.columns if is_known(column.name)]
    table = Table(
        name=operation.table,
        columns=tuple(stored(draft, column, draft.revision) for column in readable),
        partitioned=operation.partitioned,
        partition_by=operation.partition_by,
        partition_of=operation.partition_of,
        temporary=operation.temporary,
        unlogged=operation.unlogged,
        storage=operation.storage,
        created_by=draft.revision,
        filled_by=draft.revision if operation.filled else None,
        filled=operation.filled,
        certain=not perhaps_there,
        complete=operation.complete
        and len(readable) == len(operation.columns)
        and not perhaps_there,
        born=draft.step,
    )
    if operation.like or operation.partition_of:
        table = _after_the_model_of(draft, table, operation)
    inline = [c for column in operation.columns for c in inline_constraints(column)]
    for constraint in _constraints(operation, draft):
        table = with_constraint(draft, table, constraint, inline=constraint in inline)
    draft.put(table)
    _create_enums(operation, draft)
    if operation.partition_of:
        default = operation.bounds == DEFAULT
        _join(draft, operation.partition_of, operation.table, default=default)


def _constraints(operation: CreateTable, draft: Draft) -> list[Constraint]:
    """Return the primary key first, then the constraints of columns, then those of the table.

    A key that repeats another is not made a second time, but on MySQL.
    """
    keys = [c for c in operation.constraints if c.type == "primary key"]
    columns = tuple(c.name for c in operation.columns if c.primary_key)
    if columns and not keys:
        keys = [Constraint(type="primary key", columns=columns)]
    inline = [c for column in operation.columns for c in inline_constraints(column)]
    written = inline + [c for c in operation.constraints if c.type != "primary key"]
    if is_mysql(draft.dialect):
        return keys + written
    return _merged(keys + written) + [c for c in written if c.type not in _KEYS]


def _merged(constraints: list[Constraint]) -> list[Constraint]:
    """Return the keys, each set of columns once, under the first name that was written for it."""
    keys: dict[tuple[str, ...], Constraint] = {}
    for key in constraints:
        if key.type in _KEYS:
            first = keys.setdefault(key.columns, key)
            keys[key.columns] = replace(first, name=first.name or key.name)
    return list(keys.values())


def _after_the_model_of(draft: Draft, table: Table, operation: CreateTable) -> Table:
    """Return the table with the columns of another; LIKE may bring more than is known here."""
    model_name = operation.like or operation.partition_of
    model = draft.table(model_name) if model_name else None
    if not model:
        return replace(table, complete=False)
    columns = tuple(replace(c, created_by=draft.revision) for c in model.columns)
    table = replace(table, columns=columns + table.columns)
    if operation.partition_of:
        return replace(
            table, constraints=model.constraints, complete=table.complete and model.complete
        )
    return replace(table, complete=False)


def _create_enums(operation: CreateTable, draft: Draft) -> None:
    """SQLAlchemy creates the enum types of a new table with it."""
    if draft.dialect != "postgresql":
        return
    for column in operation.columns:
        kind = column.type
        if not (kind and kind.enum_name and kind.create_type):
            continue
        if not draft.object("enum", kind.enum_name):
            draft.put_object(
                EnumType(name=kind.enum_name, values=kind.values, created_by=draft.revision)
            )


def drop_table(operation: DropTable, draft: Draft) -> None:
    if not operation.if_exists:
        draft.mention(operation.table)
    remove_table(draft, operation.table)
    if operation.cascade:  # no revision says which views read the table
        for item in draft.objects():
            if isinstance(item, View):
                draft.put_object(replace(item, certain=False))


def remove_table(draft: Draft, name: Name) -> None:
    """Take away a table with its partitions, and on PostgreSQL the foreign keys to it."""
    table = draft.table(name)
    if table:
        for partition in table.partitions:
            remove_table(draft, partition)
        if table.partition_of:
            _part(draft, table.partition_of, name)
        if draft.dialect == "postgresql":
            for other in draft.referrers(name):
                kept = tuple(c for c in other.constraints if not draft.same_table(c.target, name))
                draft.put(replace(other, constraints=kept))
    draft.drop(name)


def rename_table(operation: RenameTable, draft: Draft) -> None:
    schema = operation.new.schema or operation.table.schema
    move_table(draft, operation.table, Name(operation.new.name, schema))


def move_table(draft: Draft, old: Name, new: Name) -> None:
    """Give a table another name or schema, and everything that points at it."""
    for other in draft.referrers(old):
        draft.put(
            replace(
                other,
                constraints=tuple(
                    replace(c, target=new) if draft.same_table(c.target, old) else c
                    for c in other.constraints
                ),
            )
        )
    table = draft.table_or_new(old)
    parent = draft.table(table.partition_of) if table.partition_of else None
    if parent:
        moved = tuple(new if draft.same_table(p, old) else p for p in parent.partitions)
        default = parent.default_partition
        if draft.same_table(default, old):
            default = new
        draft.put(replace(parent, partitions=moved, default_partition=default))
    for partition in table.partitions:
        draft.put(replace(draft.table_or_new(partition), partition_of=new))
    draft.drop(old)
    draft.put(replace(table, name=new))


def alter_table(operation: AlterTable, draft: Draft) -> None:
    if operation.action in ("set-logged", "set-unlogged"):
        table = draft.table_or_new(operation.table)
        draft.put(replace(table, unlogged=operation.action == "set-unlogged"))
    elif operation.action in STORED_AS:
        draft.put(stored_as(draft.table_or_new(operation.table), operation))
    elif operation.action in ("enable-trigger", "disable-trigger"):
        _switch_triggers(operation, draft)


def _switch_triggers(operation: AlterTable, draft: Draft) -> None:
    """Turn one trigger on or off, or all."""
    table = draft.table_or_new(operation.table)
    named = (operation.detail or "").strip('"')
    objects = tuple(
        replace(o, enabled=operation.action == "enable-trigger")
        if o.object_type == "trigger"
        and (named.upper() in ("ALL", "USER") or draft.same(o.name.name, named))
        else o
        for o in table.objects
    )
    draft.put(replace(table, objects=objects))


# Partitions


def attach_partition(operation: AttachPartition, draft: Draft) -> None:
    _join(draft, operation.table, operation.partition, default=operation.default)


def detach_partition(operation: DetachPartition, draft: Draft) -> None:
    _part(draft, operation.table, operation.partition)
    draft.put(replace(draft.table_or_new(operation.partition), partition_of=None))


def _join(draft: Draft, parent: Name, child: Name, *, default: bool = False) -> None:
    part = replace(draft.table_or_new(child), partition_of=parent)
    draft.put(part)
    whole = draft.table_or_new(parent)
    others = tuple(p for p in whole.partitions if not draft.same_table(p, child))
    draft.put(
        replace(
            whole,
            partitioned=True,
            partitions=(*others, child),
            default_partition=child if default else whole.default_partition,
        )
    )
    if part.filled or part.created_by is None or part.created_by != draft.revision:
        _fill(draft, parent)


def _part(draft: Draft, parent: Name, child: Name) -> None:
    whole = draft.table_or_new(parent)
    default = whole.default_partition
    draft.put(
        replace(
            whole,
            partitions=tuple(p for p in whole.partitions if not draft.same_table(p, child)),
            default_partition=None if draft.same_table(default, child) else default,
        )
    )


# Rows


def fill(operation: Insert | Update | Merge, draft: Draft) -> None:
    if isinstance(operation, Insert) and operation.rows == 0:
        return
    if not isinstance(draft.object("view", operation.table), View):
        _fill(draft, operation.table)
    if isinstance(operation, Update):
        fill_columns(operation, draft)


def _fill(draft: Draft, name: Name) -> None:
    table = replace(draft.table_or_new(name), filled=True, filled_by=draft.revision)
    draft.put(table)
    family = [draft.table(n) for n in (*table.partitions, *filter(None, [table.partition_of]))]
    for relative in family:
        if relative and not relative.filled:
            _fill(draft, relative.name)


def empty(operation: Truncate | Delete, draft: Draft) -> None:
    table = draft.table(operation.table)
    if table and (isinstance(operation, Truncate) or operation.all_rows):
        draft.put(replace(table, filled=False, filled_by=None))
    elif isinstance(operation, Delete):
        fill_columns(operation, draft)
