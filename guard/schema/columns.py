"""Changes in the columns of a table."""

from __future__ import annotations

import re
from typing import TypedDict, Unpack

import msgspec
from msgspec.structs import replace

from guard.operations import (
    AddColumn,
    AlterColumn,
    ChangeColumnType,
    Column,
    Constraint,
    Default,
    Delete,
    DropColumn,
    DropDefault,
    DropNotNull,
    Generated,
    ModifyColumn,
    Name,
    RenameColumn,
    SetComment,
    SetDefault,
    SetNotNull,
    Type,
    Update,
    is_known,
)
from guard.patterns import lazy_re
from guard.schema.catalog import Draft
from guard.schema.constraints import with_constraint, with_renamed_column, without_column
from guard.schema.model import Filled, StoredColumn, Table
from guard.server import as_stored
from guard.sql.expressions import read_expression

_COALESCE = lazy_re(r"\b(COALESCE|IFNULL)\s*\(", re.I)


def stored(draft: Draft, column: Column, created_by: str | None) -> StoredColumn:
    """Return the column as the server keeps it: its keys and constraints belong to the table."""
    counts = column.generated and column.generated.by in ("serial", "identity")
    fields = msgspec.structs.asdict(column) | {
        "name": as_stored(column.name, draft.dialect),
        "nullable": column.nullable and not counts,
        "primary_key": False,
        "unique": False,
        "constraints": (),
    }
    return StoredColumn(**fields, created_by=created_by)


def inline_constraints(column: Column) -> list[Constraint]:
    """Return the constraints written inside a column, all but its primary key."""
    unique = [Constraint(type="unique", columns=(column.name,))] if column.unique else []
    return unique + [
        replace(constraint, columns=constraint.columns or (column.name,))
        for constraint in column.constraints
    ]


def add_column(operation: AddColumn, draft: Draft) -> None:
    table, column = draft.table_or_new(operation.table), operation.column
    if not is_known(column.name):
        draft.put(replace(table, complete=False))
        return
    present = any(draft.same(c.name, column.name) for c in table.columns)
    if present and (operation.if_not_exists or not draft.certain):
        return
    others = tuple(c for c in table.columns if not draft.same(c.name, column.name))
    new = replace(
        stored(draft, column, draft.revision), added=True, filled=_filled_by_default(draft, column)
    )
    if operation.if_not_exists and not table.complete:
        new = replace(new, certain=False)
    columns = _placed(draft, others, new, operation.position)
    draft.put(_with_keys(draft, replace(table, columns=columns), column))


def _filled_by_default(draft: Draft, column: Column) -> Filled | None:
    """Return whether its default gives the rows a value that are there when it is added."""
    if column.generated:
        return "all"
    if column.default is None:
        return None
    sql = column.default.sql
    null = sql is not None and read_expression(sql, draft.dialect).is_null
    return None if null else "all"


def _with_keys(draft: Draft, table: Table, column: Column) -> Table:
    if column.primary_key:
        key = Constraint(type="primary key", columns=(column.name,))
        table = with_constraint(draft, table, key)
    for constraint in inline_constraints(column):
        table = with_constraint(draft, table, constraint, inline=True)
    return table


def _placed(
    draft: Draft, others: tuple[StoredColumn, ...], new: StoredColumn, position: str | None
) -> tuple[StoredColumn, ...]:
    where = len(others)
    if position == "first":
        where = 0
    elif position and position.startswith("after "):
        after = position.removeprefix("after ")
        names = [draft.same(c.name, after) for c in others]
        where = names.index(True) + 1 if True in names else where
    return (*others[:where], new, *others[where:])


def drop_column(operation: DropColumn, draft: Draft) -> None:
    table, column = draft.table_or_new(operation.table), operation.column
    if not is_known(column):
        draft.put(replace(table, certain=False))
        return
    draft.put(without_column(draft, table, column))
    if draft.dialect != "postgresql":  # others refuse, or keep foreign keys that lead nowhere
        return
    for other in draft.referrers(table.name):
        kept = tuple(
            c
            for c in other.constraints
            if not draft.same_table(c.target, table.name)
            or not any(draft.same(name, column) for name in c.target_columns)
        )
        if len(kept) != len(other.constraints):
            draft.put(replace(other, constraints=kept))


def rename_column(operation: RenameColumn, draft: Draft) -> None:
    _rename(draft, operation.table, operation.column, operation.new)


def _rename(draft: Draft, name: Name, old: str, new: str) -> None:
    table, new = draft.table_or_new(name), as_stored(new, draft.dialect)
    if not (is_known(old) and is_known(new)):
        draft.put(replace(table, certain=False, complete=False))
        return
    if not any(draft.same(c.name, old) for c in table.columns):
        column = StoredColumn(name=new, certain=False)
        table = replace(table, columns=(*table.columns, column))
    draft.put(with_renamed_column(draft, table, old, new))
    for other in draft.referrers(name):
        draft.put(
            replace(
                other,
                constraints=tuple(
                    replace(
                        c,
                        target_columns=tuple(
                            new if draft.same(t, old) else t for t in c.target_columns
                        ),
                    )
                    if draft.same_table(c.target, name)
                    else c
                    for c in other.constraints
                ),
            )
        )


