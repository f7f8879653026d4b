"""What the schema at head and the application's metadata do not agree on, and what to write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple

import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.schema import CreateTable

import alembic

from .backends.protocol import Table
from .backends.sqlite_catalog import literal_default
from .column_types import type_comparison
from .sqltext import plain, tokens

COPY = "guard_copy_of_a_model"  # the name of a table that is described and never made
Models = Mapping[str, tuple[Any, ...]]  # the columns of each table
WORDS = {
    "add_table": "+ table {}",
    "remove_table": "- table {}",
    "add_column": "+ column {}.{}",
    "remove_column": "- column {}.{}",
    "add_index": "+ index {} on {}",
    "remove_index": "- index {} on {}",
}


class Schema(NamedTuple):
    """What the scratch database holds: its tables, and the members of enum columns.

    `batch`: whether changes of columns are written in a batch, as SQLite needs it. `as_made` tells
    what the server makes of a CREATE TABLE, None where it keeps what is written.
    """

    tables: dict[str, Table]
    members: dict[tuple[str, str], tuple[str, ...]]
    batch: bool
    as_made: Callable[[str, str], Table | None]


def models_columns(context: MigrationContext) -> Models:
    """Return the tables of the models that env.py names, each with its columns as they are now.

    Asked before any revision runs: one that reflects tables into the models' metadata, or makes
    some there, changes what the application never sees.
    """
    return {name: tuple(table.columns) for name, table in _models(context).items()}


def touched_tables(context: MigrationContext, models: Models) -> list[str]:
    """Return the tables that revisions put into the models, or gave other columns there."""
    now = models_columns(context)
    return sorted(name for name, columns in now.items() if not _are(columns, models.get(name, ())))


def _are(columns: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    """Return whether they are the same objects: `==` of columns is an expression of SQL."""
    return list(map(id, columns)) == list(map(id, others))


def _models(context: MigrationContext) -> dict[str, sqlalchemy.Table]:
    metadata = context.opts.get("target_metadata") or ()
    all_metadata = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    return {name: table for one in all_metadata for name, table in one.tables.items()}


def models_difference(
    context: MigrationContext, schema: Schema, touched: Collection[str]
) -> list[str]:
    """Return what only the schema has (-) and what only the models have (+), with its code.

    What `alembic check` sees, and what it does not: server defaults, CHECKs, members of enums. Not
    of `touched` tables.
    """
    metadata = context.opts.get("target_metadata")
    if metadata is None or (isinstance(metadata, (list, tuple)) and not metadata):
        return []
    options = {
        **context.opts,
        "compare_type": type_comparison(_asked_for_types(context)),
        "compare_server_default": False,
    }
    assert context.connection
    comparing = MigrationContext.configure(context.connection, opts=options)
    lines: list[str] = []
    for change in compare_metadata(comparing, metadata):
        for one in change if isinstance(change, list) else [change]:
            if _table_of(one) not in touched:
                lines += _line(one, schema)
    for name, model in _models(context).items():
        if name in schema.tables and name not in touched and _is_included(model, context.opts):
            lines += _unseen(model, schema, context.dialect)
    return sorted(lines, key=lambda line: (line[2:].split()[:2], line[0] == "+", line[2:]))


def _asked_for_types(context: MigrationContext) -> Any:
    """Return env.py's `compare_type`; before Alembic 1.12, False was only the default."""
    asked = context.opts.get("compare_type", True)
    version = tuple(int(part) for part in alembic.__version__.split(".")[:2])
    return True if asked is False and version < (1, 12) else asked


def _table_of(change: tuple[Any, ...]) -> str:
    """Return the table that a change is about, as metadata calls it."""
    about = change[1]
    if isinstance(about, sqlalchemy.Table):
        return str(about.key)
    if isinstance(about, sqlalchemy.schema.SchemaItem):
        return str(about.table.key)  # type: ignore[attr-defined]  # of an index or a constraint
    return f"{about}.{change[2]}" if about else str(change[2])


