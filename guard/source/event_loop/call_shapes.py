"""Calls by their arguments alone: what is given to the function, and what that looks like."""

from __future__ import annotations

import ast
import itertools

from guard.source.event_loop.values import Arguments, Flag, Function, Instance, Nothing, Value


def given_to(function: Function, call: ast.Call) -> dict[str, ast.expr]:
    """Return what a call gives to a function, by the function's names, as far as that is told."""
    spec = function.node.args
    names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    if function.owner is not None and function.bound is not None:
        names = names[1:]
    listed = itertools.takewhile(lambda a: not isinstance(a, ast.Starred), call.args)
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    return {**dict(zip(names, listed, strict=False)), **named}


def defaults_of(function: Function, call: ast.Call) -> dict[str, Value | None]:
    """Return what the parameters are by default that are `None`, `True` or `False`.

    Nothing is known of a call that unpacks its arguments.
    """
    unpacks = any(isinstance(argument, ast.Starred) for argument in call.args)
    if unpacks or any(keyword.arg is None for keyword in call.keywords):
        return {}
    spec = function.node.args
    plain = [*spec.posonlyargs, *spec.args]
    last = zip(reversed(plain), reversed(spec.defaults), strict=False)
    only = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    found: dict[str, Value | None] = {}
    for parameter, default in (*last, *only):
        match default:
            case ast.Constant(value=None):
                found[parameter.arg] = Nothing()
            case ast.Constant(value=bool(flag)):
                found[parameter.arg] = Flag(flag)
    return found


def all_entities(arguments: list[ast.expr]) -> bool:
    """Return whether they all look like what a query selects: `User`, `User.id`, `func.max(..)`."""
    return all(_is_entity(argument) for argument in arguments)


def _is_entity(node: ast.expr) -> bool:
    """Whether it looks like what a query selects: a model, its column, a function of SQL."""
    match node:
        case ast.Name(id=name):
            return (name[:1].isupper() and not name.isupper()) or "model" in name
        case ast.Attribute(value=value, attr=name):
            return (
                "model" in name or _is_entity(value) or (name[:1].isupper() and not name.isupper())
            )
        case ast.Call(func=ast.Attribute(value=ast.Name(id="func"))):
            return True
    return False


def is_in_memory(call: ast.Call) -> bool:
    """Return whether the call opens a database of SQLite that is never on disk."""
    match call.args[:1]:
        case [ast.Constant(value=str(url))]:
            return url in (":memory:", "sqlite://") or (
                url.startswith("sqlite") and ":memory:" in url
            )
    return False


def depth_of(given: Arguments) -> int:
    inner = (value.given for _, value in given if isinstance(value, Instance))
    return 1 + max((depth_of(each) for each in inner), default=0)
