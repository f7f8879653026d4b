"""`guard explain`: one rule."""

from __future__ import annotations

from pathlib import Path

import click

from guard.cli import options
from guard.cli.output import write


@click.command()
@click.argument("rule")
@options.config
def explain(rule: str, config: Path | None) -> None:
    """Show a rule's reason, its options, and unsafe and safe examples, with what they lock."""
    from guard.cli.arguments import Arguments, rules_of
    from guard.judge.load_rules import rule_called
    from guard.run.examples import findings_of
    from guard.show.rules import explain as explained

    found = rule_called(rule, rules_of(Arguments(config=config).settings().home))
    write(explained(found, findings_of(found)))
