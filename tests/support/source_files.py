"""Words for tests of the rules on source code: one file, and others around it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from command_line import PROJECT, write

from guard.config import parse_config
from guard.finding import Finding
from guard.project.settings import SettingsFiles
from guard.python_source import PythonSource
from guard.reader.modules import Module, Resolver
from guard.run.check import run
from guard.run.scope import Request
from guard.source.code import read_code
from guard.source.source_file import CodeFacts

PATH = "app/models.py"


def facts(folder: Path, code: str, files: Mapping[str, str] | None = None) -> CodeFacts:
    """Return what the code of `app/code.py` says, with the other files beside it."""
    write(folder, files or {})
    path = folder / "app" / "code.py"
    module = Module(PythonSource("app/code.py", code.encode()), path)
    return read_code(module, Resolver(folder))


def findings(
    folder: Path,
    code: str,
    files: Mapping[str, str] | None = None,
    *,
    rule: str,
    path: str = PATH,
    settings: dict[str, Any] | None = None,
) -> list[Finding]:
    """Return what a rule says of a project with that file."""
    write(folder, {**PROJECT, **(files or {}), path: code})
    request = Request(
        start=folder,
        history=False,
        roundtrip=False,
        everything=True,
        today=datetime.date(2026, 11, 1),
    )
    config = parse_config({"select": [rule], **(settings or {})}, Path("guard.toml"))
    found = run(request, SettingsFiles.everywhere(config, folder)).report.findings
    return [one for one in found if one.rule == rule]
