"""`guard fix`: the changes that are certain, made in the files."""

from __future__ import annotations

import click

from guard.cli import options


@click.command()
@options.paths
@click.option("--diff", is_flag=True, help="Write nothing, show what would be written.")
@options.config
@options.force_exclude
@options.base
@options.applied_in
@options.everything
@options.no_roundtrip
@options.select
@options.server
@options.python
@options.scratch
@options.no_cache
def fix(diff: bool, **given: object) -> None:
    """Make the changes that are certain, judge them again, and run the changed revisions.

    Released revisions stay as they are. What brings another finding is not done.
    """
    from guard.cli.arguments import Arguments
    from guard.cli.fixing import fix_and_say

    fix_and_say(Arguments.of(given), diff=diff)
