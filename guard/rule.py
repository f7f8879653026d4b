"""What a rule is: a reason, examples, and a check that is a pure function of one fact.

A rule is one file under `rules/`; the file's name is the rule's name, its first docstring line is
its title and the rest of the docstring is its reason. It imports this module and the vocabulary
(`guard.operations`, `guard.facts`, `guard.statement`, `guard.expression`, `guard.effects.effect`,
`guard.schema.model`, `guard.phrases`, `guard.constraint_code`, `guard.column_code`,
`guard.partition_bounds`, `guard.renames`, `guard.rewrite`, `guard.inverse_code`), the standard
library, and no more. What a check may ask stands in `guard.context`.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Literal, TypeVar, cast

import msgspec

from guard.context import Context, Mapped
from guard.effects.effect import Effect
from guard.facts import Fact, RoundTripFact
from guard.finding import Edit, Foretold, Related, Severity
from guard.operations import Operation
from guard.options import NamedOptions, Options, defaults_of
from guard.rewrite import Rewrite
from guard.statement import Span

__all__ = [
    "Context", "Edit", "Example", "Foretold", "Mapped", "NamedOptions", "Options", "Problem",
    "Related",
    "Rule",
    "revision_file", "rule",
]  # fmt: skip

F = TypeVar("F", bound=Operation | Fact)
G = TypeVar("G", bound=Operation | Fact)
FactType = type[Operation] | type[Fact]
Instructions = tuple[str, ...] | Callable[[Any], Iterable[str]]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What a check yields: condition and effect, then what to do.

    `severity` only where it differs from the rule's (what the user sets counts more than both);
    `at` only to point closer than the statement. `fix` are the edits that make the problem go away
    without changing anything else, all of them together, and `rewrite` says in words of the
    statement what should stand there, where that is certain; `related` are other places to look at;
    `foretells` is what a run shows of it, where the rule predicts more than a failure.
    `effect`: what the statement does to a running server, where that is the problem: it is none
    where the project lets the tables pass as small, and less of one on the way back.
    Not `approvable`: nobody can agree to it, whatever the rule says. `once`: it is said of the
    first place in a history, and of no other. `if_restored` is the message instead where a run has
    shown that the downgrade brings everything back.
    """

    message: str
    remedy: str
    severity: Literal["error", "warning", "info"] | None = None
    at: Span | None = None
    object: str | None = None
    fix: tuple[Edit, ...] = ()
    rewrite: Rewrite = ()
    related: tuple[Related, ...] = ()
    foretells: tuple[Foretold, ...] = ()
    effect: Effect | None = None
    approvable: bool = True
    once: bool = False
    if_restored: str = ""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A small project that trips the rule (unsafe) or trips none at all (safe).

    Most name the body of an `upgrade()`; rules on source code a whole file, rules on history the
    files of the base and of the change (see `revision_file`). An unsafe example pins what guard
    finds: what it `says` (the message, or a part of it), the `help` it gives (the remedy, or a
    part), and the source text `at` which the finding's place begins. That text stands once in its
    file; of a file that is gone it is the path. Where the help holds code, `fixed` is what the
    example becomes with it: the body, the source, or for an ini the env.py; `fixed_downgrade` is
    the body of its downgrade.
    """

    upgrade: str = "pass"
    downgrade: str | None = None  # None: declared irreversible, so that it trips nothing
    released: tuple[str, ...] = ()  # bodies of revisions that are on the base already
    source: str | None = None
    path: str = "app/models.py"  # of the source
    base: Mapping[str, str] = {}
    change: Mapping[str, str | None] = {}  # None deletes the file
    dialect: str | None = None
    version: str | None = None
    config: dict[str, Any] = {}
    approvals: str | None = None
    says: str = ""
    help: str = ""
    at: str = ""
    fixed: str = ""
    fixed_downgrade: str = ""


IMPORTS = {
    "os.": "import os",
    "sys.": "import sys",
    "uuid.": "import uuid",
    "sa.": "import sqlalchemy as sa",
    "op.": "from alembic import op",
    "postgresql.": "from sqlalchemy.dialects import postgresql",
}
DOES_NOTHING = "\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"


def revision_file(
    id_: str,
    parent: str | tuple[str, ...] | None = None,
    upgrade: str = "op.execute('SELECT 1')",
    downgrade: str | None = "pass",
    *,
    name: str | None = None,
    replaces: tuple[str, ...] = (),
) -> dict[str, str]:
    """Return a revision's file as an entry of `base` or `change`: its path and its text.

    `name` is the file's, the id where it is not given; `downgrade` None: there is no such function.
    """
    functions = {"upgrade": upgrade, "downgrade": downgrade}
    bodies = {function: body for function, body in functions.items() if body is not None}
    used = [
        line
        for module, line in IMPORTS.items()
        if any(
            module in body and re.search(rf"\b{re.escape(module)}", body)
            for body in bodies.values()
        )
    ]
    parts = [f'"""Revision {id_}."""\n\n']
    parts += ["\n".join(used) + "\n\n"] if used else []
    parts += [f"revision = {id_!r}\ndown_revision = {parent!r}\n"]
    parts += [f"replaces = {replaces!r}\n"] if replaces else []
    for function, body in bodies.items():
        code = textwrap.indent(textwrap.dedent(body).strip(), "    ")
        parts += [f"\n\ndef {function}():\n{code}\n"]
    return {f"migrations/versions/{name or id_}.py": "".join(parts)}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded rule; `on` are the fact types it judges, `dialects` None for all.

    `severity_is_set`: by the user, so that no problem may have another; `options` are the defaults
    of the rule file, or what the user set. `url` is its page of the reference, if it has one.
    """

    name: str
    group: str
    doc: str  # of its file: the title, and after an empty line the reason
    on: tuple[FactType, ...]
    severity: Severity
    approvable: bool
    predicts: tuple[type[RoundTripFact], ...] = ()
    dialects: tuple[str, ...] | None
    unsafe: tuple[Example, ...]
    safe: tuple[Example, ...]
    check: Callable[[Any, Context], Iterable[Problem]]
    options: Options | None = None
    instructs: Instructions = ()
    severity_is_set: bool = False
    url: str | None = None

    @property
    def title(self) -> str:
        """What it finds, in a few words."""
        return inspect.cleandoc(self.doc).partition("\n")[0].strip()

    @property
    def why(self) -> str:
        """Why that is dangerous, and what to do."""
        return inspect.cleandoc(self.doc).partition("\n")[2].strip()

    @property
    def instructions(self) -> tuple[str, ...]:
        """What to tell who writes code, a sentence each, with the options in force."""
        said = self.instructs
        return tuple(said(self.options) if callable(said) else said)


