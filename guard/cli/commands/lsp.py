"""`guard lsp`: in an editor, as one types."""

from __future__ import annotations

import os
from pathlib import Path

import click

from guard.cli import options
from guard.errors import GuardError


@click.command()
@options.config
@options.base
@options.select
@options.server
@options.no_cache
def lsp(
    *,
    config: Path | None,
    base: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    dialect: str | None,
    server_version: str | None,
    no_cache: bool,
) -> None:
    """Serve an editor over standard input and output, by the Language Server Protocol.

    The editor starts it: docs/editors.md tells how.
    """
    try:
        from guard.lsp.server import serve
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("guard"):
            raise
        raise GuardError(
            f"the language server needs {error.name}: pip install 'migration-guard[lsp]'"
        ) from None
    code = serve(
        config=config,
        base=base,
        select=select,
        ignore=ignore,
        dialect=dialect,
        server_version=server_version,
        cache=not no_cache,
    )
    os._exit(code)  # not after a check that is under way: nobody waits for it any more
