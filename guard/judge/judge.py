"""Facts and operations against rules: the only place where a Finding is made."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import msgspec

from guard.facts import Fact
from guard.finding import Finding, Severity
from guard.judge.context import NOWHERE, SAYS_NOTHING, JudgeContext, Position, Project
from guard.judge.fingerprint import fingerprint_of
from guard.judge.holes import filled
from guard.operations import Operation
from guard.rule import Problem, Rule
from guard.server import Server
from guard.statement import Span, Statement


class Judge:
    """Holds the chosen rules by what they judge; `project` is what it says of itself.

    `remedy` makes of a remedy's text what holds here: where a setting goes differs.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        server: Server,
        project: Project = SAYS_NOTHING,
        remedy: Callable[[str], str] = str,
    ) -> None:
        self._chosen = rules
        self._server = server
        self._project = project
        self._remedy = remedy
        self._rules: dict[type, list[Rule]] = defaultdict(list)
        for rule in rules:
            for fact in rule.on:
                self._rules[fact].append(rule)

    def on(self, server: Server) -> Judge:
        """Return one that judges by the same rules for another server."""
        other = copy.copy(self)
        other._server = server
        return other

    def of_group(self, group: str) -> Judge:
        """Return the same with the rules of one group only."""
        rules = [rule for rule in self._chosen if rule.group == group]
        return Judge(rules, self._server, self._project, self._remedy)

    def facts(self, facts: Sequence[Fact], position: Position = NOWHERE) -> Iterator[Finding]:
        """Yield what the rules say of facts about files, history, runs and suppressions."""
        for fact in facts:
            for rule in self._rules.get(type(fact), ()):
                context = JudgeContext(
                    server=self._server, rule=rule, position=position, project=self._project
                )
                for problem in map(self._here, rule.check(fact, context)):
                    place = problem.at or fact.span
                    yield _finding(
                        rule, problem, fact, fact.fingerprint, place, place, fact.revision
                    )

    def statement(self, position: Position, told: set[str]) -> Iterator[Finding]:
        """Yield what the rules say of a statement's operations.

        `told` are the rules that said what they say once, which this adds to.
        """
        statement = position.step.statement
        always = msgspec.structs.replace(statement, condition=None)
        for operation in statement.operations:
            for rule in self._rules.get(type(operation), ()):
                server = self._server_for(rule, statement)
                if server is None:
                    continue
                context = JudgeContext(
                    server=server, rule=rule, position=position, project=self._project
                )
                found = rule.check(operation, context)
                in_python = not statement.in_sql_file
                for problem in (self._here(one, in_python=in_python) for one in found):
                    if self._is_small(problem) or (problem.once and rule.name in told):
                        continue
                    if problem.once:
                        told.add(rule.name)
                    finding = _finding(
                        rule,
                        _as_run(problem, statement),
                        operation,
                        fingerprint_of(operation, statement),
                        problem.at or _place(statement),
                        statement.span,
                        statement.revision,
                        statement.direction,
                        statement.batch.span if statement.batch else None,
                    )
                    deed = fingerprint_of(operation, always)
                    # What may run on another server as well is not written for this one.
                    here = self._server.dialect or statement.dialects == (server.dialect,)
                    rewrite = finding.rewrite if here or rule.dialects is None else ()
                    yield msgspec.structs.replace(finding, deed=deed, rewrite=rewrite)

    def _here(self, problem: Problem, *, in_python: bool = False) -> Problem:
        remedy = filled(problem.remedy) if in_python else problem.remedy
        return msgspec.structs.replace(problem, remedy=self._remedy(remedy))

    def _is_small(self, problem: Problem) -> bool:
        """Return whether all that waits are tables that the project lets pass, by their size."""
        limit, effect = self._project.small_table_rows, problem.effect
        if limit is None or effect is None:
            return False
        sizes = [self._project.size(one.table) for one in (effect, *effect.related)]
        return all(size is not None and size.rows <= limit for size in sizes)

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


def _as_run(problem: Problem, statement: Statement) -> Problem:
    """Say who does it, where that is a routine that the statement calls or fires."""
    if statement.run_by is None:
        return problem
    return msgspec.structs.replace(problem, message=f"{statement.run_by.words}: {problem.message}")


def _place(statement: Statement) -> Span:
    """Point at the SQL inside the call, where that stands in the same file."""
    at = statement.at
    return at if at is not None and at.path == statement.span.path else statement.span


ON_THE_WAY_BACK: dict[Severity, Severity] = {"error": "warning", "warning": "info"}


def _severity(rule: Rule, problem: Problem, direction: str | None) -> Severity:
    """What the user set holds; else what the problem says of itself; else the rule's own.

    What only makes traffic wait or code fail is less severe in a downgrade, which hardly ever runs
    and runs when something is broken already.
    """
    if rule.severity_is_set:
        return rule.severity
    if problem.severity is not None:
        return problem.severity
    lenient = direction == "downgrade" and rule.group in ("locking", "compatibility")
    return ON_THE_WAY_BACK.get(rule.severity, rule.severity) if lenient else rule.severity


def _finding(
    rule: Rule,
    problem: Problem,
    fact: Fact | Operation,
    fingerprint: str,
    span: Span,
    statement_span: Span,
    revision: str | None,
    direction: str | None = None,
    batch_span: Span | None = None,
) -> Finding:
    return Finding(
        rule=rule.name,
        severity=_severity(rule, problem, direction),
        message=problem.message,
        remedy=problem.remedy,
        span=span,
        fix=problem.fix,
        rewrite=problem.rewrite,
        related=problem.related,
        foretells=problem.foretells,
        if_restored=problem.if_restored,
        effect=problem.effect,
        statement_span=statement_span,
        batch_span=batch_span,
        revision=revision,
        direction=direction,
        object=problem.object or fact.subject,
        fingerprint=fingerprint,
        approvable=rule.approvable and problem.approvable,
        url=rule.url,
    )
