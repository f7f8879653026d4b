"""`guard history`: the comparison with the base alone."""

from __future__ import annotations

import click

from guard.cli import options


@click.command()
@options.paths
@options.config
@options.base
@options.applied_in
@options.select
@options.report
@click.option(
    "--lock", is_flag=True, help="If nothing is wrong, write guard.lock: all is released."
)
def history(*, lock: bool, **given: object) -> None:
    """Prove that no released revision was edited, removed or given another parent."""
    from guard.cli.arguments import Arguments
    from guard.cli.report import run_and_report
    from guard.run.lock import lock_histories

    arguments = Arguments.of(given)
    run_and_report(
        arguments, roundtrip=False, statements=False, and_then=lock_histories if lock else None
    )
