"""What a PostgreSQL database holds, from its catalogue: tables, everything else, and the rows.

Read anew is what changed: relations by their marks, the rows of tables that were written to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from . import postgresql_queries as queries
from .postgresql_lines import is_virtual, others_of, table_of, view_of
from .postgresql_rows import with_numbers
from .postgresql_wire import Client, Row, quote
from .postgresql_writes import Writes
from .protocol import ROW_LIMIT, State, Table

_VIEWS = ("v", "m")
_ACTING = ("trigger", "rule")  # what may write to other tables than a statement names


class MadeType(NamedTuple):
    """An enum with its labels, or a domain with the type that it narrows."""

    labels: tuple[str, ...]
    base: str


class _Relation(NamedTuple):
    """A table, or a view with what it is known by and its line; `quoted`: its name in SQL."""

    name: str
    quoted: str
    table: Table | None
    view: tuple[tuple[str, str], str] | None


class Catalog:
    """What one database holds; equal parts of two readings are the very same objects."""

    def __init__(self, hidden: str) -> None:
        self._hidden = hidden  # Alembic's own table
        self._state = State({}, {}, {})
        self._snapshot: str | None = None  # as the server writes it: another after any write
        self._marks: dict[str, Row] = {}  # by oid: name, kind, mark
        self._relations: dict[str, _Relation] = {}  # by oid
        self._others: dict[tuple[str, str], str] = {}  # neither tables nor views
        self.writes = Writes()
        self.heads: list[Row] = []  # the rows of Alembic's table
        self._versions = ""  # its name in SQL
        self.longer: set[str] = set()  # tables of which no more than the first rows were read
        self.quoted: dict[str, str] = {}  # each table's name in SQL
        self.types: dict[str, MadeType] = {}
        self.unsettled: set[str] = set()

    def prepare(self, client: Client) -> None:
        """Make ready to read over a new connection."""
        client.query(queries.PREPARE)

    def read(self, client: Client, only_rows: bool) -> State:
        """Return what the database holds now; `only_rows`: no more than rows can have changed."""
        asked = queries.SNAPSHOT if only_rows else f"{queries.SNAPSHOT};{queries.MARKS}"
        ((now,),), *marks = client.query(asked)
        before, self._snapshot = self._snapshot, str(now)
        if before == now:
            return self._state
        tables, others, _ = self._state
        if marks:
            self._read_schema(client, {str(row[0]): row[1:] for row in marks[0]})
            tables, others = self._tables(), self._all_others()
        names = {oid: str(row[0]) for oid, row in self._marks.items()}
        acting = any(kind in _ACTING for kind, _ in self._others)
        written = self.writes.tables(before, str(now), names, self._hidden, acting)
        self._state = State(tables, others, self._rows(client, tables, written))
        return self._state

    # The schema

    def _read_schema(self, client: Client, marks: dict[str, Row]) -> None:
        """Read of it what has another mark than before, or all of it after something was renamed.

        The text of one object names others: a view its columns, a foreign key its parent.
        """
        old, self._marks = self._marks, marks
        changed = [oid for oid, mark in marks.items() if old.get(oid) != mark]
        whole = not old or "x" in changed or _some_renamed(old, marks)
        known = self._relations
        self._relations = {oid: one for oid, one in known.items() if oid in marks}
        if not whole and "0" in changed:
            gone = self._others.keys()
            self._read_rest(client)
            whole = bool(gone - self._others.keys())
        if not whole:
            self._read_relations(client, [oid for oid in changed if oid.isdigit() and oid != "0"])
            whole = any(
                _has_other_columns(known.get(oid), self._relations.get(oid)) for oid in changed
            )
        if whole:
            self._read_relations(client, None)
            self._read_rest(client)

    def _read_relations(self, client: Client, oids: list[str] | None) -> None:
        """Read these relations; None: all of them."""
        if oids is None:
            self._relations = {}
        elif not oids:
            return
        asked = queries.RELATIONS if oids is None else queries.some_relations(oids)
        self._relations.update(_relations(client, asked))

    def table(self, client: Client, oid: str) -> Table | None:
        """Return the table of that oid as it is at this moment, and keep nothing of it."""
        found = dict(_relations(client, queries.some_relations([oid])))
        return found[oid].table if oid in found else None

    def _read_rest(self, client: Client) -> None:
        others, types = client.query(queries.REST)
        self._others = others_of(others)
        self.types = {
            str(row[0]): MadeType(tuple(json.loads(row[3] or "[]")), row[2] or "") for row in types
        }

    def _tables(self) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        self.quoted, self._versions = {}, ""
        for one in sorted(self._relations.values(), key=lambda relation: relation.name):
            if one.name == self._hidden:
                self._versions = one.quoted
            if one.table is None or one.name == self._hidden:
                continue
            self.quoted[one.name] = one.quoted
            old = self._state.tables.get(one.name)
            if old != one.table:
                self.unsettled.add(one.name)
            tables[one.name] = old if old is not None and old == one.table else one.table
        return tables

    def _all_others(self) -> dict[tuple[str, str], str]:
        views = dict(one.view for one in self._relations.values() if one.view)
        return {**dict(sorted(views.items())), **self._others}

    # The rows

    def _rows(
        self, client: Client, tables: dict[str, Table], written: set[str] | None
    ) -> dict[str, list[tuple[Any, ...]]]:
        """Return them; read are those of tables that were `written` to or changed, None: of all."""
        last = self._state
        rows = {name: last.rows.get(name, []) for name, t in tables.items() if not is_virtual(t)}
        names = [
            name
            for name in rows
            if written is None or name in written or last.tables.get(name) is not tables[name]
        ]
        asked = [self._select(name, tables[name]) for name in names]
        asked += [f"SELECT * FROM {self._versions}"] if self._versions else []
        found = client.query(";".join(asked)) if asked else []
        self.heads = found.pop() if self._versions else []
        for name, now in zip(names, found):
            made = with_numbers(now, [column.type for column in tables[name].columns])
            if len(made) == ROW_LIMIT:
                self.longer.add(name)
            if last.rows.get(name) != made:
                self.unsettled.add(name)
            elif last.tables.get(name) is tables[name]:
                continue
            rows[name] = made  # other columns make other rows of equal values
        return rows

    def _select(self, name: str, table: Table) -> str:
        columns = ", ".join(quote(column.name) for column in table.columns)
        return f"SELECT {columns} FROM ONLY {self.quoted[name]} LIMIT {ROW_LIMIT}"


def _some_renamed(old: dict[str, Row], new: dict[str, Row]) -> bool:
    return any(oid in new and new[oid][:2] != row[:2] for oid, row in old.items())


def _has_other_columns(old: _Relation | None, new: _Relation | None) -> bool:
    """Return whether columns may have got other names: some are gone, and others have come."""
    if old is None or new is None or old.table is None or new.table is None:
        return False
    before = {column.name for column in old.table.columns}
    after = {column.name for column in new.table.columns}
    return bool(before - after and after - before)


def _relations(client: Client, asked: str) -> Iterator[tuple[str, _Relation]]:
    relations, *parts = client.query(asked)
    columns, constraints, indexes = map(_grouped, parts)
    for row in relations:
        of_it = [group.get(row[0], []) for group in (columns, constraints, indexes)]
        yield (
            str(row[0]),
            _Relation(
                name=str(row[1]),
                quoted=f"{quote(str(row[4]))}.{quote(str(row[5]))}",
                table=None if row[2] in _VIEWS else table_of(row, *of_it),
                view=view_of(row) if row[2] in _VIEWS else None,
            ),
        )


def _grouped(rows: Iterable[Row]) -> dict[str | None, list[Row]]:
    groups: dict[str | None, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return groups
