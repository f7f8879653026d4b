"""SQLAlchemy's columns, types, constraints and tables as values of the vocabulary."""

from __future__ import annotations

import ast
import re
from typing import Any, Literal

import msgspec

from guard.operations import (
    Column,
    Constraint,
    CreateIndex,
    CreateTable,
    Default,
    DropIndex,
    Generated,
    Name,
    SetComment,
    Type,
    unknown_name,
)
from guard.reader import classes
from guard.reader.text import Text
from guard.reader.values import (
    FALSE,
    TRUE,
    BoundMethod,
    Class,
    Const,
    Instance,
    Made,
    Many,
    Mapping,
    Ref,
    Unknown,
    Value,
    is_known,
    to_python,
    truth,
)
from guard.server import DIALECTS

# SQLAlchemy's class names in lower case -> the names of guard.sql.types.
_TYPES = {
    "string": "varchar",
    "unicode": "varchar",
    "nvarchar": "varchar",
    "autostring": "varchar",
    "unicodetext": "text",
    "clob": "text",
    "int": "integer",
    "biginteger": "bigint",
    "smallinteger": "smallint",
    "bool": "boolean",
    "datetime": "timestamp",
    "decimal": "numeric",
    "float": "double",
    "double_precision": "double",
    "largebinary": "blob",
    "pickletype": "blob",
    "nullid": "null",
}
_INTEGERS = {"integer", "bigint", "smallint"}
_LENGTH_FIRST = {"varchar", "char", "text", "binary", "varbinary", "blob", "bit", "bytea"}
COLUMN_WORDS = {"Column", "mapped_column", "Field"}


def last(path: str) -> str:
    """Return the last name of a dotted one."""
    return path.rpartition(".")[2]


# Names and text

_NAMES = {"quoted_name", "f", "conv", "Column", "column"}  # whose first argument is the name


def string(value: Value | None) -> str | None:
    """Return a name; one that is not known in full as its code in braces; None for None."""
    match value:
        case None | Const(None):
            return None
        case Text():
            return value.plain
        case Instance(attributes=attributes) if "value" in attributes:
            return string(attributes["value"])
        case Made(path=path, args=(inner, *_)) if last(path) in _NAMES:
            return string(inner)
        case Made(code=code) | Unknown(code=code):
            return unknown_name(code)
        case Const(plain):
            return str(plain)
    return unknown_name(code_of(value))


def name(value: Value | None, schema: Value | None = None) -> Name:
    """Return a table's or other object's name; `a.b` as one string stays as it is written."""
    return Name(string(value) or unknown_name("?"), string(schema))


def strings(value: Value | None) -> tuple[str, ...]:
    """Return the names of a list of columns: strings, text(), columns, expressions."""
    match value:
        case None | Const(None):
            return ()
        case Many(items=items, open=more):
            return tuple(sql(item) for item in items) + (("{...}",) if more else ())
        case Text() | Made():
            return (sql(value),)
    return (unknown_name(code_of(value)),)


def code_of(value: Value) -> str:
    match value:
        case Unknown(code=code) | Made(code=code):
            return code
        case Ref(path):
            return path.strip("<>")
        case BoundMethod(receiver=receiver, name=attribute):
            return f"{code_of(receiver)}.{attribute}"
    return "?"


def flag(value: Value | None) -> bool:
    """Return whether an option is certainly on."""
    return value is not None and truth(value) is True


def sql(value: Value | None) -> str:
    """Return the SQL that an expression stands for, as far as it can be read."""
    match value:
        case None | Const(None):
            return "NULL"
        case Const(bool() as plain):
            return "true" if plain else "false"
        case Const(plain):
            return str(plain)
        case Text():
            return value.plain
        case Instance(attributes={"value": inner}):
            return sql(inner)
        case Made():
            return _made_sql(value)
        case Unknown(code=code):
            return unknown_name(code)
    return unknown_name("?")


