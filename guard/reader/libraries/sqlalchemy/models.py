"""The tables that the models of an application describe, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Items

import msgspec

from guard.operations import Constraint, Name, is_known
from guard.reader.evaluate import classes, imports
from guard.reader.evaluate.run import Member, Run
from guard.reader.evaluate.state import Call, Frame, LimitReachedError
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    FALSE,
    NONE,
    Class,
    Construct,
    DottedName,
    Function,
    Module,
    Unknown,
    Value,
    truth,
)
from guard.reader.libraries.sqlalchemy import clauses, mapped, tables
from guard.reader.libraries.sqlalchemy.clauses import last, string
from guard.reader.libraries.sqlalchemy.columns import is_column
from guard.reader.libraries.sqlalchemy.constraints import column_index
from guard.reader.libraries.sqlalchemy.naming import convention_of, made_name
from guard.reader.libraries.sqlalchemy.registries import all_metadata, metadata_of, option
from guard.reader.libraries.sqlalchemy.table_objects import table_of
from guard.reader.result import Model, Place
from guard.statement import Span

# Options of a table that the database describes, or that another database has.
_ELSEWHERE = {"autoload", "autoload_with", "bind_key"}
# What gives its names other values each time that it runs.
_REBINDING = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.For, ast.AsyncFor, ast.While),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


class _Described(msgspec.Struct):
    """A table as it was found: the class or the `Table`, its items, and the MetaData it is in."""

    run: Run
    module: Module
    source: Class | Construct
    name: Value
    items: list[Value]
    options: dict[str, Value]
    metadata: Value | None
    complete: bool = True
    members: dict[str, Member] = {}
    extends: Class | None = None

    @property
    def label(self) -> Name:
        schema = self.options.get("schema")
        if schema is None:  # one that a setting decides is mostly none
            given = option(self.metadata, "schema")
            schema = given if isinstance(given, Text) and given.known else None
        return clauses.name(self.name, schema)


def read_models(
    modules: Items[Module], env: Module | None, reading: Callable[[Module], Run]
) -> tuple[Model, ...]:
    """Return the tables that the modules describe and that env.py's `target_metadata` holds.

    Where that is not known: all of them. A table whose name was not read is left out.
    """
    found: list[_Described] = []
    for module in modules:
        run = reading(module)
        try:
            imports.load(run, module)
            found += _described(run, module)
        except (LimitReachedError, RecursionError):
            continue
    for each in found:
        if each.extends is not None:
            _extend(each, found)
    # Names of a module that is not the one that is read are looked into one by one.
    target = _target(reading(modules[0]), env) if modules and env is not None else None
    if target is not None:
        found = [each for each in found if any(_same(each.metadata, one) for one in target)]
    names = {
        id(member.value): f"{each.label}.{column}"
        for each in found
        for column, member in each.members.items()
        if member.value is not None and member.owner is each.source  # a mixin's are of many tables
    }
    for each in found:
        each.items = [_with_targets(item, names) for item in _with_names(each.items)]
    filters = _filters(reading(modules[0]), env) if modules and env is not None else []
    return tuple(
        _model(each)
        for each in found
        if each.extends is None and is_known(each.label) and _is_included(each, filters)
    )


def _described(run: Run, module: Module) -> Iterator[_Described]:
    """Yield the tables of a module, each once; what stands by itself goes into its table."""
    found: list[_Described] = []
    loose: list[Construct] = []
    for value in {id(value): value for value in module.tables}.values():
        if isinstance(value, Class):
            found += _of_class(run, module, value)
        elif isinstance(value, Construct) and last(value.path) == "Table":
            found += _of_table(run, module, value)
        elif isinstance(value, Construct):
            loose.append(value)
    inside = {id(part.source) for each in found for item in each.items for part in _chain(item)}
    for each in found:
        each.items = [i for item in each.items for i in _of_dialect(item, run.dialect)]
    for index in loose:
        if id(index.source) not in inside:
            _place_index(index, found)
    yield from found


def _chain(item: Value) -> Iterator[Construct]:
    """Yield the construct and those that it was made of by calling methods: `Index().ddl_if()`."""
    link: Value | None = item
    while isinstance(link, Construct):
        yield link
        link = link.receiver


def _of_dialect(item: Value, dialect: str | None) -> Iterator[Value]:
    """Yield the item, where it is one that `ddl_if` does not keep to another dialect."""
    if not isinstance(item, Construct) or item.path != "ddl_if" or item.receiver is None:
        yield item
    elif dialect is not None and string(item.kwargs.get("dialect")) == dialect:
        yield item.receiver


def _of_class(run: Run, module: Module, cls: Class) -> Iterator[_Described]:
    table = mapped.mapped_table(run, cls)
    bind = classes.lookup(cls, "__bind_key__")  # Flask-SQLAlchemy's other databases
    if table is None or not cls.certain or bind not in (None, NONE):
        return
    yield _Described(
        run,
        module,
        cls,
        table.name,
        list(table.items),
        table.options,
        metadata_of(run, cls),
        table.complete,
        table.members,
        table.extends,
    )


def _of_table(run: Run, module: Module, table: Construct) -> Iterator[_Described]:
    args, kwargs = list(table.args), dict(table.kwargs)
    name = args.pop(0) if args else kwargs.pop("name", None)
    given = kwargs.pop("metadata", table.receiver)
    if table.receiver is None and args and not is_column(args[0]):
        given = args.pop(0)
    if name is not None and not _ELSEWHERE & kwargs.keys():
        yield _Described(run, module, table, name, args, kwargs, metadata_of(run, given))


def _place_index(index: Construct, found: Items[_Described]) -> None:
    """Put an index that stands below its table or class among the items of that."""
    for each in found:
        columns = {id(m.value): name for name, m in each.members.items() if m.value is not None}
        on_its_columns = any(id(value) in columns for value in _inside(index))
        owners = {table_of(arg) for arg in index.args}
        if on_its_columns or each.label in owners:
            each.items.append(mapped.renamed(index, columns))
            return


def _inside(value: Value) -> Iterator[Value]:
    yield value
    if isinstance(value, Construct):
        for inner in (*value.args, *([value.receiver] if value.receiver is not None else [])):
            yield from _inside(inner)


def _extend(child: _Described, found: Iterable[_Described]) -> None:
    """Put the columns of a class without a table of its own into that of the class above it."""
    for parent in found:
        if parent.source is child.extends:
            if parent.extends is not None:
                child.extends = parent.extends
                return _extend(child, found)
            there = set(parent.members)
            parent.items += [i for i in child.items if _column_name(i) not in there]
            parent.members = {**child.members, **parent.members}
            parent.complete = parent.complete and child.complete
            return None
    return None


def _column_name(item: Value) -> str | None:
    return string(item.args[0]) if isinstance(item, Construct) and is_column(item) else None


def _with_names(items: list[Value]) -> list[Value]:
    """Return constraints and indexes that name columns as the database does: not by their key."""
    columns = [item for item in items if isinstance(item, Construct) and is_column(item)]
    keys = {string(c.kwargs["key"]): c.args[0] for c in columns if "key" in c.kwargs}
    if not keys:
        return items
    return [item if item in columns else _keyed(item, keys) for item in items]


def _keyed(item: Value, names: dict[str | None, Value]) -> Value:
    if not isinstance(item, Construct):
        return item
    args = (names.get(string(a), a) if isinstance(a, Text) else a for a in item.args)
    return msgspec.structs.replace(item, args=tuple(args))


def _with_targets(value: Value, names: dict[int, str]) -> Value:
    """Return a column or foreign key that names what it refers to: `ForeignKey(User.id)`."""
    if not isinstance(value, Construct):
        return value
    args = tuple(_with_targets(arg, names) for arg in value.args)
    if last(value.path) == "ForeignKey" and value.args:
        args = (_target_name(value.args[0], names), *args[1:])
    return msgspec.structs.replace(value, args=args)


def _target_name(target: Value, names: dict[int, str]) -> Value:
    if id(target) in names:
        return Text.of(names[id(target)])
    table = table_of(target)
    if table is not None and isinstance(target, Construct):
        return Text.of(f"{table}.{last(target.path)}")
    return target


# What env.py compares


def _target(run: Run, env: Module) -> list[Value] | None:
    """Return the MetaData objects that env.py gives to Alembic, None where they are not known."""
    given = _given(run, env, "target_metadata")
    if not given:  # a helper configures Alembic, with what Alembic's own files name so
        own = run.evaluate(ast.Name("target_metadata", ast.Load()), Frame(env, env.names))
        given = [own] if own != NONE else []
    found: list[Value] = []
    for value in given:
        known = all_metadata(run, value) if value != NONE else []
        if known is None:
            return None
        found += known
    return found if given else None


def _filters(run: Run, env: Module) -> list[tuple[Run, Function]]:
    """Return the functions that env.py gives as `include_object`."""
    given = _given(run, env, "include_object")
    return [(run, function) for function in given if isinstance(function, Function)]


def _given(run: Run, env: Module, keyword: str) -> list[Value]:
    """Return what the calls in env.py are given under a keyword, each time it stands there."""
    return [
        run.evaluate(value, Frame(env, env.names | hidden))
        for value, hidden in _keywords(env.tree, keyword, {})
    ]


def _keywords(
    node: ast.AST, keyword: str, hidden: dict[str, Value]
) -> Iterator[tuple[ast.expr, dict[str, Value]]]:
    """Yield each value of the keyword, with the names that functions and loops around it bind.

    The module's own value of such a name is not what the call is given: there it is another one,
    or that of the last turn alone.
    """
    if isinstance(node, ast.keyword) and node.arg == keyword:
        yield node.value, hidden
    if isinstance(node, _REBINDING):
        hidden = hidden | {name: Unknown(name) for name in _bound(node)}
    for child in ast.iter_child_nodes(node):
        yield from _keywords(child, keyword, hidden)


def _bound(block: ast.AST) -> Iterator[str]:
    for node in ast.walk(block):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _is_included(each: _Described, filters: list[tuple[Run, Function]]) -> bool:
    """Return whether Alembic may compare the table: where a filter is not understood, it may."""
    for run, function in filters:
        node = ast.copy_location(ast.Call(ast.Name("include", ast.Load()), [], []), function.node)
        asked = (Unknown("object"), each.name, Text.of("table"), FALSE, NONE)
        call = Call(node, Frame(function.module, function.module.names), asked, {})
        if truth(run.call(function, call)) is False:
            return False
    return True


def _same(one: Value | None, other: Value) -> bool:
    return one is other or (isinstance(one, DottedName) and one == other)


# As values of the vocabulary


def _model(each: _Described) -> Model:
    options = {key: value for key, value in each.options.items() if key != "comment"}
    label = each.label
    read = tables.read_table(each.run, label, tuple(each.items), options, each.complete)
    convention = convention_of(each.metadata)
    own = [column for column in read.create.columns if column.unique]
    uniques = [Constraint(type="unique", columns=(column.name,)) for column in own]
    of_columns = [column_index(label, column, each.run.dialect) for column in read.create.columns]
    made_up = {(index.columns, index.name) for index in of_columns}
    return Model(
        place=_place(each),
        columns=_places(each),
        create=msgspec.structs.replace(
            read.create,
            columns=tuple(msgspec.structs.replace(c, unique=False) for c in read.create.columns),
            constraints=tuple(
                msgspec.structs.replace(c, name=made_name(convention, "uq", label, c.columns))
                if c.type == "unique" and c.name is None
                else c
                for c in (*read.create.constraints, *uniques)
            ),
        ),
        indexes=tuple(
            msgspec.structs.replace(index, name=made_name(convention, "ix", label, index.columns))
            if index.name is None or (index.columns, index.name) in made_up
            else index
            for index in read.indexes
        ),
        comment=string(each.options.get("comment")),
    )


def _place(each: _Described) -> Place:
    if isinstance(each.source, Class):
        return Place(each.source.name, _span(each.module, each.source.node))
    return Place(f"the table {each.label}", _span(each.module, each.source.source))


def _places(each: _Described) -> dict[str, Place]:
    """Return where each column is written, as its author calls it."""
    if isinstance(each.source, Class):
        return {
            name: Place(f"{m.owner.name}.{m.name}", m.owner.module.source.span(m.node))
            for name, m in each.members.items()
        }
    return {
        name: Place(f"{each.label}.{name}", _span(each.module, item.source))
        for item in each.items
        if isinstance(item, Construct) and (name := _column_name(item)) is not None
    }


def _span(module: Module, node: object) -> Span:
    return module.source.span(node) if isinstance(node, ast.AST) else Span(module.path, 1)
