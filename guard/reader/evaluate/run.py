"""The reading that the parts of the evaluator take part in, and the libraries that it knows.

A part is a function of `(run, node or value, frame)` and knows of who runs it only `Run`. The
meaning of a call, an attribute or a loop that is not Python's own is said by a `Library`. The two
know each other, so they stand in one file.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Items
from contextlib import AbstractContextManager
from pathlib import PurePath
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from guard.operations import Name, Operation
from guard.reader.evaluate.in_hand import InHand
from guard.reader.evaluate.state import BuiltText, Call, Condition, Flow, Frame, Resolver
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    Class,
    Construct,
    DottedName,
    Function,
    Instance,
    Module,
    Value,
)
from guard.reader.result import Model
from guard.server import Dialect
from guard.statement import Directive, Piece, Span

T = TypeVar("T")


class Run(Protocol):
    """One reading of one file, in one direction and for one dialect."""

    @property
    def module(self) -> Module: ...
    @property
    def resolver(self) -> Resolver: ...
    @property
    def library(self) -> Library:
        """All libraries as one."""

    @property
    def dialect(self) -> Dialect | None:
        """The dialect that it is read for, None where nobody said."""

    @property
    def conditions(self) -> Items[Condition]:
        """The tests under which the code stands here, outermost first."""

    @property
    def trying(self) -> bool:
        """Whether an exception that is raised here is caught by a `try` around it."""

    @property
    def tables(self) -> list[Value]:
        """The tables that the revision and its helpers define."""

    @property
    def built(self) -> list[BuiltText]:
        """The SQL that was put together and executed, in order."""

    @property
    def fragments(self) -> set[Text]:
        """The pieces of SQL of which `built` tells already."""

    @property
    def made(self) -> set[Name]:
        """The types that a statement certainly brought with it: they are made no second time."""

    @property
    def raised(self) -> list[str]:
        """The messages of exceptions, in the order in which they are raised."""

    @property
    def in_hand(self) -> InHand:
        """The code that was named, and the code that was run."""

    # Code

    def evaluate(self, node: ast.expr, frame: Frame) -> Value:
        """Return the value of the expression."""

    def execute(self, body: list[ast.stmt], frame: Frame) -> Flow:
        """Run the statements; return how they end."""

    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind the value to a name, attribute, item or tuple of targets."""

    def call(self, function: Value, call: Call) -> Value:
        """Return the result of calling the value."""

    def attribute(self, value: Value, name: str) -> Value:
        """Return `value.name`."""

    def bind(self, value: Value, receiver: Instance) -> Value:
        """Return a function as a method of the instance."""

    def read_file(self, file: PurePath, module: Module) -> str | None:
        """Return the text of a file that the code reads, None where it is not in sight."""

    # What decides a branch: not what other files of the project give, which depends on where it
    # runs. Such a value may fill names and SQL.

    def from_elsewhere(self, value: Value) -> Value:
        """Return the value, marked as one that other files of the project give."""

    def is_from_elsewhere(self, value: Value) -> bool:
        """Return whether the value is one of those, or made of one."""

    def trust(self, value: Value) -> Value:
        """Return the value, marked as one that decides whatever it is compared with."""

    def is_trusted(self, value: Value) -> bool:
        """Return whether the value is one of those."""

    def decision(self, value: Value) -> bool | None:
        """Return which way a test goes, None where both ways are to be followed."""

    def reading_apart(self) -> AbstractContextManager[None]:
        """Let what is read inside say nothing of the value of the expression around it."""

    def ask_dialect(self) -> Dialect | None:
        """Return the dialect, None where it stays unknown; raise DialectAskedError."""

    def reaches_database(self, *values: Value) -> bool:
        """Return whether code that is given the values can change the database."""

    # What it costs

    def step(self, cost: int = 1) -> None:
        """Count steps; raise LimitReachedError where the code goes on for too long."""

    def share(self) -> AbstractContextManager[None]:
        """Let code of the application take only so many steps: the rest is for the revision."""

    @property
    def is_exhausted(self) -> bool:
        """Whether a limit that was reached is not the end of a share that the caller gave."""

    # What holds around the code that runs; an exception ends it too

    def conditional(self, condition: Condition | None) -> AbstractContextManager[None]:
        """Mark the statements inside as depending on the condition.

        The conditions that a path which left adds to the rest outlive it.
        """

    def assume(self, condition: Condition) -> None:
        """Mark the statements from here to the end of the `conditional` around it."""

    def leave(self, depth: int, *ways: Flow) -> None:
        """Forget conditions from `depth` on that end with a loop, an iteration or a `try`."""

    def forget(self, depth: int) -> None:
        """Forget all conditions from `depth` on: nothing follows."""

    def within_call(
        self, module: Module, node: ast.AST, function: Function | None
    ) -> AbstractContextManager[None]:
        """Run a function that is called at the node of the module; `function` is one in sight."""

    def within_try(self) -> AbstractContextManager[None]:
        """Let an exception that is raised inside be caught."""

    def within_test(self) -> AbstractContextManager[None]:
        """Let statements inside run before each turn of a loop, and once in any case."""

    def within_autocommit(self) -> AbstractContextManager[None]:
        """Let statements inside stand outside of the transaction."""

    def on_database(self, name: str | None) -> AbstractContextManager[None]:
        """Let statements inside run on one of several databases."""

    def within_directive(self, directive: Directive) -> AbstractContextManager[None]:
        """Say of the statements inside which call made them, and what else it says."""

    def isolated(self, module: Module) -> AbstractContextManager[None]:
        """Keep apart what the module's body records and its conditions: no part of the reading."""

    def goes_too_deep(self, function: Function) -> bool:
        """Return whether the function, called once more, recurs for too long to follow."""

    # What it says

    def emit(
        self,
        operations: Items[Operation],
        node: ast.AST,
        frame: Frame,
        *,
        sql: str | None = None,
        at: Span | None = None,
        pieces: tuple[Piece, ...] = (),
        values: tuple[str, ...] = (),
        dialects: tuple[str, ...] | None = None,
        joined: bool = False,
    ) -> None:
        """Record a statement that the call at `node` makes."""

    def opaque(self, reason: str, node: ast.AST, frame: Frame) -> None:
        """Record that the code at `node` could not be understood."""

    def span_in_revision(self, node: ast.AST, frame: Frame) -> Span:
        """Return where in the revision file the innermost running call stands."""


