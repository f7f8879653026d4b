"""SQLAlchemy's columns, with the indexes and constraints that they ask for."""

from __future__ import annotations

import re

import msgspec

from guard.operations import Column, Constraint, Default, Generated, Type, unknown_name
from guard.patterns import lazy_re
from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    FALSE,
    TRUE,
    Class,
    Const,
    Construct,
    DottedName,
    Instance,
    Value,
    truth,
)
from guard.reader.libraries.sqlalchemy.clauses import flag, last, quoted, sql, string
from guard.reader.libraries.sqlalchemy.constraints import foreign_key, read_constraint
from guard.reader.libraries.sqlalchemy.types import TypeCheck, read_type, type_check

COLUMN_WORDS = {"Column", "mapped_column", "MappedColumn"}
_WITHOUT_IDENTITY = {"mysql", "mariadb", "sqlite"}  # SQLAlchemy leaves it out there
_INTEGERS = {"integer", "bigint", "smallint"}
_ON_UPDATE = lazy_re(r"\s*(.+?)\s+ON\s+UPDATE\s+([\w()]+)\s*", re.IGNORECASE | re.DOTALL)


class ReadColumn(msgspec.Struct, frozen=True):
    """A column, and the things that its definition asks for: named as SQLAlchemy makes them."""

    column: Column
    index: bool = False
    foreign_keys: tuple[Constraint, ...] = ()
    checks: tuple[Constraint, ...] = ()
    type_check: TypeCheck | None = None


def is_column(value: Value) -> bool:
    if not isinstance(value, Construct) or not value.called:
        return False
    made_of = classes.bases_of(value.receiver) if isinstance(value.receiver, Class) else []
    return any(last(path) in COLUMN_WORDS for path in (value.path, *made_of))


def read_column(run: Run, value: Value, *, lone_key: bool | None = None) -> ReadColumn | None:
    """Return the column of a `sa.Column(...)`; None for anything else.

    `lone_key`: whether it is all of the table's primary key; None where only the column says so.
    """
    if not isinstance(value, Construct) or not is_column(value):
        return None
    args = list(value.args)
    label = value.kwargs.get("name")
    if label is None and args and not _is_type(args[0]):
        label = args.pop(0)
    kind = value.kwargs.get("type_")
    if kind is None and args and not is_item(args[0]):
        kind = args.pop(0)
    items = [a for a in args if isinstance(a, Construct)]
    column_name = string(label) or unknown_name("?")
    primary = flag(value.kwargs.get("primary_key"))
    nullable = value.kwargs.get("nullable")
    keys = tuple(
        foreign_key(item, column_name) for item in items if last(item.path) == "ForeignKey"
    )
    checks = tuple(c for i in items if (c := read_constraint(i)) and c.type == "check")
    read = read_type(run, kind)
    generated = _generated(items, value.kwargs)
    if generated and generated.by == "identity" and run.dialect in _WITHOUT_IDENTITY:
        generated, nullable = None, nullable or FALSE
    counts = not keys and generated is None and (primary if lone_key is None else lone_key)
    in_key = primary or lone_key is not None
    if in_key and _is_counter(value.kwargs, read, counts):
        generated = Generated(by="serial" if run.dialect == "postgresql" else "autoincrement")
    if nullable is None:
        nullable = FALSE if primary or (generated and generated.by == "identity") else TRUE
    default, on_update = apart(read_default(value.kwargs.get("server_default")))
    return ReadColumn(
        Column(
            name=column_name,
            type=read,
            nullable=truth(nullable) is not False,
            default=default,
            on_update=on_update,
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
    return isinstance(value, Construct | DottedName | Class) and not (
        isinstance(value, Construct) and last(value.path) in {"quoted_name", "f"}
    )


def is_item(value: Value) -> bool:
    """Return whether it stands behind the type: a key, a default, ..."""
    return isinstance(value, Construct) and last(value.path) in {
        "ForeignKey",
        "CheckConstraint",
        "Computed",
        "Identity",
        "Sequence",
        "DefaultClause",
        "FetchedValue",
    }


def read_default(value: Value | None) -> Default | None:
    """Return the server default that an argument stands for; None for no default."""
    match value:
        case None | Const(None):
            return None
        case Text():
            return Default(quoted(value) if value.known else None)
        case Construct(path=path, args=(inner, *_)) if last(path) == "DefaultClause":
            return read_default(inner)
        case Construct(path="next_value", receiver=Construct(args=(label, *_))):
            name = string(label)
            return Default(f"nextval('{name}')" if name else None)
        case Construct():
            text = sql(value)
            return Default(None if text.startswith("{") else text)
        case Const(plain):
            return Default("'" + str(plain) + "'")
        case Instance(attributes={"value": inner}):
            return read_default(inner)
    return Default(None)


def apart(default: Default | None) -> tuple[Default | None, str | None]:
    """Return a default, and MySQL's ON UPDATE that is written behind it for want of an argument."""
    found = _ON_UPDATE.fullmatch(default.sql or "") if default else None
    return (Default(found[1]), found[2]) if found else (default, None)


def _generated(items: list[Construct], kwargs: dict[str, Value]) -> Generated | None:
    for item in (*items, kwargs.get("server_default")):
        if not isinstance(item, Construct):
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