def _line(change: tuple[Any, ...], schema: Schema) -> Iterator[str]:
    kind, words = change[0], WORDS.get(change[0])
    if kind.startswith("modify_"):
        yield from _modified(change, schema)
    elif kind == "add_constraint":
        yield from _missing_unique(change[1], schema)
    elif kind in ("add_fk", "remove_fk"):
        yield ("+ " if kind == "add_fk" else "- ") + _foreign_key(change[1])
    elif words is None:
        return
    elif kind.endswith("_table"):
        yield words.format(_name(change[1]))
    elif kind.endswith("_column"):
        within, table, column = change[1:4]
        yield words.format(f"{within}.{table}" if within else table, column.name)
    elif change[1].name:
        yield words.format(change[1].name, _name(change[1].table))


def _modified(change: tuple[Any, ...], schema: Schema) -> Iterator[str]:
    kind, _, table, column, existing, old, new = change
    known = schema.tables.get(table)
    where = f"column {table}.{column}"
    if kind == "modify_nullable" and not (known and column in known.primary_key):
        code = f"existing_type={_code_of(existing['existing_type'])}, nullable={new}"
        yield f"- {where} {'NULL' if old else 'NOT NULL'}"
        yield f"+ {where} {'NULL' if new else 'NOT NULL'}: {_alter(table, column, code, schema)}"
    elif kind == "modify_type" and not _is_told_by_members(table, column, old, new, schema):
        code = f"existing_type={_code_of(old)}, type_={_code_of(new)}"
        yield f"- {where} {old!r}"
        yield f"+ {where} {new!r}: {_alter(table, column, code, schema)}"


def _is_told_by_members(table: str, column: str, old: Any, new: Any, schema: Schema) -> bool:
    """Return whether the members of the enum say what differs."""
    members = schema.members.get((table, column))
    if members is None or not isinstance(new, sqlalchemy.Enum):
        return False
    return isinstance(old, sqlalchemy.Enum) or set(members) != set(new.enums)


def _missing_unique(constraint: Any, schema: Schema) -> Iterator[str]:
    if not isinstance(constraint, sqlalchemy.UniqueConstraint):
        return
    table, columns = constraint.table.name, [column.name for column in constraint.columns]
    name = constraint.name or f"uq_{table}_{'_'.join(columns)}"
    code = _constraint("create_unique_constraint", table, str(name), repr(columns), schema)
    yield f"+ unique on {table} ({', '.join(columns)}): {code}"


def _foreign_key(constraint: Any) -> str:
    columns = ", ".join(element.parent.name for element in constraint.elements)
    targets = ", ".join(element.target_fullname for element in constraint.elements)
    options = (
        ("ON UPDATE", constraint.onupdate),
        ("ON DELETE", constraint.ondelete),
        ("DEFERRABLE" if constraint.deferrable else "", ""),
        ("INITIALLY", constraint.initially),
    )
    said = "".join(f" {word} {value}".rstrip() for word, value in options if value is not None)
    return f"foreign key on {constraint.parent.name} ({columns}) to {targets}{said}"


def _unseen(model: Any, schema: Schema, dialect: Any) -> Iterator[str]:
    """Yield what Alembic does not compare, of a table that both have."""
    table = schema.tables[model.name]
    made = _as_made(model, schema, dialect, None)
    defaults = {column.name: column.default for column in made.columns} if made else {}
    for column in table.columns:
        wanted = model.columns.get(column.name)
        if wanted is None or column.generated:
            continue
        if isinstance(wanted.server_default, sqlalchemy.DefaultClause):
            text = dialect.ddl_compiler(dialect, None).get_column_default_string(wanted)
            there, meant = column.default, defaults.get(column.name, text)
            if made is None:
                there, meant = literal_default(there), literal_default(text)
            yield from _default(wanted, there, meant, text, schema)
        yield from _members(model.name, wanted, schema)
    if made is None or not {*map(_essence, made.checks)} <= {*map(_essence, table.checks)}:
        yield from _checks(model, table.checks, schema, dialect)


def _as_made(model: Any, schema: Schema, dialect: Any, check: Any) -> Table | None:
    """Return the model's table as the server would make it; with just this CHECK, if it is one.

    Without a default or a CHECK there is nothing that the server says in its own words.
    """
    if not _own_checks(model) and not any(
        column.server_default is not None for column in model.columns
    ):
        return None
    copy = model.to_metadata(sqlalchemy.MetaData(), schema=None, name=COPY)
    for constraint in copy.constraints:
        constraint.name = None  # that of the table itself is taken, where a schema has it once
    if check is not None:
        for constraints in (copy.constraints, *(column.constraints for column in copy.columns)):
            constraints -= {one for one in constraints if _is_another(one, check)}
    create = CreateTable(copy, include_foreign_key_constraints=[]).compile(dialect=dialect)
    return schema.as_made(COPY, str(create))


