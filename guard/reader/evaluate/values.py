"""The values that an expression of a revision can have for the reader.

Strings are `Text` (the module `text`), since where each piece came from matters. Everything else is
one of the values here. A value is never guessed: one that cannot be known is `Unknown`, with the
code that it stands for, and `Unknown` is contagious.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import msgspec

from guard.python_source import PythonSource
from guard.reader.evaluate.text import Text
from guard.statement import Origin

MAX_VALUES = 5_000  # of one container that are looked at


Code: TypeAlias = ast.AST | str  # an expression, or its code
MAX_CODE = 120


def unparse(source: Code) -> str:
    """Return the expression as code on one line, cut where it is long."""
    return source if isinstance(source, str) else _unparse(source)


@lru_cache(maxsize=1_000)  # code in a loop is asked for again and again
def _unparse(node: ast.AST) -> str:
    try:
        code = " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError):
        code = "..."
    return code if len(code) <= MAX_CODE else code[: MAX_CODE - 3] + "..."


class Module(Protocol):
    """A parsed file, as far as the functions and classes in it need it."""

    source: PythonSource
    path: str  # as reports name it
    name: str  # dotted, "" where unknown
    tree: ast.Module
    file: Path | None
    names: dict[str, Value]
    tables: list[Value]  # that it defines, as a library noted them
    begun: set[ast.stmt]  # statements of its body that were run
    asked: set[str]  # names whose statements were run

    @property
    def bindings(self) -> dict[str, list[ast.stmt]]:
        """The statements of its body that have to do with a name, by name; `*` for star imports."""

    def forget(self) -> None:
        """Make it a module that nobody looked at yet."""


class Const(msgspec.Struct, frozen=True):
    """A number, True, None, bytes, a date: any plain Python value but a string."""

    value: Any


class Unknown(msgspec.Struct, frozen=True):
    """A value that cannot be known without running the code.

    `inspected`: it was read from the database's catalogue.
    `source` is the expression; as a tree it becomes code only when somebody asks.
    """

    source: Code
    origin: Origin = "outside"
    inspected: bool = False

    @property
    def code(self) -> str:
        return unparse(self.source)


class Alias(Unknown, frozen=True):
    """An item of a container whose key is not known: what changes it changes the container."""

    holder: Any = None


class DottedName(msgspec.Struct, frozen=True):
    """A dotted name that stands for an object elsewhere: `alembic.op.create_table`."""

    path: str


class GenericAlias(DottedName, frozen=True):
    """A name that others were given to: `Mapped[int]`."""

    args: tuple[Value, ...] = ()


class Construct(msgspec.Struct, frozen=True):
    """The result of a call or attribute that is kept as written: `sa.Column("x", sa.Integer())`.

    `path` is the dotted name that was called; of a method it is the method's name and
    `receiver` is the object. `called` is False for an attribute such as `table.c.id`.
    `source` is the expression, as in Unknown.
    """

    path: str
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = {}
    source: Code = ""
    receiver: Value | None = None
    called: bool = True

    @property
    def code(self) -> str:
        if not self.called and isinstance(self.receiver, Construct):
            return f"{self.receiver.code}.{self.path}"
        return unparse(self.source)


class Operator(Construct, frozen=True):
    """An operator between values that are kept as written: `table.c.a > 0`. `args`: both sides."""


class Item(Construct, frozen=True):
    """An item of a value that is kept as written: `row["a"]`. `args`: the key alone."""


class Sequence(msgspec.Struct):
    """A list, tuple or set; mutable, since revisions append to lists.

    `certain` is False where it was changed under a condition, so that some items may not be in it;
    `open`: there may be more items. `repeated`: the items after the first `sure` ones were put in
    by a loop over what is not known: each stands for any number of its like. `depth`: how many
    conditions held where it was made.
    """

    kind: Literal["list", "tuple", "set"]
    items: list[Value]
    certain: bool = True
    open: bool = False
    depth: int = 0
    repeated: bool = False
    sure: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it holds just these items."""
        return self.certain and not self.open and not self.repeated


class Mapping(msgspec.Struct):
    """A dict, in insertion order; keys are compared by `key_of`. For the rest see Sequence."""

    pairs: dict[Any, tuple[Value, Value]]
    certain: bool = True
    open: bool = False
    depth: int = 0
    repeated: bool = False
    factory: Value | None = None  # of a defaultdict

    @property
    def is_whole(self) -> bool:
        """Whether it holds just these pairs."""
        return self.certain and not self.open and not self.repeated


