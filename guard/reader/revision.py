"""A revision file: its upgrade and downgrade as statements, for the dialects they may run on."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import get_args

import msgspec

from guard.facts import BuiltSql
from guard.operations import Opaque
from guard.patterns import lazy_re
from guard.reader.evaluate import calls, imports, unrun, values
from guard.reader.evaluate.interpreter import MAX_STATEMENTS, Interpreter, Task
from guard.reader.evaluate.state import (
    Budget,
    BuiltText,
    Call,
    DialectAskedError,
    Frame,
    LimitReachedError,
)
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import EXIT, Function, Value, is_known
from guard.reader.libraries import combined, libraries
from guard.reader.modules import Module, Resolver
from guard.reader.result import ParsedRevision
from guard.server import Dialect
from guard.statement import Direction, Span, Statement, Steps

Key = tuple[object, ...]
LIBRARY = combined(libraries().values())
_DIALECTS: dict[str | None, Dialect] = {dialect: dialect for dialect in get_args(Dialect)}
_ENGINE_FUNCTION = lazy_re(r"(upgrade|downgrade)_(\w+)")


def read_revision(
    module: Module, resolver: Resolver, revision: str | None, dialect: str | None
) -> ParsedRevision:
    """Return the operations of the parsed file.

    `dialect` None: for every dialect that it asks about.
    """
    built: list[BuiltText] = []
    budget = Budget()
    known = known_dialect(dialect)
    steps: dict[Direction, Steps] = {}
    for direction in get_args(Direction):
        runs = _run_dialects(module, resolver, known, direction, budget)
        built += [text for run in runs for text in run.built]
        steps[direction] = _steps(runs, revision, direction)
    return ParsedRevision(
        path=module.path,
        revision=revision,
        upgrade=steps["upgrade"],
        downgrade=steps["downgrade"],
        built=built_facts(built, revision),
    )


def read_loading(module: Module, resolver: Resolver, dialect: str | None) -> Steps:
    """Return what a module that is no revision does to the database whenever it is loaded."""
    runs = _run_dialects(module, resolver, known_dialect(dialect), "upgrade", Budget())
    return _steps(runs, None, "upgrade")


def known_dialect(name: str | None) -> Dialect | None:
    """Return the dialect of that name."""
    return _DIALECTS.get(name)


def _run_dialects(
    module: Module,
    resolver: Resolver,
    dialect: Dialect | None,
    direction: Direction,
    budget: Budget,
) -> list[_Run]:
    """Read one direction: once, or for each dialect where that is asked for and nobody said."""
    task = Task(
        module=module,
        resolver=resolver,
        library=LIBRARY,
        direction=direction,
        dialect=dialect,
        stops_when_asked=True,
    )
    try:
        return [_run(task, budget)]
    except DialectAskedError:
        return [
            _run(msgspec.structs.replace(task, dialect=each), budget)
            for each in _dialects_of(module)
        ]


def _steps(runs: list[_Run], revision: str | None, direction: Direction) -> Steps:
    statements = _merge(runs) if len(runs) > 1 else runs[0].statements
    raises = [run.raises for run in runs]
    return Steps(
        direction=direction,
        statements=tuple(msgspec.structs.replace(s, revision=revision) for s in statements),
        span=runs[0].span,
        raises=raises[0] if all(r is not None for r in raises) else None,
    )


def _dialects_of(module: Module) -> list[Dialect]:
    """MariaDB calls itself mysql to most programs: it is told apart only where the code does."""
    mentioned = any("mariadb" in line.lower() for line in module.lines)
    return [d for d in get_args(Dialect) if d != "mariadb" or mentioned]


def built_facts(built: Iterable[BuiltText], revision: str | None) -> tuple[BuiltSql, ...]:
    """Return the facts that rules judge: one for a statement, however often it runs.

    A text that is put together once and executed in two places is told at the first.
    """
    facts: dict[tuple[object, ...], BuiltSql] = {}
    places: dict[Text, Span] = {}
    for each in built:
        if places.setdefault(each.text, each.span) != each.span:
            continue
        sql = " ".join(each.text.plain.split())[:300]
        elsewhere = _elsewhere(each)
        key = each.span, sql.partition(" ")[0].upper(), elsewhere
        before = facts[key].pieces if key in facts else ()
        facts[key] = BuiltSql(
            span=each.span,
            revision=revision,
            pieces=tuple(dict.fromkeys(before + each.pieces)),
            how=each.text.how[-1],
            sql=sql,
            elsewhere=elsewhere,
            function=each.function,
        )
    return tuple(facts.values())


def _elsewhere(built: BuiltText) -> str | None:
    """Return the other file, where one both writes the text and executes it."""
    literals = (part.literal for part in built.text.parts if part.origin == "literal")
    written = {literal.path for literal in literals if literal is not None}
    return built.path if written == {built.path} != {built.span.path} else None


class _Run(msgspec.Struct):
    dialect: Dialect | None
    statements: list[Statement]
    built: list[BuiltText]
    span: Span | None = None
    raises: str | None = None


def _run(task: Task, budget: Budget) -> _Run:
    run = Interpreter(task, budget)
    result = _Run(task.dialect, run.statements, run.built)
    module, direction = task.module, task.direction
    module.forget()
    try:
        imports.load(run, module)
        if direction == "downgrade":  # Alembic loads the file once, which is told of the upgrade
            run.statements.clear()
        found = module.names.get(direction)
        function = imports.settle(run, found) if found is not None else None
        run.in_hand.watches = True
        if isinstance(function, Function):
            result.raises = _run_function(run, module, function, direction)
            result.span = run.span(function.node, function.module)
        elif function is not None or (direction == "upgrade" and _defines_any(module)):
            _call_value(run, module, function or values.Unknown(direction), direction)
        unrun.tell(run)
    except (LimitReachedError, RecursionError):
        reason = "the code is longer or nested deeper than guard follows"
        node = module.tree.body[0] if module.tree.body else module.tree
        run.budget = Budget()  # enough to say so
        del run.statements[MAX_STATEMENTS - 1 :]
        run.emit([Opaque(reason=reason, code=direction)], node, Frame(module, module.names))
        result.span = run.span(node, module)
    return result


def _run_function(
    run: Interpreter, module: values.Module, function: Function, direction: Direction
) -> str | None:
    """Run upgrade() or downgrade(); return the message of a raise that every path meets."""
    engines = _engines(module, direction) if function.node.args.args else []
    given: dict[str, Value] = {}
    if not isinstance(function.node, ast.Lambda):
        for give in run.library.given:
            given |= give(run, module, function.node)
    frame = Frame(module, module.names)
    node = ast.copy_location(ast.Call(ast.Name(direction, ast.Load()), [], []), function.node)
    ends: Value | None = None
    for engine in engines or (None,):
        args: tuple[Value, ...] = (Text.of(engine),) if engine else ()
        if engine:
            given.pop(function.node.args.args[0].arg, None)
        with run.on_database(engine):
            ends = calls.call_function(run, function, Call(node, frame, args, given))
    return next(iter(run.raised), "") if ends is EXIT else None


def _call_value(run: Interpreter, module: values.Module, given: Value, direction: str) -> None:
    """Call what upgrade() is where no function in sight has that name alone."""
    body = module.tree.body
    bound = next((statement for statement in body if direction in _named(statement)), body[0])
    node = ast.copy_location(ast.Call(ast.Name(direction, ast.Load()), [], []), bound)
    frame = Frame(module, module.names)
    if isinstance(given, values.DottedName):
        in_sight = given.path.rpartition(".")[0] in run.library.handles
    else:
        in_sight = not (isinstance(given, values.Unknown | values.ModuleValue) or is_known(given))
    if in_sight:
        run.call(given, Call(node, frame, (), {}))
    else:
        run.opaque(f"what {direction}() is depends on more than its file says", node, frame)


def _defines_any(module: values.Module) -> bool:
    """Whether the module has functions or classes: Alembic finds an upgrade() among them."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) for node in module.tree.body)


