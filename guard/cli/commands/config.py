"""`guard config`: the settings in force."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from guard.cli import options
from guard.cli.output import write

# The settings that an option of the command line says instead, by the option's name.
INSTEAD = {
    "base": "base",
    "dialect": "dialect",
    "server_version": "server-version",
    "select": "select",
    "ignore": "ignore",
    "python": "python",
    "strict": "fail-on",
}


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True))
@options.config
@options.base
@options.select
@options.server
@options.python
@options.strict
@options.text_or_json
@click.option("--schema", is_flag=True, help="Print the JSON schema of the settings, for editors.")
@click.pass_context
def config(
    context: click.Context,
    /,
    *,
    path: Path | None,
    schema: bool,
    output_format: str,
    **given: object,
) -> None:
    """Show the settings in force, here or at PATH, and where each comes from."""
    from guard.cli.arguments import Arguments, current_folder, rules_of
    from guard.credentials import mask_credentials
    from guard.judge.load_rules import load_rules
    from guard.judge.select_rules import select_rules, with_options
    from guard.printable import encodable, safe
    from guard.project.environments import project_root
    from guard.show import settings as shown

    if schema:
        write(shown.schema(load_rules()))
        return
    files = Arguments.of(given).settings()
    place = (path or current_folder()).resolve()
    held = files.at(place if place.is_dir() else place.parent)
    rules = rules_of(held)
    select_rules(held.config, rules)  # refuses what is not a rule
    found = shown.effective(
        held, with_options(held.config, rules), _said(context), project_root(place)
    )
    render = {"json": shown.settings_as_json, "text": shown.settings_as_text}[output_format]
    if held is not files.home:  # which alone says these
        found = tuple(one for one in found if one.key not in (("base",), ("fail-on",)))
    text = render(found)
    write(safe(text) if output_format == "text" else encodable(mask_credentials(text)))


def _said(context: click.Context) -> dict[str, str]:
    """What of the command line or its variables says something else, by the key of the setting."""
    said = {}
    for name, key in INSTEAD.items():
        source = context.get_parameter_source(name)
        option = "--" + name.replace("_", "-")
        if source is ParameterSource.COMMANDLINE:
            said[key] = option
        elif source is ParameterSource.ENVIRONMENT:
            said[key] = "GUARD_" + name.upper()
    return said
