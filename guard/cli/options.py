"""The options and arguments that commands share, each declared once.

Their names are the fields of `guard.cli.arguments.Arguments`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator that declares the options in this order."""

    def declare(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return declare


# What is looked at
paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
force_exclude = click.option(
    "--force-exclude", is_flag=True, help="Leave out what the settings exclude, even if named."
)
base = click.option("--base", metavar="REF", help="The ref that holds what is released.")
everything = click.option("--all", "everything", is_flag=True, help="Judge released revisions too.")
staged = click.option("--staged", is_flag=True, help="Read files as they are staged.")
stdin_filename = click.option(
    "--stdin-filename", metavar="PATH", help="What to call standard input, given as -."
)
no_cache = click.option("--no-cache", is_flag=True, help="Read everything anew.")

# How it is judged
select = _together(
    click.option("--select", metavar="RULES", multiple=True, help="Only these rules or groups."),
    click.option("--ignore", metavar="RULES", multiple=True, help="Not these rules or groups."),
)
server = _together(
    click.option("--dialect", metavar="NAME", help="postgresql, mysql, mariadb or sqlite."),
    click.option("--server-version", metavar="VERSION", help="The server's version, such as 15."),
)
approvals_from = click.option(
    "--approvals-from", metavar="REF", help="Count only approvals that are on that ref already."
)

# How it is run
no_roundtrip = click.option("--no-roundtrip", is_flag=True, help="Do not run the migrations.")
python = click.option(
    "--python", metavar="PATH", help="The interpreter that has the project's packages."
)

# What comes out
report = _together(
    click.option(
        "--output-format",
        type=click.Choice(["text", "json", "github"]),
        default="text",
        show_default=True,
    ),
    click.option("--output-file", type=click.Path(path_type=Path), help="Write the report there."),
    click.option("--strict", is_flag=True, help="Warnings stop the gate too."),
    click.option("--exit-zero", is_flag=True, help="End with 0 whatever was found."),
    click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
    ),
    click.option("-q", "--quiet", is_flag=True, help="Only findings."),
    click.option("-v", "--verbose", is_flag=True, help="Also what was approved or ignored."),
)
text_or_json = click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
