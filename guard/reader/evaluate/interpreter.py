"""Walks the code of one file for one dialect and collects its operations on the database.

Nothing is imported or run: this is an interpreter of syntax trees that knows constants, containers,
text, calls of functions in sight, and the names that its libraries tell it of. Unknown tests are
followed both ways, and statements under them are marked conditional.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items
from pathlib import Path, PurePath

import msgspec

from guard.operations import Name, Opaque, Operation
from guard.reader.evaluate import calls, expressions, flow
from guard.reader.evaluate.in_hand import InHand
from guard.reader.evaluate.run import Library
from guard.reader.evaluate.scopes import Conditional, Held, Stack, Within
from guard.reader.evaluate.state import (
    Budget,
    BuiltText,
    Call,
    Condition,
    DialectAskedError,
    Flow,
    Frame,
    LimitReachedError,
    Resolver,
    unknown,
)
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    Const,
    Function,
    Instance,
    Mapping,
    Module,
    Sequence,
    Value,
    touches_database,
    truth,
    unparse,
)
from guard.server import Dialect
from guard.statement import Direction, Directive, Piece, Span, Statement

MAX_STATEMENTS = 20_000
STATEMENT_COST = 40  # in steps, for the reading of its SQL
MAX_TURNS = 200  # statements before this one that are compared with it
MAX_RECURSION = 3
MAX_DEPTH = 16


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One file to read in one direction. `dialect` is None where nobody said.

    `stops_when_asked`: code that asks for a dialect which nobody said ends the reading with
    DialectAskedError; else the answer is unknown.
    """

    module: Module
    resolver: Resolver
    library: Library
    direction: Direction
    dialect: Dialect | None = None
    stops_when_asked: bool = False


