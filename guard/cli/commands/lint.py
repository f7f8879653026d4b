"""`guard lint`: what can be said without running anything."""

from __future__ import annotations

import click

from guard.cli import options


@click.command()
@options.paths
@options.config
@options.force_exclude
@options.base
@options.applied_in
@options.everything
@options.staged
@options.stdin_filename
@options.select
@options.server
@options.approvals_from
@options.no_cache
@options.report
def lint(**given: object) -> None:
    """Read and judge only: no code of the project runs. PATHS may be -, SQL on standard input."""
    from guard.cli.arguments import Arguments
    from guard.cli.report import run_and_report

    run_and_report(Arguments.of(given), roundtrip=False)
