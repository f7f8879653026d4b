"""Names that come and go: drops that look like half of a rename, and names that are taken again.

Autogenerate sees a column or table that is gone and one that is new, and makes two operations of
them. The values are lost where nobody copies them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from guard.context import Context
from guard.operations import (
    AddColumn,
    Column,
    CreateDomain,
    CreateEnum,
    CreateObject,
    CreateTable,
    CreateView,
    DropColumn,
    DropTable,
    Insert,
    Merge,
    Name,
    Operation,
    RenameObject,
    RenameTable,
    Type,
    Update,
)
from guard.schema.model import StoredColumn

ALIKE = 0.6  # of the letters of two names, at least
SHARED = 0.8  # of the columns of two tables, at least
USUAL = (32, 36, 255)  # lengths that many columns have: of a UUID, of any text
WEAK = frozenset(("at", "by", "id", "is", "on"))  # words that many names have


def new_column(drop: DropColumn, context: Context) -> Column | None:
    """Return the column that is added in place of the dropped one; None: none is.

    One of the same name is, whatever its type; else one that it was most likely renamed to.
    """
    others = [*_beside(drop, context)]
    old = context.schema.column(drop.table, drop.column)
    added = [o.column for o in others if isinstance(o, AddColumn) and o.table == drop.table]
    written = {
        name.lower()
        for o in others
        if isinstance(o, Update) and o.table == drop.table
        for name in o.columns
    }
    anew = [c for c in added if c.name.lower() == drop.column.lower()]
    if anew:
        return anew[0]
    stored = context.schema.table(drop.table)
    names = {c.name for c in stored.columns} if stored else set()
    common = _common_words(names | {c.name for c in added} | {drop.column})
    found = [
        c
        for c in added
        if c.name.lower() not in written and _is_like(old or None, c, drop.column, common)
    ]
    dropped = [o.column for o in others if isinstance(o, DropColumn) and o.table == drop.table]
    if not found:
        return None
    best = max(found, key=lambda column: _alikeness(column.name, drop.column, common))
    alike = _alikeness(best.name, drop.column, common)
    closer = any(_alikeness(best.name, name, common) > alike for name in dropped)
    alone = len(found) == 1 and not dropped
    telling = alone and bool(old) and _is_telling(best.type)
    return best if (alike >= ALIKE and not closer) or telling else None


def new_table(drop: DropTable, context: Context) -> Name | None:
    """Return the table that the dropped one was most likely renamed to; None: none was."""
    old = context.schema.table(drop.table)
    if not old or not old.complete:
        return None
    others = [*_beside(drop, context)]
    filled = {o.table for o in others if isinstance(o, Insert | Merge)}
    for other in others:
        if not isinstance(other, CreateTable) or other.filled or other.table in filled:
            continue
        if other.table != drop.table and not other.temporary:
            before, after = _shape(old.columns), _shape(other.columns)
            shared = len(before & after)
            if shared > 1 and shared >= SHARED * max(len(before), len(after)):
                return other.table
    return None


def is_taken_again(name: Name, operation: Operation, context: Context) -> bool:
    """Return whether what another operation makes or renames, here or later, has the name."""
    after = (*context.after, *context.transaction.after)
    later = (o for statement in after for o in statement.operations)
    here = (o for o in context.statement.operations if o is not operation)
    for other in (*here, *later):
        match other:
            case CreateTable(table=new) | RenameTable(new=new) | RenameObject(new=new):
                found = new
            case CreateView(name=new) | CreateEnum(name=new) | CreateDomain(name=new):
                found = new
            case CreateObject(name=new):
                found = new
            case _:
                continue
        if same_name(found, name):
            return True
    return False


def same_name(one: Name, other: Name) -> bool:
    """Return whether two names may be one: a schema counts where both have one."""
    schemas = {name.schema for name in (one, other) if name.schema}
    return one.name.lower() == other.name.lower() and len(schemas) < 2


def _beside(drop: Operation, context: Context) -> Iterator[Operation]:
    """Yield the other operations of the same direction."""
    for statement in (*context.before, context.statement, *context.after):
        yield from (other for other in statement.operations if other is not drop)


def _is_like(old: StoredColumn | None, new: Column, old_name: str, common: frozenset[str]) -> bool:
    """Return whether two columns may hold the same values; of what is not known, that is so.

    Nobody adds a NOT NULL column to a table with rows: where the name is like the old one, the new
    column may be nullable.
    """
    if new.generated is not None:
        return False
    if old is None or old.type is None or new.type is None:
        return True
    looser = new.nullable and _alikeness(new.name, old_name, common) > ALIKE
    return _said(old.type) == _said(new.type) and (looser or old.nullable == new.nullable)


def _said(kind: Type) -> tuple[object, ...]:
    sizes = (kind.length, kind.precision, kind.scale, kind.array)
    return (kind.name, *sizes, kind.timezone, kind.unsigned, kind.enum_name)


def _is_telling(kind: Type | None) -> bool:
    """Return whether two columns hardly have the type by chance."""
    if kind is None:
        return False
    sized = kind.length is not None and kind.length not in USUAL
    return sized or kind.enum_name is not None or any((kind.precision, kind.array))


def _alikeness(one: str, other: str, common: frozenset[str]) -> float:
    """Return how much two names have in common, from 0 to 1; a whole word is enough.

    Words that are common in the table say nothing: `banner_title` and `banner_shown`.
    """
    words, others = _words(one), _words(other)
    told, others_told = _without(common, words), _without(common, others)
    ratio = SequenceMatcher(None, "_".join(told), "_".join(others_told)).ratio()
    same = (
        {*told} & {*others_told}
        or {*words} <= {*others}
        or {*others} <= {*words}
        or _is_short_for(words, others)
        or _is_short_for(others, words)
    )
    return max(ALIKE, ratio) if same else ratio


def _without(common: frozenset[str], words: list[str]) -> list[str]:
    return [word for word in words if word not in common] or words


def _common_words(names: Iterable[str]) -> frozenset[str]:
    """Return the words that more than two of the names have."""
    counts = Counter(word for name in names for word in {*_words(name)})
    return frozenset(word for word, count in counts.items() if count > 2)


def _is_short_for(words: list[str], others: list[str]) -> bool:
    """Return whether each word is a short form of the other's: `qty`, `desc`, `cust_addr`."""
    return len(words) == len(others) and all(map(_abbreviates, words, others))


def _abbreviates(short: str, word: str) -> bool:
    """Return whether the letters of the one stand in the other in order, the first one first."""
    letters = iter(word[1:])
    in_order = all(letter in letters for letter in short[1:])
    return len(short) > 2 and short[0] == word[0] and in_order


def _words(name: str) -> list[str]:
    words = name.lower().split("_")
    return [word for word in words if word not in WEAK] or words


def _shape(columns: Iterable[Column]) -> set[tuple[object, ...]]:
    return {(c.name.lower(), *(_said(c.type) if c.type else ())) for c in columns}
