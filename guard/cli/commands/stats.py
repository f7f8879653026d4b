"""`guard stats`: how large the tables are."""

from __future__ import annotations

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@click.option(
    "--url",
    envvar="GUARD_STATS_URL",
    required=True,
    metavar="URL",
    help="The database, best a replica of production; only its catalogue is read.",
)
@options.config
@options.python
def stats(url: str, **given: object) -> None:
    """Write how many rows and bytes each table of a database has to guard-stats.toml.

    With that, findings say how long a lock is likely held, and small tables may pass.
    """
    from guard.cli.arguments import Arguments, current_folder
    from guard.printable import safe
    from guard.run.stats import write_stats

    settings = Arguments.of(given).settings()
    write("\n".join(map(safe, write_stats(url, settings, current_folder()))))
