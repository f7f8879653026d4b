"""`guard baseline`: what was there before guard."""

from __future__ import annotations

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@click.option("--prune", is_flag=True, help="Only take out the entries that match nothing now.")
@options.config
@options.base
@options.no_roundtrip
@options.server
@options.python
@options.no_cache
def baseline(prune: bool, **given: object) -> None:
    """Record what is found in released code today, so that --all fails only for what is new.

    What the current change brings is never recorded: mend it, or have it approved.
    """
    from guard.cli.arguments import Arguments
    from guard.cli.progress import Progress
    from guard.printable import safe
    from guard.run import baseline as recording

    arguments = Arguments.of({**given, "everything": True})
    request = arguments.request(roundtrip=not arguments.no_roundtrip)
    progress = Progress(quiet=False)
    work = recording.prune if prune else recording.record
    try:
        lines = work(request, arguments.settings(), progress.show)
    finally:
        progress.clear()
    write("\n".join(map(safe, lines)))
