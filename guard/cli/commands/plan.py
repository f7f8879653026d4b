"""`guard plan`: how the round trip divides."""

from __future__ import annotations

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@options.paths
@click.option(
    "--shards",
    type=click.IntRange(1, 256),
    required=True,
    metavar="N",
    help="Into how many parts, at most: there are no more than make it faster.",
)
@options.config
@options.force_exclude
@options.base
@options.applied_in
@options.everything
@options.no_cache
@click.option(
    "--output",
    "form",
    type=click.Choice(["text", "json", "github-matrix"]),
    default="text",
    help="github-matrix: what fromJSON makes the matrix of a job of.",
)
def plan(shards: int, form: str, **given: object) -> None:
    """Say what each part runs of guard check --shard, with the same paths and base."""
    from guard.cli.arguments import Arguments
    from guard.cli.merging import planned
    from guard.run.opened import open_run

    arguments = Arguments.of(given)
    opened = open_run(arguments.request(roundtrip=True), arguments.settings(), None)
    write(planned(opened, shards, form))
