"""Where the report goes, in which formats: what --output, --output-format and --output-file say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from guard.cli.arguments import Arguments
from guard.errors import GuardError
from guard.reporters import FORMATS, TEXTS

SUMMARY = "GITHUB_STEP_SUMMARY"  # the file that GitHub shows on the page of a run


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """One output: a format, and the file that it goes to, None for standard output.

    `option` is what asked for it. `appends`: the file may hold something of others already.
    """

    option: str
    format: str
    file: Path | None = None
    appends: bool = False


def destinations(arguments: Arguments, environ: Mapping[str, str]) -> tuple[Destination, ...]:
    """Return where the report goes: to standard output as text, if nothing else is said.

    Raises GuardError, before any work, for what contradicts itself or cannot be written.
    """
    found = tuple(_asked(arguments, environ))
    places = [one.file and one.file.absolute() for one in found]
    for number, one in enumerate(found):
        if places[number] in places[:number]:
            first = found[places.index(places[number])].option
            where = f"the file {one.file}" if one.file else "standard output"
            raise GuardError(
                f"{first} and {one.option} both write to {where}: "
                "give one of them a file of its own, as in --output sarif:guard.sarif"
            )
        if one.file and not one.file.absolute().parent.is_dir():
            raise GuardError(f"{one.option}: there is no folder {one.file.parent}: make it first")
    if arguments.statistics and not any(one.format in TEXTS for one in found):
        raise GuardError("--statistics counts findings in a text, and no output is text or concise")
    return found


def _asked(arguments: Arguments, environ: Mapping[str, str]) -> Iterator[Destination]:
    format_, file = arguments.output_format, arguments.output_file
    if format_ or file or not arguments.output:
        option = f"--output-format {format_}" if format_ else "the output as text"
        option = f"--output-file {file}" if file else option
        yield _destination(option, format_ or "text", file, environ)
    for given in arguments.output:
        name, _, path = given.partition(":")
        if name not in FORMATS:
            raise GuardError(
                f"--output {given}: there is no format {name!r}: it is one of {', '.join(FORMATS)}"
            )
        if ":" in given and not path:
            raise GuardError(f"--output {given}: no file is named after the colon")
        yield _destination(f"--output {given}", name, Path(path) if path else None, environ)


def _destination(
    option: str, format_: str, file: Path | None, environ: Mapping[str, str]
) -> Destination:
    if format_ != "github-summary" or file:
        return Destination(option=option, format=format_, file=file)
    named = environ.get(SUMMARY)
    if not named:
        raise GuardError(
            f"{option}: {SUMMARY} does not say where GitHub reads it: "
            "name a file, as in --output github-summary:summary.md"
        )
    return Destination(option=option, format=format_, file=Path(named), appends=True)


def write_file(destination: Destination, output: str) -> None:
    """Write the output into the file of the destination; raise GuardError where that fails."""
    assert destination.file is not None
    text = output if output.endswith("\n") or not output else output + "\n"
    try:
        with destination.file.open("a" if destination.appends else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        said = f"{destination.option}: cannot be written: {error.strerror or error}"
        raise GuardError(said) from None