def _is_another(constraint: Any, check: Any) -> bool:
    is_check = isinstance(constraint, sqlalchemy.CheckConstraint)
    return is_check and str(constraint.sqltext) != str(check.sqltext)


def _default(
    column: Any, there: str | None, wanted: str | None, text: str, schema: Schema
) -> Iterator[str]:
    """A default that only the schema has is often just for the rows that were there.

    `text`: as the models write what is `wanted`.
    """
    if there is not None and (not _is_literal(wanted) or not _is_literal(there)):
        return
    if wanted == there or wanted in (None, "NULL"):
        return
    table, name = column.table.name, column.name
    where, code = f"column {table}.{name} DEFAULT", f"server_default=sa.text({text!r})"
    if there is not None:
        yield f"- {where} {there}"
    yield f"+ {where} {wanted}: {_alter(table, name, code, schema)}"


def _is_literal(default: str | None) -> bool:
    return default in ("true", "false") or bool(
        default and (default[0] in "'-." or default[0].isdigit())
    )


def _members(table: str, model: Any, schema: Schema) -> Iterator[str]:
    found = schema.members.get((table, model.name))
    if found is None or not isinstance(model.type, sqlalchemy.Enum):
        return
    if set(found) != set(model.type.enums):
        code = f"type_={_code_of(model.type)}"
        where = f"column {table}.{model.name} ENUM"
        yield f"- {where} {', '.join(found)}"
        yield (
            f"+ {where} {', '.join(model.type.enums)}: {_alter(table, model.name, code, schema)}"
        )


def _checks(model: Any, found: Sequence[str], schema: Schema, dialect: Any) -> Iterator[str]:
    there = {_essence(check): check for check in found}
    for constraint in _own_checks(model):
        how = {"literal_binds": True, "include_table": False}
        text = str(constraint.sqltext.compile(dialect=dialect, compile_kwargs=how))
        made = _as_made(model, schema, dialect, constraint)
        if {_essence(one) for one in (made.checks if made else (text,))} <= there.keys():
            continue
        name = str(constraint.name or f"ck_{model.name}")
        code = _constraint("create_check_constraint", model.name, name, repr(text), schema)
        yield f"+ check on {model.name} {plain(text)}: {code}"


def _own_checks(model: Any) -> list[Any]:
    """Return the CHECKs that the models write, none that comes with a type."""
    return [
        one
        for one in dict.fromkeys(
            [*model.constraints, *(one for column in model.columns for one in column.constraints)]
        )
        if isinstance(one, sqlalchemy.CheckConstraint) and not getattr(one, "_type_bound", False)
    ]


def _essence(check: str) -> tuple[str, ...]:
    """Return what two spellings of a condition share: parentheses and the case of words aside."""
    words = [word for word in tokens(check) if word not in ("(", ")")]
    same = {"!=": "<>", "==": "="}
    return tuple(same.get(word, word if word[0] == "'" else word.lower()) for word in words)


def _alter(table: str, column: str, code: str, schema: Schema) -> str:
    if schema.batch:
        return f'with op.batch_alter_table("{table}") as b: b.alter_column("{column}", {code})'
    return f'op.alter_column("{table}", "{column}", {code})'


def _constraint(verb: str, table: str, name: str, code: str, schema: Schema) -> str:
    if schema.batch:
        return f'with op.batch_alter_table("{table}") as b: b.{verb}("{name}", {code})'
    return f'op.{verb}("{name}", "{table}", {code})'


def _code_of(type_: Any) -> str:
    """Return the type as a revision writes it: the project's own as the one that it is made of."""
    while isinstance(type_, sqlalchemy.types.TypeDecorator):
        type_ = type_.impl
    parts = type(type_).__module__.split(".")
    within = parts[2] if parts[:2] == ["sqlalchemy", "dialects"] else "sa"
    return f"{within}.{type_!r}"


def _is_included(table: Any, options: dict[str, Any]) -> bool:
    chosen = options.get("include_object")
    return chosen is None or bool(chosen(table, table.name, "table", False, table))


def _name(table: Any) -> str:
    return f"{table.schema}.{table.name}" if table.schema else str(table.name)
