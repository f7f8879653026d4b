"""What a PostgreSQL database holds, from its catalogue: tables, everything else, and the rows.

What belongs to an extension is the extension's; where a sequence stands is no part of a schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from .postgresql_rows import with_numbers
from .postgresql_wire import Client, Row, quote
from .protocol import ROW_LIMIT, Column, ForeignKey, State, Table

_SHORT = (
    ("character varying", "varchar"),
    ("timestamp without time zone", "timestamp"),
    ("timestamp with time zone", "timestamptz"),
    ("time without time zone", "time"),
    ("time with time zone", "timetz"),
)
_CAST = re.compile(
    r"::(?:character varying|timestamp with(?:out)? time zone|double precision|\"[^\"]+\"|[\w.]+)"
    r"(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)
_OURS = r"n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_NAME = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END"  # as users write it


def _not_of_an_extension(catalog: str, oid: str) -> str:
    return (
        f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass "
        f"AND e.objid = {oid} AND e.deptype = 'e')"
    )


_RELATIONS = f"""
SELECT c.oid, {_NAME} || c.relname, c.relkind, c.relpersistence, n.nspname, c.relname,
       array_to_string(c.reloptions, ', '), c.relrowsecurity, c.relforcerowsecurity,
       (SELECT string_agg(a::text, ', ' ORDER BY a::text) FROM unnest(c.relacl) a),
       obj_description(c.oid, 'pg_class'),
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END,
       (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
        FROM pg_inherits i WHERE i.inhrelid = c.oid),
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
  AND {_not_of_an_extension("pg_class", "c.oid")}
ORDER BY 2"""
_COLUMNS = f"""
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
       CASE WHEN a.attcollation <> t.typcollation THEN
           (SELECT l.collname FROM pg_collation l WHERE l.oid = a.attcollation) END,
       col_description(a.attrelid, a.attnum), a.attacl::text,
       pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND {_OURS}
ORDER BY a.attrelid, a.attnum"""
_NAMES_OF = """(SELECT json_agg(a.attname ORDER BY k.n) FROM unnest({0}) WITH ORDINALITY k (num, n)
        JOIN pg_attribute a ON a.attrelid = {1} AND a.attnum = k.num)"""
_CONSTRAINTS = f"""
SELECT s.conrelid, s.conname, s.contype, pg_get_constraintdef(s.oid),
       {_NAMES_OF.format("s.conkey", "s.conrelid")},
       CASE WHEN s.contype = 'f' THEN (SELECT {_NAME} || p.relname FROM pg_class p
           JOIN pg_namespace n ON n.oid = p.relnamespace WHERE p.oid = s.confrelid) END,
       {_NAMES_OF.format("s.confkey", "s.confrelid")}
FROM pg_constraint s JOIN pg_namespace n ON n.oid = s.connamespace
WHERE s.conrelid <> 0 AND s.contype IN ('p', 'u', 'f', 'c', 'x') AND {_OURS}
  AND s.conparentid = 0
ORDER BY s.conrelid, s.contype <> 'p', s.contype, s.conname"""
_INDEXES = f"""
SELECT i.indrelid, c.relname, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisvalid,
       {_NAMES_OF.format("i.indkey::int2[]", "i.indrelid")},
       i.indexprs IS NOT NULL, i.indnkeyatts
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS} AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint s WHERE s.conindid = i.indexrelid
                  AND s.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, c.relname"""
# What is no table: its kind, its name, and its definition in one line.
_OTHERS = f"""
SELECT 'type', {_NAME} || t.typname, concat('ENUM (', (SELECT string_agg(
       quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e
       WHERE e.enumtypid = t.oid), ')')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND {_OURS} AND {_not_of_an_extension("pg_type", "t.oid")}
UNION ALL
SELECT 'domain', {_NAME} || t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
       CASE WHEN t.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || t.typdefault,
       (SELECT string_agg(s.conname || ' ' || pg_get_constraintdef(s.oid), ' ' ORDER BY s.conname)
        FROM pg_constraint s WHERE s.contypid = t.oid AND s.contype = 'c'))
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd' AND {_OURS} AND {_not_of_an_extension("pg_type", "t.oid")}
UNION ALL
SELECT 'type', {_NAME} || t.typname, '(' || (SELECT string_agg(a.attname || ' '
       || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) FROM pg_attribute a
       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) || ')'
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
WHERE t.typtype = 'c' AND {_OURS} AND {_not_of_an_extension("pg_type", "t.oid")}
UNION ALL
SELECT 'type', {_NAME} || t.typname, 'RANGE of ' || format_type(r.rngsubtype, NULL)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_range r ON r.rngtypid = t.oid
WHERE t.typtype = 'r' AND {_OURS} AND {_not_of_an_extension("pg_type", "t.oid")}
UNION ALL
SELECT 'sequence', {_NAME} || c.relname, concat_ws(' ', 'AS', format_type(q.seqtypid, NULL),
       'START', q.seqstart, 'INCREMENT', q.seqincrement, 'MIN', q.seqmin, 'MAX', q.seqmax,
       CASE WHEN q.seqcycle THEN 'CYCLE' END)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_sequence q ON q.seqrelid = c.oid
