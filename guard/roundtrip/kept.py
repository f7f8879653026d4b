"""Scratch databases that stay for a look: where they are, how to open them and how to remove them.

Nothing that guard cleans up has such names, so they stay until somebody removes them.
"""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

KEPT = "guard-kept-"  # how the names of their folders begin
NONE = "There is no scratch database to keep: the run made none."


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The commands of a person who looks: `{}` in those of one database is its name.

    `start` runs a server of our own again, in the foreground.
    """

    open: str
    remove: str
    start: str = ""

    def note(self, names: Sequence[str]) -> str:
        """Return what to tell of the databases of these names."""
        if not names and not self.start:
            return NONE
        removing = [self.remove.format(name) for name in names or [""]]
        lines = [
            *([f"The server starts with:\n    {self.start}"] if self.start else []),
            "To look at it:" if len(names) == 1 else "To look at them:",
            *(f"    {self.open.format(name)}" for name in names),
            "guard does not remove what was kept; this does:",
            *(f"    {command}" for command in dict.fromkeys(removing)),
        ]
        what = "The scratch database was" if len(names) == 1 else f"{len(names)} databases were"
        return "\n".join([f"{what} kept as the run left it.", *lines])


def keep_files(folder: Path) -> str:
    """Move the scratch files of SQLite's out of a run's folder, and return what to tell of them."""
    files = sorted(folder.glob("scratch*.sqlite"))
    if not files:
        return NONE
    place = Path(tempfile.mkdtemp(prefix=KEPT))
    moved = [shutil.move(file, place / file.name) for file in files]
    kept = Kept(open="sqlite3 {}", remove=f"rm -r {shlex.quote(str(place))}")
    return kept.note([shlex.quote(str(path)) for path in moved])


def keep_server(
    folder: Path, command: Sequence[str], owner: dict[str, Any], client: str, secret: str
) -> Kept:
    """Write what starts the server of a folder again, and return how to look at it.

    `client` opens the database `{}` by what the text `secret` in its file (`{secret}`) says.
    """
    run = shlex.join(command)
    if owner:
        account = f"--reuid={owner['user']} --regid={owner['group']} --clear-groups"
        run = f"setpriv {account} -- {run}"
    start, file = folder / "start", folder / "secret"
    start.write_text(f"#!/bin/sh\ncd {shlex.quote(str(folder))} && exec {run}\n")
    file.touch(mode=0o600)
    file.write_text(secret)
    return Kept(
        start=f"sh {shlex.quote(str(start))}",
        open=client.replace("{secret}", shlex.quote(str(file))),
        remove=f"rm -r {shlex.quote(str(folder))}",
    )
