"""One run, and its report: printed or written into files, with the exit code that it means."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from guard.cli.arguments import Arguments
from guard.cli.destinations import Destination, destinations, write_file
from guard.cli.output import FAILED, INTERRUPTED, is_terminal, write, write_error
from guard.cli.progress import Progress
from guard.cli.terminal import shows_links
from guard.errors import GuardError
from guard.finding import Report
from guard.history.base import Base
from guard.note import Note
from guard.reporters import DRAWS, TEXTS, reporter
from guard.reporters.background import Background, Change, JudgedFor
from guard.reporters.chronicle import Chronicle
from guard.reporters.text import Form, text
from guard.run.check import Result, judge_opened
from guard.run.opened import open_run


def run_and_report(
    arguments: Arguments,
    *,
    roundtrip: bool,
    statements: bool = True,
    history: bool = True,
    command: str = "",
    and_then: Callable[[Result], Note] | None = None,
) -> None:
    """Run these parts of guard, say what they found, and exit: 1 for findings that stop the gate.

    Parts that could not be done end with 2, after what the others found, and so does a run that
    found nothing out: its report holds the error. Where nothing stops the gate, `and_then` is done
    with the result, which makes a note. The report of a shard says of which `command` it is.
    Raises GuardError where no report can be written.
    """
    outputs = destinations(arguments, os.environ)
    try:
        result, record = _run(
            arguments,
            command,
            and_then,
            roundtrip=roundtrip,
            statements=statements,
            history=history,
        )
    except GuardError as error:
        result, record = Result(report=Report(errors=(str(error),)), texts={}, outcomes=()), None
    report(result, arguments, outputs, record)


def _run(
    arguments: Arguments,
    command: str,
    and_then: Callable[[Result], Note] | None,
    **parts: bool,
) -> tuple[Result, Mapping[str, Any] | None]:
    """Return what these parts of guard found, and what tells a shard of it to others."""
    settings = arguments.settings()
    request = arguments.request(**parts)
    progress = Progress(quiet=arguments.quiet)
    try:
        opened = open_run(request, settings, None)
        result = judge_opened(opened, progress.show)
    finally:
        progress.clear()
    if and_then and not result.report.failed and not result.report.errors:
        result = result.with_note(and_then(result))
    if request.shard is None:
        return result, None
    from guard.run.record import record_of  # what runs alone starts without it

    return result, record_of(opened, result, command, arguments.recorded())


def report(
    result: Result,
    arguments: Arguments,
    outputs: Iterable[Destination],
    record: Mapping[str, Any] | None = None,
) -> NoReturn:
    """Write what was found to the outputs and exit; `record` is what tells a shard to others."""
    errors = result.report.errors
    failed = result.report.failed and not arguments.exit_zero
    code = (INTERRUPTED if result.interrupted else FAILED) if errors else int(failed)
    for output in sorted(outputs, key=lambda each: each.file is None):
        rendered = _render(result, arguments, output, code, record)
        if output.file:
            write_file(output, rendered)
        else:
            write(rendered)
    for error in errors:
        write_error(error)
    sys.exit(code)


def _render(
    result: Result,
    arguments: Arguments,
    output: Destination,
    exit_code: int,
    record: Mapping[str, Any] | None,
) -> str:
    if output.format not in TEXTS:
        background = _background(result, exit_code, record, draws=output.format in DRAWS)
        return reporter(output.format)(result.report, background)
    seen = output.file is None and is_terminal(sys.stdout)
    color = _wants_color(arguments, seen=seen, file=output.file)
    form: Form = "concise" if output.format == "concise" else "full"
    return text(
        result.report,
        sources=result.texts,
        color=color,
        links=color and seen and shows_links(os.environ),
        width=min(shutil.get_terminal_size((100, 24)).columns, 120),
        verbose=arguments.verbose,
        # The error ends the output then: a verdict before it would be none.
        quiet=arguments.quiet or bool(result.report.errors),
        form="statistics" if arguments.statistics else form,
    )


def _background(
    result: Result, exit_code: int, record: Mapping[str, Any] | None, *, draws: bool
) -> Background:
    services = [outcome.service for outcome in result.outcomes]
    base = services[0].scope.base if services else Base()
    return Background(
        texts=result.texts,
        rules={rule.name: rule for one in services for rule in (*one.all_rules, *one.rules)},
        changes=tuple(
            Change(revision=history.parsed.revisions[id_], dialect=server.dialect)
            for history, server in zip(result.histories, result.servers, strict=True)
            for id_ in history.graph.order
            if id_ in history.judged and id_ in history.parsed.revisions
        ),
        base=base.ref,
        commit=base.commit,
        servers=tuple(
            JudgedFor(environment=history.environment.name, server=server, reason=reason)
            for history, server, reason in zip(
                result.histories, result.servers, result.reasons, strict=True
            )
        ),
        exit_code=exit_code,
        shard=record,
        chronicles=_chronicles(result) if draws else (),
    )


def _chronicles(result: Result) -> tuple[Chronicle, ...]:
    from guard.run.chronicles import chronicles_of  # no other format needs it

    return chronicles_of(result)


def _wants_color(arguments: Arguments, *, seen: bool, file: Path | None) -> bool:
    """NO_COLOR and FORCE_COLOR count where --color does not say."""
    if arguments.color != "auto":
        return arguments.color == "always"
    if file or os.environ.get("NO_COLOR"):
        return False
    return seen or bool(os.environ.get("FORCE_COLOR"))
