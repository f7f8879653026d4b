"""`guard explain`: one rule."""

from __future__ import annotations

import click

from guard.cli.output import write


@click.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Show a rule's reason, and unsafe and safe examples."""
    from guard.judge.load_rules import rule_called
    from guard.show.rules import explain as explained

    write(explained(rule_called(rule)))
