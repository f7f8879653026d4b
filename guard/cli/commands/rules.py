"""`guard rules`: their list."""

from __future__ import annotations

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@options.text_or_json
def rules(output_format: str) -> None:
    """List the rules."""
    from guard.judge.load_rules import load_rules
    from guard.show.rules import rules_as_json, rules_as_text

    render = {"json": rules_as_json, "text": rules_as_text}[output_format]
    write(render(load_rules()))
