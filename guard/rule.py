"""What a rule is: a reason, examples, and a check that is a pure function of one fact.

A rule is one file under `rules/`; the file's name is the rule's name, its first docstring line is
its title and the rest of the docstring is its reason. It imports this module and the vocabulary
(`guard.operations`, `guard.facts`, `guard.statement`), the standard library, and no more.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Protocol, TypeVar, cast

import msgspec

from guard.facts import Fact
from guard.finding import Severity
from guard.operations import Name, Operation
from guard.server import Server
from guard.statement import Span, Statement

F = TypeVar("F", bound=Operation | Fact)
FactType = type[Operation] | type[Fact]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What a check yields: condition and effect, then what to do.

    `severity` only where it differs from the rule's; `at` only to point closer than the statement.
    """

    message: str
    remedy: str
    severity: Severity | None = None
    at: Span | None = None
    object: str | None = None


class Context(Protocol):
    """What a check may ask. `server.dialect` is the dialect this statement is judged for."""

    @property
    def server(self) -> Server:
        """The server that the statement is judged for."""
        ...

    @property
    def statement(self) -> Statement:
        """The statement that the operation stands in; empty for other facts."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """The project's settings that rules read."""
        ...

    def is_new(self, table: Name) -> bool:
        """Whether the table was created in this same deployment and nothing filled it since."""
        ...

    def is_unreleased(self, table: Name) -> bool:
        """Whether nothing but this deployment knows the table: made in it, or temporary."""
        ...

    def is_empty(self, table: Name) -> bool:
        """Whether the table surely holds no rows here: it is new, or was emptied just before."""
        ...

    def is_new_column(self, table: Name, column: str) -> bool:
        """Whether the column was added in this same deployment."""
        ...

    def dependents_of(self, table: Name, column: str) -> tuple[str, ...]:
        """The keys, constraints and indexes that contain the column, as words for a message."""
        ...

    def undoes_upgrade(self, operation: Operation) -> bool:
        """Whether this is a downgrade that removes just what its own upgrade made."""
        ...


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A small project that trips the rule (unsafe) or does not (safe).

    Mostly a plain string is enough: the body of an `upgrade()`, or, for rules on source code, a
    whole Python file. `released` are bodies of revisions that are on the base already; `base` and
    `change` are files of a git history (a value of None deletes the file), for rules on history.
    """

    upgrade: str = "pass"
    downgrade: str | None = None  # None: declared irreversible, so that it trips nothing
    released: tuple[str, ...] = ()
    base: dict[str, str] = {}
    change: dict[str, str | None] = {}
    source: str | None = None
    path: str = "app/models.py"
    dialect: str | None = None
    version: str | None = None
    config: dict[str, Any] = {}
    approvals: str | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded rule; `on` are the fact types it judges, `dialects` None for all."""

    name: str
    group: str
    title: str
    why: str
    on: tuple[FactType, ...]
    severity: Severity
    approvable: bool
    dialects: tuple[str, ...] | None
    unsafe: tuple[Example, ...]
    safe: tuple[Example, ...]
    check: Callable[[Any, Context], Iterable[Problem]]


def rule(
    *on: type[F],
    unsafe: tuple[str | Example, ...],
    safe: tuple[str | Example, ...],
    severity: Severity = "error",
    approvable: bool = False,
    dialects: tuple[str, ...] | None = None,
) -> Callable[[Callable[[F, Context], Iterator[Problem]]], Rule]:
    """Make a rule of a check; name, group, title and reason come from the file it stands in."""

    def make(check: Callable[[F, Context], Iterator[Problem]]) -> Rule:
        module = inspect.getmodule(check)
        path = PurePath(check.__code__.co_filename)
        title, _, why = inspect.cleandoc((module and module.__doc__) or "").partition("\n")
        return Rule(
            name=path.stem.replace("_", "-"),
            group=path.parent.name,
            title=title.strip(),
            why=why.strip(),
            on=cast("tuple[FactType, ...]", on),
            severity=severity,
            approvable=approvable,
            dialects=dialects,
            unsafe=_examples(unsafe, on),
            safe=_examples(safe, on),
            check=check,
        )

    return make


def _examples(written: tuple[str | Example, ...], on: tuple[type, ...]) -> tuple[Example, ...]:
    source = not any(issubclass(fact, Operation) for fact in on)
    return tuple(
        example
        if isinstance(example, Example)
        else Example(source=inspect.cleandoc(example))
        if source
        else Example(upgrade=inspect.cleandoc(example))
        for example in written
    )
