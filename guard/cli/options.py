"""The options and arguments that commands share, each declared once.

Their names are the fields of `guard.cli.arguments.Arguments`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from guard.reporters import FORMATS

F = TypeVar("F", bound=Callable[..., object])


def _option(name: str, *more: str, **declared: Any) -> Callable[[F], F]:
    """Return an option that a variable sets as well: GUARD_BASE is --base, for all commands."""
    long = next(each for each in (name, *more) if each.startswith("--"))
    variable = "GUARD" + long[1:].replace("-", "_").upper()
    return click.option(name, *more, envvar=variable, **declared)


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator that declares the options in this order."""

    def declare(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return declare


# What holds
config = _option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The settings, for everything, whatever other files say.",
)

# What is looked at
paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
force_exclude = _option(
    "--force-exclude", is_flag=True, help="Leave out what the settings exclude, even if named."
)
base = _option("--base", metavar="REF", help="The ref that holds what is released, or tag:PATTERN.")
applied_in = _option(
    "--applied-in",
    metavar="URL",
    help="Released is what this database has run; its version table is read, nothing else.",
)
everything = _option("--all", "everything", is_flag=True, help="Judge released revisions too.")
staged = _option("--staged", is_flag=True, help="Read files as they are staged.")
stdin_filename = _option(
    "--stdin-filename", metavar="PATH", help="What to call standard input, given as -."
)
no_cache = _option("--no-cache", is_flag=True, help="Read everything anew.")

# How it is judged
select = _together(
    _option("--select", metavar="RULES", multiple=True, help="Only these rules or groups."),
    _option("--ignore", metavar="RULES", multiple=True, help="Not these rules or groups."),
)
server = _together(
    _option("--dialect", metavar="NAME", help="postgresql, mysql, mariadb or sqlite."),
    _option("--server-version", metavar="VERSION", help="The server's version, such as 15."),
)
approvals_from = _option(
    "--approvals-from", metavar="REF", help="Count only approvals that are on that ref already."
)

# How it is run
no_roundtrip = _option("--no-roundtrip", is_flag=True, help="Do not run the migrations.")
python = _option(
    "--python", metavar="PATH", help="The interpreter that has the project's packages."
)
scratch = _together(
    _option(
        "--backend",
        type=click.Choice(["auto", "sqlite", "postgresql", "mysql", "mariadb"]),
        help="What the migrations run on; auto: the project's kind of server, if there is one.",
    ),
    click.option(
        "--url",
        "scratch_url",
        metavar="URL",
        envvar="GUARD_SCRATCH_URL",
        help="A server on which guard makes scratch databases, with names of its own.",
    ),
)
# For guard's own CI: a difference is its own error.
verify_reader = _option("--verify-reader", is_flag=True, hidden=True)
shard = _option(
    "--shard",
    metavar="N/OF",
    help="Run this part of the revisions, such as 2/8; guard merge puts the reports together.",
)
keep = _option("--keep", is_flag=True, help="Leave the scratch database for a look, and say where.")


# What comes out
def _formats(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The formats that begin so, for the shell."""
    return [name for name in FORMATS if name.startswith(begun)]


strict = _option("--strict", is_flag=True, help="Warnings stop the gate too.")
report = _together(
    _option(
        "--output-format",
        type=click.Choice(FORMATS),
        metavar="FORMAT",
        help=f"How the report is written: {', '.join(FORMATS)}.  [default: text]",
    ),
    _option("--output-file", type=click.Path(path_type=Path), help="Write the report there."),
    _option(
        "--output",
        metavar="FORMAT[:FILE]",
        multiple=True,
        shell_complete=_formats,
        help="One more report, such as sarif:guard.sarif; may be given several times.",
    ),
    _option("--statistics", is_flag=True, help="Count the findings by rule instead."),
    strict,
    _option("--exit-zero", is_flag=True, help="End with 0 whatever was found."),
    _option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
    ),
    _option("-q", "--quiet", is_flag=True, help="Only findings."),
    _option("-v", "--verbose", is_flag=True, help="Also what was ignored."),
)
# Not by a variable: what `guard check` may be set to there is more than these commands know.
text_or_json = click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