def modify_column(operation: ModifyColumn, draft: Draft) -> None:
    """MODIFY and CHANGE: the column becomes as newly defined; its keys stay."""
    column = operation.column
    if operation.new and not draft.same(operation.new, column.name):
        _rename(draft, operation.table, column.name, operation.new)
        column = replace(column, name=operation.new)
    table = draft.table_or_new(operation.table)
    before = next((c for c in table.columns if draft.same(c.name, column.name)), None)
    new = stored(draft, column, before.created_by if before else None)
    if before:
        loosened = new.nullable and not before.nullable  # as DROP NOT NULL does
        new = replace(new, filled=None if loosened else before.filled, added=before.added)
    if any(draft.same(new.name, name) for name in table.primary_key):
        new = replace(new, nullable=False)
    if before and not operation.position:
        columns = tuple(new if c is before else c for c in table.columns)
    else:
        others = tuple(c for c in table.columns if c is not before)
        columns = _placed(draft, others, new, operation.position)
    draft.put(_with_keys(draft, replace(table, columns=columns), column))


def change_column_type(operation: ChangeColumnType, draft: Draft) -> None:
    _change(draft, operation.table, operation.column, type=operation.type)
    if operation.using and _COALESCE.search(operation.using):
        _change(draft, operation.table, operation.column, filled="all")


def set_not_null(operation: SetNotNull, draft: Draft) -> None:
    _change(draft, operation.table, operation.column, nullable=False)


def drop_not_null(operation: DropNotNull, draft: Draft) -> None:
    """DROP NOT NULL: PostgreSQL drops the constraint that says it as well, validated or not."""
    _change(draft, operation.table, operation.column, nullable=True, filled=None)
    table = draft.table_or_new(operation.table)
    left = tuple(c for c in table.constraints if not _says_not_null(draft, c, operation.column))
    if left != table.constraints:
        draft.put(replace(table, constraints=left))


def _says_not_null(draft: Draft, constraint: Constraint, column: str) -> bool:
    named = any(draft.same(name, column) for name in constraint.columns)
    return constraint.type == "not null" and named


def set_default(operation: SetDefault, draft: Draft) -> None:
    _change(draft, operation.table, operation.column, default=operation.default)


def drop_default(operation: DropDefault, draft: Draft) -> None:
    _change(draft, operation.table, operation.column, default=None)


def alter_column(operation: AlterColumn, draft: Draft) -> None:
    if operation.action in ("drop-expression", "drop-identity"):
        _change(draft, operation.table, operation.column, generated=None)
    elif operation.action == "add-identity":
        _change(draft, operation.table, operation.column, generated=Generated(by="identity"))


def set_comment(operation: SetComment, draft: Draft) -> None:
    table, comment = draft.table(operation.name), operation.comment
    if operation.object_type not in ("table", "column") or not table:
        return
    if operation.column is None:
        draft.put(replace(table, comment=comment))
        return
    columns = tuple(
        replace(c, comment=comment) if draft.same(c.name, operation.column) else c
        for c in table.columns
    )
    draft.put(replace(table, columns=columns))


class _Changes(TypedDict, total=False):
    """The fields of a column that an operation may change."""

    type: Type | None
    nullable: bool
    default: Default | None
    generated: Generated | None
    filled: Filled | None


def fill_columns(operation: Update | Delete, draft: Draft) -> None:
    """Note which columns have values since, by an UPDATE or as the rows with NULLs went."""
    if isinstance(operation, Delete):
        for column in _TESTED.findall(operation.where or ""):
            if _takes_nulls(column, operation.where or ""):
                _change(draft, operation.table, column, filled="all")
        return
    for name in filter(is_known, operation.columns):
        every = _fills_all(operation, name, draft)
        _change(draft, operation.table, name, filled="all" if every else "some")


def _fills_all(update: Update, column: str, draft: Draft) -> bool:
    """Return whether no row is without a value after it."""
    if update.copy and update.copy.source == update.table:
        taken = dict(zip(update.columns, update.copy.columns, strict=False)).get(column)
        table = draft.table(update.table)
        for other in table.columns if table else ():
            if taken and draft.same(other.name, taken) and other.nullable and other.certain:
                return other.filled == "all"
    return update.all_rows or _takes_nulls(column, update.where or "")


# In batches: WHERE c IS NULL AND id BETWEEN 1 AND 1000, WHERE id IN (SELECT ... LIMIT 1000)
_TESTED = lazy_re(r"(\w+)[\"`]?\s+IS\s+NULL\b", re.I)
_BATCH = lazy_re(r"\b(BETWEEN|LIMIT|SELECT)\b|[:{?%]", re.I)


def _takes_nulls(column: str, where: str) -> bool:
    """Return whether a condition takes the rows in which the column is NULL, all or a batch."""
    if not re.search(rf"\b{re.escape(column)}\W+IS\s+NULL\b", where, re.I):
        return False
    return not re.search(r"\bAND\b", where, re.I) or bool(_BATCH.search(where))


def _change(draft: Draft, name: Name, column: str, **changes: Unpack[_Changes]) -> None:
    """Change some fields of a column; one that no revision made is there all the same."""
    table = draft.table_or_new(name)
    if not is_known(column):
        draft.put(replace(table, certain=False))
        return
    columns = [replace(c, **changes) if draft.same(c.name, column) else c for c in table.columns]
    if not any(draft.same(c.name, column) for c in columns):
        columns.append(StoredColumn(name=column, certain=False, **changes))
    draft.put(replace(table, columns=tuple(columns)))
