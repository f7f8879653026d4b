"""`guard merge`: one report of those of all shards."""

from __future__ import annotations

from pathlib import Path

import click

from guard.cli import options


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.no_cache
@options.report
def merge(files: tuple[Path, ...], **given: object) -> None:
    """Put together what guard check --shard wrote: FILES are the JSON of all shards.

    Reads and judges once more, where the shards did, and runs nothing: what the migrations did is
    in the files. The report and the exit code are those of a run without shards.
    """
    from guard.cli.arguments import Arguments
    from guard.cli.merging import merge_and_report

    merge_and_report(files, Arguments.of(given), given)