WHERE {_OURS} AND {_not_of_an_extension("pg_class", "c.oid")}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                  AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_class'::regclass)
UNION ALL
SELECT 'function', {_NAME} || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       CASE WHEN p.prokind = 'a' THEN 'AGGREGATE' ELSE pg_get_functiondef(p.oid) END
       || coalesce(' GRANTED ' || p.proacl::text, '')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_OURS} AND {_not_of_an_extension("pg_proc", "p.oid")}
UNION ALL
SELECT 'trigger', g.tgname, pg_get_triggerdef(g.oid)
       || CASE g.tgenabled WHEN 'O' THEN '' ELSE ' (enabled: ' || g.tgenabled::text || ')' END
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND {_OURS}
UNION ALL
SELECT 'policy', y.policyname || ' on ' || y.tablename, concat_ws(' ', y.permissive, 'FOR', y.cmd,
       'TO', array_to_string(y.roles, ', '), 'USING ' || y.qual, 'CHECK ' || y.with_check)
FROM pg_policies y
UNION ALL
SELECT 'rule', r.rulename || ' on ' || c.relname, pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {_OURS}
UNION ALL
SELECT 'statistics', {_NAME} || s.stxname, pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {_OURS}
UNION ALL
SELECT 'collation', {_NAME} || l.collname, l.collprovider::text
FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE {_OURS} AND {_not_of_an_extension("pg_collation", "l.oid")}
UNION ALL
SELECT 'event trigger', v.evtname, v.evtevent || ' ' || v.evtfoid::regproc::text
FROM pg_event_trigger v
UNION ALL
SELECT 'extension', x.extname, '' FROM pg_extension x WHERE x.extname <> 'plpgsql'
UNION ALL
SELECT 'schema', n.nspname, coalesce('GRANTED ' || n.nspacl::text, '') FROM pg_namespace n
WHERE {_OURS} AND {_not_of_an_extension("pg_namespace", "n.oid")}
UNION ALL
SELECT 'default privileges', concat_ws(' ', n.nspname, a.defaclobjtype), a.defaclacl::text
FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace
ORDER BY 1, 2"""
# What values the types take that a migration or an extension makes: of enums and domains.
_TYPES = f"""
SELECT format_type(t.oid, NULL), t.typtype, CASE WHEN t.typtype = 'd' THEN
       format_type(t.typbasetype, t.typtypmod) END,
       (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e
        WHERE e.enumtypid = t.oid)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd') AND {_OURS}"""
_QUERIES = (_RELATIONS, _COLUMNS, _CONSTRAINTS, _INDEXES, _OTHERS, _TYPES)
_PREPARE = ";".join(f"PREPARE guard_{n} AS {query}" for n, query in enumerate(_QUERIES))
_EXECUTE = ";".join(f"EXECUTE guard_{n}" for n in range(len(_QUERIES)))
_MARK = "SELECT txid_current_snapshot()"  # another one as soon as anything is written


class MadeType(NamedTuple):
    """An enum with its labels, or a domain with the type that it narrows."""

    labels: tuple[str, ...]
    base: str


