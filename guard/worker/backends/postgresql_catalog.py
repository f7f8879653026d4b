"""What a PostgreSQL database holds, from its catalogue: tables, everything else, and the rows.

Read anew is what changed: relations by their marks, the rows of tables that were written to.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from . import postgresql_queries as queries
from .postgresql_lines import others_of, table_of, view_of
from .postgresql_marks import Changes, Marks
from .postgresql_rows import with_numbers
from .postgresql_wire import Client, Row, quote
from .postgresql_writes import Writes, is_one
from .protocol import ROW_LIMIT, State, Table

_VIEWS, _VIRTUAL = ("v", "m"), ("p", "f")
_ACTING = ("trigger", "rule")  # what may write to other tables than a statement names


class MadeType(NamedTuple):
    """An enum with its labels, or a domain with the type that it narrows."""

    labels: tuple[str, ...]
    base: str


class _Relation(NamedTuple):
    """A table, or a view with what it is known by and its line; `quoted`: its name in SQL.

    `is_virtual`: its rows lie elsewhere, in its partitions or on another server.
    """

    name: str
    quoted: str
    is_virtual: bool
    table: Table | None
    view: tuple[tuple[str, str], str] | None


class Catalog:
    """What one database holds; equal parts of two readings are the very same objects."""

    def __init__(self, hidden: str) -> None:
        self._hidden = hidden  # Alembic's own table
        self._state = State({}, {}, {})
        self._snapshot: str | None = None  # as the server writes it: another after any write
        self._marks = Marks()
        self._relations: dict[str, _Relation] = {}  # by oid
        self._others: dict[tuple[str, str], str] = {}  # neither tables nor views
        self.writes = Writes()
        self.heads: list[Row] = []  # the rows of Alembic's table
        self.longer: set[str] = set()  # tables of which no more than the first rows were read
        self.quoted: dict[str, str] = {}  # each table's name in SQL
        self._virtual: set[str] = set()  # tables whose rows lie elsewhere
        self.types: dict[str, MadeType] = {}
        self.unsettled: set[str] = set()

    def prepare(self, client: Client) -> None:
        """Make ready to read over a new connection."""
        client.query(queries.PREPARE)

    def read(self, client: Client, only_rows: bool) -> State:
        """Return what the database holds now; `only_rows`: no more than rows can have changed."""
        name_of, altered = self._marks.name_of, None if only_rows else self._altered()
        marks_asked = queries.MARKS if altered is None else queries.some_marks(sorted(altered))
        asked = queries.SNAPSHOT if only_rows else f"{queries.SNAPSHOT};{marks_asked}"
        ((now,),), *marks = client.query(asked)
        before, self._snapshot = self._snapshot, str(now)
        if before == now:
            return self._state
        alone = is_one(before, str(now))
        changes = Changes()
        if marks:
            changes = self._take_marks(client, str(marks[0][0][0]), altered, alone)
        acting = changes.others or any(kind in _ACTING for kind, _ in self._others)
        written = self.writes.tables(alone, name_of, self._hidden, acting)
        rows = self._read_changes(client, changes, written)
        self.heads = rows.get(self._hidden, self.heads)
        tables, others, _ = self._state
        if marks:
            tables, others = self._tables(), self._all_others()
        self._state = State(tables, others, self._rows(client, tables, written, rows))
        return self._state

    # The schema

    def _altered(self) -> set[str] | None:
        """Return the oids of relations that one step may have altered; None: all may be.

        Which table a sequence belongs to changes without a lock on the table.
        """
        found = self.writes.altered(self._marks.name_of, self._hidden)
        return None if found is None or any(map(self._marks.is_sequence, found)) else found

    def _take_marks(
        self, client: Client, text: str, altered: set[str] | None, alone: bool
    ) -> Changes:
        """Take the marks that were asked for, and all of them where those are not enough."""
        if altered is not None:
            some = self._marks.take_some(text, altered) if alone else None
            if some is not None:
                return some
            text = str(client.rows(queries.MARKS)[0][0])
        return self._marks.take(text)

    def _read_changes(
        self, client: Client, changes: Changes, written: set[str] | None
    ) -> dict[str, list[Row]]:
        """Read what has another mark than before, and the rows of tables that were written to.

        All of it at once. The text of one object names others, a view its columns, a foreign key
        its parent: after something was renamed the whole schema is read. Returns the rows.
        """
        if changes.whole:
            self._read_whole(client)
            own = [m for m in self._marks.relations.values() if m.name == self._hidden]
            return {one.name: client.rows(_select(one.quoted)) for one in own}
        last, before = self._relations, self._others.keys()
        self._relations = {o: one for o, one in last.items() if o in self._marks.relations}
        tables = [
            (marked.name, marked.quoted)
            for oid, marked in self._marks.relations.items()
            if marked.has_rows
            and (written is None or marked.name in written or oid in changes.relations)
        ]
        asked = [queries.some_relations(changes.relations)] if changes.relations else []
        asked += [queries.REST] if changes.others else []
        asked += [_select(quoted) for _, quoted in tables]
        found = iter(client.query(";".join(asked)) if asked else [])
        if changes.relations:
            self._relations.update(_relations(*itertools.islice(found, queries.PARTS)))
        if changes.others:
            self._take_rest(next(found), next(found))
        if before - self._others.keys() or any(
            _has_other_columns(last.get(oid), self._relations.get(oid)) for oid in changes.relations
        ):
            self._read_whole(client)
        return dict(zip((name for name, _ in tables), found))

    def _read_whole(self, client: Client) -> None:
        """Read the schema, whatever is known of it."""
        *relations, others, types = client.query(f"{queries.RELATIONS};{queries.REST}")
        self._relations = dict(_relations(*relations))
        self._take_rest(others, types)

    def _take_rest(self, others: list[Row], types: list[Row]) -> None:
        self._others = others_of(others)
        self.types = {
            str(row[0]): MadeType(tuple(json.loads(row[3] or "[]")), row[2] or "") for row in types
        }

    def table(self, client: Client, oid: str) -> Table | None:
        """Return the table of that oid as it is at this moment, and keep nothing of it."""
        found = dict(_relations(*client.query(queries.some_relations([oid]))))
        return found[oid].table if oid in found else None

    def _tables(self) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        self.quoted, self._virtual = {}, set()
        for one in sorted(self._relations.values(), key=lambda relation: relation.name):
            if one.table is None or one.name == self._hidden:
                continue
            self.quoted[one.name] = one.quoted
            if one.is_virtual:
                self._virtual.add(one.name)
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
        self,
        client: Client,
        tables: dict[str, Table],
        written: set[str] | None,
        read: dict[str, list[Row]],
    ) -> dict[str, list[tuple[Any, ...]]]:
        """Return them: those that are `read` already, and what else may be other rows than before.

        Such are the rows of tables that were `written` to or that changed, None: of all.
        """
        last = self._state
        rows = {name: last.rows.get(name, []) for name in tables if name not in self._virtual}
        names = [
            name
            for name in rows
            if written is None or name in written or last.tables.get(name) is not tables[name]
        ]
        left = [name for name in names if name not in read]
        asked = [_select(self.quoted[name]) for name in left]
        found = client.query(";".join(asked)) if asked else []
        read = {**read, **dict(zip(left, found))}
        for name in names:
            made = with_numbers(read[name], [column.type for column in tables[name].columns])
            if len(made) == ROW_LIMIT:
                self.longer.add(name)
            if last.rows.get(name) != made:
                self.unsettled.add(name)
            elif last.tables.get(name) is tables[name]:
                continue
            rows[name] = made  # other columns make other rows of equal values
        return rows


def _select(quoted: str) -> str:
    return f"SELECT * FROM ONLY {quoted} LIMIT {ROW_LIMIT}"


def _has_other_columns(old: _Relation | None, new: _Relation | None) -> bool:
    """Return whether columns may have got other names: some are gone, and others have come."""
    if old is None or new is None or old.table is None or new.table is None:
        return False
    before = {column.name for column in old.table.columns}
    after = {column.name for column in new.table.columns}
    return bool(before - after and after - before)


def _relations(relations: list[Row], *parts: list[Row]) -> Iterator[tuple[str, _Relation]]:
    columns, constraints, indexes = map(_grouped, parts)
    for row in relations:
        of_it = [group.get(row[0], []) for group in (columns, constraints, indexes)]
        yield (
            str(row[0]),
            _Relation(
                name=str(row[1]),
                quoted=f"{quote(str(row[4]))}.{quote(str(row[5]))}",
                is_virtual=row[2] in _VIRTUAL,
                table=None if row[2] in _VIEWS else table_of(row, *of_it),
                view=view_of(row) if row[2] in _VIEWS else None,
            ),
        )


def _grouped(rows: Iterable[Row]) -> dict[str | None, list[Row]]:
    groups: dict[str | None, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return groups
