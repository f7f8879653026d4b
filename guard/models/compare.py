"""What a model and its table do not agree on: what `alembic check` would tell of them.

It compares tables, columns, their types and nullability, indexes, unique constraints, foreign keys
and comments, as Alembic's autogenerate does for the dialect; not server defaults, CHECKs, primary
keys and the members of enums. What was not read is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from guard.facts import ModelDifference
from guard.models.types import other_type
from guard.operations import is_known
from guard.schema import Index, StoredColumn, StoredConstraint, Table
from guard.schema.describe import column_text, constraint_text, index_text
from guard.schema.names import key_of
from guard.server import fold, is_mysql


def differences(model: Table, table: Table, dialect: str | None) -> Iterator[ModelDifference]:
    """Yield what the model (a table as it describes it) and the table have otherwise."""
    yield from _columns(model, table, dialect)
    yield from _keys(model, table, dialect)
    yield from _foreign_keys(model, table, dialect)
    if dialect == "postgresql" and (model.comment or "") != (table.comment or ""):
        yield _comment("comment", None, model.comment, table.comment)


def missing_table(model: Table) -> ModelDifference:
    """Return the difference where there is a model and no table."""
    columns = ", ".join(column.name for column in model.columns)
    return ModelDifference(thing="table", models=f"table ({columns})", schema="")


def extra_table() -> ModelDifference:
    """Return the difference where there is a table and its model is gone."""
    return ModelDifference(thing="table", models="", schema="table", harmless=True)


# Columns


def _columns(model: Table, table: Table, dialect: str | None) -> Iterator[ModelDifference]:
    there = {fold(column.name, dialect): column for column in table.columns}
    wanted = {fold(column.name, dialect): column for column in model.columns}
    for name, column in wanted.items():
        if name not in there:
            text = column_text(column) if column.type else "column"
            yield ModelDifference(
                thing=f"column {column.name}", column=column.name, models=text, schema=""
            )
        else:
            yield from _column(column, there[name], dialect)
    for name, column in there.items():
        if name not in wanted and model.complete:
            yield ModelDifference(
                thing=f"column {column.name}",
                models="",
                schema=column_text(column) if column.type else "column",
                harmless=column.nullable or column.default is not None or bool(column.generated),
            )


def _column(
    wanted: StoredColumn, there: StoredColumn, dialect: str | None
) -> Iterator[ModelDifference]:
    thing, column = f"column {wanted.name}", wanted.name
    if other_type(wanted.type, there.type, dialect):
        yield ModelDifference(
            thing=f"{thing}: type",
            column=column,
            models=str(wanted.type),
            schema=str(there.type),
        )
    generated = wanted.generated or there.generated
    if wanted.nullable != there.nullable and not generated:
        yield ModelDifference(
            thing=f"{thing}: nullable",
            column=column,
            models="NULL" if wanted.nullable else "NOT NULL",
            schema="NULL" if there.nullable else "NOT NULL",
        )
    has_comments = dialect == "postgresql" or is_mysql(dialect)
    if has_comments and (wanted.comment or "") != (there.comment or ""):
        yield _comment(f"{thing}: comment", column, wanted.comment, there.comment)


def _comment(
    thing: str, column: str | None, wanted: str | None, there: str | None
) -> ModelDifference:
    return ModelDifference(
        thing=thing,
        column=column,
        models=repr(wanted) if wanted else "none",
        schema=repr(there) if there else "none",
        harmless=True,
    )


# Indexes and unique constraints


class _Key(msgspec.Struct, frozen=True):
    """An index or a unique constraint; `name` is None where nobody knows it."""

    part: Index | StoredConstraint
    name: str | None
    columns: tuple[str, ...]
    unique: bool

    @property
    def is_index(self) -> bool:
        return isinstance(self.part, Index)

    @property
    def thing(self) -> str:
        kind = "index" if self.is_index else "unique constraint"
        label = f" {self.name}" if self.name else ""
        return f"{kind}{label} on ({', '.join(self.part.columns)})"

    @property
    def text(self) -> str:
        if isinstance(self.part, Index):
            return index_text(self.part)
        return constraint_text(self.part)


def _keys(model: Table, table: Table, dialect: str | None) -> Iterator[ModelDifference]:
    wanted, there = _keys_of(model, dialect), _keys_of(table, dialect)
    pairs = _paired(wanted, there, dialect)
    for key, other in pairs:
        if not _is_read(key) or not _is_read(other):
            continue
        if key.unique != other.unique or key.columns != other.columns:
            yield ModelDifference(
                thing=key.thing,
                column=_first(key, model),
                models=key.text,
                schema=other.text,
            )
    found = {id(key) for pair in pairs for key in pair}
    primary = {fold(name, dialect) for name in table.primary_key}
    for key in wanted:
        is_primary = key.unique and {*key.columns} == primary
        if id(key) not in found and _is_read(key) and not is_primary:
            yield ModelDifference(
                thing=key.thing, column=_first(key, model), models=key.text, schema=""
            )
    unread = [key for key in wanted if id(key) not in found and not _is_read(key)]
    for key in there if model.complete and not unread else ():
        if id(key) not in found and _is_read(key) and _is_seen(key, dialect):
            yield ModelDifference(
                thing=key.thing, models="", schema=key.text, harmless=not key.unique
            )


def _keys_of(table: Table, dialect: str | None) -> list[_Key]:
    found: list[_Key] = []
    for constraint in table.constraints:
        if constraint.type == "unique":
            name = None if constraint.made_up else constraint.name
            columns = tuple(fold(c, dialect) for c in constraint.columns)
            found.append(_Key(constraint, name, columns, True))
    for index in table.indexes:
        columns = tuple(_expression(c, table, dialect) for c in index.columns)
        if dialect == "sqlite" and not all(re.fullmatch(r"\w+", c) for c in columns):
            continue  # SQLite does not tell of expressions
        found.append(_Key(index, index.name, columns, index.unique))
    named = {key.name: key for key in reversed(found) if key.name is not None}
    return [key for key in found if key.name is None or named[key.name] is key]


def _expression(text: str, table: Table, dialect: str | None) -> str:
    """Return what two spellings of a column or an expression in an index share."""
    short = re.sub(r"(?i)::\s*\w+|\s+asc\b|(?<!desc)\s+nulls\s+last\b", "", text)
    if dialect != "postgresql":
        short = re.sub(r"(?i)\s+desc\b", "", short)
    short = re.sub(rf"(?i)\b{re.escape(table.name.name)}\.", "", short)
    return re.sub(r"[\s\"'`()]", "", short).lower()


def _paired(wanted: list[_Key], there: list[_Key], dialect: str | None) -> list[tuple[_Key, _Key]]:
    """Return the keys that are one and the same: by their names, else by their columns."""
    pairs: list[tuple[_Key, _Key]] = []
    tests = (_same_name, _same_columns)
    for same in tests:
        for key in wanted:
            if any(key is one for one, _ in pairs):
                continue
            left = (other for other in there if not any(other is one for _, one in pairs))
            match = next((other for other in left if same(key, other, dialect)), None)
            if match is not None:
                pairs.append((key, match))
    return pairs


def _same_name(one: _Key, other: _Key, dialect: str | None) -> bool:
    if one.name is None or other.name is None or not _is_one_kind(one, other, dialect):
        return False
    return fold(one.name, dialect) == fold(other.name, dialect)


def _same_columns(one: _Key, other: _Key, dialect: str | None) -> bool:
    if one.name is not None and other.name is not None:
        return False
    alike = one.unique == other.unique and set(one.columns) == set(other.columns)
    return alike and _is_one_kind(one, other, dialect)


def _is_one_kind(one: _Key, other: _Key, dialect: str | None) -> bool:
    unique = is_mysql(dialect) and one.unique and other.unique
    return one.is_index == other.is_index or unique


def _is_read(key: _Key) -> bool:
    return bool(key.columns) and is_known("".join(key.columns)) and is_known(key.name or "")


def _is_seen(key: _Key, dialect: str | None) -> bool:
    """Return whether Alembic sees that it is too much: SQLite has no name for some."""
    return key.name is not None or dialect != "sqlite"


def _first(key: _Key, model: Table) -> str | None:
    """Return the column of the model at which to point."""
    names = {column.name.lower(): column.name for column in model.columns}
    return next((names[c.lower()] for c in key.columns if c.lower() in names), None)


# Foreign keys


def _foreign_keys(model: Table, table: Table, dialect: str | None) -> Iterator[ModelDifference]:
    wanted, there = _references(model), _references(table)
    told = {_shape(key, dialect): key for key in there}
    unread = {c for key in wanted if not _is_read_key(key) for c in key.columns}
    for key in wanted:
        if _is_read_key(key) and _shape(key, dialect) not in told:
            old, text = _text_on(key.columns, there), constraint_text(key)
            yield ModelDifference(
                thing=f"foreign key on ({', '.join(key.columns)})" if old else text,
                column=key.columns[0],
                models=text,
                schema=old,
            )
    shapes = {_shape(key, dialect) for key in wanted}
    same = {frozenset(key.columns) for key in wanted}
    for key in there if model.complete and all(map(is_known, unread)) else ():
        unlike = _is_read_key(key) and _shape(key, dialect) not in shapes
        if unlike and frozenset(key.columns) not in same and not unread & {*key.columns}:
            yield ModelDifference(
                thing=f"foreign key on ({', '.join(key.columns)})",
                models="",
                schema=constraint_text(key),
            )


def _references(table: Table) -> list[StoredConstraint]:
    return [c for c in table.constraints if c.type == "foreign key"]


def _text_on(columns: Iterable[str], keys: Iterable[StoredConstraint]) -> str:
    return next((constraint_text(k) for k in keys if {*k.columns} == {*columns}), "")


def _is_read_key(key: StoredConstraint) -> bool:
    names = (*key.columns, *key.target_columns, str(key.target), str(key.on_delete))
    return all(map(is_known, names)) and bool(key.target_columns)


def _shape(key: StoredConstraint, dialect: str | None) -> object:
    lax = {"no action", "restrict"} if is_mysql(dialect) else {"no action"}
    rules = [(rule or "no action").lower() for rule in (key.on_delete, key.on_update)]
    deferred = "deferred" if key.initially_deferred else key.deferrable
    return (
        frozenset(zip(key.columns, key.target_columns, strict=False)),
        key_of(key.target, dialect) if key.target else None,
        tuple(None if rule in lax else rule for rule in rules),
        deferred,
    )
