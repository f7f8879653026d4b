"""A revision file: its upgrade and downgrade as statements, for the dialects they may run on."""

from __future__ import annotations

import ast
import re

import msgspec

from guard.facts import BuiltSql
from guard.operations import Opaque
from guard.reader import calls, imports
from guard.reader.interpreter import MAX_STATEMENTS, Interpreter
from guard.reader.modules import Module, Resolver
from guard.reader.result import ParsedRevision, Steps
from guard.reader.state import (
    Budget,
    BuiltText,
    Call,
    DialectAskedError,
    Frame,
    LimitReachedError,
)
from guard.reader.text import Text
from guard.reader.values import DottedName, Function, Value
from guard.server import DIALECTS
from guard.statement import Direction, Span, Statement

_ENGINE_FUNCTION = re.compile(r"(upgrade|downgrade)_(\w+)")


def read_revision(
    module: Module, resolver: Resolver, revision: str | None, dialect: str | None
) -> ParsedRevision:
    """Return what the parsed file does. `dialect` None: for every dialect that it asks about."""
    built: dict[tuple[object, ...], BuiltSql] = {}
    budget = Budget()
    procedures = {
        direction: _read_direction(module, resolver, revision, dialect, direction, built, budget)
        for direction in ("upgrade", "downgrade")
    }
    return ParsedRevision(
        path=module.path,
        revision=revision,
        upgrade=procedures["upgrade"],
        downgrade=procedures["downgrade"],
        built=tuple(built.values()),
    )


def _read_direction(
    module: Module,
    resolver: Resolver,
    revision: str | None,
    dialect: str | None,
    direction: Direction,
    built: dict[tuple[object, ...], BuiltSql],
    budget: Budget,
) -> Steps:
    runs: list[tuple[str, _Run]] = []
    if dialect is None:
        try:
            runs = [("", _run(module, resolver, None, direction, budget))]
        except DialectAskedError:
            runs = [(d, _run(module, resolver, d, direction, budget)) for d in _dialects_of(module)]
    else:
        runs = [(dialect, _run(module, resolver, dialect, direction, budget))]
    for _, run in runs:
        for text in run.built:
            fact = built_fact(text, revision)
            built.setdefault((fact.span, fact.pieces), fact)
    statements = _merge(runs) if len(runs) > 1 else runs[0][1].statements
    raises = [run.raises for _, run in runs]
    return Steps(
        direction=direction,
        statements=tuple(msgspec.structs.replace(s, revision=revision) for s in statements),
        span=runs[0][1].span,
        raises=raises[0] if all(r is not None for r in raises) else None,
    )


def _dialects_of(module: Module) -> list[str]:
    """MariaDB calls itself mysql to most programs: it is told apart only where the code does."""
    mentioned = any("mariadb" in line.lower() for line in module.lines)
    return [d for d in DIALECTS if d != "mariadb" or mentioned]


def built_fact(built: BuiltText, revision: str | None) -> BuiltSql:
    """Return the fact that rules judge."""
    return BuiltSql(
        span=built.span,
        revision=revision,
        pieces=built.pieces,
        how=built.text.how[-1],
        sql=" ".join(built.text.plain.split())[:300],
    )


class _Run(msgspec.Struct):
    statements: list[Statement]
    built: list[BuiltText]
    span: Span | None
    raises: str | None


def _run(
    module: Module, resolver: Resolver, dialect: str | None, direction: Direction, budget: Budget
) -> _Run:
    run = Interpreter(module, resolver, dialect, direction, budget=budget)
    module.forget()
    try:
        imports.load(run, module)
        function = imports.settle(run, module.names.get(direction, DottedName("<none>")))
        if not isinstance(function, Function) or isinstance(function.node, ast.Lambda):
            return _Run([], run.built, None, None)
        span = run.span(function.node, function.module)
        raises = _run_function(run, module, function, direction)
    except (LimitReachedError, RecursionError):
        reason = "the code is longer or nested deeper than guard follows"
        node = module.tree.body[0] if module.tree.body else module.tree
        run.conditions.clear()
        run.calls.clear()
        run.budget = Budget()  # enough to say so
        del run.statements[MAX_STATEMENTS - 1 :]
        frame = Frame(module, module.names)
        run.emit([Opaque(reason=reason, code=direction)], node, frame)
        return _Run(run.statements, run.built, run.span(node, module), None)
    return _Run(run.statements, run.built, span, raises)


def _run_function(
    run: Interpreter, module: Module, function: Function, direction: Direction
) -> str | None:
    """Run upgrade() or downgrade(); return the message of a raise that every path meets."""
    engines = _engines(module, direction) if function.node.args.args else []
    frame = Frame(module, module.names)
    node = ast.copy_location(ast.Call(ast.Name(direction, ast.Load()), [], []), function.node)
    ends: Value = DottedName("<none>")
    for engine in engines or (None,):
        run.database = engine
        args: tuple[Value, ...] = (Text.of(engine),) if engine else ()
        run.active.append(function.node)
        ends = _call(run, function, Call(node, frame, args, {}))
        run.active.pop()
    run.database = None
    if isinstance(ends, DottedName) and ends.path == "<exit>":
        return next(iter(run.raised), "")
    return None


def _call(run: Interpreter, function: Function, call: Call) -> Value:
    return calls.call_function(run, function, call)


def _engines(module: Module, direction: Direction) -> list[str]:
    """Return the databases of a multidb revision: one `upgrade_<name>()` for each."""
    found = (_ENGINE_FUNCTION.fullmatch(name) for name in module.names)
    return [m[2] for m in found if m and m[1] == direction]


def _merge(runs: list[tuple[str, _Run]]) -> list[Statement]:
    """Return the statements of all dialects, each with those on which it runs; None for all."""
    merged: dict[tuple[object, ...], tuple[Statement, list[str]]] = {}
    order: list[tuple[object, ...]] = []
    for dialect, run in runs:
        seen: dict[tuple[object, ...], int] = {}
        for statement in run.statements:
            key: tuple[object, ...] = (statement.span, statement.at, _content(statement))
            seen[key] = seen.get(key, 0) + 1
            key = (*key, seen[key])
            if key not in merged:
                merged[key] = (statement, [])
                order.append(key)
            merged[key][1].append(dialect)
    everywhere = [dialect for dialect, _ in runs]
    return [
        msgspec.structs.replace(statement, dialects=_limit(statement, dialects, everywhere))
        for statement, dialects in (merged[key] for key in order)
    ]


def _limit(
    statement: Statement, dialects: list[str], everywhere: list[str]
) -> tuple[str, ...] | None:
    if statement.dialects is not None:
        return statement.dialects
    if dialects == everywhere:
        return None
    if "mysql" in dialects and "mariadb" not in everywhere:
        dialects = [*dialects, "mariadb"]
    return tuple(dialects)


def _content(statement: Statement) -> tuple[object, ...]:
    return (
        tuple(msgspec.json.encode(o) for o in statement.operations),
        statement.condition,
        statement.in_transaction,
    )
