"""Facts and operations against rules: the only place where a Finding is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from guard.facts import Fact
from guard.finding import Finding
from guard.judge.inverse import is_emptied, undoes
from guard.operations import Name, Operation
from guard.rule import Problem, Rule
from guard.schema import Missing, Schema
from guard.server import Server
from guard.statement import Span, Statement


class StatementPosition(msgspec.Struct, frozen=True, kw_only=True):
    """What holds where a statement runs.

    `schema` is what the revisions before it made; `deployment` are the revisions that deploy
    together with it; `upgrade` are the operations of its own revision's upgrade; `before` are those
    that ran before it in the same direction of its revision.
    """

    schema: Schema
    deployment: frozenset[str]
    upgrade: tuple[Operation, ...] = ()
    before: Sequence[Operation] = ()


class JudgeContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a check may ask; see `guard.rule.Context`."""

    server: Server
    statement: Statement
    options: Mapping[str, Any]
    situation: StatementPosition

    @property
    def schema(self) -> Schema:
        """The schema before the statement."""
        return self.situation.schema

    def is_new(self, table: Name) -> bool:
        return self.schema.is_new(table, self.situation.deployment)

    def is_unreleased(self, table: Name) -> bool:
        found = self.schema.table(table)
        if isinstance(found, Missing) or not found.certain:
            return False
        return found.temporary or found.created_by in self.situation.deployment

    def is_empty(self, table: Name) -> bool:
        return self.is_new(table) or is_emptied(table, self.situation.before)

    def is_new_column(self, table: Name, column: str) -> bool:
        found = self.schema.column(table, column)
        return not isinstance(found, Missing) and found.created_by in self.situation.deployment

    def dependents_of(self, table: Name, column: str) -> tuple[str, ...]:
        found = self.schema.table(table)
        if isinstance(found, Missing):
            return ()
        wanted = column.lower()
        constraints = (
            f"{constraint.type} {constraint.name or ''}".strip()
            for constraint in found.constraints
            if wanted in (name.lower() for name in constraint.columns)
        )
        indexes = (
            f"index {index.name or ''}".strip()
            for index in found.indexes
            if wanted in (name.lower() for name in index.columns)
        )
        return (*constraints, *indexes)

    def undoes_upgrade(self, operation: Operation) -> bool:
        return self.statement.direction == "downgrade" and undoes(operation, self.situation.upgrade)


NOWHERE = Statement(operations=(), span=Span("", 1), direction="upgrade")


class Judge:
    """Holds the chosen rules by what they judge."""

    def __init__(self, rules: Sequence[Rule], server: Server, options: Mapping[str, Any]) -> None:
        self._server = server
        self._options = options
        self._rules: dict[type, list[Rule]] = defaultdict(list)
        for rule in rules:
            for fact in rule.on:
                self._rules[fact].append(rule)

    def facts(self, facts: Sequence[Fact]) -> Iterator[Finding]:
        """Yield what the rules say of facts about files, history, runs and suppressions."""
        context = JudgeContext(
            server=self._server,
            statement=NOWHERE,
            options=self._options,
            situation=StatementPosition(schema=Schema.empty(), deployment=frozenset()),
        )
        for fact in facts:
            for rule in self._rules.get(type(fact), ()):
                for problem in rule.check(fact, context):
                    yield _finding(rule, problem, fact, fact.span, fact.span, fact.revision)

    def statement(self, statement: Statement, situation: StatementPosition) -> Iterator[Finding]:
        """Yield what the rules say of a statement's operations."""
        for operation in statement.operations:
            for rule in self._rules.get(type(operation), ()):
                server = self._server_for(rule, statement)
                if server is None:
                    continue
                context = JudgeContext(
                    server=server, statement=statement, options=self._options, situation=situation
                )
                for problem in rule.check(operation, context):
                    yield _finding(
                        rule,
                        problem,
                        operation,
                        _place(statement),
                        statement.span,
                        statement.revision,
                        statement.direction,
                    )

    def _server_for(self, rule: Rule, statement: Statement) -> Server | None:
        """Return the server to judge for; None where the rule or the statement has no say there.

        Where nobody named a dialect, the statement's own conditions may: what stands under
        `if dialect == "postgresql"` is judged for PostgreSQL.
        """
        known = self._server.dialect
        if known is not None:
            here = statement.applies_to(known) and (rule.dialects is None or known in rule.dialects)
            return self._server if here else None
        named = [d for d in statement.dialects or () if rule.dialects is None or d in rule.dialects]
        if rule.dialects is not None and not named:
            return None
        return Server(named[0], self._server.version) if named else self._server


def _place(statement: Statement) -> Span:
    """Point at the SQL inside the call, where that stands in the same file."""
    at = statement.at
    return at if at is not None and at.path == statement.span.path else statement.span


def _finding(
    rule: Rule,
    problem: Problem,
    fact: Fact | Operation,
    span: Span,
    statement_span: Span,
    revision: str | None,
    direction: str | None = None,
) -> Finding:
    return Finding(
        rule=rule.name,
        severity=problem.severity
        if problem.severity and rule.severity == "error"
        else rule.severity,
        message=problem.message,
        remedy=problem.remedy,
        span=problem.at or span,
        statement_span=statement_span,
        revision=revision,
        direction=direction,
        object=problem.object or fact.subject,
        fingerprint=fact.fingerprint,
        approvable=rule.approvable,
    )
