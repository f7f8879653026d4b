"""`guard rules`: their list, and the test of the project's own."""

from __future__ import annotations

import sys
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
@click.option("--test", is_flag=True, help="Run the examples of the project's own rules.")
def rules(
    config: Path | None,
    group: str | None,
    dialect: str | None,
    severity: str | None,
    output_format: str,
    test: bool,
) -> None:
    """List the rules, or tell those in force as instructions for coding assistants."""
    from guard.cli.arguments import Arguments, rules_of
    from guard.judge.select_rules import those_of
    from guard.show.rules import rules_as_json, rules_as_text

    home = Arguments(config=config).settings().home
    if test:
        sys.exit(_test(config))
    if output_format == "instructions":
        write(_instructions(config))
        return
    render = {"json": rules_as_json, "text": rules_as_text}[output_format]
    write(render(those_of(rules_of(home), group=group, dialect=dialect, severity=severity)))


def _test(config: Path | None) -> int:
    """Run the examples of the project's own rules, which its user asks for by name: trusted."""
    from guard.cli.arguments import Arguments
    from guard.errors import GuardError
    from guard.judge.load_rules import all_rules, own_rules
    from guard.printable import safe
    from guard.reporters.summary import plural
    from guard.run.examples import failures

    home = Arguments(config=config).settings().home
    own = own_rules(home, trusted=True)
    if not own:
        raise GuardError("the project has no rules of its own: custom-rules names their folder")
    everything = all_rules(home, trusted=True)
    wrong = [failure for rule in own for failure in failures(rule, everything)]
    for failure in wrong:
        write(safe(failure))
    count = sum(len(rule.unsafe) + len(rule.safe) for rule in own)
    verdict = f"{len(wrong)} wrong" if wrong else "all as they say"
    write(f"{plural(len(own), 'rule')}, {plural(count, 'example')}: {verdict}")
    return 1 if wrong else 0


def _instructions(config: Path | None) -> str:
    from guard.adopt.instructions import section
    from guard.adopt.surroundings import environments_here
    from guard.cli.arguments import Arguments, current_folder, rules_of
    from guard.printable import safe
    from guard.project.environments import project_root

    settings = Arguments(config=config).settings()
    here = current_folder()
    environments = environments_here(here, settings)
    told = section(settings.home.config, environments, project_root(here), rules_of(settings.home))
    return safe(told)
