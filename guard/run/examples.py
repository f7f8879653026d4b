"""A rule's examples, each judged as a user would: a small project on disk, all of guard."""

from __future__ import annotations

import datetime
import os
import subprocess
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from guard.config import parse_config
from guard.finding import Finding
from guard.operations import Operation
from guard.project.settings import SettingsFiles
from guard.rule import Example, Rule, revision_file
from guard.run.check import run
from guard.run.scope import Request

_INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = .\n"
_ENV = """\
from alembic import context
from sqlalchemy import engine_from_config

with engine_from_config({"sqlalchemy.url": "sqlite://"}).connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""
_IRREVERSIBLE = '# guard: irreversible an example\nraise NotImplementedError("an example")'
_GIT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}
_INIT = ["init", "-qb", "main", "--template="]
# It is gone in a moment: nothing in it is tidied up or waits for the disk.
_GONE_SOON = ("-c", "maintenance.auto=false", "-c", "core.fsync=none")


def judge(
    example: Example,
    folder: Path,
    *,
    rules: Sequence[Rule] | None = None,
    roundtrip: bool = False,
) -> tuple[Finding, ...]:
    """Return the open findings that the example's change brings, through the door a user takes.

    `folder` is an empty one, in which the project is written; `rules` None: the built-in ones.
    """
    _write(_released(example), folder)
    if example.change:  # only history needs git, and git takes its time
        for command in (_INIT, ["add", "-A"], ["commit", "-qm", "base"]):
            git(folder, *command)
    _write(_new(example), folder)
    return judge_again(example, folder, rules=rules, roundtrip=roundtrip)


def judge_again(
    example: Example,
    folder: Path,
    *,
    rules: Sequence[Rule] | None = None,
    roundtrip: bool = False,
) -> tuple[Finding, ...]:
    """Return the same of the folder in which the example is written, whatever became of it."""
    table = {
        "dialect": example.dialect,
        "server-version": example.version,
        "lock-timeout": "elsewhere",  # so that no example has to set one
        "ignore": _ignored(rules),
        **example.config,
    }
    config = parse_config(
        {k: v for k, v in table.items() if v is not None}, folder / "pyproject.toml"
    )
    request = Request(
        start=folder,
        paths=tuple(folder / path for path in _new(example)) if example.released else (),
        statements=not roundtrip,
        roundtrip=roundtrip,
        today=datetime.date(2026, 11, 1),
    )
    found = run(request, SettingsFiles.everywhere(config, folder), rules=rules).report.open
    # What is only said (a downgrade that declares that it cannot be done) is nobody's trap.
    return tuple(f for f in found if f.severity != "info") or found


def project(example: Example, folder: Path) -> None:
    """Write the example's project with its change, as it would be run."""
    _write(_released(example), folder)
    _write(_new(example), folder)


def _ignored(rules: Sequence[Rule] | None) -> list[str]:
    """Return the rule that asks to spread the steps of a recipe over several revisions."""
    name = "implicit-commit"
    return [name] if rules is None or any(rule.name == name for rule in rules) else []


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, whatever its user has configured."""
    command = ["git", *_GONE_SOON, *arguments]
    subprocess.run(command, cwd=folder, env=_GIT, check=True, capture_output=True)  # noqa: S603


def _released(example: Example) -> dict[str, str]:
    """Return the files of the base: those of every project, the example's own, its revisions."""
    files = {"alembic.ini": _INI, "migrations/env.py": _ENV, "migrations/versions/.keep": ""}
    files |= example.base
    for number, body in enumerate(example.released):
        files |= _revision(number, body, None)
    return files


def _new(example: Example) -> dict[str, str | None]:
    files: dict[str, str | None] = dict(example.change)
    if example.source is not None:
        files[example.path] = textwrap.dedent(example.source).strip() + "\n"
    elif not files:
        files |= _revision(len(example.released), example.upgrade, example.downgrade)
    if example.approvals is not None:
        files["guard-approvals.toml"] = textwrap.dedent(example.approvals).strip() + "\n"
    return files


def _revision(number: int, upgrade: str, downgrade: str | None) -> dict[str, str]:
    return revision_file(
        f"{number + 1:04}",
        f"{number:04}" if number else None,
        upgrade,
        _IRREVERSIBLE if downgrade is None else downgrade,
    )


def _write(files: Mapping[str, str | None], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def source_at(finding: Finding, folder: Path) -> tuple[str, str]:
    """Return the text of the file that the finding points into: before the place, and from it on.

    Of a file that is gone, its path is all there is to point at.
    """
    path, span = folder / finding.span.path, finding.span
    if not path.exists():
        return "", span.path
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = sum(map(len, lines[: span.line - 1])) + span.column - 1
    text = "".join(lines)
    return text[:start], text[start:]


def findings_of(rule: Rule) -> tuple[Finding | None, ...]:
    """Return what guard says of each unsafe example of a rule that judges operations, else None."""
    if not any(issubclass(fact, Operation) for fact in rule.on):
        return (None,) * len(rule.unsafe)
    found = []
    for example in rule.unsafe:
        config = {k: v for k, v in example.config.items() if k != "ignore"}  # of rules not asked
        alone = msgspec.structs.replace(example, config=config)
        with tempfile.TemporaryDirectory(prefix="guard-example-") as folder:
            findings = judge(alone, Path(folder).resolve(), rules=[rule])
        found.append(next((one for one in findings if one.rule == rule.name), None))
    return tuple(found)


def failures(rule: Rule, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield what is wrong with the examples of a rule, which are judged by all `rules`.

    An unsafe one trips its rule once, as it says, and no other with an error; a safe one none.
    """
    for kind, examples in (("unsafe", rule.unsafe), ("safe", rule.safe)):
        if not examples:
            yield f"{rule.name} has no {kind} example"
        for number, example in enumerate(examples, 1):
            with tempfile.TemporaryDirectory(prefix="guard-example-") as name:
                folder = Path(name).resolve()
                findings = judge(example, folder, rules=rules, roundtrip=rule.group == "roundtrip")
                check = _wrong_unsafe if kind == "unsafe" else _wrong_safe
                for wrong in check(rule, example, findings, folder):
                    yield f"{rule.name}, {kind} example {number}: {wrong}"


def _wrong_unsafe(
    rule: Rule, example: Example, findings: Sequence[Finding], folder: Path
) -> Iterator[str]:
    own = [finding for finding in findings if finding.rule == rule.name]
    if len(own) != 1:
        yield f"it trips the rule {len(own)} times, and must do so once"
    others = {f.rule for f in findings if f.severity == "error"} - {rule.name}
    if others:
        yield f"it also trips {', '.join(sorted(others))}"
    for finding in own[:1]:
        if not example.says or example.says not in finding.message:
            yield f"it does not say {example.says!r}, but {finding.message!r}"
        if example.help not in finding.remedy:
            yield f"its help is not {example.help!r}, but {finding.remedy!r}"
        before, after = source_at(finding, folder)
        if not example.at or not after.startswith(example.at):
            yield f"it does not point at {example.at!r}, but at {after.partition(chr(10))[0]!r}"
        elif (before + after).count(example.at) > 1:
            yield f"{example.at!r} stands more than once in the file"


def _wrong_safe(
    rule: Rule, example: Example, findings: Sequence[Finding], folder: Path
) -> Iterator[str]:
    for finding in findings:
        if finding.severity != "info" or finding.rule == rule.name:
            yield f"it trips {finding.rule}: {finding.message}"
