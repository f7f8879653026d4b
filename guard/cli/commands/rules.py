"""`guard rules`: their list."""

from __future__ import annotations

from pathlib import Path

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@options.config
@click.option("--group", metavar="NAME", help="Only those of a group.")
@click.option("--dialect", metavar="NAME", help="Only those that judge for this server.")
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "info", "off"]),
    help="Only those that are so by default.",
)
@click.option(
    "--output-format", type=click.Choice(["text", "json", "instructions"]), default="text"
)
def rules(
    config: Path | None,
    group: str | None,
    dialect: str | None,
    severity: str | None,
    output_format: str,
) -> None:
    """List the rules, or tell those in force as instructions for coding assistants."""
    from guard.judge.load_rules import load_rules
    from guard.judge.select_rules import those_of
    from guard.show.rules import rules_as_json, rules_as_text

    if output_format == "instructions":
        write(_instructions(config))
        return
    render = {"json": rules_as_json, "text": rules_as_text}[output_format]
    write(render(those_of(load_rules(), group=group, dialect=dialect, severity=severity)))


def _instructions(config: Path | None) -> str:
    from guard.adopt.instructions import section
    from guard.adopt.surroundings import environments_here
    from guard.cli.arguments import Arguments, current_folder
    from guard.printable import safe
    from guard.project.environments import project_root

    settings = Arguments(config=config).settings()
    here = current_folder()
    return safe(
        section(settings.home.config, environments_here(here, settings), project_root(here))
    )