_COMPARISONS: dict[type[ast.AST], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_JOINTS: dict[type[ast.AST], str] = {ast.BitAnd: "AND", ast.BitOr: "OR"}
_NULLS = {"is_": "IS NULL", "is_not": "IS NOT NULL", "isnot": "IS NOT NULL"}


def _operator_sql(value: Made) -> str:
    """Return `table.c.a > 0` as `a > 0`, where both sides are known."""
    match value.source, value.args:
        case ast.Compare(ops=[operator]), (left, right):
            sign = _COMPARISONS.get(type(operator))
            if right == Const(None) and sign in {"=", "<>"}:
                sign = "IS" if sign == "=" else "IS NOT"
            parts = [sql(left), sign or "{?}", quoted(right)]
        case ast.BinOp(op=operator), (left, right) if type(operator) in _JOINTS:
            parts = [f"({sql(left)})", _JOINTS[type(operator)], f"({sql(right)})"]
        case _:
            parts = ["{?}"]
    written = " ".join(parts)
    return unknown_name(value.code) if "{" in written else written


def _made_sql(value: Made) -> str:
    word = last(value.path)
    if value.path == "<operator>":
        return _operator_sql(value)
    if word in _NULLS and value.receiver is not None and value.args == (Const(None),):
        subject = sql(value.receiver)
        return unknown_name(value.code) if "{" in subject else f"{subject} {_NULLS[word]}"
    match word:
        case "text" | "literal_column" | "column" | "Column" | "f" | "quoted_name" if value.args:
            return sql(value.args[0])
        case "inline_literal" | "literal" if value.args:
            return quoted(value.args[0])
        case "true" | "false" | "null":
            return word
        case "desc" | "asc" if value.receiver is not None:
            return f"{sql(value.receiver)} {word.upper()}"
        case "desc" | "asc" if value.args:
            return f"{sql(value.args[0])} {word.upper()}"
    if ".func." in value.path or value.path.startswith("func."):
        arguments = ", ".join(quoted(a) if isinstance(a, Text) else sql(a) for a in value.args)
        return f"{word}({arguments})"
    if (
        not value.called
        and isinstance(value.receiver, Made)
        and value.receiver.path in {"c", "columns"}
    ):
        return word
    if not value.called and isinstance(value.receiver, Class):
        return word
    return unknown_name(value.code or word)


def quoted(value: Value) -> str:
    """Return the value as a SQL literal."""
    if isinstance(value, Text):
        return "'" + value.plain.replace("'", "''") + "'"
    return sql(value)


# Types


def read_type(value: Value | None, dialect: str | None) -> Type | None:
    """Return the column type; None where it is not known."""
    match value:
        case Ref(path):
            return _named_type(last(path), (), {}, dialect)
        case Class():
            return _class_type(value, (), {}, dialect)
        case Instance(cls=cls, attributes=attributes):
            made = attributes.get("<args>")
            args = made.args if isinstance(made, Made) else ()
            return _class_type(cls, args, {}, dialect)
        case Made(path="with_variant", receiver=base, args=args):
            return _with_variants(base, args, dialect)
        case Made(path=path, args=(inner, *_)) if last(path) in {"as_mutable", "MutableType"}:
            return read_type(inner, dialect)
        case Made(receiver=Class() as cls, args=args, kwargs=kwargs, called=True):
            return _class_type(cls, args, kwargs, dialect)
        case Made(path=path, args=args, kwargs=kwargs):
            return _named_type(last(path), args, kwargs, dialect)
    return None


def _with_variants(base: Value | None, args: tuple[Value, ...], dialect: str | None) -> Type | None:
    plain = read_type(base, dialect)
    variant = read_type(args[0], dialect) if args else None
    if plain is None or variant is None:
        return plain
    names = [n for n in (string(a) for a in args[1:]) if n]
    if dialect in names:
        return variant
    return msgspec.structs.replace(
        plain, variants={**plain.variants, **dict.fromkeys(names, variant)}
    )


def _class_type(
    cls: Class, args: tuple[Value, ...], kwargs: dict[str, Value], dialect: str | None
) -> Type:
    """Return the type of a TypeDecorator in sight: that of its `impl`."""
    impl = classes.lookup(cls, "impl")
    if impl is not None and (found := read_type(impl, dialect)):
        return found
    for base in cls.bases:
        if isinstance(base, Class | Ref) and last(getattr(base, "path", "")) not in {
            "TypeDecorator",
            "UserDefinedType",
        }:
            return read_type(base, dialect) or Type(name=cls.name)
    return Type(name=cls.name)


def _named_type(
    word: str, args: tuple[Value, ...], kwargs: dict[str, Value], dialect: str | None
) -> Type:
    lower = word.lower()
    base = _TYPES.get(lower, lower)
    if lower == "datetime" and dialect not in (None, "postgresql"):
        base = "datetime"
    if base == "enum" or lower == "set":
        return _enum_type(base, args, kwargs, dialect)
    if base == "array":
        inner = read_type(args[0], dialect) if args else None
        inner = inner or Type(name="?")
        return msgspec.structs.replace(inner, array=inner.array + 1)
    numbers = [_number(a) for a in args]
    length = _number(kwargs.get("length")) or (
        numbers[0] if numbers and base in _LENGTH_FIRST else None
    )
    precise = base in {"numeric", "double", "real", "time", "timestamp", "interval"}
    precision = _number(kwargs.get("precision")) or (numbers[0] if numbers and precise else None)
    return Type(
        name=base,
        length=length,
        precision=precision if base not in _LENGTH_FIRST else None,
        scale=_number(kwargs.get("scale"))
        or (numbers[1] if len(numbers) > 1 and precise else None),
        timezone=flag(kwargs.get("timezone"))
        or (base == "timestamp" and bool(args) and flag(args[0])),
        unsigned=flag(kwargs.get("unsigned")),
        collation=string(kwargs.get("collation")),
    )


def _number(value: Value | None) -> int | None:
    if (
        isinstance(value, Const)
        and isinstance(value.value, int)
        and not isinstance(value.value, bool)
    ):
        return value.value
    return None


def _enum_type(
    base: str, args: tuple[Value, ...], kwargs: dict[str, Value], dialect: str | None
) -> Type:
    members: tuple[str, ...] | None
    if args and isinstance(args[0], Class) and args[0].is_enum:
        found = classes.members(args[0]) or []
        names = (m.attributes["name"] for m in found if isinstance(m, Instance))
        members = tuple(string(n) or "" for n in names)
    elif all(isinstance(a, Text) for a in args) and args:
        members = tuple(a.plain for a in args if isinstance(a, Text))
    else:
        members = None
    native = truth(kwargs.get("native_enum", TRUE)) is not False
    if not native or (base == "enum" and dialect == "sqlite"):  # text as long as its longest word
        longest = max((len(m) for m in members), default=None) if members else None
        return Type(name="varchar", length=_number(kwargs.get("length")) or longest)
    label = kwargs.get("name")
    return Type(
        name=base,
        enum_name=name(label, kwargs.get("schema")) if label is not None else None,
        values=members,
        create_type=truth(kwargs.get("create_type", TRUE)) is not False,
    )


# Columns and constraints


class ReadColumn(msgspec.Struct, frozen=True):
    """A column, and what its definition asks for besides: named as SQLAlchemy makes it."""

    column: Column
    index: bool = False
    foreign_keys: tuple[Constraint, ...] = ()
    checks: tuple[Constraint, ...] = ()
    type_check: TypeCheck | None = None


def is_column(value: Value) -> bool:
    return isinstance(value, Made) and last(value.path) in COLUMN_WORDS and value.called


def read_column(
    value: Value, dialect: str | None, *, lone_key: bool | None = None
) -> ReadColumn | None:
    """Return the column of a `sa.Column(...)`; None for anything else.

    `lone_key`: whether it is all of the table's primary key; None where only the column says so.
    """
    if not isinstance(value, Made) or not is_column(value):
        return None
    args = list(value.args)
    label = value.kwargs.get("name")
    if label is None and args and not _is_type(args[0]):
        label = args.pop(0)
    kind = value.kwargs.get("type_")
    if kind is None and args and not _is_item(args[0]):
        kind = args.pop(0)
    items = [a for a in args if isinstance(a, Made)]
    column_name = string(label) or unknown_name("?")
    primary = flag(value.kwargs.get("primary_key"))
    nullable = value.kwargs.get("nullable")
    keys = tuple(
        _foreign_key(item, column_name) for item in items if last(item.path) == "ForeignKey"
    )
    checks = tuple(c for i in items if (c := read_constraint(i)) and c.type == "check")
    read = read_type(kind, dialect)
    generated = _generated(items, value.kwargs)
    counts = not keys and generated is None and (primary if lone_key is None else lone_key)
    if _is_counter(value.kwargs, read, counts):
        generated = Generated(by="serial" if dialect == "postgresql" else "autoincrement")
    if nullable is None:
        nullable = FALSE if primary or (generated and generated.by == "identity") else TRUE
    return ReadColumn(
        Column(
            name=column_name,
            type=read,
            nullable=truth(nullable) is not False,
            default=_default(value.kwargs.get("server_default")),
            generated=generated,
            primary_key=primary,
            unique=flag(value.kwargs.get("unique")),
            comment=string(value.kwargs.get("comment")),
        ),
        index=flag(value.kwargs.get("index")),
        foreign_keys=keys,
        checks=checks,
        type_check=type_check(kind, column_name),
    )


def _is_type(value: Value) -> bool:
    return isinstance(value, Made | Ref | Class) and not (
        isinstance(value, Made) and last(value.path) in {"quoted_name", "f"}
    )


def _is_item(value: Value) -> bool:
    return isinstance(value, Made) and last(value.path) in {
        "ForeignKey",
        "CheckConstraint",
        "Computed",
        "Identity",
        "Sequence",
        "DefaultClause",
        "FetchedValue",
    }


def _default(value: Value | None) -> Default | None:
    match value:
        case None | Const(None):
            return None
        case Text():
            return Default(quoted(value) if value.known else None)
        case Made(path=path, args=(inner, *_)) if last(path) == "DefaultClause":
            return _default(inner)
        case Made():
            text = sql(value)
            return Default(None if text.startswith("{") else text)
        case Const(plain):
            return Default("'" + str(plain) + "'")
        case Instance(attributes={"value": inner}):
            return _default(inner)
    return Default(None)


def read_default(value: Value | None) -> Default | None:
    """Return the server default that an argument stands for; None for no default."""
    return _default(value)


def _generated(items: list[Made], kwargs: dict[str, Value]) -> Generated | None:
    for item in (*items, kwargs.get("server_default")):
        if not isinstance(item, Made):
            continue
        match last(item.path):
            case "Computed":
                stored = item.kwargs.get("persisted")
                expression = item.args[0] if item.args else item.kwargs.get("sqltext")
                return Generated(
                    by="expression",
                    sql=sql(expression),
                    stored=None if stored is None else truth(stored),
                )
            case "Identity":
                return Generated(by="identity", always=flag(item.kwargs.get("always")))
    return None


def _is_counter(kwargs: dict[str, Value], kind: Type | None, counts: bool) -> bool:
    """Return whether SQLAlchemy makes the column count: a lone integer key, if nothing forbids."""
    asked = kwargs.get("autoincrement")
    if kind is None or kind.name not in _INTEGERS:
        return False
    lone = counts and truth(asked or TRUE) is not False and "server_default" not in kwargs
    return flag(asked) or lone


# A type that a dialect does not have is made of a CHECK there, where `create_constraint` asks.
_NATIVE = {"boolean": ("postgresql",), "enum": ("postgresql", "mysql", "mariadb")}


class TypeCheck(msgspec.Struct, frozen=True):
    """The CHECK that stands in for a type, and the dialects that need it."""

    constraint: Constraint
    dialects: tuple[str, ...]


def type_check(kind: Value | None, column: str) -> TypeCheck | None:
    """Return the CHECK of a `sa.Boolean(create_constraint=True)` or of such an Enum, else None."""
    if not isinstance(kind, Made) or not flag(kind.kwargs.get("create_constraint")):
        return None
    word = last(kind.path).lower()
    if word not in _NATIVE:
        return None
    values = _enum_type(word, kind.args, {}, None).values or ()
    members = ", ".join(f"'{v}'" for v in values) if word == "enum" else "0, 1"
    native = _NATIVE[word] if flag(kind.kwargs.get("native_enum", TRUE)) else ()
    return TypeCheck(
        Constraint(
            type="check",
            name=string(kind.kwargs.get("name")),
            sql=f"{column} IN ({members})",
        ),
        tuple(d for d in DIALECTS if d not in native),
    )


def _foreign_key(item: Made, column: str) -> Constraint:
    target = string(item.args[0] if item.args else item.kwargs.get("column")) or "{?}"
    return _references(item, (column,), (target,))


def _references(item: Made, columns: tuple[str, ...], targets: tuple[str, ...]) -> Constraint:
    tables = [t.rpartition(".")[0] for t in targets] or [""]
    schema, _, table = (tables[0] or "{?}").rpartition(".")
    return Constraint(
        type="foreign key",
        name=string(item.kwargs.get("name")),
        columns=columns,
        target=Name(table, schema or None),
        target_columns=tuple(t.rpartition(".")[2] for t in targets),
        **_options(item.kwargs),
    )


def _options(kwargs: dict[str, Value]) -> dict[str, Any]:
    return {
        "on_delete": string(kwargs.get("ondelete")),
        "on_update": string(kwargs.get("onupdate")),
        "deferrable": flag(kwargs.get("deferrable")),
        "initially_deferred": (string(kwargs.get("initially")) or "").upper() == "DEFERRED",
        "not_valid": flag(kwargs.get("postgresql_not_valid")),
    }


ConstraintType = Literal["primary key", "unique", "check", "exclude", "foreign key"]
_CONSTRAINTS: dict[str, ConstraintType] = {
    "PrimaryKeyConstraint": "primary key",
    "UniqueConstraint": "unique",
    "CheckConstraint": "check",
    "ExcludeConstraint": "exclude",
    "ForeignKeyConstraint": "foreign key",
}


def read_constraint(value: Value) -> Constraint | None:
    """Return the constraint of a `sa.UniqueConstraint(...)` and its kin; None for other things."""
    if not isinstance(value, Made) or (kind := _CONSTRAINTS.get(last(value.path))) is None:
        return None
    label = string(value.kwargs.get("name"))
    not_valid = flag(value.kwargs.get("postgresql_not_valid"))
    if kind == "foreign key":
        columns = strings(value.args[0] if value.args else value.kwargs.get("columns"))
        targets = strings(value.args[1] if len(value.args) > 1 else value.kwargs.get("refcolumns"))
        return _references(value, columns, targets)
    if kind == "check":
        text = value.args[0] if value.args else value.kwargs.get("sqltext")
        return Constraint(type=kind, name=label, sql=sql(text), not_valid=not_valid)
    if kind == "exclude":
        return Constraint(type=kind, name=label, sql=value.code)
    return Constraint(
        type=kind,
        name=label,
        columns=tuple(sql(a) for a in value.args),
        deferrable=flag(value.kwargs.get("deferrable")),
    )


def read_index(value: Value, table: Name) -> CreateIndex | None:
    """Return the index of a `sa.Index("name", "a", "b")`; None for anything else."""
    if not isinstance(value, Made) or last(value.path) != "Index":
        return None
    label, columns = (value.args[0], value.args[1:]) if value.args else (None, ())
    return make_index(label, table, tuple(sql(c) for c in columns), value.kwargs)


def index_operation(value: Value, *, drop: bool) -> CreateIndex | DropIndex | None:
    """Return the making or the drop of a `sa.Index("name", table.c.a)`; None for anything else."""
    if not isinstance(value, Made) or last(value.path) != "Index":
        return None
    table = owning_table(value)
    if not drop:
        return read_index(value, table)
    label = string(value.args[0] if value.args else value.kwargs.get("name"))
    return DropIndex(name=Name(label or unknown_name("index")), table=table)


def owning_table(value: Value) -> Name:
    """Return the table of a constraint or an index, which its columns tell: `table.c.a`."""
    for item in value.args if isinstance(value, Made) else ():
        owner: Value | None = item
        while isinstance(owner, Made):
            if found := table_name(owner):
                return found
            owner = owner.receiver
    return Name(unknown_name("table"))


def make_index(
    label: Value | None, table: Name, columns: tuple[str, ...], kwargs: dict[str, Value]
) -> CreateIndex:
    where = kwargs.get("postgresql_where") or kwargs.get("sqlite_where")
    return CreateIndex(
        table=table,
        name=string(label),
        columns=columns,
        unique=flag(kwargs.get("unique")),
        concurrently=flag(kwargs.get("postgresql_concurrently")),
        if_not_exists=flag(kwargs.get("if_not_exists")),
        where=sql(where) if where is not None else None,
        method=string(kwargs.get("postgresql_using")),
        algorithm=string(kwargs.get("mysql_algorithm")),
        lock=string(kwargs.get("mysql_lock")),
    )


class ReadTable(msgspec.Struct, frozen=True):
    """A table, the indexes that are made with it, and what PostgreSQL says in COMMENT ON."""

    create: CreateTable
    indexes: tuple[CreateIndex, ...]
    comments: tuple[SetComment, ...] = ()


def read_table(
    label: Name,
    items: tuple[Value, ...],
    kwargs: dict[str, Value],
    dialect: str | None,
    complete: bool = True,
) -> ReadTable:
    """Return what `create_table(name, *items)` makes."""
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[CreateIndex] = []
    flat = _flatten(items)
    keys = _keys(flat, dialect)
    for item in flat:
        if column := read_column(item, dialect):
            if column.column.name in keys:
                column = read_column(item, dialect, lone_key=len(keys) == 1) or column
                columns.append(msgspec.structs.replace(column.column, nullable=False))
            else:
                columns.append(column.column)
            constraints += [*column.foreign_keys, *column.checks]
            if column.type_check and dialect in column.type_check.dialects:
                constraints.append(column.type_check.constraint)
            if column.index:
                indexes.append(column_index(label, column.column))
        elif constraint := read_constraint(item):
            constraints.append(constraint)
        elif index := read_index(item, label):
            indexes.append(index)
        else:
            complete = False
    prefixes = {p.upper() for p in strings(kwargs.get("prefixes"))}
    create = CreateTable(
        table=label,
        columns=tuple(columns),
        constraints=tuple(constraints),
        if_not_exists=flag(kwargs.get("if_not_exists")),
        temporary=bool(prefixes & {"TEMPORARY", "TEMP"}),
        unlogged="UNLOGGED" in prefixes,
        partitioned="postgresql_partition_by" in kwargs,
        complete=complete,
    )
    comments = [
        SetComment(object_type="column", name=label, column=column.name)
        for column in columns
        if column.comment is not None
    ]
    if string(kwargs.get("comment")) is not None:
        comments.insert(0, SetComment(object_type="table", name=label))
    return ReadTable(create, tuple(indexes), tuple(comments))


def _keys(items: list[Value], dialect: str | None) -> tuple[str, ...]:
    """Return the columns of the table's primary key."""
    constraints = (c for c in map(read_constraint, items) if c and c.type == "primary key")
    columns = (c.column for c in (read_column(item, dialect) for item in items) if c)
    flagged = tuple(column.name for column in columns if column.primary_key)
    return next((c.columns for c in constraints), ()) + flagged


def column_index(table: Name, column: Column) -> CreateIndex:
    """Return the index of `Column(index=True)`, under the name SQLAlchemy gives it."""
    return CreateIndex(
        table=table,
        name=f"ix_{f'{table.schema}_' if table.schema else ''}{table.name}_{column.name}",
        columns=(column.name,),
        unique=column.unique,
    )


def _flatten(items: tuple[Value, ...]) -> list[Value]:
    flat: list[Value] = []
    for item in items:
        if isinstance(item, Many):
            flat += _flatten(tuple(item.items))
        elif item != Const(None):
            flat.append(item)
    return flat


def enum_types(table: CreateTable) -> tuple[Type, ...]:
    """Return the named enum types that creating the table creates on PostgreSQL."""
    kinds = (c.type for c in table.columns)
    named = (t for t in kinds if t and t.enum_name and t.create_type and t.name == "enum")
    return tuple({t.enum_name: t for t in named}.values())


# Tables as objects


def table_name(value: Value | None) -> Name | None:
    """Return the table that an object stands for: Table, table(), a mapped class; else None."""
    match value:
        case Made(path=path, args=(label, *_), kwargs=kwargs) if last(path) in {"table", "Table"}:
            return name(label, kwargs.get("schema"))
        case Made(path="__table__" | "alias", receiver=receiver) if receiver is not None:
            return table_name(receiver)
        case Class():
            written = classes.lookup(value, "__tablename__")
            if written is not None:
                return name(written, _schema_of(value))
            return table_name(classes.lookup(value, "__table__"))
        case Instance(cls=cls):
            return table_name(cls)
        case Made(receiver=Class() as cls, called=True):
            return table_name(cls)
    return None


def _schema_of(cls: Class) -> Value | None:
    options = classes.lookup(cls, "__table_args__")
    if isinstance(options, Many) and options.items:
        options = options.items[-1]
    if isinstance(options, Mapping) and "schema" in options.pairs:
        return options.pairs["schema"][1]
    return None


def row_count(value: Value | None) -> int | None:
    """Return how many rows a list of them holds, where that is known."""
    if isinstance(value, Many) and value.certain and not value.open:
        return len(value.items)
    return None


def row_columns(value: Value | None) -> tuple[str, ...]:
    """Return the columns that the first of a list of rows (dicts) names."""
    first = value.items[0] if isinstance(value, Many) and value.items else value
    return tuple(str(k) for k in first.pairs) if isinstance(first, Mapping) else ()


_TAUTOLOGY = re.compile(r"^\s*(1\s*=\s*1|true|'(\w*)'\s*=\s*'\2')\s*$", re.I)


def always_true(value: Value) -> bool:
    """Return whether a WHERE clause keeps every row."""
    match value:
        case Const(True):
            return True
        case Made(path=path, args=args):
            if last(path) == "true":
                return True
            if last(path) == "text" and args and isinstance(args[0], Text):
                return bool(_TAUTOLOGY.match(args[0].plain))
            if path == "<operator>" and len(args) == 2 and all(is_known(a) for a in args):
                return bool(to_python(args[0]) == to_python(args[1]))
    return False
