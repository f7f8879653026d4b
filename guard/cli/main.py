"""The command line: arguments in, a report and an exit code out. Only this chapter prints or exits.

Exit codes: 0 nothing that stops the gate, 1 findings, 2 wrong usage or configuration, or guard
could not do its work, 130 interrupted, 141 nobody read the report to its end.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from guard import __version__
from guard.cli.output import (
    FAILED,
    INTERRUPTED,
    known_surroundings,
    never_fail_to_encode,
    write_error,
)

COMMANDS = Path(__file__).parent / "commands"
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class CommandFolder(click.Group):
    """A group whose commands are the files of a folder, each loaded when somebody wants it.

    Bad input and what the machine refuses end with one message and an exit code.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(path.stem for path in COMMANDS.glob("*.py") if path.stem != "__init__")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command; for another name load all, so that click can guess."""
        names = self.list_commands(ctx)
        for name in [cmd_name] if cmd_name in names else names:
            self.add_command(getattr(importlib.import_module(f"guard.cli.commands.{name}"), name))
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with known_surroundings():  # --version and --help print here
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        with known_surroundings():
            return super().invoke(ctx)


@click.group(cls=CommandFolder, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="guard")
def cli() -> None:
    """Check Alembic migrations before they reach a database."""


def main() -> NoReturn:
    """Run the command line; whatever goes wrong inside ends with exit code 2, never silently."""
    never_fail_to_encode()
    try:
        # Not standalone: click would end an interrupt with its own words, and the code of findings.
        code = cli(prog_name="guard", windows_expand_args=False, standalone_mode=False)
        sys.exit(code or 0)  # a number where an option such as --help ended the run
    except click.Abort:
        write_error("interrupted")
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("GUARD_DEBUG"):
            raise
        write_error(
            f"guard itself failed: {type(error).__name__}: {error}. This is a bug; "
            "GUARD_DEBUG=1 shows where. Nothing was judged."
        )
    sys.exit(FAILED)
