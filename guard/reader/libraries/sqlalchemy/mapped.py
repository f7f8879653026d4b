"""Mapped classes as the tables that they describe, whichever base class and style they use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import msgspec

from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Base, Member, Run, find
from guard.reader.evaluate.state import Call, Frame
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    FALSE,
    TRUE,
    Class,
    Construct,
    DottedName,
    Function,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
    truth,
)
from guard.reader.libraries.sqlalchemy.annotations import (
    column_type,
    described,
    evaluated,
    mapped_type,
    type_map,
)
from guard.reader.libraries.sqlalchemy.clauses import flag, last, string
from guard.reader.libraries.sqlalchemy.columns import COLUMN_WORDS, is_column, is_item

_WRAPPERS = {"deferred", "column_property", "composite"}
_DECORATORS = {"mapped", "mapped_as_dataclass", "as_declarative"}


class MappedTable(msgspec.Struct, frozen=True, kw_only=True):
    """The table of a class: `items` are its columns, constraints and indexes as constructs.

    `members` are those of the class that its columns are made of, by the column. Not `complete`:
    it may have more than was read. `extends`: the columns are of that class's table.
    """

    name: Value
    items: tuple[Value, ...]
    options: dict[str, Value]
    members: dict[str, Member]
    complete: bool
    extends: Class | None = None


def mapped_table(run: Run, cls: Class) -> MappedTable | None:
    """Return the table of a mapped class; None for any other, and one made of a `Table`."""
    order = mro(cls)
    base, known = _base_of(run, order)
    if base is None or not _may_be_mapped(run, cls):
        return None
    parent = next((c for c in order[1:] if is_mapped(run, c)), None)
    inherited = set(map(id, mro(parent))) if parent else set()
    own = [c for c in order if id(c) not in inherited]
    given = _attribute(run, cls, own, "__tablename__")
    name = base.table_name(run, cls, given)
    cls = _with_name(cls, name)
    items, members, complete = _columns(run, cls, own, base)
    if parent and (name is None or (given is None and not _has_key(items))):
        name = None
    if name is None and parent is None:
        return None
    rest, options, whole = _table_args(run, cls, own)
    named = {id(m.value): column for column, m in members.items() if m.value is not None}
    return MappedTable(
        name=name or Unknown("__tablename__"),
        items=(*items, *(renamed(item, named) for item in rest)),
        options=options,
        members=members,
        complete=complete and whole and known,
        extends=parent if name is None else None,
    )


def _with_name(cls: Class, name: Value | None) -> Class:
    """Return the class as what it declares sees it: `cls.__tablename__` is the name itself."""
    if name is None:
        return cls
    return msgspec.structs.replace(cls, attributes={**cls.attributes, "__tablename__": name})


def is_mapped(run: Run, cls: Class) -> bool:
    """Return whether the class has a table, its own or that of a class above it."""
    if "__table__" in cls.attributes:
        return True
    order = mro(cls)
    base, _ = _base_of(run, order)
    if base is None or not _may_be_mapped(run, cls):
        return False
    if any(is_mapped(run, c) for c in order[1:]):
        return True
    return base.table_name(run, cls, _attribute(run, cls, order, "__tablename__")) is not None


def _may_be_mapped(run: Run, cls: Class) -> bool:
    abstract = cls.attributes.get("__abstract__", FALSE)
    makers = (_maker(run, value) for value in (*cls.bases, *decorators(run, cls)))
    return (
        "__table__" not in cls.attributes
        and truth(abstract) is False
        and not any(maker is not None and maker.is_root for maker in makers)
    )


def mro(cls: Class) -> list[Class]:
    """Return the class and those that it inherits from, as far as they are in sight."""
    found = [cls]
    for base in cls.bases:
        inner = _given_class(base)
        found += mro(inner) if inner is not None else []
    later = {id(c): place for place, c in enumerate(found)}
    return [c for place, c in enumerate(found) if later[id(c)] == place]


def _given_class(base: Value | None) -> Class | None:
    """Return the class in sight that a base is, or is made of: `declarative_base(cls=Mixin)`."""
    match base:
        case Class():
            return base
        case Construct(kwargs={"cls": Class() as cls} | {"model_class": Class() as cls}):
            return cls
        case Construct(path="Model" | "generate_base", receiver=owner):
            return _given_class(owner)
    return None


# Bases


def _base_of(run: Run, order: list[Class]) -> tuple[Base | None, bool]:
    """Return what makes tables of the classes, and whether no other base may bring columns."""
    found: Base | None = None
    known = True
    for cls in order:
        for value in (*cls.bases, *decorators(run, cls)):
            base = _maker(run, value)
            found = found or base
            in_sight = isinstance(value, Class)
            known = known and (in_sight or base is not None or _is_bare(run, value))
    if not (known or found) and any("__tablename__" in c.attributes for c in order):
        found = DECLARATIVE  # of a base that is out of sight
    return found, known


def _maker(run: Run, value: Value) -> Base | None:
    """Return what a base class that is out of sight makes of those below it."""
    if isinstance(value, Class):
        return None
    return next((b for p in paths(value) if (b := find(run.library.bases, p))), None)


def decorators(run: Run, cls: Class) -> Iterator[Value]:
    """Yield the decorators of a class that map it: `registry.mapped`."""
    for decorator in cls.node.decorator_list if cls.node else ():
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if word in _DECORATORS:
            yield run.evaluate(called, Frame(cls.module, cls.module.names))


def paths(value: Value | None) -> Iterator[str]:
    """Yield the dotted names that a base class comes from: `registry` of a generated one."""
    match value:
        case DottedName(path):
            yield path
            yield path.rpartition(".")[0]  # `SQLAlchemy.Model`, `registry.mapped`
        case Construct(path=path, receiver=None):
            yield path
        case Construct(receiver=Class() as cls):
            yield from classes.bases_of(cls)
        case Construct(receiver=receiver):
            yield from paths(receiver)
        case Class():
            yield from classes.bases_of(value)


def _is_bare(run: Run, value: Value) -> bool:
    """Return whether the base class surely brings no columns."""
    path = value.path if isinstance(value, DottedName | Construct) else ""
    return last(path) in run.library.bare or path.startswith(("builtins.", "typing.", "abc."))


# The attributes of a class that say something of its table


def _attribute(run: Run, cls: Class, own: list[Class], name: str) -> Value | None:
    """Return `__tablename__` and the like: not those of a mapped class above, unless declared."""
    for owner in own:
        if name in owner.attributes:
            return _resolved(run, owner.attributes[name], cls)
    for owner in mro(cls):
        found = owner.attributes.get(name)
        if isinstance(found, Function) and not is_mapped(run, owner):
            return _resolved(run, found, cls)
    return None


def _resolved(run: Run, value: Value, cls: Class) -> Value:
    """Return what a `declared_attr` gives for the class; any other value as it is."""
    if not isinstance(value, Function):
        return value
    bound = msgspec.structs.replace(value, receiver=cls)
    node = ast.copy_location(ast.Call(ast.Name(cls.name, ast.Load()), [], []), value.node)
    return run.call(bound, Call(node, Frame(value.module, value.module.names), (), {}))


def members(run: Run, cls: Class, owner: Class) -> Iterator[Member]:
    """Yield what the body of the owner says, for the class that inherits it."""
    seen: set[str] = set()
    for node in owner.node.body if owner.node else ():
        for name, annotation in _bound(node):
            if name.startswith("__") or name in seen:
                continue
            seen.add(name)
            value = owner.attributes.get(name)
            given = getattr(value.node, "returns", None) if isinstance(value, Function) else None
            yield Member(
                name=name,
                value=_resolved(run, value, cls) if value is not None else None,
                annotation=given or annotation,
                cls=cls,
                owner=owner,
                node=node,
            )


def _bound(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that a statement in the body of a class binds, with their annotations."""
    match node:
        case ast.Assign(targets=targets):
            yield from ((t.id, None) for t in targets if isinstance(t, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
            yield name, annotation
        case ast.FunctionDef(name=name, decorator_list=decorators):
            if any("declared_attr" in ast.unparse(each) for each in decorators):
                yield name, None
        case ast.If(body=body, orelse=orelse):
            for inner in (*body, *orelse):
                yield from _bound(inner)


def _columns(
    run: Run, cls: Class, own: Iterable[Class], base: Base
) -> tuple[list[Value], dict[str, Member], bool]:
    """Return the columns, the members that they are made of, and whether there are no others."""
    found: list[Value] = []
    by_column: dict[str, Member] = {}
    complete = True
    overridden: set[str] = set()
    for owner in own:
        for member in members(run, cls, owner):
            if member.name in overridden:
                continue
            overridden.add(member.name)
            made = base.columns(run, member)
            complete = complete and made is not None
            for column in made or ():
                found.append(column)
                by_column[_name_of(column)] = member
        overridden |= owner.attributes.keys()
    return found, by_column, complete


def _name_of(column: Value) -> str:
    return string(column.args[0]) or "" if isinstance(column, Construct) else ""


def _has_key(items: Iterable[Value]) -> bool:
    return any(isinstance(i, Construct) and flag(i.kwargs.get("primary_key")) for i in items)


def _table_args(
    run: Run, cls: Class, own: list[Class]
) -> tuple[tuple[Value, ...], dict[str, Value], bool]:
    """Return the items and the options of `__table_args__`, and whether all were read."""
    given = _attribute(run, cls, own, "__table_args__")
    items: list[Value] = []
    if isinstance(given, Sequence):
        items = list(given.items)
        given = items.pop() if items and isinstance(items[-1], Mapping) else given
    if isinstance(given, Mapping):
        options = {str(key): value for key, (_, value) in given.pairs.items()}
        return tuple(items), options, given.is_whole
    whole = given is None or (isinstance(given, Sequence) and given.is_whole)
    return tuple(items), {}, whole


def renamed(value: Value, names: dict[int, str]) -> Value:
    """Return an index or constraint with columns by name where it holds the objects themselves."""
    if id(value) in names:
        return Construct("sqlalchemy.column", (Text.of(names[id(value)]),))
    if isinstance(value, Sequence):
        items = [renamed(item, names) for item in value.items]
        return Sequence(value.kind, items, value.certain, value.open)
    if not isinstance(value, Construct):
        return value
    return msgspec.structs.replace(
        value,
        args=tuple(renamed(arg, names) for arg in value.args),
        kwargs={key: renamed(arg, names) for key, arg in value.kwargs.items()},
        receiver=renamed(value.receiver, names) if value.receiver is not None else None,
    )


# Declarative classes of SQLAlchemy itself


def _declared_columns(run: Run, member: Member) -> tuple[Value, ...] | None:
    value = member.value
    if value is None:
        return (named_column(run, member, None),) if _mapped_value(run, member) else ()
    if isinstance(value, Construct):
        if is_column(value):
            return (named_column(run, member, value),)
        if last(value.path) in _WRAPPERS:
            inner = [a for a in value.args if isinstance(a, Construct) and is_column(a)]
            return tuple(named_column(run, member, each) for each in inner)
        return () if _is_understood(run, value) else None
    return None if isinstance(value, Unknown) or _is_unknown_kind(value) else ()


def _is_unknown_kind(value: Value) -> bool:
    """Return whether it is an object of a class whose base classes were not read."""
    return isinstance(value, Instance) and any(isinstance(b, Unknown) for b in value.cls.bases)


def _is_understood(run: Run, value: Construct) -> bool:
    """Return whether it is something of a library that is known to be no column."""
    packages = run.library.harmless | {"builtins", "typing", "logging"}
    return any(
        path.partition(".")[0] in packages or find(run.library.bases, path) for path in paths(value)
    )


def _mapped_value(run: Run, member: Member) -> Value | None:
    if member.annotation is None:
        return None
    return mapped_type(evaluated(run, member.annotation, member.owner))


def named_column(run: Run, member: Member, value: Construct | None) -> Construct:
    """Return the column under the name of its attribute, with what its annotation adds."""
    args, kwargs = (list(value.args), dict(value.kwargs)) if value else ([], {})
    label = kwargs.pop("name", None)
    if args and (isinstance(args[0], Text) or _is_name(args[0])):
        label = args.pop(0)
    kind = kwargs.pop("type_", None)
    if args and not is_item(args[0]):
        kind = args.pop(0)
    is_old = value is not None and last(value.path) == "Column"
    mapped = None if is_old else _mapped_value(run, member)
    if mapped is not None:
        said = described(run, mapped, member.owner)
        for extra in said.extras:
            if isinstance(extra, Construct) and last(extra.path) in COLUMN_WORDS:
                kind, args, kwargs = _merged(extra, kind, args, kwargs)
        if kind is None and not any(map(_is_reference, args)):
            chosen = _type_map_of(run, member.cls)
            kind = column_type(said.types, chosen) or Unknown("its annotation")
        nullable = TRUE if said.optional and not flag(kwargs.get("primary_key")) else FALSE
        kwargs.setdefault("nullable", nullable)
    head = [label or Text.of(member.name), *([kind] if kind is not None else [])]
    return Construct("sqlalchemy.Column", (*head, *args), kwargs, value.source if value else "")


def _is_name(value: Value) -> bool:
    return isinstance(value, Construct) and last(value.path) == "quoted_name"


def _is_reference(value: Value) -> bool:
    return isinstance(value, Construct) and last(value.path) == "ForeignKey"


def _merged(
    extra: Construct, kind: Value | None, args: list[Value], kwargs: dict[str, Value]
) -> tuple[Value | None, list[Value], dict[str, Value]]:
    """Return a column's type, items and options with those of an `Annotated` one below them."""
    more = [arg for arg in extra.args if not isinstance(arg, Text)]
    if more and not is_item(more[0]):
        inner = more.pop(0)
        kind = kind if kind is not None else inner
    return kind, [*args, *more], {**extra.kwargs, **kwargs}


def _type_map_of(run: Run, cls: Class) -> Value | None:
    for owner in mro(cls):
        for base in (owner, *owner.bases):
            if (found := type_map(run, base)) is not None:
                return found
    return None


def _given_name(run: Run, cls: Class, given: Value | None) -> Value | None:
    return given


DECLARATIVE = Base(columns=_declared_columns, table_name=_given_name)
ROOT = msgspec.structs.replace(DECLARATIVE, is_root=True)
BASES = {
    "sqlalchemy.*.DeclarativeBase": ROOT,
    "sqlalchemy.*.DeclarativeBaseNoMeta": ROOT,
    "sqlalchemy.*.as_declarative": ROOT,
    "sqlalchemy.*.declarative_base": DECLARATIVE,
    "sqlalchemy.*.automap_base": DECLARATIVE,
    "sqlalchemy.*.registry": DECLARATIVE,
}
# Bases of classes that have a part in declaring, or in using them, and bring no columns.
BARE = frozenset(
    {
        "MappedAsDataclass",
        "AsyncAttrs",
        "AbstractConcreteBase",
        "ConcreteBase",
        "DeferredReflection",
    }
    | {"Generic", "Protocol", "ABC", "object", "UserMixin", "AnonymousUserMixin", "Hashable"}
)
