"""`guard roundtrip`: the scratch run alone."""

from __future__ import annotations

import click

from guard.cli import options


@click.command()
@options.paths
@options.config
@options.base
@options.everything
@options.select
@options.server
@options.python
@options.scratch
@options.keep
@options.shard
@options.verify_reader
@options.report
def roundtrip(**given: object) -> None:
    """Only run the migrations up, down and up again on a scratch database that holds rows."""
    from guard.cli.arguments import Arguments
    from guard.cli.report import run_and_report

    run_and_report(
        Arguments.of(given), roundtrip=True, statements=False, history=False, command="roundtrip"
    )