def rule(
    first: type[F],
    *more: type[G],
    unsafe: tuple[Example, ...],
    safe: tuple[str | Example, ...],
    severity: Severity = "error",
    approvable: bool = False,
    predicts: tuple[type[RoundTripFact], ...] = (),
    dialects: tuple[str, ...] | None = None,
    options: type[Options] | None = None,
    instructs: Instructions = (),
) -> Callable[[Callable[[F | G, Context], Iterator[Problem]]], Rule]:
    """Make a rule of a check; name, group, title and reason come from the file it stands in.

    `predicts` are the facts of a run that prove a finding: failures at its statement, and of
    schema and rows what the problem `foretells`. They are its evidence and no findings of their
    own. `options` is what the user may set for it; the
    check gets it from `context.options`. `instructs` is what to tell who writes code: sentences
    without their full stop that begin with NEVER or ALWAYS, or a function of the options to them.
    """
    on = cast("tuple[FactType, ...]", (first, *more))
    defaults = defaults_of(options) if options else None

    def make(check: Callable[[F | G, Context], Iterator[Problem]]) -> Rule:
        module = inspect.getmodule(check)
        path = PurePath(check.__code__.co_filename)
        return Rule(
            name=path.stem.replace("_", "-"),
            group=path.parent.name,
            doc=(module and module.__doc__) or "",
            on=on,
            severity=severity,
            approvable=approvable,
            predicts=predicts,
            dialects=dialects,
            unsafe=unsafe,
            safe=_examples(safe, on),
            check=check,
            options=defaults,
            instructs=instructs,
        )

    return make


def _examples(written: tuple[str | Example, ...], on: tuple[type, ...]) -> tuple[Example, ...]:
    source = not any(issubclass(fact, Operation) for fact in on)
    return tuple(
        example
        if isinstance(example, Example)
        else Example(source=example)
        if source
        else Example(upgrade=example)
        for example in written
    )