# A library. Its tables are looked into by the type of a value, or by a dotted name.

Known: TypeAlias = Callable[[Run, Call], Value]
Unlisted: TypeAlias = Callable[[Run, str, Call], Value]
Called: TypeAlias = Callable[[Run, Construct, Call], Value | None]
Method: TypeAlias = Callable[[Run, Any, str, Call], Value | None]
Attribute: TypeAlias = Callable[[Run, Any, str], Value | None]
TypeTest: TypeAlias = Callable[[Run, Any, DottedName], Value]
Iterated: TypeAlias = Callable[[Run, Any, ast.expr, Frame], Value | None]
Entered: TypeAlias = Callable[[Run, Any], AbstractContextManager[Value | None] | None]
Assigned: TypeAlias = Callable[[Run, Any, str, ast.expr, Frame], None]
Given: TypeAlias = Callable[[Run, Module, ast.FunctionDef | ast.AsyncFunctionDef], dict[str, Value]]
Defined: TypeAlias = Callable[[Run, Class, Frame], None]
Models: TypeAlias = Callable[
    [Items[Module], Module | None, Callable[[Module], Run]], tuple[Model, ...]
]
ColumnType: TypeAlias = Callable[[tuple[Value, ...], dict[str, Value]], Value]


class Example(msgspec.Struct, frozen=True):
    """The operations of a piece of an `upgrade()`: `imports` stand above it.

    `runs`: running it sends just these, which a test sees to where the library is installed.
    """

    code: str
    operations: tuple[Operation, ...]
    imports: str = ""
    dialect: Dialect = "postgresql"
    runs: bool = True


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A name that the body of the `owner` binds or only annotates, for a class that has it."""

    name: str
    value: Value | None
    annotation: ast.expr | None = None
    cls: Class
    owner: Class
    node: ast.stmt


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A base class that makes tables of the classes below it.

    `columns` are those of a member, None where it may be one and is not understood. `table_name`
    gets the name that the class gives, None where it gives none, and returns None where it has no
    table of its own. `is_root`: the class right below it has none either.
    """

    columns: Callable[[Run, Member], tuple[Value, ...] | None]
    table_name: Callable[[Run, Class, Value | None], Value | None]
    is_root: bool = False


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of a library's names: the operations of calls of them, and their results.

    A dotted name may be written `package.*.name`, which is that name anywhere in the package. A
    function that returns None leaves the answer to the next library, and to Python.
    """

    packages: frozenset[str] = frozenset()  # whose source is never followed
    harmless: frozenset[str] = frozenset()  # packages whose other names never reach a database
    acts: frozenset[str] = frozenset()  # names of methods that act on a database
    handles: frozenset[str] = frozenset()  # modules that reach the database of whoever is given one
    names: dict[str, Known] = {}  # by dotted name: a call of it
    unlisted: dict[str, Unlisted] = {}  # by dotted name of a module: a call of another name in it
    handed: dict[str, Known] = {}  # by the last name of any call that is given the database
    called: dict[str, Called] = {}  # by the last name of a call: a call of its result
    methods: dict[type, Method] = {}  # by the type of a value: `value.name(...)`
    attributes: dict[type, Attribute] = {}  # `value.name`
    type_tests: dict[type, TypeTest] = {}  # `isinstance(value, name)`
    assigned: dict[type, Assigned] = {}  # `value.name = ...`
    iterated: dict[type, Iterated] = {}  # `for row in value`: gives the row, where it is known
    entered: dict[type, Entered] = {}  # `with value as name`: binds the manager's value, or itself
    types: dict[str, ColumnType] = {}  # by dotted name: the type of a column it is short for
    hooks: frozenset[str] = frozenset()  # decorators whose functions are called on an event
    wrappers: frozenset[str] = frozenset()  # last names of calls that give back the text they get
    registries: frozenset[str] = frozenset()  # last names of calls: others enter themselves there
    fills: frozenset[str] = frozenset()  # functions that put something into a list that they get
    trusted: frozenset[str] = frozenset()  # packages whose names mean what guard knows of them
    callers: frozenset[str] = frozenset()  # base classes whose own code calls what inherits it
    kept: frozenset[str] = frozenset()  # base classes, instances of which are kept as written
    defined: tuple[Defined, ...] = ()  # told of every class
    bases: dict[str, Base] = {}  # by dotted name: a base class, or what makes one
    bare: frozenset[str] = frozenset()  # last names of base classes that bring no columns
    models: tuple[Models, ...] = ()  # the tables that modules describe, for an env.py
    given: tuple[Given, ...] = ()  # the arguments that upgrade() and downgrade() are called with
    examples: tuple[Example, ...] = ()


def find(table: Mapping[str, T], path: str) -> T | None:
    """Return the entry of a dotted name, also one that is written `package.*.name`."""
    found = table.get(path)
    if found is None and "." in path:
        package, _, rest = path.partition(".")
        found = table.get(f"{package}.*.{rest.rpartition('.')[2]}")
    return found
