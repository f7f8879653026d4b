"""What a database of MariaDB's or MySQL's holds: tables, everything else, and the rows.

Tables are read by SHOW CREATE TABLE: that takes a tenth of the time that information_schema does.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from .mysql_definition import Definition, definition_of
from .mysql_rows import selected, with_numbers
from .mysql_wire import Client, Row, ServerError, quote
from .protocol import ROW_LIMIT, Column, State

Key = tuple[str, str]  # the kind and the name of what is no table
_TABLES = "SHOW FULL TABLES"
_VIEWS = """
SELECT table_name, view_definition, check_option, security_type FROM information_schema.views
WHERE table_schema = DATABASE()"""
_TRIGGERS = """
SELECT trigger_name, action_timing, event_manipulation, event_object_table, action_statement
FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY action_order"""
_ROUTINES = """
SELECT routine_type, routine_name FROM information_schema.routines
WHERE routine_schema = DATABASE()"""
_EVENTS = "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()"
_DATABASE = """
SELECT default_character_set_name, default_collation_name FROM information_schema.schemata
WHERE schema_name = DATABASE()"""
_QUERIES = ";".join((_TABLES, _VIEWS, _TRIGGERS, _ROUTINES, _EVENTS, _DATABASE))
_KINDS_OF_TABLES = ("BASE TABLE", "SYSTEM VERSIONED")
_DEFINER = re.compile(r" DEFINER=(?:`(?:[^`]|``)*`|\S+?)@(?:`(?:[^`]|``)*`|\S+)")


class Made(NamedTuple):
    """What is no table: a line for the reader, and the statement that makes it."""

    line: str
    sql: str


class Holdings(NamedTuple):
    """All that a database holds, and what makes it: tables by name, Alembic's own among them."""

    state: State
    tables: dict[str, Definition]
    others: dict[Key, Made]
    versions: list[Row]


class Catalog:
    """What one database holds; equal parts of two readings are the very same objects."""

    def __init__(self, database: str, version_table: str) -> None:
        self._database = database
        self._version_table = version_table
        self.holds = Holdings(State({}, {}, {}), {}, {}, [])
        self.longer: set[str] = set()  # tables of which no more than the first rows were read
        self.unsettled: set[str] = set()

    def read(self, client: Client, only_rows: bool = False) -> Holdings:
        """Return what the database holds now; `only_rows`: no more than rows can have changed."""
        definitions, others = self.holds.tables, self.holds.others
        if not only_rows:
            definitions, others = self._read_schema(client)
        rows = self._rows(client, definitions)
        tables = {n: one.table for n, one in definitions.items() if n != self._version_table}
        state = State(tables, {key: made.line for key, made in others.items()}, rows)
        self.holds = Holdings(state, definitions, others, self.versions(client))
        return self.holds

    def versions(self, client: Client) -> list[Row]:
        """Return the rows of Alembic's table, none without it."""
        try:
            return client.rows(f"SELECT version_num FROM {quote(self._version_table)}")
        except ServerError:
            return []

    def columns_of(self, table: str, names: tuple[str, ...]) -> list[Column]:
        """Return these columns of a table that is there."""
        by_name = {column.name: column for column in self.holds.state.tables[table].columns}
        return [by_name[name] for name in names]

    # The schema

    def _read_schema(self, client: Client) -> tuple[dict[str, Definition], dict[Key, Made]]:
        found, views, triggers, routines, events, database = client.query(_QUERIES)
        names = [str(row[0]) for row in found if str(row[1]).upper() in _KINDS_OF_TABLES]
        definitions = self._definitions(client, names)
        others = {("database", ""): _database(*map(str, database[0]))}
        others.update(map(self._view, views))
        others.update(map(_trigger, triggers))
        for name in (str(row[0]) for row in found if str(row[1]).upper() == "SEQUENCE"):
            others["sequence", name] = self._shown(client, "SEQUENCE", name, 1)
        for kind, routine in (map(str, row) for row in routines):
            others[kind.lower(), routine] = self._shown(client, kind, routine, 2)
        for event in events:
            others["event", str(event[0])] = self._shown(client, "EVENT", str(event[0]), 3)
        return definitions, others

    def _definitions(self, client: Client, names: list[str]) -> dict[str, Definition]:
        if not names:
            return {}
        asked = ";".join(f"SHOW CREATE TABLE {quote(name)}" for name in names)
        made: dict[str, Definition] = {}
        for name, rows in zip(names, client.query(asked)):
            sql, old = str(rows[0][1]), self.holds.tables.get(name)
            if old is not None and old.sql == sql:
                made[name] = old
                continue
            one = definition_of(name, sql)
            if old is not None and old.table == one.table:  # a counter that moved
                one = one._replace(table=old.table)
            else:
                self.unsettled.add(name)
            made[name] = one
        return made

    def _view(self, row: Row) -> tuple[Key, Made]:
        name, text, check, security = map(str, row)
        text = self._without_database(text)
        option = "" if check == "NONE" else f" WITH {check} CHECK OPTION"
        invoker = " SQL SECURITY INVOKER" if security == "INVOKER" else ""
        line = f"view {name}: {' '.join(text.replace('`', '').split())}{option}{invoker}"
        return ("view", name), Made(line, f"CREATE{invoker} VIEW {quote(name)} AS {text}{option}")

    def _shown(self, client: Client, kind: str, name: str, place: int) -> Made:
        """Return what SHOW CREATE says of it, in that place of its row."""
        shown = client.rows(f"SHOW CREATE {kind} {quote(name)}")[0][place]
        sql = self._without_database(_DEFINER.sub("", str(shown)))
        text = " ".join(sql.split())
        head = re.match(rf"CREATE {kind} `(?:[^`]|``)*`\s*", text, re.IGNORECASE)
        rest = text[head.end() :] if head else text
        return Made(f"{kind.lower()} {name}: {rest}", sql)

    def _without_database(self, text: str) -> str:
        return text.replace(f"{quote(self._database)}.", "")

    # The rows

    def _rows(
        self, client: Client, definitions: dict[str, Definition]
    ) -> dict[str, list[tuple[Any, ...]]]:
        names = [name for name in definitions if name != self._version_table]
        if not names:
            return {}
        asked = ";".join(_select(name, definitions[name]) for name in names)
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for name, now in zip(names, client.query(asked)):
            made = with_numbers(now, definitions[name].table.columns)
            if len(made) == ROW_LIMIT:
                self.longer.add(name)
            old = self.holds.state.rows.get(name)
            if old != made:
                self.unsettled.add(name)
            before = self.holds.tables.get(name)  # other columns make other rows of equal values
            same = before is not None and before.table is definitions[name].table and old == made
            rows[name] = old if same and old is not None else made
        return rows


def _select(name: str, definition: Definition) -> str:
    columns = definition.table.columns
    values = ", ".join(selected(column.name, column.type) for column in columns)
    keys = ", ".join(map(quote, definition.table.primary_key))
    order = f" ORDER BY {keys}" if keys else ""
    return f"SELECT {values} FROM {quote(name)}{order} LIMIT {ROW_LIMIT}"


def _database(charset: str, collation: str) -> Made:
    line = f"database CHARACTER SET {charset} COLLATE {collation}"
    return Made(line, f"ALTER {line}")


def _trigger(row: Row) -> tuple[Key, Made]:
    name, timing, event, table, statement = map(str, row)
    what = f"{timing} {event} ON {quote(table)} FOR EACH ROW {statement}"
    line = f"trigger {name}: {' '.join(what.replace('`', '').split())}"
    return ("trigger", name), Made(line, f"CREATE TRIGGER {quote(name)} {what}")