class Interpreter:
    """The state of one reading. The work is done by the functions of the sibling modules."""

    def __init__(self, task: Task, budget: Budget) -> None:
        self.task = task
        self.module = task.module
        self.resolver = task.resolver
        self.library = task.library
        self.dialect = task.dialect
        self.budget = budget
        self.statements: list[Statement] = []
        self.built: list[BuiltText] = []
        self.fragments: set[Text] = set()
        self.made: set[Name] = set()
        self.raised: list[str] = []
        self.conditions: list[Condition] = []
        self.autocommit = False
        self.trying = False
        self.repeating = False
        self.database: str | None = None
        self.directive: Directive | None = None
        self.stack = Stack()
        self.in_hand = InHand()
        self.read_elsewhere = 0
        self._elsewhere: dict[int, Value] = {}
        self._trusted: dict[int, Value] = {}

    @property
    def tables(self) -> list[Value]:
        """The tables and mapped classes that the revision and its helpers define."""
        return [
            table for module in (self.module, *self.resolver.modules) for table in module.tables
        ]

    # Code

    def evaluate(self, node: ast.expr, frame: Frame) -> Value:
        """Return the value of the expression."""
        self.step()
        before = self.read_elsewhere
        rule = expressions.EXPRESSIONS.get(type(node))
        value = rule(self, node, frame) if rule else unknown(node)
        if self.read_elsewhere != before:
            return self.from_elsewhere(value)
        self.read_elsewhere += self.is_from_elsewhere(value)
        return value

    def execute(self, body: list[ast.stmt], frame: Frame) -> Flow:
        """Run the statements; return how they end."""
        return flow.execute(self, body, frame)

    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind the value to a name, attribute, item or tuple of targets."""
        flow.assign(self, target, value, frame)

    # What decides a branch

    def from_elsewhere(self, value: Value) -> Value:
        """Return the value, marked as one that other files of the project give."""
        if isinstance(value, Const):
            value = Const(value.value)  # True, False and None are one object each
        if isinstance(value, Const | Text | Sequence | Mapping | Instance):
            self._elsewhere[id(value)] = value  # held, so that no other value gets its id
        return value

    def is_from_elsewhere(self, value: Value) -> bool:
        """Return whether the value is one of those, or made of one."""
        return id(value) in self._elsewhere

    def trust(self, value: Value) -> Value:
        """Return the value, marked as one that decides whatever it is compared with."""
        self._trusted[id(value)] = value
        return value

    def is_trusted(self, value: Value) -> bool:
        """Return whether the value is one of those."""
        return id(value) in self._trusted

    def decision(self, value: Value) -> bool | None:
        """Return which way a test goes, None where both ways are to be followed."""
        return None if self.is_from_elsewhere(value) else truth(value)

    def reading_apart(self) -> Held:
        """Let what is read inside say nothing of the value of the expression around it."""
        return Held(self, read_elsewhere=self.read_elsewhere)

    def ask_dialect(self) -> Dialect | None:
        """Return the dialect, None where it stays unknown; raise DialectAskedError."""
        if self.dialect is None and self.task.stops_when_asked:
            raise DialectAskedError
        return self.dialect

    def reaches_database(self, *values: Value) -> bool:
        """Return whether code that is given the values can change the database."""
        handles = self.library.handles
        return any(touches_database(value, handles) for value in values)

    def call(self, function: Value, call: Call) -> Value:
        """Return the result of calling the value."""
        self.step()
        return calls.call(self, function, call)

    def attribute(self, value: Value, name: str) -> Value:
        """Return `value.name`."""
        return expressions.attribute(self, value, name)

    def bind(self, value: Value, receiver: Instance) -> Value:
        """Return a function as a method of the instance."""
        return expressions.bind(value, receiver)

    def read_file(self, file: PurePath, module: Module) -> str | None:
        """Return the text of a file that the code reads; relative paths are tried beside it."""
        places = (
            [Path(file)]
            if file.is_absolute() or module.file is None
            else [
                module.file.parent / file,
                self.resolver.root / file,
            ]
        )
        texts = (self.resolver.read_text(place) for place in places)
        return next((text for text in texts if text is not None), None)

    # What it costs

    def share(self) -> Held:
        """Let code of the application take only so many steps: the rest is for the revision."""
        budget = self.budget  # code within a share already is the application's
        return Held(budget, reserve=budget.reserve or max(1, budget.steps - budget.helper))

    @property
    def is_exhausted(self) -> bool:
        """Whether a limit that was reached is not the end of a share that the caller gave."""
        return (
            bool(self.budget.reserve)
            or self.budget.steps <= 0
            or len(self.statements) > MAX_STATEMENTS
        )

    def step(self, cost: int = 1) -> None:
        """Count a step; raise LimitReachedError where the code goes on for too long."""
        self.budget.steps -= cost
        if self.budget.steps < self.budget.reserve or len(self.statements) > MAX_STATEMENTS:
            raise LimitReachedError

    # What holds around the code that runs

    def conditional(self, condition: Condition | None) -> Conditional:
        """Mark the statements inside as depending on the condition."""
        return Conditional(self.conditions, condition)

    def assume(self, condition: Condition) -> None:
        """Mark the statements from here to the end of the `conditional` around it."""
        self.conditions.append(condition)

    def leave(self, depth: int, *ways: Flow) -> None:
        """Forget conditions from `depth` on that end with a loop, an iteration or a `try`."""
        self.conditions[depth:] = [c for c in self.conditions[depth:] if c.left_by not in ways]

    def forget(self, depth: int) -> None:
        """Forget all conditions from `depth` on: nothing follows."""
        del self.conditions[depth:]

    def within_call(self, module: Module, node: ast.AST, function: Function | None) -> Within:
        """Run the function that is called at the node of the module."""
        return Within(self.stack, self.conditions, (module, node), function)

    def within_try(self) -> Held:
        """Let an exception that is raised inside be caught."""
        return Held(self, trying=True)

    def within_test(self) -> Held:
        """Let statements inside run before each turn of a loop, and once in any case."""
        return Held(self, repeating=True)

    def within_autocommit(self) -> Held:
        """Let statements inside stand outside of the transaction."""
        return Held(self, autocommit=True)

    def on_database(self, name: str | None) -> Held:
        """Let statements inside run on one of several databases."""
        return Held(self, database=name)

    def within_directive(self, directive: Directive) -> Held:
        """Say of the statements inside which call made them, and what else it says."""
        return Held(self, directive=directive)

    def isolated(self, module: Module) -> Held:
        """Keep apart what the body of a helper records; that of the revision runs with it."""
        apart: dict[str, object] = {"conditions": [], "made": set()}
        if module is not self.module:
            apart |= {"statements": [], "built": [], "fragments": set()}
        return Held(self, **apart)

    def goes_too_deep(self, function: Function) -> bool:
        """Return whether the function, called once more, recurs for too long to follow.

        What a decorator made of one function does not recur where it calls what it made of another.
        """
        running = self.stack.functions
        turns = sum(one.identity == function.identity for one in running)
        return len(running) >= MAX_DEPTH or turns >= MAX_RECURSION

    # Statements

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
        self.step(STATEMENT_COST)
        span = self.span_in_revision(node, frame)
        here = self.span(node, frame.module)
        conditional = [c for c in self.conditions if not c.guarded]
        condition = next(reversed(conditional or self.conditions), None)
        statement = Statement(
            operations=tuple(operations),
            span=span,
            direction=self.task.direction,
            at=at or (here if here != span else None),
            sql=sql,
            dialects=dialects,
            condition=condition.code if condition else None,
            guarded=bool(self.conditions) and not conditional,
            repeated=self.repeating or any(c.repeated for c in self.conditions),
            in_transaction=not self.autocommit,
            joined=joined,
            database=self.database,
            pieces=pieces,
            values=values,
            directive=self.directive,
        )
        if not self._is_told(statement):
            self.statements.append(statement)

    def _is_told(self, statement: Statement) -> bool:
        """Return whether a turn of a loop before this one told of the same code, not understood."""
        opaque = all(isinstance(operation, Opaque) for operation in statement.operations)
        return opaque and statement in self.statements[-MAX_TURNS:]

    def opaque(self, reason: str, node: ast.AST, frame: Frame) -> None:
        """Record that the code at `node` could not be understood."""
        self.emit([Opaque(reason=reason, code=unparse(node))], node, frame)

    def span(self, node: ast.AST, module: Module) -> Span:
        """Return the node's place, columns counted in characters."""
        return module.source.span(node)

    def span_in_revision(self, node: ast.AST, frame: Frame) -> Span:
        """Return where in the revision file the innermost running call stands."""
        if frame.module is self.module:
            return self.span(node, frame.module)
        for module, outer in reversed(self.stack.calls):
            if module is self.module:
                return self.span(outer, module)
        return self.span(node, frame.module)
