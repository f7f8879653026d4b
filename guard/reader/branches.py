"""Branches: `if`, `match`, `try`. What is not settled is followed both ways."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.reader import loops
from guard.reader.state import Condition, Flow, Frame
from guard.reader.values import (
    Const,
    Many,
    Unknown,
    Value,
    is_known,
    join,
    to_python,
    truth,
    unparse,
)

if TYPE_CHECKING:
    from guard.reader.interpreter import Interpreter

Block = Callable[[], Flow]


def run_if(run: Interpreter, node: ast.If, frame: Frame) -> Flow:
    test = run.evaluate(node.test, frame)
    settled = truth(test)
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


def branch(run: Interpreter, frame: Frame, test: Condition, first: Block, second: Block) -> Flow:
    """Run both blocks, each from the same names; join what they leave behind."""
    before = dict(frame.names)
    ends_first = _run_block(run, test, first)
    after_first = dict(frame.names)
    _put_back(frame, before)
    ends_second = _run_block(run, test.negated, second)
    if ends_first is Flow.GOES_ON and ends_second is Flow.GOES_ON:
        for name in {*after_first, *frame.names}:
            frame.names[name] = join(after_first.get(name), frame.names.get(name), name)
        return Flow.GOES_ON
    if ends_first is ends_second:
        return ends_first
    # What follows runs where the block did that goes on, or that leaves less.
    if ends_second.leaves > ends_first.leaves:
        _put_back(frame, after_first)
        _follow_from(run, test.until(ends_second), ends_second)
        return ends_first
    _follow_from(run, test.negated.until(ends_first), ends_first)
    return ends_second


def _follow_from(run: Interpreter, test: Condition, other: Flow) -> None:
    """Put what follows under the test, unless the other way ends the whole migration."""
    if other is not Flow.RAISES or run.trying:
        run.conditions.append(test)


def _run_block(run: Interpreter, test: Condition, block: Block) -> Flow:
    depth = len(run.conditions)
    with run.condition(test):
        ends = block()
    if ends is not Flow.GOES_ON:
        del run.conditions[depth:]  # nothing follows it
    return ends


def _put_back(frame: Frame, names: dict[str, Value]) -> None:
    frame.names.clear()
    frame.names.update(names)


# Match


def run_match(run: Interpreter, node: ast.Match, frame: Frame) -> Flow:
    subject = run.evaluate(node.subject, frame)
    return _run_cases(run, node, subject, node.cases, frame)


def _run_cases(
    run: Interpreter, node: ast.Match, subject: Value, cases: list[ast.match_case], frame: Frame
) -> Flow:
    if not cases:
        return Flow.GOES_ON
    case, *others = cases
    settled = _matches(run, subject, case.pattern, frame)
    if settled is not False and case.guard is not None:
        guard = truth(run.evaluate(case.guard, frame))
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


def _matches(run: Interpreter, subject: Value, pattern: ast.pattern, frame: Frame) -> bool | None:
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
            items = loops.iterate(subject) if isinstance(subject, Many) else None
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


def run_try(run: Interpreter, node: ast.Try | ast.TryStar, frame: Frame) -> Flow:
    """Read it as it goes without an exception; handlers stand under the condition of theirs."""
    depth = len(run.conditions)
    before = dict(frame.names)
    run.trying += bool(node.handlers)
    ends = run.execute(node.body, frame)
    run.trying -= bool(node.handlers)
    if node.handlers:
        run.leave(depth, Flow.RAISES)
    if ends is Flow.RAISES and len(node.handlers) == 1:
        ends = run.execute(node.handlers[0].body, frame)  # nothing but the handler can follow
    else:
        if ends is Flow.GOES_ON:
            ends = run.execute(node.orelse, frame)
        handled = [_handle(run, handler, before, frame) for handler in node.handlers]
        goes_on = [test for test, handler_ends in handled if handler_ends is Flow.GOES_ON]
        if ends is not Flow.GOES_ON and goes_on:
            run.conditions.append(goes_on[0].until(ends))
            ends = Flow.GOES_ON
    finally_ends = run.execute(node.finalbody, frame)
    return ends if finally_ends is Flow.GOES_ON else finally_ends


def _handle(
    run: Interpreter, handler: ast.ExceptHandler, before: dict[str, Value], frame: Frame
) -> tuple[Condition, Flow]:
    """Run a handler from what was bound before; what the body bound stands after it."""
    kind = unparse(handler.type) if handler.type else "any exception"
    test = Condition(f"except {kind}")
    after = dict(frame.names)
    frame.names.update({k: v for k, v in before.items() if k not in after})
    if handler.name:
        frame.names[handler.name] = Unknown(handler.name)
    ends = _run_block(run, test, lambda: run.execute(handler.body, frame))
    bound = {} if ends is not Flow.GOES_ON else dict(frame.names)
    _put_back(frame, {**bound, **after})
    return test, ends
