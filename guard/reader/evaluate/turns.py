"""What changes from turn to turn of a loop whose body is read once for all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from guard.reader.evaluate import classes
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Frame
from guard.reader.evaluate.text import Text
from guard.reader.evaluate.values import (
    NONE,
    Class,
    Const,
    Instance,
    Mapping,
    Sequence,
    Unknown,
    Value,
)

CHANGING = {"append", "add", "extend", "update", "insert", "setdefault", "pop", "remove", "discard"}


def touch(run: Run, value: Sequence | Mapping) -> None:
    """Note that the container is changed here, under the conditions that hold."""
    since = run.conditions[value.depth :]
    if since and isinstance(value, Sequence) and value.certain:
        value.sure = len(value.items)
    value.certain = value.certain and not since
    value.repeated = value.repeated or any(condition.repeated for condition in since)


def forget_changing(run: Run, body: list[ast.stmt], frame: Frame) -> None:
    """Let nothing decide in the body that it changes itself: another turn may find it otherwise.

    A text that grows (`sql += part`) is kept: what was written of it is read as far as it goes.
    So is None that is asked for: `if last is not None` narrows a query of later turns.
    """
    carried = list(_carried(body))
    asked = {
        node.left.id
        for node in carried
        if isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Name)
        and isinstance(node.ops[0], ast.Is | ast.IsNot)
    }
    grown = {id(node.target) for node in carried if isinstance(node, ast.AugAssign)}
    for node in carried:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names = frame.elsewhere.get(name, frame.names)
                grows = id(node) in grown and isinstance(names.get(name), Text)
                if not grows and not (name in asked and names.get(name) == NONE):
                    _forget(names, name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute, ctx=ast.Store()):
                _forget_attribute(_value_of(frame, name), attribute)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                _forget_items(run, _value_of(frame, name))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                holder = _value_of(frame, name)
                if method in CHANGING and isinstance(holder, Sequence | Mapping):
                    touch(run, holder)


def _carried(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of the body, but for branches after which there is no other turn."""
    for statement in body:
        if not isinstance(statement, ast.If):
            yield from ast.walk(statement)
            continue
        yield from ast.walk(statement.test)
        for block in (statement.body, statement.orelse):
            if block and not isinstance(block[-1], ast.Break | ast.Return | ast.Raise):
                yield from _carried(block)


def _value_of(frame: Frame, name: str) -> Value | None:
    return next((names[name] for names in (frame.names, *frame.outer) if name in names), None)


def _forget(names: dict[str, Value], name: str) -> None:
    if isinstance(names.get(name), Const | Text):
        names[name] = Unknown(name, "constant")


def _forget_attribute(holder: Value | None, name: str) -> None:
    if isinstance(holder, Instance | Class):
        cls = holder if isinstance(holder, Class) else holder.cls
        if isinstance(holder.attributes.get(name) or classes.lookup(cls, name), Const | Text):
            holder.attributes[name] = Unknown(name, "constant")


def _forget_items(run: Run, holder: Value | None) -> None:
    if isinstance(holder, Sequence | Mapping):
        touch(run, holder)
    if isinstance(holder, Mapping):
        for place, (key, value) in holder.pairs.items():
            if isinstance(value, Const | Text):
                holder.pairs[place] = (key, Unknown(f"...[{place!r}]", "constant"))
