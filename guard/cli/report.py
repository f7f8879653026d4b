"""One run, and its report: printed or written into a file, with the exit code that it means."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from guard.cli.arguments import Arguments
from guard.cli.output import FAILED, INTERRUPTED, is_terminal, write, write_error
from guard.cli.progress import Progress
from guard.cli.terminal import shows_links
from guard.errors import GuardError
from guard.reporters import REPORTERS
from guard.reporters.text import text
from guard.run.check import Result, run


def run_and_report(
    arguments: Arguments,
    *,
    roundtrip: bool,
    statements: bool = True,
    history: bool = True,
    and_then: Callable[[Result], str] | None = None,
) -> None:
    """Run these parts of guard, say what they found, and exit: 1 for findings that stop the gate.

    Parts that could not be done end with 2, after what the others found. Where nothing stops the
    gate, `and_then` is done with the result, and its sentence is a note. Raises GuardError.
    """
    _check_output_file(arguments.output_file)
    settings = arguments.settings()
    request = arguments.request(roundtrip=roundtrip, statements=statements, history=history)
    progress = Progress(quiet=arguments.quiet)
    try:
        result = run(request, settings, progress.show)
    finally:
        progress.clear()
    if and_then and not result.report.failed and not result.report.errors:
        result = result.with_note(and_then(result))
    errors = result.report.errors
    # For people, the error ends the output: a verdict before it would be none.
    unfinished = bool(errors) and arguments.output_format == "text"
    output = _render(
        result, msgspec.structs.replace(arguments, quiet=True) if unfinished else arguments
    )
    if arguments.output_file:
        _write_file(arguments.output_file, output)
    else:
        write(output)
    for error in errors:
        write_error(error)
    if errors:
        sys.exit(INTERRUPTED if result.interrupted else FAILED)
    sys.exit(1 if result.report.failed and not arguments.exit_zero else 0)


def _render(result: Result, arguments: Arguments) -> str:
    if arguments.output_format != "text":
        return REPORTERS[arguments.output_format](result.report)
    return text(
        result.report,
        sources=result.texts,
        color=_wants_color(arguments),
        links=_wants_links(arguments),
        width=min(shutil.get_terminal_size((100, 24)).columns, 120),
        verbose=arguments.verbose,
        quiet=arguments.quiet,
    )


def _wants_color(arguments: Arguments) -> bool:
    """NO_COLOR and FORCE_COLOR count where --color does not say."""
    if arguments.color != "auto":
        return arguments.color == "always"
    if arguments.output_file or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(sys.stdout)


def _wants_links(arguments: Arguments) -> bool:
    """On a terminal alone: in a file or a pipe they are noise."""
    seen = is_terminal(sys.stdout) and not arguments.output_file
    return seen and _wants_color(arguments) and shows_links(os.environ)


def _check_output_file(path: Path | None) -> None:
    """Refuse before the work what could not be written after it."""
    if path and not path.absolute().parent.is_dir():
        raise GuardError(f"--output-file {path}: there is no folder {path.parent}: make it first")


def _write_file(path: Path, output: str) -> None:
    try:
        path.write_text(output if output.endswith("\n") else output + "\n", encoding="utf-8")
    except OSError as error:
        raise GuardError(f"--output-file {path}: cannot be written: {error.strerror}") from None
