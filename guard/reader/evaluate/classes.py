"""Classes of a module in sight: plain records, enums, and namespaces of constants."""

from __future__ import annotations

import ast

from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call, Frame, unknown
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    Class,
    Construct,
    DottedName,
    Function,
    Instance,
    Sequence,
    Unknown,
    Value,
)

_ENUMS = {"enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.IntFlag", "enum.Flag"}


def define(run: Run, node: ast.ClassDef, frame: Frame) -> Class:
    """Return the class: its body is run as a frame of its own."""
    inner = Frame(frame.module, {}, frame.scopes, frame.function)
    run.execute(node.body, inner)
    bases = tuple(run.evaluate(base, frame) for base in node.bases)
    fields = tuple(
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    )
    inherited = next((b.fields for b in bases if isinstance(b, Class) and b.fields), ())
    is_enum = any(
        (isinstance(b, DottedName) and b.path in _ENUMS) or (isinstance(b, Class) and b.is_enum)
        for b in bases
    )
    is_tuple = any(
        isinstance(b, DottedName) and b.path == "typing.NamedTuple" for b in bases
    ) or any(isinstance(b, Class) and b.is_tuple for b in bases)
    made = Class(
        node.name,
        frame.module,
        inner.names,
        tuple(dict.fromkeys(inherited + fields)),
        bases,
        is_enum,
        is_tuple,
        node,
        {k.arg: run.evaluate(k.value, frame) for k in node.keywords if k.arg},
        not run.conditions,
    )
    if is_enum:
        _make_members(run, made, node, frame)
    return made


def lookup(cls: Class, name: str) -> Value | None:
    """Return the class attribute, also from base classes in sight."""
    owner = next((one for one in order(cls) if name in one.attributes), None)
    if owner is None:
        return None
    value = owner.attributes[name]
    if owner.is_enum and not isinstance(value, Instance | Function) and not name.startswith("_"):
        return _member(owner, name, value)
    return value


def order(cls: Class) -> list[Class]:
    """Return the class and its bases in sight in the order in which Python asks them."""
    last_first: dict[int, Class] = {}

    def visit(one: Class) -> None:
        if id(one) not in last_first:
            for base in reversed(one.bases):
                if isinstance(base, Class):
                    visit(base)
            last_first[id(one)] = one

    visit(cls)
    return list(last_first.values())[::-1]


def derives(cls: Class, base: Class) -> bool | None:
    """Return whether instances of the class are ones of the base; None where code decides that."""
    if any(one is base for one in order(cls)):
        return True
    by_code = "metaclass" in base.keywords or any(not isinstance(b, Class) for b in base.bases)
    return None if by_code else False  # `__instancecheck__`, `ABC.register`


def parent_view(function: Function | None) -> Instance | None:
    """Return `super()` of a running method: the instance, seen as one of the base class."""
    receiver = function.receiver if function is not None else None
    if function is None or not isinstance(receiver, Instance):
        return None
    owner = _defining(receiver.cls, function.node)
    if owner is None:
        return None
    line = order(receiver.cls)
    later = line[next(place for place, one in enumerate(line) if one is owner) + 1 :]
    out_of_sight = (base for base in owner.bases if not isinstance(base, Class))
    parent = Class("super", owner.module, {}, bases=(*later, *out_of_sight))
    return Instance(parent, receiver.attributes)


def _defining(cls: Class, node: ast.AST) -> Class | None:
    if any(isinstance(v, Function) and v.node is node for v in cls.attributes.values()):
        return cls
    bases = (_defining(base, node) for base in cls.bases if isinstance(base, Class))
    return next((found for found in bases if found is not None), None)


def _member(cls: Class, name: str, value: Value) -> Value:
    if isinstance(value, Instance) and value.cls is cls:
        return value
    return Instance(cls, {"name": Text.of(name), "value": value})


def _make_members(run: Run, cls: Class, node: ast.ClassDef, frame: Frame) -> None:
    """Make the members of an enum whose `__init__` takes their values apart."""
    init = lookup(cls, "__init__")
    if init is None:
        return
    for name, value in cls.attributes.items():
        if name.startswith("_") or isinstance(value, Function):
            continue
        member = Instance(cls, {"name": Text.of(name), "value": value})
        parts = value.items if isinstance(value, Sequence) and value.kind == "tuple" else [value]
        call = ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [], []), node)
        run.call(run.bind(init, member), Call(call, frame, tuple(parts), {}))
        cls.attributes[name] = member


def instantiate(run: Run, cls: Class, call: Call) -> Value:
    """Return a new record: fields by position or name, `__init__` run where there is one."""
    if cls.is_enum:
        return _by_value(cls, call)
    instance = Instance(cls, {})
    for name in cls.fields:
        default = lookup(cls, name)
        if isinstance(default, Construct) and default.path == "dataclasses.field":
            factory = default.kwargs.get("default_factory")
            inner = Call(call.node, call.frame, (), {})
            default = run.call(factory, inner) if factory else default.kwargs.get("default")
        if default is not None:
            is_own = cls.module is run.module and not _reads_environment(cls)
            instance.attributes[name] = default if is_own else run.from_elsewhere(default)
    init = lookup(cls, "__init__")
    if init is not None:
        run.call(run.bind(init, instance), call)
        return instance
    for name, value in zip(cls.fields, call.args, strict=False):
        instance.attributes[name] = value
    instance.attributes.update(call.kwargs)
    after = lookup(cls, "__post_init__")
    if after is not None:
        run.call(run.bind(after, instance), Call(call.node, call.frame, (), {}))
    return instance


def _reads_environment(cls: Class) -> bool:
    """Whether it is a class of settings: the values in sight are those of an empty environment."""
    return any(base.endswith("BaseSettings") for base in bases_of(cls))


def _by_value(cls: Class, call: Call) -> Value:
    wanted = call.args[0] if call.args else None
    for member in members(cls) or []:
        if isinstance(member, Instance) and member.attributes["value"] == wanted:
            return member
    return unknown(call.node, *call.args)


def members(value: Value) -> list[Value] | None:
    """Return the members of an enum class, in order; None for anything else."""
    if not isinstance(value, Class) or not value.is_enum:
        return None
    return [
        _member(value, name, item)
        for name, item in value.attributes.items()
        if not name.startswith("_") and not isinstance(item, Function)
    ]


def bases_of(cls: Class) -> list[str]:
    """Return the dotted names of all base classes, nearest first."""
    names: list[str] = []
    for base in cls.bases:
        if isinstance(base, DottedName | Construct):
            names.append(base.path)
        elif isinstance(base, Class):
            names += [base.name, *bases_of(base)]
    return names


def answers(instance: Instance, name: str) -> Function | None:
    """Return the `__getattr__` that is asked for a name which nothing in sight has."""
    found = lookup(instance.cls, "__getattr__")
    is_own = name in instance.attributes or lookup(instance.cls, name) is not None
    return found if isinstance(found, Function) and not is_own and name[:2] != "__" else None


def attribute(instance: Instance, name: str) -> Value:
    """Return `instance.name`; an enum of strings is worth its value."""
    if name in instance.attributes:
        return instance.attributes[name]
    found = lookup(instance.cls, name)
    return found if found is not None else Unknown(f"{instance.cls.name}.{name}", "constant")
