"""`guard schema`: the tables that the revisions make."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guard.cli import options
from guard.cli.output import is_terminal, write
from guard.errors import GuardError

if TYPE_CHECKING:
    from guard.schema import Schema


FORMATS = click.Choice(["text", "json", "sql"])


@click.command()
@options.paths
@options.config
@click.option("--at", metavar="REVISION", help="After this revision (default: after all).")
@click.option("--dialect", metavar="NAME", help="Read for that dialect.")
@click.option("--output-format", type=FORMATS, default="text", show_default=True)
@click.option("--format", "old_format", type=FORMATS, hidden=True)  # its name in version 0.1
@options.no_cache
def schema(
    paths: tuple[Path, ...],
    config: Path | None,
    at: str | None,
    dialect: str | None,
    output_format: str,
    old_format: str | None,
    *,
    no_cache: bool,
) -> None:
    """Show the schema that the revisions make, replayed without a database."""
    from guard.cli.arguments import Arguments
    from guard.printable import safe
    from guard.run.inspect import read_histories

    arguments = Arguments(config=config, paths=paths, dialect=dialect, no_cache=no_cache)
    found = [
        (f"{history.name}{f', {database}' if database else ''}", replayed)
        for history in read_histories(arguments.request(), arguments.settings())
        for database, replayed in history.schemas(at).items()
    ]
    if not found:
        raise GuardError(f"no revision is called {at}" if at else "there are no revisions")
    form = old_format or output_format
    text = _render(found, form)
    # What a program reads stays as it is, tabs and all.
    write(safe(text) if form == "text" or is_terminal(sys.stdout) else text)


def _render(found: list[tuple[str, Schema]], form: str) -> str:
    """One schema as it is; several, each under its name."""
    from guard.show.ddl import as_sql
    from guard.show.schema import as_json, as_text

    render = {"text": as_text, "json": as_json, "sql": as_sql}[form]
    texts = [(name, render(schema)) for name, schema in found]
    if len(texts) == 1:
        return texts[0][1]
    if form == "json":
        joined = ",\n".join(f"{json.dumps(name)}: {text.rstrip()}" for name, text in texts)
        return f"{{{joined}}}\n"
    mark = "-- " if form == "sql" else "# "
    return "\n".join(f"{mark}{name}\n{text}" for name, text in texts)