class Catalog:
    """What one database holds; equal parts of two readings are the very same objects."""

    def __init__(self, hidden: str) -> None:
        self._hidden = hidden  # Alembic's own table
        self._state = State({}, {}, {})
        self._mark: str | None = None
        self.longer: set[str] = set()  # tables of which no more than the first rows were read
        self.quoted: dict[str, str] = {}  # each table's name in SQL
        self.types: dict[str, MadeType] = {}
        self.unsettled: set[str] = set()

    def prepare(self, client: Client) -> None:
        """Make ready to read over a new connection."""
        client.query(_PREPARE)

    def read(self, client: Client, only_rows: bool) -> State:
        """Return what the database holds now; `only_rows`: no more than rows can have changed."""
        mark = client.rows(_MARK)[0][0]
        if mark != self._mark:
            tables, others, _ = self._state if only_rows else self._read_schema(client)
            self._state = State(tables, others, self._rows(client, tables))
            self._mark = mark
        return self._state

    def _read_schema(self, client: Client) -> State:
        relations, columns, constraints, indexes, others, types = client.query(_EXECUTE)
        self.types = {
            str(row[0]): MadeType(tuple(json.loads(row[3] or "[]")), row[2] or "") for row in types
        }
        tables = self._tables(relations, columns, constraints, indexes)
        return State(tables, _others(relations, others), self._state.rows)

    def _tables(
        self,
        relations: list[Row],
        columns: list[Row],
        constraints: list[Row],
        indexes: list[Row],
    ) -> dict[str, Table]:
        of_table = [_grouped(rows) for rows in (columns, constraints, indexes)]
        tables: dict[str, Table] = {}
        self.quoted = {}
        for row in relations:
            name = str(row[1])
            if row[2] not in ("r", "p", "f") or name == self._hidden:
                continue
            self.quoted[name] = f"{quote(str(row[4]))}.{quote(str(row[5]))}"
            made = _table(row, *(group.get(row[0], []) for group in of_table))
            old = self._state.tables.get(name)
            if old != made:
                self.unsettled.add(name)
            tables[name] = old if old is not None and old == made else made
        return tables

    def _rows(self, client: Client, tables: dict[str, Table]) -> dict[str, list[tuple[Any, ...]]]:
        names = [name for name, table in tables.items() if not _is_virtual(table)]
        if not names:
            return {}
        found = client.query(";".join(self._select(name, tables[name]) for name in names))
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for name, now in zip(names, found):
            made = with_numbers(now, [column.type for column in tables[name].columns])
            if len(made) == ROW_LIMIT:
                self.longer.add(name)
            old = self._state.rows.get(name)
            if old != made:
                self.unsettled.add(name)
            rows[name] = old if old is not None and old == made else made
        return rows

    def _select(self, name: str, table: Table) -> str:
        columns = ", ".join(quote(column.name) for column in table.columns)
        return f"SELECT {columns} FROM ONLY {self.quoted[name]} LIMIT {ROW_LIMIT}"


def short(type_: str) -> str:
    """Return a type as people write it: varchar(80), timestamptz."""
    for long, written in _SHORT:
        type_ = type_.replace(long, written)
    return re.sub(r"^(timestamp|time)(\(\d\)) with(out)? time zone", r"\1\2", type_)


def literal_default(sql: str | None) -> str | None:
    """Return a default without the casts that the server adds; None for none."""
    return None if sql is None else _CAST.sub("", sql)


