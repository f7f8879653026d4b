"""`guard init`: from a project to one that guard watches."""

from __future__ import annotations

from pathlib import Path

import click

from guard.cli import options


@click.command()
@options.config
@click.option("--yes", "-y", is_flag=True, help="Write everything without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--instructions", is_flag=True, help="Only the instructions for coding assistants.")
@click.option(
    "--check",
    is_flag=True,
    help="With --instructions: end with 1 where they are out of date.",
)
def init(config: Path | None, yes: bool, dry_run: bool, instructions: bool, check: bool) -> None:
    """Set a project up: settings, pre-commit hooks, a CI job, instructions for assistants.

    Each file is shown before it is written, and what stands there is kept.
    """
    import sys

    from guard.adopt.surroundings import look_around
    from guard.cli.adoption import Visit
    from guard.cli.arguments import Arguments, current_folder
    from guard.errors import GuardError

    if check and not instructions:
        raise GuardError("--check compares the instructions: give --instructions as well")
    around = look_around(current_folder(), Arguments(config=config).settings())
    visit = Visit(around, ask=not yes, write=not dry_run)
    if check:
        sys.exit(1 if visit.instructions_differ() else 0)
    visit.instructions() if instructions else visit.everything()
