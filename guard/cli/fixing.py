"""What `guard fix` does, and how it tells what it did."""

from __future__ import annotations

import datetime
import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from guard.cli.arguments import Arguments
from guard.cli.output import FAILED, write, write_error, write_exactly
from guard.cli.progress import Progress
from guard.finding import Finding
from guard.paths import relative
from guard.printable import one_line, safe
from guard.run import fix as fixing
from guard.run.fix import Fixed

NOT_KNOWN = (
    "Revisions have fixes that were not made, since nobody knows which revisions are released: "
    "--base, or guard.lock, tells (guard history --lock)."
)


def fix_and_say(arguments: Arguments, *, diff: bool) -> None:
    """Mend what can be, say so, and exit: 1 where a finding is left that stops the gate.

    With `diff` nothing is written and 1 means that something would be. Raises GuardError.
    """
    settings = arguments.settings()
    request = arguments.request()
    progress = Progress(quiet=arguments.quiet)
    fixed = fixing.fix(request, settings, datetime.datetime.now(datetime.UTC))
    if diff:
        write_exactly("".join(_differences(fixed)) or "Nothing would change.\n")
    else:
        fixing.write(fixed)
        try:
            if not arguments.no_roundtrip:
                trip = arguments.request(roundtrip=True)
                fixed = fixing.prove(fixed, trip, settings, progress.show)
        finally:
            progress.clear()
        write("\n".join(_told(fixed)))
    for error in fixed.result.report.errors:
        write_error(error)
    if fixed.result.report.errors:
        sys.exit(FAILED)
    sys.exit(1 if (diff and fixed.files) or (not diff and fixed.result.report.failed) else 0)


def _told(fixed: Fixed) -> Iterator[str]:
    for finding in fixed.made:
        yield f"Fixed  {_at(finding)}: {finding.rule}: {one_line(safe(finding.message))}"
    for path in fixed.files:
        if fixed.before[path] is None:
            yield f"New    {safe(_shown(path, fixed))}"
    for one in fixed.refused:
        yield f"Left   {_at(one.finding)}: {one.finding.rule}: {one_line(safe(one.why))}"
    yield _summary(fixed)
    if fixed.kept:
        yield NOT_KNOWN
    if fixed.proven:
        yield "The changed revisions were run up, down and up again."
    elif fixed.unproven:
        yield f"The changed revisions were not run: {safe(fixed.unproven)}"


def _summary(fixed: Fixed) -> str:
    count, left = len(fixed.made), len(fixed.result.report.open)
    fixes = f"{count} fix{'es' if count != 1 else ''}" if count else "Nothing to fix"
    if not left:
        return f"{fixes}; no finding is left." if count else "Nothing to fix: nothing was found."
    rest = "1 finding is" if left == 1 else f"{left} findings are"
    return f"{fixes}; {rest} left that only you can mend (guard lint shows them)."


def _differences(fixed: Fixed) -> Iterator[str]:
    """Yield the lines of a patch; bytes that are not UTF-8 are surrogates."""
    for path, data in fixed.files.items():
        before, after = _lines(fixed.before[path] or b""), _lines(data)
        name = _shown(path, fixed)
        end = "\t" if " " in name else ""  # without it, patch ends the name at the blank
        first = "/dev/null" if fixed.before[path] is None else f"a/{name}{end}"
        for line in difflib.unified_diff(before, after, first, f"b/{name}{end}"):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    """Return the lines as git counts them, each with its end."""
    return re.findall(r"[^\n]*\n|[^\n]+", data.decode("utf-8", "surrogateescape"))


def _at(finding: Finding) -> str:
    return safe(f"{finding.span.path}:{finding.span.line}")


def _shown(path: Path, fixed: Fixed) -> str:
    return relative(path, fixed.result.report.root)