def _named(statement: ast.stmt) -> set[object]:
    """The names that a statement of a module may bind."""
    inside = list(ast.walk(statement))
    return {getattr(node, word, None) for node in inside for word in ("name", "asname", "id")}


def _engines(module: values.Module, direction: Direction) -> list[str]:
    """Return the databases of a multidb revision: one `upgrade_<name>()` for each."""
    found = (_ENGINE_FUNCTION.fullmatch(name) for name in module.names)
    return [m[2] for m in found if m and m[1] == direction]


def _merge(runs: list[_Run]) -> list[Statement]:
    """Return the statements of all dialects, each with those on which it runs; None for all."""
    merged: dict[Key, tuple[Statement, list[str]]] = {}
    order: list[Key] = []
    for run in runs:
        keys = _keys(run.statements)
        for key, statement in zip(keys, run.statements, strict=True):
            merged.setdefault(key, (statement, []))[1].append(run.dialect or "")
        order = _in_order(order, keys)
    everywhere: list[str] = [run.dialect or "" for run in runs]
    return [
        msgspec.structs.replace(statement, dialects=_limit(statement, dialects, everywhere))
        for statement, dialects in (merged[key] for key in order)
    ]


def _keys(statements: list[Statement]) -> list[Key]:
    """Return what tells each statement from the others, and is the same in every dialect."""
    seen: dict[Key, int] = {}
    keys: list[Key] = []
    for statement in statements:
        key: Key = (statement.span, statement.at, _content(statement))
        seen[key] = seen.get(key, 0) + 1
        keys.append((*key, seen[key]))
    return keys


def _in_order(first: list[Key], second: list[Key]) -> list[Key]:
    """Return the keys of both, each before those that follow it in either.

    So a statement of one dialect stands before what follows its branch in all of them.
    """
    known, order, waiting = set(first), list(first), list[Key]()
    for key in second:
        if key not in known:
            waiting.append(key)
        elif waiting:
            place = order.index(key)
            order[place:place] = waiting
            waiting = []
    return order + waiting


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
        tuple(repr(o) for o in statement.operations),
        statement.condition,
        statement.in_transaction,
    )
