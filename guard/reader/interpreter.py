"""Walks the code of a revision for one dialect and collects what it would do to the database.

Nothing is imported or run: this is an interpreter of syntax trees that knows constants, containers,
text, calls of functions in sight, and the words of Alembic and SQLAlchemy. Unknown tests are
followed both ways and what stands under them is marked conditional.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath

from guard.operations import Name, Opaque, Operation
from guard.reader import calls, expressions, flow
from guard.reader.modules import Module, Resolver
from guard.reader.state import (
    Budget,
    BuiltText,
    Call,
    Condition,
    DialectAskedError,
    Flow,
    Frame,
    LimitReachedError,
    column_of,
    unknown,
)
from guard.reader.text import Text
from guard.reader.values import Instance, Value, unparse
from guard.statement import Direction, Piece, Span, Statement

MAX_STATEMENTS = 20_000
STATEMENT_COST = 40  # in steps: what reading its SQL takes
MAX_HELPER_STEPS = 10_000  # of one call of the application's code, or of its names


class Interpreter:
    """The state of one reading. The work is done by the functions of the sibling modules."""

    def __init__(
        self,
        module: Module,
        resolver: Resolver,
        dialect: str | None,
        direction: Direction,
        sql_dialect: str | None = None,
        budget: Budget | None = None,
    ):
        self.module = module
        self.resolver = resolver
        self.dialect = dialect
        self.direction = direction
        self.sql_dialect = sql_dialect or dialect
        self.statements: list[Statement] = []
        self.built: list[BuiltText] = []
        self.fragments: set[Text] = set()  # what text() was given, once it is in `built`
        self.enums_of_tables: set[Name] = set()  # that a table certainly brought with it
        self.raised: list[str] = []  # messages, in the order in which they are met
        self.conditions: list[Condition] = []
        self.autocommit = 0
        self.database: str | None = None
        self.trying = 0  # how many `try` statements around here catch what is raised
        self.calls: list[tuple[Module, ast.AST]] = []  # from the revision inwards
        self.active: list[ast.AST] = []  # functions being run, against endless recursion
        self.budget = budget or Budget()

    @property
    def tables(self) -> list[Value]:
        """The tables and mapped classes that the revision and its helpers define."""
        return [
            table for module in (self.module, *self.resolver.modules) for table in module.tables
        ]

    # What the modules of the reader share

    def evaluate(self, node: ast.expr, frame: Frame) -> Value:
        """Return what the expression is worth."""
        self.step()
        rule = expressions.EXPRESSIONS.get(type(node))
        return rule(self, node, frame) if rule else unknown(node)

    def execute(self, body: list[ast.stmt], frame: Frame) -> Flow:
        """Run the statements; return how they end."""
        return flow.execute(self, body, frame)

    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Bind the value to a name, attribute, item or tuple of targets."""
        flow.assign(self, target, value, frame)

    def ask_dialect(self) -> str:
        """Return the dialect's name, "" where it stays unknown; raise DialectAskedError."""
        if self.dialect is None:
            raise DialectAskedError
        return self.dialect

    def call(self, function: Value, call: Call) -> Value:
        """Return what calling the value gives."""
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

    @contextmanager
    def share(self) -> Iterator[None]:
        """Let code of the application take only so many steps: the rest is for the revision."""
        if self.budget.reserve:
            yield  # it is the application's already
            return
        self.budget.reserve = max(1, self.budget.steps - MAX_HELPER_STEPS)
        try:
            yield
        finally:
            self.budget.reserve = 0

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

    # Statements

    def emit(
        self,
        operations: Sequence[Operation],
        node: ast.AST,
        frame: Frame,
        *,
        sql: str | None = None,
        at: Span | None = None,
        pieces: tuple[Piece, ...] = (),
        dialects: tuple[str, ...] | None = None,
    ) -> None:
        """Record a statement that the call at `node` makes."""
        self.step(STATEMENT_COST)
        span = self.span_in_revision(node, frame)
        here = self.span(node, frame.module)
        conditional = [c for c in self.conditions if not c.guarded]
        condition = next(reversed(conditional or self.conditions), None)
        self.statements.append(
            Statement(
                operations=tuple(operations),
                span=span,
                direction=self.direction,
                at=at or (here if here != span else None),
                sql=sql,
                dialects=dialects,
                condition=condition.code if condition else None,
                guarded=bool(self.conditions) and not conditional,
                repeated=any(c.repeated for c in self.conditions),
                in_transaction=self.autocommit == 0,
                database=self.database,
                pieces=pieces,
            )
        )

    def opaque(self, reason: str, node: ast.AST, frame: Frame) -> None:
        """Record that the code at `node` could not be understood."""
        self.emit([Opaque(reason=reason, code=unparse(node))], node, frame)

    def span(self, node: ast.AST, module: Module) -> Span:
        """Return the node's place, columns counted in characters."""
        first = getattr(node, "lineno", 1)
        last = getattr(node, "end_lineno", None) or first
        return Span(
            module.path,
            first,
            column_of(module, first, getattr(node, "col_offset", 0)),
            last,
            column_of(module, last, getattr(node, "end_col_offset", None) or 0),
        )

    def span_in_revision(self, node: ast.AST, frame: Frame) -> Span:
        """Return where in the revision file the innermost running call stands."""
        if frame.module is self.module:
            return self.span(node, frame.module)
        for module, outer in reversed(self.calls):
            if module is self.module:
                return self.span(outer, module)
        return self.span(node, frame.module)

    @contextmanager
    def condition(self, condition: Condition | None) -> Iterator[None]:
        """Mark what is recorded inside as depending on the condition.

        What a path that left adds to the conditions of the rest outlives it.
        """
        depth = len(self.conditions)
        if condition is not None:
            self.conditions.append(condition)
        try:
            yield
        finally:
            added = self.conditions[depth + (condition is not None) :]
            self.conditions[depth:] = [
                test if condition is None else test.outside(condition)
                for test in added
                if test.left_by is not None
            ]

    def leave(self, depth: int, *ways: Flow) -> None:
        """Forget conditions from `depth` on that end with a loop, an iteration or a `try`."""
        self.conditions[depth:] = [c for c in self.conditions[depth:] if c.left_by not in ways]
