"""The models of an environment as a schema, and where in the code they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import msgspec

from guard.models.files import imported_by, makes_base, may_hold_models, read
from guard.operations import Name
from guard.python_source import PythonSource, SourceError, Sources
from guard.reader.modules import Resolver
from guard.reader.result import Model
from guard.schema import Index, Schema, StoredColumn, StoredConstraint, Table


def compares_types(env_py: PythonSource) -> bool:
    """Return whether env.py lets Alembic compare the types of columns, as it does by itself."""
    try:
        nodes = list(ast.walk(env_py.tree))
    except SourceError:
        return True
    asked = (n.value for n in nodes if isinstance(n, ast.keyword) and n.arg == "compare_type")
    return not any(isinstance(v, ast.Constant) and v.value is False for v in asked)


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """The tables that models describe, each as it would be made, and the models by table."""

    schema: Schema
    models: dict[str, Model]

    def table(self, name: Name) -> Table | None:
        """Return the table that a model describes; None where there is none."""
        return self.schema.table(name) or None


def find_models(
    env_py: Path, others: Iterable[Path], resolver: Resolver, sources: Sources, dialect: str | None
) -> tuple[Model, ...]:
    """Return the models that env.py gives to Alembic.

    They are looked for in what it imports; where that cannot be followed, in the `others` too.
    """
    from guard.reader.models import read_models

    env = resolver.load(env_py, "")
    found: list[Path] = []
    complete = False
    if env is not None:
        imported = imported_by(env_py, resolver, sources)
        found = [p for p in (*imported.files, env_py) if may_hold_models(read(sources, p))]
        complete = imported.complete and bool(found)
    if not complete:
        known = {*found}
        more = (path for path in others if path not in known)
        more = (path for path in more if may_hold_models(read(sources, path)))
        found += sorted(more, key=lambda path: not makes_base(read(sources, path)))
    modules = [module for path in found if (module := resolver.load(path, "")) is not None]
    return read_models(modules, env, resolver, dialect)


def made_of(models: Iterable[Model], dialect: str | None) -> Models:
    """Return the schema that creating the tables of the models would make."""
    schema = Schema.empty(dialect=dialect)
    by_table: dict[str, Model] = {}
    for model in models:
        if str(model.table) in by_table:
            continue
        by_table[str(model.table)] = model
        schema = schema.apply(model.create)
    return Models(schema=schema, models=by_table)


def described(models: Models, model: Model) -> Table | None:
    """Return the table of a model, its indexes too, and the types that foreign keys give."""
    table = models.table(model.table)
    if table is None:
        return None
    # A server would make up names where none is known, and make no key a second time.
    constraints = (
        StoredConstraint(**msgspec.structs.asdict(c), made_up=c.name is None)
        for c in model.create.constraints
    )
    indexes = (
        Index(name=i.name, columns=i.columns, unique=i.unique, where=i.where, method=i.method)
        for i in model.indexes
    )
    return msgspec.structs.replace(
        table,
        columns=tuple(_typed(models, table, column) for column in table.columns),
        constraints=tuple(constraints),
        indexes=tuple(indexes),
        comment=model.comment,
    )


def _typed(models: Models, table: Table, column: StoredColumn, depth: int = 0) -> StoredColumn:
    """Return the column; one without a type has that of the column it refers to."""
    if column.type is not None or depth > 5:
        return column
    for key in table.constraints:
        if key.type == "foreign key" and key.columns == (column.name,) and key.target:
            target = models.table(key.target)
            there = target.columns if target is not None else ()
            for other in (c for c in there if c.name in key.target_columns):
                assert target is not None
                found = _typed(models, target, other, depth + 1)
                return msgspec.structs.replace(column, type=found.type)
    return column
