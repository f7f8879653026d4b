"""What is called otherwise after a change: the names that tables and columns had before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from guard.operations import ModifyColumn, Name, Operation, RenameColumn, RenameTable


class Renames(msgspec.Struct, frozen=True, kw_only=True):
    """The names before by the names after: of tables, and of columns by their table after."""

    tables: Mapping[str, str] = {}
    columns: Mapping[str, Mapping[str, str]] = {}


def renames_of(operations: Iterable[Operation]) -> Renames:
    """Return what the operations call otherwise, taken together: `a` to `b` to `c` is one rename.

    A name may be taken again by something new, so whoever asks looks whether it was there.
    """
    tables: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    for operation in operations:
        match operation:
            case RenameTable(table=old, new=new):
                now = str(Name(new.name, new.schema or old.schema))
                tables[now] = tables.pop(str(old), str(old))
                columns[now] = columns.pop(str(old), {})
            case RenameColumn(table=table, column=column, new=name):
                _rename(columns.setdefault(str(table), {}), column, name)
            case ModifyColumn(table=table, column=modified, new=str() as name):
                _rename(columns.setdefault(str(table), {}), modified.name, name)
    return Renames(tables=tables, columns=columns)


def _rename(names: dict[str, str], column: str, new: str) -> None:
    names[new] = names.pop(column, column)
