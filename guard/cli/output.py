"""Standard output and standard error: what is written to them, and what happens where they fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import click

from guard.errors import GuardError

FAILED = 2  # wrong usage or configuration, or guard could not do its work
INTERRUPTED = 130  # 128 and the number of the signal, as a shell says it
READER_GONE = 141


def write(text: str) -> None:
    """Write to standard output, with one line end at the end; an empty text leaves it empty.

    Raises GuardError where standard output is closed.
    """
    if sys.stdout is None:
        raise GuardError("standard output is closed: give --output-file, or open it")
    click.echo(text, nl=bool(text) and not text.endswith("\n"), color=True)


def write_exactly(text: str) -> None:
    """Write to standard output as `write` does, and to a program byte by byte.

    A terminal, and the log of a CI service, only get what is safe to show.
    """
    from guard.printable import safe

    if is_terminal(sys.stdout) or os.environ.get("CI") or os.environ.get("TF_BUILD"):
        write(safe(text))
        return
    write("")  # refuses where nobody can read it
    click.echo(text.encode("utf-8", "surrogateescape"), nl=False)


def write_error(message: str) -> None:
    """Write `error: ...` to standard error, if anybody still reads that."""
    from guard.printable import safe

    with suppress(OSError):
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(safe(message), err=True)
        return
    _silence(sys.stderr)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person reads the stream; nobody reads one that is closed."""
    return stream is not None and stream.isatty()


def never_fail_to_encode() -> None:
    """Have the streams write what their encoding lacks as an escape, as standard error does."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def known_surroundings() -> Iterator[None]:
    """End with one line and an exit code of ours where the input or the machine is at fault."""
    try:
        yield
    except GuardError as error:
        write_error(str(error))
    except KeyboardInterrupt:
        write_error("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `guard lint | head`: the reader has seen enough
        _silence(sys.stdout)
        sys.exit(READER_GONE)
    except OSError as error:
        if os.environ.get("GUARD_DEBUG"):
            raise
        _silence(sys.stdout)
        write_error(_explain(error))
    else:
        return
    sys.exit(FAILED)


def _explain(error: OSError) -> str:
    what = os.fsdecode(error.filename) if error.filename else "input or output failed"
    return f"{what}: {error.strerror or error}"


def _silence(stream: TextIO | None) -> None:
    """Lead the stream nowhere, so that Python does not fail again on what it still holds."""
    with suppress(OSError, ValueError):  # ValueError: a stream without a descriptor
        if stream is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
