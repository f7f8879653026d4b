"""Branches: `if`, `match`, `try`. A test that is not settled is followed both ways."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from guard.reader.evaluate import loops
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Condition, Flow, Frame
from guard.reader.evaluate.values import (
    Const,
    Construct,
    DottedName,
    Sequence,
    Unknown,
    Value,
    is_known,
    join_names,
    to_python,
    unparse,
)

Block = Callable[[], Flow]


def run_if(run: Run, node: ast.If, frame: Frame) -> Flow:
    test = run.evaluate(node.test, frame)
    settled = run.decision(test)
    if settled is not None:
        return run.execute(node.body if settled else node.orelse, frame)
    guarded = isinstance(test, Unknown) and test.inspected
    return branch(
        run,
        frame,
        Condition(node.test, guarded),
        lambda: run.execute(node.body, frame),
        lambda: run.execute(node.orelse, frame),
    )


def branch(run: Run, frame: Frame, test: Condition, first: Block, second: Block) -> Flow:
    """Run both blocks, each from the same names; join the names that they leave behind."""
    before = dict(frame.names)
    ends_first = _run_block(run, test, first)
    after_first = dict(frame.names)
    _put_back(frame, before)
    ends_second = _run_block(run, test.negated, second)
    if ends_first is ends_second:
        _put_back(frame, join_names(after_first, frame.names))
        return ends_first
    # The rest runs where the block did that goes on, or that leaves less.
    if ends_second.leaves > ends_first.leaves:
        _depart_with(frame, ends_second, dict(frame.names))
        _put_back(frame, after_first)
        _follow_from(run, test.until(ends_second), ends_second)
        return ends_first
    _depart_with(frame, ends_first, after_first)
    _follow_from(run, test.negated.until(ends_first), ends_first)
    return ends_second


def _depart_with(frame: Frame, ends: Flow, names: dict[str, Value]) -> None:
    """Keep the names of a way that leaves the iteration of a loop, for where it comes out."""
    if ends in {Flow.CONTINUES, Flow.BREAKS}:
        frame.departed.append(names)


def _follow_from(run: Run, test: Condition, other: Flow) -> None:
    """Put the rest under the test, unless the other way ends the whole migration."""
    if other is not Flow.RAISES or run.trying:
        run.assume(test)


def _run_block(run: Run, test: Condition, block: Block) -> Flow:
    depth = len(run.conditions)
    with run.conditional(test):
        ends = block()
    if ends is not Flow.GOES_ON:
        run.forget(depth)
    return ends


def _put_back(frame: Frame, names: dict[str, Value]) -> None:
    frame.names.clear()
    frame.names.update(names)


# Match


def run_match(run: Run, node: ast.Match, frame: Frame) -> Flow:
    subject = run.evaluate(node.subject, frame)
    if run.is_from_elsewhere(subject):
        subject = Unknown(node.subject)
    return _run_cases(run, node, subject, node.cases, frame)


def _run_cases(
    run: Run, node: ast.Match, subject: Value, cases: list[ast.match_case], frame: Frame
) -> Flow:
    if not cases:
        return Flow.GOES_ON
    case, *others = cases
    settled = _matches(run, subject, case.pattern, frame)
    if settled is not False and case.guard is not None:
        guard = run.decision(run.evaluate(case.guard, frame))
        settled = False if guard is False else settled if guard else None
    if settled:
        return run.execute(case.body, frame)
    if settled is False:
        return _run_cases(run, node, subject, others, frame)
    guard_code = f" if {unparse(case.guard)}" if case.guard else ""
    code = f"{unparse(node.subject)} matches {unparse(case.pattern)}{guard_code}"
    return branch(
        run,
        frame,
        Condition(code),
        lambda: run.execute(case.body, frame),
        lambda: _run_cases(run, node, subject, others, frame),
    )


def _matches(run: Run, subject: Value, pattern: ast.pattern, frame: Frame) -> bool | None:
    """Return whether the pattern fits, None where that is not known; bind its names."""
    match pattern:
        case ast.MatchValue(value=value):
            return _equal(subject, run.evaluate(value, frame))
        case ast.MatchSingleton(value=value):
            return _equal(subject, Const(value))
        case ast.MatchOr(patterns=patterns):
            found = [_matches(run, subject, p, frame) for p in patterns]
            return True if True in found else None if None in found else False
        case ast.MatchAs(pattern=inner, name=name):
            settled = True if inner is None else _matches(run, subject, inner, frame)
            if name is not None:
                frame.names[name] = subject
            return settled
        case ast.MatchSequence(patterns=patterns) if not any(
            isinstance(p, ast.MatchStar) for p in patterns
        ):
            items = loops.iterate(subject) if isinstance(subject, Sequence) else None
            if items is not None and not loops.is_open(subject):
                if len(items) != len(patterns):
                    return False
                each = [_matches(run, i, p, frame) for i, p in zip(items, patterns, strict=True)]
                return False if False in each else None if None in each else True
    for inner_pattern in ast.walk(pattern):
        captured = getattr(inner_pattern, "name", None) or getattr(inner_pattern, "rest", None)
        if isinstance(captured, str):
            frame.names[captured] = Unknown(captured)
    return None


def _equal(left: Value, right: Value) -> bool | None:
    if not is_known(left) or not is_known(right):
        return None
    return bool(to_python(left) == to_python(right))


# Try


def run_try(run: Run, node: ast.Try | ast.TryStar, frame: Frame) -> Flow:
    """Read it as it goes without an exception; handlers stand under the condition of theirs.

    A name that the body or a handler binds is known afterwards where every way that goes on agrees.
    """
    depth = len(run.conditions)
    if node.handlers:
        with run.within_try():
            ends, interrupted = _attempt(run, node.body, frame)
        run.leave(depth, Flow.RAISES)
    else:
        ends, interrupted = _attempt(run, node.body, frame)
    if ends is Flow.RAISES and len(node.handlers) == 1:
        ends = _handle(run, node.handlers[0], interrupted, frame)  # nothing else can follow
    else:
        if ends is Flow.GOES_ON:
            ends = run.execute(node.orelse, frame)
        kept = _imports(node.body) | _made(node, frame)
        imported = {name: frame.names[name] for name in kept & {*frame.names}}
        ends = _run_handlers(run, node.handlers, interrupted, ends, frame)
        frame.names.update(imported)  # a fallback is for where the module is missing
    finally_ends = run.execute(node.finalbody, frame)
    return ends if finally_ends is Flow.GOES_ON else finally_ends


def _made(node: ast.Try | ast.TryStar, frame: Frame) -> set[str]:
    """Return the names of objects of a library that the block makes, unless it is missing."""
    words = {
        word.id
        for h in node.handlers
        if h.type
        for word in ast.walk(h.type)
        if isinstance(word, ast.Name)
    }
    if not words or not words <= {"ImportError", "ModuleNotFoundError"}:
        return set()
    targets = (t for s in node.body if isinstance(s, ast.Assign) for t in s.targets)
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return {n for n in names if isinstance(frame.names.get(n), Construct | DottedName)}


def _imports(body: list[ast.stmt]) -> set[str]:
    """Return the names that the imports of the block bind."""
    imports = (s for s in body if isinstance(s, ast.Import | ast.ImportFrom))
    names = (alias.asname or alias.name for s in imports for alias in s.names)
    return {name.partition(".")[0] for name in names}


def _attempt(run: Run, body: list[ast.stmt], frame: Frame) -> tuple[Flow, dict[str, Value]]:
    """Run the body; return how it ends, and the names as an exception in it leaves them."""
    interrupted = dict(frame.names)
    for statement in body:
        ends = run.execute([statement], frame)
        interrupted = join_names(interrupted, frame.names)
        if ends is not Flow.GOES_ON:
            return ends, interrupted
    return Flow.GOES_ON, interrupted


def _run_handlers(
    run: Run,
    handlers: list[ast.ExceptHandler],
    interrupted: dict[str, Value],
    ends: Flow,
    frame: Frame,
) -> Flow:
    """Run each handler under its condition, after a body that `ends` so; return how all ends."""
    left = dict(frame.names)
    goes_on = []
    for handler in handlers:
        kind = unparse(handler.type) if handler.type else "any exception"
        test = Condition(f"except {kind}")
        block = partial(_handle, run, handler, interrupted, frame)
        handler_ends = _run_block(run, test, block)
        _depart_with(frame, handler_ends, dict(frame.names))
        if handler_ends is Flow.GOES_ON:
            goes_on.append(test)
            is_only_way = ends in {Flow.RAISES, Flow.RETURNS} and len(goes_on) == 1
            left = dict(frame.names) if is_only_way else join_names(left, frame.names)
    _put_back(frame, left)
    if ends is not Flow.GOES_ON and goes_on:
        run.assume(goes_on[0].until(ends))
        return Flow.GOES_ON
    return ends


def _handle(run: Run, handler: ast.ExceptHandler, names: dict[str, Value], frame: Frame) -> Flow:
    """Run a handler from the names that the interrupted body left."""
    _put_back(frame, names)
    if handler.type is not None:
        run.evaluate(handler.type, frame)
    if handler.name:
        frame.names[handler.name] = Unknown(handler.name)
    return run.execute(handler.body, frame)
