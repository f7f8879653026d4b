"""`guard show`: what revisions do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from guard.cli import options
from guard.cli.output import is_terminal, write
from guard.errors import GuardError


@click.command()
@click.argument("wanted", nargs=-1, metavar="[REVISION|PATH]...")
@options.config
@options.everything
@click.option("--dialect", metavar="NAME", help="Only what runs on that dialect.")
@options.text_or_json
@options.no_cache
def show(
    wanted: tuple[str, ...],
    *,
    config: Path | None,
    everything: bool,
    dialect: str | None,
    output_format: str,
    no_cache: bool,
) -> None:
    """Show what revisions do, statement by statement: those named, else the newest."""
    from guard.cli.arguments import Arguments
    from guard.run.inspect import read_histories
    from guard.show.revisions import as_json, as_text

    paths = tuple(Path(name) for name in wanted if Path(name).exists())
    arguments = Arguments(config=config, paths=paths, dialect=dialect, no_cache=no_cache)
    readings = []
    for history in read_histories(arguments.request(), arguments.settings()):
        readings += history.choose(wanted, everything=everything)
    if wanted and not readings:
        raise GuardError(f"no revision is called {', '.join(wanted)}")
    color = is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")
    paint = click.style if color else lambda text, **_: text
    write(as_json(readings) if output_format == "json" else as_text(readings, paint))