def _grouped(rows: Iterable[Row]) -> dict[str | None, list[Row]]:
    groups: dict[str | None, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return groups


def _is_virtual(table: Table) -> bool:
    """Return whether its rows lie elsewhere: in its partitions, or on another server."""
    return any(line.startswith(("partitioned table ", "foreign table ")) for line in table.lines)


def _table(row: Row, columns: list[Row], constraints: list[Row], indexes: list[Row]) -> Table:
    name = str(row[1])
    made = tuple(_column(column) for column in columns)
    keys = {"p": [], "u": [], "f": [], "c": []}  # type: dict[str, list[Row]]
    for constraint in constraints:
        keys.setdefault(str(constraint[2]), []).append(constraint)
    uniques = [_names(one[4]) for one in keys["u"]] + [
        _names(index[5])[: int(index[7] or 0)]
        for index in indexes
        if index[3] == "t" and index[6] == "f"
    ]
    lines = [*_table_lines(row), *(_column_line(name, column) for column in columns)]
    lines += [_constraint_line(name, constraint) for constraint in constraints]
    lines += [_index_line(name, index) for index in indexes]
    return Table(
        columns=made,
        primary_key=_names(keys["p"][0][4]) if keys["p"] else (),
        uniques=tuple(sorted(uniques)),
        foreign_keys=tuple(
            ForeignKey(_names(one[4]), str(one[5]), _names(one[6])) for one in keys["f"]
        ),
        checks=tuple(_plain_check(str(one[3])) for one in keys["c"]),
        lines={line: line for line in lines},
    )


def _table_lines(row: Row) -> list[str]:
    name, kind, persistence = row[1], row[2], row[3]
    word = {"p": "partitioned table", "f": "foreign table"}.get(str(kind), "table")
    word = "unlogged " + word if persistence == "u" else word
    lines = [f"{word} {name}"]
    lines += [f"table {name} WITH ({row[6]})"] if row[6] else []
    lines += [f"table {name} ENABLE ROW LEVEL SECURITY"] if row[7] == "t" else []
    lines += [f"table {name} FORCE ROW LEVEL SECURITY"] if row[8] == "t" else []
    lines += [f"table {name} GRANTED {row[9]}"] if row[9] else []
    lines += [f"table {name} COMMENT {row[10]!r}"] if row[10] else []
    lines += [f"table {name} PARTITION BY {row[11]}"] if row[11] else []
    if row[13]:
        bound = f"PARTITION OF {row[13]} {row[12]}" if row[12] else f"INHERITS {row[13]}"
        lines.append(f"table {name} {bound}")
    return lines


def _column(row: Row) -> Column:
    generated = bool(row[6]) or row[5] == "a"
    default = None if row[6] else literal_default(row[4])
    return Column(str(row[1]), short(str(row[2])), row[3] == "f", default, generated)


def _column_line(table: str, row: Row) -> str:
    line = f"column {table}.{row[1]} {short(str(row[2]))}"
    line += " NOT NULL" if row[3] == "t" else ""
    line += f" COLLATE {row[7]}" if row[7] else ""
    if row[6]:
        line += f" GENERATED ALWAYS AS ({row[4]}) {'STORED' if row[6] == 's' else 'VIRTUAL'}"
    elif row[5]:
        line += f" GENERATED {'ALWAYS' if row[5] == 'a' else 'BY DEFAULT'} AS IDENTITY"
    elif row[10] and str(row[4]).startswith("nextval("):
        line += " DEFAULT nextval(its own sequence)"  # whatever its name has become
    elif row[4] is not None:
        line += f" DEFAULT {literal_default(row[4])}"
    line += f" COMMENT {row[8]!r}" if row[8] else ""
    return line + (f" GRANTED {row[9]}" if row[9] else "")


def _constraint_line(table: str, row: Row) -> str:
    name, kind, text = row[1], row[2], str(row[3])
    if kind == "c":
        return f"check {name} on {table}: {_plain_check(text)}" + _unvalidated(text)
    if kind == "x":
        return f"exclusion {name} on {table}: {text}"
    columns = ", ".join(_names(row[4]))
    if kind == "p":
        return f"primary key {name} of {table} ({columns})"
    rest = text.partition(")")[2]
    if kind == "u":
        return f"unique {name} on {table} ({columns}){rest}"
    rest = text.partition(" REFERENCES ")[2].partition(")")[2]
    parents = ", ".join(_names(row[6]))
    return f"foreign key {name} on {table} ({columns}) to {row[5]} ({parents}){rest}"


def _plain_check(text: str) -> str:
    inner = re.sub(r" (?:NOT VALID|NO INHERIT|NOT ENFORCED)", "", text)[len("CHECK ") :]
    bare = _CAST.sub("", inner[1:-1] if inner.startswith("(") else inner)
    return re.sub(r"\((\(\w+\))\)", r"\1", bare)  # what the cast had put in parentheses


def _unvalidated(text: str) -> str:
    return " NOT VALID" if text.endswith(" NOT VALID") else ""


def _index_line(table: str, row: Row) -> str:
    method = str(row[2]).partition(" USING ")[2]
    method = method[len("btree ") :] if method.startswith("btree ") else method
    kind = "unique index" if row[3] == "t" else "index"
    return f"{kind} {row[1]} on {table} {method}" + ("" if row[4] == "t" else " INVALID")


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def _others(relations: list[Row], others: list[Row]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for row in relations:
        if row[2] in ("v", "m"):
            kind = "view" if row[2] == "v" else "materialized view"
            more = [f"GRANTED {row[9]}"] if row[9] else []
            more += [f"WITH ({row[6]})"] if row[6] else []
            found[kind, str(row[1])] = f"{kind} {row[1]}: {' '.join([_line(row[14]), *more])}"
    for kind_, name, text in others:
        rest = f": {_line(text)}" if text else ""
        found[str(kind_), f"{name} {text}" if kind_ == "trigger" else str(name)] = (
            f"{kind_} {name}{rest}"
        )
    return found


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