class Function(msgspec.Struct, frozen=True):
    """A function or lambda of a module in sight, with the names around it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: Module
    scopes: tuple[dict[str, Value], ...] = ()  # of the enclosing functions, innermost first
    defaults: tuple[Value | None, ...] = ()
    receiver: Value | None = None
    method: Literal["", "property", "static", "class"] = ""  # how a class hands it out

    @property
    def identity(self) -> Hashable:
        """What tells it from others: its code, and the names around it that it closes over."""
        return self.node, *map(id, self.scopes)


class Class(msgspec.Struct):
    """A class of a module in sight: its attributes, and its fields where it is a plain record.

    `keywords` stand beside its bases. Not `certain`: it is defined under a condition.
    """

    name: str
    module: Module
    attributes: dict[str, Value]
    fields: tuple[str, ...] = ()
    bases: tuple[Value, ...] = ()
    is_enum: bool = False
    is_tuple: bool = False  # a named tuple
    node: ast.ClassDef | None = None
    keywords: dict[str, Value] = {}
    certain: bool = True


class Instance(msgspec.Struct):
    """An object of such a class."""

    cls: Class
    attributes: dict[str, Value]


class ModuleValue(msgspec.Struct, frozen=True):
    """A module that was followed by its path."""

    module: Module


class Live(msgspec.Struct, frozen=True):
    """An object that exists at run time only, such as a connection: a library's own kinds of it.

    `reaches_database`: code that is given it can change the database. `code` names it in reports.
    """

    reaches_database: ClassVar[bool] = False
    code: ClassVar[str] = "?"


class Marker(Enum):
    """Values that are no object of Python."""

    EXIT = "exit"  # of a call that does not come back
    GLOBALS = "globals"  # the names of the running module


class BoundMethod(msgspec.Struct, frozen=True):
    """A method that was looked up and not yet called."""

    receiver: Value
    name: str


Value: TypeAlias = (
    Text
    | Const
    | Unknown
    | DottedName
    | Construct
    | Sequence
    | Mapping
    | Function
    | Class
    | Instance
    | ModuleValue
    | Live
    | Marker
    | BoundMethod
)

MOST_WRITTEN = 200  # values of a list that is put into a text as it is
NONE = Const(None)
EXIT = Marker.EXIT
TRUE = Const(True)
FALSE = Const(False)


def truth(value: Value) -> bool | None:
    """Return whether the value is true in Python's sense; None where that is not known."""
    match value:
        case Const(plain):
            return bool(plain)
        case Text():
            return bool(value.plain) if value.known else (True if value.has_content else None)
        case Sequence(items=items, open=more, certain=certain):
            return True if items and certain else (None if more or not certain else False)
        case Mapping(pairs=pairs, open=more, certain=certain):
            return True if pairs and certain else (None if more or not certain else False)
        case DottedName("typing.TYPE_CHECKING" | "typing_extensions.TYPE_CHECKING"):
            return False
        case Unknown():
            return None
        case DottedName() | Construct() | Live() | Marker():
            return None
        case Instance(cls=cls) if _may_be_false(cls):
            return None
        case _:
            return True


def _may_be_false(cls: Class) -> bool:
    """Whether code decides if an object of the class is true."""
    return not cls.attributes.keys().isdisjoint({"__bool__", "__len__"}) or any(
        isinstance(base, Class) and _may_be_false(base) for base in cls.bases
    )


def key_of(value: Value) -> Any:
    """Return a hashable stand-in for a dict key or set member; None-marked where it is unknown."""
    match value:
        case Const(plain):
            return plain if plain.__hash__ else repr(plain)
        case Text():
            return value.plain if value.known else ("text", value.plain)
        case Sequence(items=items) if is_known(value):
            return tuple(key_of(item) for item in items)
        case DottedName(path):
            return ("name", path)
        case Live(code=code):
            return ("live", code)
        case Unknown():
            return ("unknown", value.code)
        case _:
            return ("object", id(value))


def like(items: list[Value], *sources: Value, depth: int = 0) -> Sequence:
    """Return a list of items that were made of those of the sources: as certain as these."""
    made_of = [source for source in sources if isinstance(source, Sequence | Mapping)]
    return Sequence(
        "list",
        items,
        all(source.certain for source in made_of),
        any(source.open for source in made_of),
        depth,
        any(source.repeated for source in made_of),
    )


def inner_values(value: Value) -> Iterator[Value]:
    """Yield the value and the values in its containers, however deep; end after MAX_VALUES."""
    waiting = [value]
    for _ in range(MAX_VALUES):
        if not waiting:
            return
        value = waiting.pop()
        yield value
        if isinstance(value, Sequence):
            waiting += value.items
        elif isinstance(value, Mapping):
            waiting += (inner for pair in value.pairs.values() for inner in pair)
    yield Unknown("...")  # too much to look at is not known


