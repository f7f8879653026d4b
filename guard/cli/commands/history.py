"""`guard history`: the comparison with the base alone."""

from __future__ import annotations

import click

from guard.cli import options


@click.command()
@options.paths
@options.config
@options.base
@options.select
@options.report
def history(**given: object) -> None:
    """Prove that no released revision was edited, removed or given another parent."""
    from guard.cli.arguments import Arguments
    from guard.cli.report import run_and_report

    run_and_report(Arguments.of(given), roundtrip=False, statements=False)
