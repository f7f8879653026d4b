"""A replayed schema as DDL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from guard.operations import Column, Constraint, Name, Type
from guard.patterns import lazy_re
from guard.schema import Domain, EnumType, Index, Other, Schema, Table, View
from guard.schema.describe import constraint_text, index_text, object_text
from guard.server import is_mysql

# Words that PostgreSQL or SQLite do not take as a bare name.
_RESERVED = """
    add all alter analyse analyze and any array as asc asymmetric authorization autoincrement
    between binary both case cast check collate collation column commit concurrently constraint
    create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable delete desc distinct do drop else end
    escape except exists false fetch for foreign freeze from full grant group having ilike in
    index initially inner insert intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not nothing notnull null offset on only or order outer
    overlaps placing primary references returning right select session_user set similar some
    symmetric table tablesample then to trailing transaction true union unique update user using
    values variadic verbose when where window with
"""
_TYPES = {
    "postgresql": {
        "double": "double precision",
        "datetime": "timestamp",
        "tinyint": "smallint",
        "mediumint": "integer",
        "blob": "bytea",
        "varbinary": "bytea",
        "binary": "bytea",
        "longtext": "text",
        "mediumtext": "text",
        "tinytext": "text",
        "longblob": "bytea",
    },
    "mysql": {"bytea": "longblob", "jsonb": "json", "uuid": "char(36)"},
}
_SQLITE_DEFAULTS = {"now()": "CURRENT_TIMESTAMP", "true": "1", "false": "0"}  # by SQLAlchemy
_SERIALS = {"integer": "serial", "bigint": "bigserial", "smallint": "smallserial"}
# Parts of an index that need no parentheses: a column and a call, in whatever order.
_BARE_PART = lazy_re(r"\w+|\"[^\"]+\"|`[^`]+`|\w+\([^()]*\)")
_ORDER = lazy_re(r"(\s+(ASC|DESC))?(\s+NULLS\s+(FIRST|LAST))?\s*$", re.IGNORECASE)
_SIMPLE_DEFAULT = lazy_re(r"[-+]?[\d.]+|'(?:[^']|'')*'|NULL|TRUE|FALSE|CURRENT_\w+", re.I)


def as_sql(schema: Schema, dialect: str | None = None) -> str:
    """Return statements that make the schema, for its own dialect or another.

    A sketch to read and to try things on, not a dump: parts that the replay does not hold (bodies
    of views and functions, collations, partition bounds) stand in comments. Foreign keys that point
    ahead come last, but for SQLite, which takes them as they stand.
    """
    return "\n\n".join(Ddl(schema, dialect or schema.dialect).statements()) + "\n"


class Ddl:
    """Writes the parts of a schema for a dialect."""

    def __init__(self, schema: Schema, dialect: str | None) -> None:
        self.schema = schema
        self.dialect = dialect

    def statements(self) -> Iterator[str]:
        if not self.schema.known:
            yield "-- There may be tables that no revision names."
        tables = [table for table in self.schema.tables() if not table.temporary]
        yield from self._schemas(tables)
        for item in self.schema.objects():
            yield self._object(item)
        made: set[str] = set()
        late: list[str] = []
        for table in _parents_first(tables):
            made.add(str(table.name))
            possible = [c for c in table.constraints if self._possible(table, c)]
            at_once = [c for c in possible if self._fits_in_table(c, made)]
            yield self.table(table, at_once)
            for index in table.indexes:
                if self._possible(table, index):
                    yield self.index(table, index)
                else:
                    yield f"-- {table.name}: {index_text(index)}"
            for constraint in table.constraints:
                if constraint not in possible:
                    yield f"-- {table.name}: {constraint_text(constraint)}"
                elif constraint not in at_once:
                    text = self.constraint(constraint)
                    late.append(f"ALTER TABLE {self.name(table.name)} ADD {text};")
        yield from late

    def _possible(self, table: Table, part: Constraint | Index) -> bool:
        """Return whether all is known that a constraint or index stands on."""
        sql = part.where if isinstance(part, Index) else part.sql
        known = {column.name for column in table.columns}
        if not table.complete and (sql or not known.issuperset(part.columns)):
            return False
        if isinstance(part, Index) or part.target is None or self.dialect == "sqlite":
            return bool(table.columns)
        target = self.schema.table(part.target)
        columns = {column.name for column in target.columns} if target else set()
        return bool(target) and columns.issuperset(part.target_columns)

    def _fits_in_table(self, constraint: Constraint, made: set[str]) -> bool:
        if self.dialect == "sqlite":
            return True
        ahead = constraint.target is not None and str(constraint.target) not in made
        return not ahead and not (constraint.not_valid and self.dialect == "postgresql")

    def _schemas(self, tables: Iterable[Table]) -> Iterator[str]:
        names = dict.fromkeys(t.name.schema for t in tables if t.name.schema)
        if self.dialect != "sqlite":
            for name in names:
                yield f"CREATE SCHEMA IF NOT EXISTS {self.quoted(name)};"

    def _object(self, item: EnumType | Domain | View | Other) -> str:
        if self.dialect == "postgresql" and isinstance(item, EnumType) and item.values is not None:
            return self.enum(item.name, item.values)
        if self.dialect == "postgresql" and isinstance(item, Domain) and item.type:
            return f"CREATE DOMAIN {self.name(item.name)} AS {self.type(item.type)};"
        return f"-- {object_text(item)}"

    def enum(self, name: Name, values: Iterable[str]) -> str:
        """Return the statement that makes an enum type of PostgreSQL."""
        return f"CREATE TYPE {self.name(name)} AS ENUM ({', '.join(map(_text, values))});"

    def table(self, table: Table, constraints: Iterable[Constraint]) -> str:
        remarks = [
            "" if table.complete else "-- more may be in it\n",
            "" if table.certain else "-- not certain to be there\n",
            f"-- partition of {table.partition_of}\n" if table.partition_of else "",
        ]
        parts = [self.column(column) for column in table.columns]
        parts += [self.constraint(c) for c in constraints if c.type != "not null"]
        body = ",\n".join(f"    {part}" for part in parts)
        create = f"CREATE TABLE {self.name(table.name)} (\n{body}\n);"
        if not table.columns:  # which not every server takes
            create = f"-- table {table.name}: no column is known"
        return "".join(remarks) + create

    def column(self, column: Column) -> str:
        generated = column.generated
        kind = self.type(column.type) if column.type else self._unread_type()
        if generated and generated.by == "serial" and self.dialect == "postgresql":
            kind = _SERIALS.get(kind, kind)
        parts = [self.quoted(column.name), kind]
        if not column.nullable:
            parts.append("NOT NULL")
        if column.default and column.default.sql is not None:
            parts.append(f"DEFAULT {self.default(column.default.sql)}")
        if generated and generated.by == "expression" and generated.sql:
            stored = "VIRTUAL" if generated.stored is False else "STORED"
            parts.append(f"GENERATED ALWAYS AS ({generated.sql}) {stored}")
        elif generated and generated.by == "identity" and self.dialect == "postgresql":
            parts.append(f"GENERATED {'ALWAYS' if generated.always else 'BY DEFAULT'} AS IDENTITY")
        elif generated and generated.by != "expression" and is_mysql(self.dialect):
            parts.append("AUTO_INCREMENT")
        return " ".join(filter(None, parts))

    def _unread_type(self) -> str:
        return "" if self.dialect == "sqlite" else "text /* not read */"

    def type(self, type_: Type) -> str:
        family = "mysql" if is_mysql(self.dialect) else self.dialect
        if type_.enum_name and family == "postgresql":
            return self.name(type_.enum_name) + "[]" * type_.array
        if type_.values is not None and family == "mysql":
            return f"{type_.name}({', '.join(_text(value) for value in type_.values)})"
        if type_.name == "enum" or (family != "postgresql" and type_.enum_name):
            return "varchar(255)"
        name = _TYPES.get(family or "", {}).get(type_.name, type_.name)
        unsigned = " unsigned" if type_.unsigned and family == "mysql" else ""
        if name != type_.name and name in ("bytea", "text", "timestamp", "char(36)"):
            type_ = Type(name=type_.name, timezone=type_.timezone, array=type_.array)
        plain = msgspec.structs.replace(type_, name=name, enum_name=None)
        if family == "mysql" and name == "varchar" and type_.length is None:
            return "text"
        if family in ("mysql", "sqlite"):  # which know nothing of it
            plain = msgspec.structs.replace(plain, timezone=False)
        return f"{plain}{unsigned}"

    def default(self, sql: str) -> str:
        if self.dialect == "sqlite":
            sql = _SQLITE_DEFAULTS.get(sql.lower(), sql)
        if self.dialect == "sqlite" and not _SIMPLE_DEFAULT.fullmatch(sql.strip()):
            return f"({sql})"
        return sql

    def constraint(self, constraint: Constraint) -> str:
        text = f"CONSTRAINT {self.quoted(constraint.name)} " if constraint.name else ""
        if constraint.type == "check":
            text += f"CHECK ({constraint.sql or 'true /* not read */'})"
        elif constraint.type == "exclude":
            text += f"EXCLUDE {constraint.sql or ''}"
        else:
            alike = "NULLS NOT DISTINCT " if constraint.nulls_not_distinct else ""
            text += f"{constraint.type.upper()} {alike}({self.list(constraint.columns)})"
            text += f" INCLUDE ({self.list(constraint.include)})" if constraint.include else ""
        if constraint.target:
            to = f" ({self.list(constraint.target_columns)})" if constraint.target_columns else ""
            text += f" REFERENCES {self.name(constraint.target)}{to}"
            text += f" ON DELETE {constraint.on_delete.upper()}" if constraint.on_delete else ""
            text += f" ON UPDATE {constraint.on_update.upper()}" if constraint.on_update else ""
        unproven = constraint.not_valid and self.dialect == "postgresql"
        return text + (" NOT VALID" if unproven else "")

    def index(self, table: Table, index: Index) -> str:
        known = {column.name for column in table.columns}
        parts = ", ".join(
            (self.quoted(part) if part in known else _indexed(part)) + _order_of(part, index)
            for part in index.columns
        )
        name = f" {self.quoted(index.name)}" if index.name else ""
        method = f" USING {index.method}" if index.method and self.dialect == "postgresql" else ""
        where = f" WHERE {index.where}" if index.where and not is_mysql(self.dialect) else ""
        unique = "UNIQUE " if index.unique else ""
        on = f"{self.name(table.name)}{method} ({parts}){where}"
        return f"CREATE {unique}INDEX{name} ON {on};"

    def name(self, name: Name) -> str:
        if name.schema and self.dialect != "sqlite":
            return f"{self.quoted(name.schema)}.{self.quoted(name.name)}"
        return self.quoted(name.name)

    def list(self, names: Iterable[str]) -> str:
        return ", ".join(self.quoted(name) for name in names)

    def quoted(self, name: str) -> str:
        quote = "`" if is_mysql(self.dialect) else '"'
        plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _RESERVED.split()
        if plain and quote == '"':
            return name
        return quote + name.replace(quote, quote * 2) + quote


def _order_of(column: str, index: Index) -> str:
    """Return what an index says of a column: its order, operator class, how much of it."""
    for piece in (index.detail or "").split(", "):
        rest = piece.removeprefix(column)
        if rest != piece and rest[:1] in (" ", "("):
            return rest
    return ""


def _indexed(sql: str) -> str:
    order = _ORDER.search(sql)
    bare = sql[: order.start()] if order else sql
    return sql if _BARE_PART.fullmatch(bare) else f"({bare}){sql[len(bare) :]}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _parents_first(tables: list[Table]) -> list[Table]:
    """Return the tables so that foreign keys point back, as far as they go in no circle."""
    by_name = {str(table.name): table for table in tables}
    ordered: dict[str, Table] = {}
    for table in tables:
        waiting, seen = [table], set[str]()
        while waiting:
            name = str(waiting[-1].name)
            parents = [] if name in seen else [str(c.target) for c in waiting[-1].constraints]
            seen.add(name)
            missing = [
                by_name[p] for p in parents if p in by_name and p not in ordered and p not in seen
            ]
            if missing:
                waiting += missing
            else:
                ordered.setdefault(name, waiting.pop())
    return list(ordered.values())