def is_known(value: Value) -> bool:
    """Return whether nothing in the value is unknown (containers: all the way down)."""
    for inner in inner_values(value):
        match inner:
            case Const():
                pass
            case Text():
                if not inner.known:
                    return False
            case Sequence(kind=kind, items=items, certain=True, open=False, repeated=False):
                if kind == "set" and not all(map(_is_hashable, items)):
                    return False
            case Mapping(pairs=pairs, certain=True, open=False, repeated=False):
                if not all(_is_hashable(key) for key, _ in pairs.values()):
                    return False
            case _:
                return False
    return True


def _is_hashable(value: Value) -> bool:
    """Return whether Python takes the value as a key."""
    match value:
        case Const(plain):
            return plain.__hash__ is not None
        case Sequence(kind="tuple", items=items):
            return all(map(_is_hashable, items))
    return isinstance(value, Text)


def to_python(value: Value) -> Any:
    """Return the plain Python value of a value for which `is_known` holds."""
    match value:
        case Const(plain):
            return plain
        case Text():
            return value.plain
        case Sequence(kind=kind, items=items):
            plain_items = [to_python(item) for item in items]
            return {"list": list, "tuple": tuple, "set": set}[kind](plain_items)
        case Mapping(pairs=pairs):
            return {to_python(k): to_python(v) for k, v in pairs.values()}
    raise TypeError(f"{type(value).__name__} has no plain value")


def from_python(plain: Any, origin: Origin = "constant", code: str = "") -> Value:
    """Return the value for a plain Python object that the reader computed."""
    match plain:
        case str():
            return Text.of(plain, origin, code)
        case list() | tuple() | set() | frozenset():
            kind: Literal["list", "tuple", "set"] = (
                "list"
                if isinstance(plain, list)
                else "tuple"
                if isinstance(plain, tuple)
                else "set"
            )
            return Sequence(kind, [from_python(item, origin, code) for item in plain])
        case dict():
            return Mapping(
                {
                    key_of(from_python(k)): (
                        from_python(k, origin, code),
                        from_python(v, origin, code),
                    )
                    for k, v in plain.items()
                }
            )
    return Const(plain)


def touches_database(value: Value, handles: frozenset[str]) -> bool:
    """Return whether the value can reach the database: a connection, or a module of `handles`."""
    return any(
        (isinstance(inner, Live) and inner.reaches_database)
        or (isinstance(inner, DottedName) and inner.path in handles)
        for inner in inner_values(value)
    )


def join(a: Value | None, b: Value | None, code: Code) -> Value:
    """Return the value of a name that is `a` on one path and `b` on another."""
    if a is None or b is None:
        # Set on one path only: code that uses it afterwards relies on that path.
        return a if b is None and a is not None else b if b is not None else Unknown(code)
    if a is b or _same(a, b):
        return a
    origins = {_origin(a), _origin(b)}
    if isinstance(a, Text) and isinstance(b, Text):
        hole = Text.hole(unparse(code), "outside" if "outside" in origins else "constant")
        return Text(hole.parts, tuple(dict.fromkeys(a.how + b.how)))
    inspected = any(isinstance(v, Unknown) and v.inspected for v in (a, b))
    return Unknown(code, "outside" if "outside" in origins else "constant", inspected)


def join_names(first: dict[str, Value], second: dict[str, Value]) -> dict[str, Value]:
    """Return the value of each name where either way may have led."""
    names = dict.fromkeys((*first, *second))
    return {name: join(first.get(name), second.get(name), name) for name in names}


def _same(a: Value, b: Value) -> bool:
    if is_known(a) and is_known(b):
        return bool(to_python(a) == to_python(b))
    if isinstance(a, Unknown) and isinstance(b, Unknown):
        return (a.code, a.origin, a.inspected) == (b.code, b.origin, b.inspected)
    if isinstance(a, Construct) and isinstance(b, Construct):
        return a == b or (a.path == b.path and a.code == b.code and bool(a.code))
    return isinstance(a, DottedName | Live) and a == b


def _origin(value: Value) -> Origin:
    match value:
        case Unknown(origin=origin):
            return origin
        case Text():
            return value.origin
    return "constant"


def is_short(value: Sequence | Mapping) -> bool:
    """Whether anybody would write the whole of it into a text."""
    return next(islice(inner_values(value), MOST_WRITTEN, None), None) is None
