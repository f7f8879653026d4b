"""Follows values from column to column: what is left of those that a revision drops.

Each column of each table holds the values of one column, named as it was before the first
statement, or values that are new. A copy carries them on, a drop ends them, a rename moves them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from guard.context import Remains
from guard.judge.replay import Step
from guard.operations import (
    AddColumn,
    Copy,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    ModifyColumn,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    Truncate,
    Update,
    is_known,
)
from guard.patterns import lazy_re
from guard.schema.model import Missing, Table
from guard.schema.names import Key, key_of
from guard.server import fold
from guard.sql.expressions import read_expression
from guard.statement import Statement

_READS = lazy_re(r"\b(?:FROM|SELECT|JOIN)\b", re.IGNORECASE)


class _Origin(msgspec.Struct, frozen=True):
    """The column that values came from; `whole`: no row is left out."""

    table: Key
    column: str
    whole: bool = True


class _Holding(msgspec.Struct, frozen=True):
    """What a table holds: by column, and of every other column the `rest` of a table."""

    name: Name
    columns: dict[str, _Origin | None]
    rest: _Origin | None = None

    def origin(self, column: str) -> _Origin | None:
        if column in self.columns:
            return self.columns[column]
        return replace(self.rest, column=column) if self.rest else None

    def with_column(self, column: str, origin: _Origin | None) -> _Holding:
        return replace(self, columns={**self.columns, column: origin})

    def without_rows(self) -> _Holding:
        """Return it after some of its rows went: what was copied into it is no longer whole."""
        columns = {c: o and replace(o, whole=False) for c, o in self.columns.items()}
        return replace(self, columns=columns, rest=self.rest and replace(self.rest, whole=False))

    def kept(self, table: Key) -> dict[str, _Origin]:
        """Return what it holds of that table, by the column it came from; "*" for all others."""
        found = [o for o in (*self.columns.values(), self.rest) if o and o.table == table]
        return {origin.column: origin for origin in found}


class _Values:
    """The holdings of all tables while statements run; what no statement touched is its own."""

    def __init__(self, dialect: str | None) -> None:
        self.dialect = dialect
        self.held: dict[Key, _Holding] = {}

    def key(self, name: Name) -> Key:
        return key_of(name, self.dialect)

    def fold(self, column: str) -> str:
        return fold(column, self.dialect)

    def of(self, name: Name) -> _Holding:
        return replace(self.at(self.key(name)), name=name)

    def at(self, key: Key) -> _Holding:
        schema, name = key
        return self.held.get(key) or _Holding(Name(name, schema or None), {}, _Origin(key, "*"))

    def put(self, holding: _Holding) -> None:
        self.held[self.key(holding.name)] = holding

    def run(self, steps: Sequence[Step], beside: Statement) -> _Values:
        """Let the steps run that run together with that statement."""
        for step in steps:
            one = step.statement
            both = one.dialects is None or any(map(one.applies_to, beside.dialects or one.dialects))
            if one.database != beside.database or not both:
                continue
            sure = one.condition is None or one.guarded or one.condition == beside.condition
            for operation in one.operations:
                self._apply(operation, step, sure)
        return self

    def _apply(self, operation: Operation, step: Step, sure: bool) -> None:
        match operation:
            case CreateTable(table=table, if_not_exists=perhaps):
                if not (perhaps and step.schema.table(table)):
                    self.put(_Holding(table, {}))
                    self._fill(table, operation.copy, step, sure)
            case Insert(table=table, copy=copy):
                self._fill(table, copy, step, sure)
            case Update():
                self._update(operation, sure)
            case (
                Truncate(table=table) | DropTable(table=table) | Delete(table=table, all_rows=True)
            ):
                self.put(_Holding(table, {}))
            case Delete(table=table) if self.of(table).rest != _Origin(self.key(table), "*"):
                self.put(self.of(table).without_rows())
            case RenameTable(table=old, new=new):
                holding = self.of(old)
                self.put(_Holding(old, {}))
                self.put(replace(holding, name=Name(new.name, new.schema or old.schema)))
            case AddColumn(table=table, column=column):
                self.put(self.of(table).with_column(self.fold(column.name), None))
            case DropColumn(table=table, column=name):
                self.put(self.of(table).with_column(self.fold(name), None))
            case RenameColumn(table=table, column=name, new=new):
                self._rename(table, name, new)
            case ModifyColumn(table=table, column=column, new=str() as new):
                self._rename(table, column.name, new)

    def _rename(self, table: Name, column: str, new: str) -> None:
        holding = self.of(table)
        moved = holding.with_column(self.fold(new), holding.origin(self.fold(column)))
        self.put(moved.with_column(self.fold(column), None))

    def _fill(self, table: Name, copy: Copy | None, step: Step, sure: bool) -> None:
        """Put what a query takes from a table into another."""
        if copy is None or not is_known(copy.source):
            return
        source, holding = self.of(copy.source), self.of(table)
        whole = sure and copy.all_rows
        pairs = _pairs(copy, step.schema.table(table), step.schema.table(copy.source))
        if pairs is None and source.rest:
            holding = replace(holding, rest=replace(source.rest, whole=source.rest.whole and whole))
        taken = {c: c for c in source.columns} if pairs is None else dict(pairs)
        for name, column in taken.items():
            origin = source.origin(self.fold(column)) if column else None
            if origin:
                origin = replace(origin, whole=origin.whole and whole)
                holding = holding.with_column(self.fold(name), origin)
        self.put(holding)

    def _update(self, update: Update, sure: bool) -> None:
        before = holding = self.of(update.table)
        copy = update.copy
        taken = copy.columns if copy else (None,) * len(update.columns)
        for name, column in zip(update.columns, taken, strict=False):
            target = self.fold(name)
            origin = None
            if copy and column:
                source = before if copy.source == update.table else self.of(copy.source)
                origin = source.origin(self.fold(column))
                covers = sure and (copy.all_rows or self._covers(update, name, column, before))
                origin = origin and replace(origin, whole=origin.whole and covers)
            if before.origin(target) and self._only_nulls(update, name):
                continue  # the values that are there stay
            holding = holding.with_column(target, origin)
        self.put(holding)

    def _only_nulls(self, update: Update, column: str) -> bool:
        """Return whether the UPDATE leaves every row alone where the column has a value."""
        if update.where is None:
            return False
        nulls = read_expression(update.where, self.dialect).nulls
        return self.fold(column) in map(self.fold, nulls)

    def _covers(self, update: Update, target: str, source: str, before: _Holding) -> bool:
        """Return whether a copy with a WHERE takes every value that is there all the same."""
        if before.origin(self.fold(target)) is None and self._only_nulls(update, target):
            return True
        condition = read_expression(update.where or "", self.dialect)
        alone = all(self.fold(name) == self.fold(source) for name in condition.columns)
        return alone and condition.forbids_null(source) is True


def _pairs(
    copy: Copy, target: Table | Missing, source: Table | Missing
) -> Sequence[tuple[str, str | None]] | None:
    """Return each column that gets a value with the one it comes from; None: all, by their names.

    Where it is not written, both stand in the order of their table's columns.
    """
    taken = copy.columns
    if taken == ("*",):
        if not source or not source.complete:
            return None
        taken = tuple(column.name for column in source.columns)
    names = copy.names
    if not names and target and target.complete:
        names = tuple(column.name for column in target.columns)
    return [*zip(names or [column or "" for column in taken], taken, strict=False)]


def remains_of(
    table: Name,
    column: str | None,
    steps: Sequence[Step],
    back: Sequence[Step],
    statement: Statement,
) -> Remains | None:
    """Return where the rows of the table, or the column's values, are after `steps`; None: nowhere.

    `back` are the steps of the opposite direction, `statement` is the one that drops it.
    """
    index = next((i for i, step in enumerate(steps) if step.statement is statement), None)
    if index is None or (column is not None and not _carry(steps)):
        return None
    schema = steps[index].schema
    before = _Values(schema.dialect).run(steps[:index], statement).of(table)
    after = _Values(schema.dialect).run(steps, statement)
    if column is not None:
        origin = before.origin(after.fold(column))
        return _column_remains(origin, after, back, statement) if origin else None
    if before.rest is None:
        return None
    key, columns = before.rest.table, _columns_of(schema.table(table), after)
    if columns is not None:  # as they were called before the first statement
        origins = [before.origin(column) for column in columns]
        columns = [origin.column for origin in origins if origin and origin.table == key]
    return _rows_remain(key, columns, after, back, statement)


def _carry(steps: Sequence[Step]) -> bool:
    """Return whether any of the steps brings values of a column to another."""
    return any(_carries(one) for step in steps for one in step.statement.operations)


def _carries(operation: Operation) -> bool:
    match operation:
        case Insert(copy=copy) | Update(copy=copy) | CreateTable(copy=copy):
            return copy is not None
        case RenameTable() | RenameColumn():
            return True
        case ModifyColumn(new=new):
            return new is not None
    return False


def writes_again(
    table: Name, column: str | None, back: Sequence[Step], statement: Statement
) -> bool:
    """Return whether `back` writes rows of the table, or values of the column, that it finds.

    That is in a loop, or of a column with an UPDATE that reads another table.
    """
    values = _Values(back[0].schema.dialect if back else None)
    return any(
        values.key(operation.table) == values.key(table)
        and (column is None or values.fold(column) in map(values.fold, operation.columns))
        for step in back
        if step.statement.database == statement.database
        for operation in step.statement.operations
        if isinstance(operation, Insert if column is None else Insert | Update)
        and (step.statement.repeated or _finds(operation, step.statement))
    )


def _finds(operation: Insert | Update, statement: Statement) -> bool:
    """Return whether an UPDATE takes its values from another table, as far as that has them."""
    if not isinstance(operation, Update):
        return False
    return _READS.search(statement.sql or "") is not None


def _column_remains(
    dropped: _Origin, after: _Values, back: Sequence[Step], statement: Statement
) -> Remains | None:
    places = [
        (origin.whole, (key, name) == (dropped.table, dropped.column), f"{holding.name}.{name}")
        for key, holding in after.held.items()
        for name, origin in holding.columns.items()
        if origin and (origin.table, origin.column) == (dropped.table, dropped.column)
    ]
    if not places:
        return None
    whole, rebuilt, place = max(places)
    again = after.run(back, statement).at(dropped.table).origin(dropped.column)
    return Remains(
        place=place,
        rebuilt=rebuilt,
        all_rows=whole,
        kept=(dropped.column,),
        brought_back=again == _Origin(dropped.table, dropped.column),
    )


def _rows_remain(
    dropped: Key,
    columns: Sequence[str] | None,
    after: _Values,
    back: Sequence[Step],
    statement: Statement,
) -> Remains | None:
    copies = {key: holding.kept(dropped) for key, holding in after.held.items()}
    kept: dict[str, _Origin] = {}
    for copy in copies.values():
        kept |= {c: origin for c, origin in copy.items() if c not in kept or origin.whole}
    if not kept:
        return None
    listed = "*" in kept or columns is not None
    lost = tuple(c for c in columns or () if c not in kept and "*" not in kept)
    place = max(copies, key=lambda key: (len(copies[key]), key == dropped))
    name = after.held[place].name
    again = after.run(back, statement).at(dropped)
    wanted = [c for c in columns or kept if c not in lost]
    return Remains(
        place=str(name),
        rebuilt=place == dropped,
        all_rows=all(origin.whole for origin in kept.values()),
        kept=tuple(kept),
        lost=lost,
        listed=listed,
        brought_back=all(again.origin(c) == _Origin(dropped, c) for c in wanted),
    )


def _columns_of(known: Table | Missing, values: _Values) -> list[str] | None:
    """Return the columns that a copy can take, no generated ones; None where there may be more."""
    if isinstance(known, Missing) or not known.complete:
        return None
    computed = [c for c in known.columns if c.generated and c.generated.by == "expression"]
    return [values.fold(c.name) for c in known.columns if c not in computed]
