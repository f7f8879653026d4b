"""`guard explain`: one rule."""

from __future__ import annotations

import click

from guard.cli.output import write


@click.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Show a rule's reason, its options, and unsafe and safe examples, with what they lock."""
    from guard.judge.load_rules import rule_called
    from guard.run.examples import findings_of
    from guard.show.rules import explain as explained

    found = rule_called(rule)
    write(explained(found, findings_of(found)))
