"""Words for tests of rules that exist only there: files in a folder, judged by all of guard."""

from __future__ import annotations

import datetime
import textwrap
from pathlib import Path

from command_line import PROJECT, VERSIONS, Content, write
from git_repo import Repo
from roundtrip_project import revision

from guard.config import Config, parse_config
from guard.finding import Finding
from guard.judge.load_rules import load_rules
from guard.project.settings import SettingsFiles
from guard.run.check import run
from guard.run.scope import Request

ASKING = '''\
"""A question."""

from guard.effects.effect import Effect, TableEffect
from guard.facts import *
from guard.operations import *
from guard.rule import Context, Edit, Options, Problem, Related, rule
from guard.schema.model import *


@rule({on}, unsafe=(), safe=())
def ask(fact, context):
    schema = context.schema
    yield Problem(message=str(({question})), remedy="-")
'''
Step = str | tuple[str, str]  # the body of an upgrade(), or both bodies


def judge(
    folder: Path,
    rules: dict[str, str],
    *steps: Step,
    files: dict[str, str] | None = None,
    settings: dict[str, object] | None = None,
    released: int | None = None,
    named: str | None = None,
) -> tuple[Finding, ...]:
    """Return what the rules, by group and name, find in revisions r1, r2, ... and other files.

    That is in all of them, or in those that are new where so many are `released`; only in the one
    that is `named`.
    """
    written: dict[str, Content] = {**PROJECT, **(files or {})}
    revisions: dict[str, Content] = {}
    for number, step in enumerate(steps, 1):
        parent = f"r{number - 1}" if number > 1 else None
        bodies = step if isinstance(step, tuple) else (step, "pass")
        revisions[f"{VERSIONS}/r{number}.py"] = revision(f"r{number}", parent, bodies)
    if released is not None:
        Repo(folder / "project").commit(written | dict([*revisions.items()][:released]))
    write(folder / "project", written | revisions)
    write(folder / "rules", {f"{name}.py": textwrap.dedent(text) for name, text in rules.items()})
    request = Request(
        start=folder / "project",
        paths=(folder / "project" / VERSIONS / f"{named}.py",) if named else (),
        history=released is not None,
        roundtrip=False,
        everything=released is None,
        today=datetime.date(2026, 11, 1),
    )
    config = parse_config(settings or {}, Path("guard.toml")) if settings else Config()
    held = SettingsFiles.everywhere(config, folder / "project", Path("guard.toml"))
    return run(request, held, rules=load_rules(folder / "rules")).report.findings


def ask(
    folder: Path,
    on: str,
    question: str,
    *steps: Step,
    files: dict[str, str] | None = None,
    dialect: str | None = "postgresql",
    released: int | None = None,
    named: str | None = None,
    **settings: object,
) -> list[str]:
    """Return the answers to the question, an expression of fact, context, schema, at each fact."""
    rule = ASKING.format(on=on, question=question)
    given = {**settings, **({"dialect": dialect} if dialect else {})}
    return [
        found.message
        for found in judge(
            folder,
            {"asking/ask": rule},
            *steps,
            files=files,
            settings=given,
            released=released,
            named=named,
        )
    ]


def sql(*statements: str) -> str:
    """Return the body of an `upgrade()` that executes these."""
    return "\n".join(f"op.execute({statement!r})" for statement in statements)
