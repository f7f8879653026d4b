"""A column's type as code: as SQLAlchemy writes it in a revision, and as SQL does."""

from __future__ import annotations

from collections.abc import Iterator

from guard.operations import AddColumn, ChangeColumnType, CreateTable, Name, Operation, Type

_SQLALCHEMY = {
    "bigint": "BigInteger", "boolean": "Boolean", "date": "Date", "datetime": "DateTime",
    "double": "Double", "integer": "Integer", "json": "JSON", "numeric": "Numeric",
    "smallint": "SmallInteger", "text": "Text", "timestamp": "DateTime", "varchar": "String",
    "char": "CHAR", "real": "REAL", "float": "Float", "uuid": "Uuid", "interval": "Interval",
    "time": "Time", "bytea": "LargeBinary", "blob": "LargeBinary",
}  # fmt: skip
_POSTGRESQL = ("jsonb", "inet", "cidr", "citext", "bit", "xml", "money", "oid", "regclass")
_MYSQL = (
    *("tinyint", "mediumint", "tinytext", "mediumtext", "longtext", "year"),
    *("tinyblob", "mediumblob", "longblob"),
)
_ZONED = ("timestamp", "time")


def sqlalchemy_type(kind: Type | None, dialect: str | None = None) -> str:
    """Return SQLAlchemy's type as code, `<its type>` where it is none of the plain ones."""
    if kind is None:
        return "<its type>"
    if kind.enum_name or kind.values is not None:
        return _enum(kind)
    code = _scalar(kind, dialect)
    return f"postgresql.ARRAY({code})" if kind.array and dialect == "postgresql" else code


def _scalar(kind: Type, dialect: str | None) -> str:
    numbers = [str(n) for n in (kind.length, kind.precision, kind.scale) if n is not None]
    mysql = dialect in ("mysql", "mariadb")
    if kind.unsigned and mysql:
        return f"mysql.{kind.name.upper()}({', '.join([*numbers, 'unsigned=True'])})"
    if dialect == "postgresql" and kind.name in _ZONED and kind.precision is not None:
        zone = "timezone=True, " if kind.timezone else ""
        return f"postgresql.{kind.name.upper()}({zone}precision={kind.precision})"
    if mysql and kind.name in ("datetime", "timestamp", "time") and kind.precision:
        return f"mysql.{kind.name.upper()}(fsp={kind.precision})"
    if kind.timezone and kind.name in _ZONED:
        return f"sa.{_SQLALCHEMY[kind.name]}(timezone=True)"
    if kind.name in _POSTGRESQL and dialect == "postgresql":
        return f"postgresql.{kind.name.upper()}({', '.join(numbers)})"
    if kind.name in _MYSQL and mysql:
        return f"mysql.{kind.name.upper()}({', '.join(numbers)})"
    if kind.name not in _SQLALCHEMY or kind.collation or kind.charset:
        return "<its type>"
    plain = kind.name in ("datetime", "timestamp", "time", "interval", "double", "integer")
    return f"sa.{_SQLALCHEMY[kind.name]}({'' if plain else ', '.join(numbers)})"


def _enum(kind: Type) -> str:
    members = [repr(value) for value in kind.values or ()]
    if kind.enum_name:
        members += [f"name={kind.enum_name.name!r}"]
        members += [f"schema={kind.enum_name.schema!r}"] if kind.enum_name.schema else []
    return f"sa.Enum({', '.join(members)})"


def sql_type(kind: Type | None, dialect: str | None) -> str:
    """Return the type as SQL writes it, `<its type>` where it is not known."""
    if kind is None:
        return "<its type>"
    if kind.values is not None and not kind.enum_name:
        members = ", ".join(map(sql_string, kind.values))
        return f"{kind.name}({members})"
    name = kind.name
    if dialect == "postgresql" and name == "double":
        name, kind = "double precision", Type(name="double", array=kind.array)
    numbers = [str(n) for n in (kind.length, kind.precision, kind.scale) if n is not None]
    size = f"({', '.join(numbers)})" if numbers else ""
    size = size if kind.sized else "(<its size>)"
    words = [
        f"{kind.enum_name or name}{size}",
        "unsigned" if kind.unsigned else "",
        "with time zone" if kind.timezone else "",
        f"CHARACTER SET {kind.charset}" if kind.charset else "",
    ]
    return " ".join(filter(None, words)) + "[]" * kind.array


def sql_string(text: str) -> str:
    """Return the text as SQL quotes it."""
    return "'" + text.replace("'", "''") + "'"


def typed_columns(operation: Operation) -> Iterator[tuple[Name, str, Type]]:
    """Yield the table, the name and the type of each column that gets a type there."""
    match operation:
        case CreateTable(table=table, columns=columns):
            yield from ((table, c.name, c.type) for c in columns if c.type)
        case AddColumn(table=table, column=column) if column.type:
            yield table, column.name, column.type
        case ChangeColumnType(table=table, column=name, type=kind) if kind:
            yield table, name, kind
