"""Where a project's migrations are: its Alembic environments and its folders of .sql files."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """One history of revisions: a section of an alembic.ini, [tool.alembic], or a folder of .sql.

    All paths are absolute. `databases` are the names of a multidb environment, empty for one.
    """

    name: str
    kind: str  # "alembic" or "sql"
    config_path: Path | None  # alembic.ini or pyproject.toml; None for a folder of .sql
    section: str = "alembic"
    script_location: Path
    version_locations: tuple[Path, ...]
    recursive: bool = False
    sys_path: tuple[Path, ...] = ()  # prepend_sys_path
    databases: tuple[str, ...] = ()
