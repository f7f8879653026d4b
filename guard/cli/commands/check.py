"""`guard check`: everything."""

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
@options.no_roundtrip
@options.select
@options.server
@options.python
@options.scratch
@options.keep
@options.shard
@options.approvals_from
@options.no_cache
@options.report
def check(**given: object) -> None:
    """Read, compare with the base, judge, and run the migrations up, down and up again."""
    from guard.cli.arguments import Arguments
    from guard.cli.report import run_and_report

    arguments = Arguments.of(given)
    run_and_report(arguments, roundtrip=not arguments.no_roundtrip, command="check")
