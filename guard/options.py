"""A rule's options: declared as a struct in its file, set in `[tool.guard.rules.<rule>]`."""

from __future__ import annotations

import inspect
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec


class Options(
    msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True
):
    """The base of every rule's options, whose fields all have a default.

    The meaning of a field stands beside its type: `limit: Annotated[int, "the longest"] = 255`.
    What a ValueError of `__post_init__` says is said to the user.
    """


class NamedOptions(Options, frozen=True):
    """The base of options whose keys are names of the user's; `named` is what they say.

    What they mean stands beside the field: `named: Annotated[dict[str, str], "..."]`.
    """

    named: Annotated[dict[str, str], "the values by name"] = {}


class Option(msgspec.Struct, frozen=True):
    """One option as it is shown: its key, type, default and meaning; the type in words."""

    key: str
    type: str
    default: object
    meaning: str


def defaults_of(declared: type[Options]) -> Options:
    """Return the options where nobody sets any; raise TypeError for those that explain nothing."""
    if not declared.__dict__.get("__doc__"):
        raise TypeError(f"{declared.__name__} has no docstring")
    for name, hint in get_type_hints(declared, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            raise TypeError(
                f"{declared.__name__}.{name} has no meaning: Annotated[type, 'meaning']"
            )
    return declared()


def describe(options: Options) -> tuple[Option, ...]:
    """Return what there is to set, with the values that `options` has."""
    hints = get_type_hints(type(options), include_extras=True)
    values = msgspec.to_builtins(options)
    if isinstance(options, NamedOptions):
        kind, meaning = get_args(hints["named"])[:2]
        said = in_words(get_args(kind)[1])
        return (Option("<NAME>", f"any name, {said}", values["named"], inspect.cleandoc(meaning)),)
    found = []
    for field in msgspec.structs.fields(type(options)):
        kind, meaning = get_args(hints[field.name])[:2]
        key = field.encode_name
        found.append(Option(key, in_words(kind), values[key], inspect.cleandoc(meaning)))
    return tuple(found)


def in_words(kind: object) -> str:
    """Return the type as who writes TOML knows it."""
    if get_origin(kind) is Literal:
        *others, last = (f'"{choice}"' for choice in get_args(kind))
        return f"{', '.join(others)} or {last}" if others else last
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}
    if isinstance(kind, type) and kind in words:
        return words[kind]
    if get_origin(kind) is dict:
        return "a table"
    inner = [in_words(each) for each in get_args(kind) if each not in (type(None), Ellipsis)]
    if get_origin(kind) in (list, tuple):
        return f"a list, each {inner[0]}"
    return " or ".join(inner) or str(kind)
