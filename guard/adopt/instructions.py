"""The files that tell coding assistants what guard enforces: their text, and where they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from guard.adopt.surroundings import outermost
from guard.config import Config
from guard.errors import GuardError
from guard.judge.select_rules import select_rules
from guard.paths import read_text, relative
from guard.patterns import lazy_re
from guard.project.environments import Environment
from guard.rule import Rule
from guard.show.instructions import BEGIN, END, Project, instructions

FOLDER = ".github/instructions"
NEW_FILE = f"{FOLDER}/migrations.instructions.md"
AGENTS = "AGENTS.md"
_KNOWN = (AGENTS, "CLAUDE.md", ".github/copilot-instructions.md")
_SECTION = lazy_re(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


class File(msgspec.Struct, frozen=True):
    """A file with what stands there, None where there is none, and what should."""

    path: Path
    before: str | None
    after: str


def section(
    config: Config, environments: Sequence[Environment], root: Path, rules: Sequence[Rule]
) -> str:
    """Return what the settings say, as instructions; raise GuardError for settings that cannot be.

    It names the folders of the environments below `root`.
    """
    project = Project(
        folders=_folders(environments, root),
        server=config.server,
        warnings_fail=config.fail_on == "warning",
    )
    return instructions(select_rules(config, rules), project)


def files(
    root: Path,
    config: Config,
    environments: Sequence[Environment],
    rules: Sequence[Rule],
    *,
    named: Path | None = None,
) -> list[File]:
    """Return the `named` file, else those that hold the section, else the one that is to hold it.

    That is a file of its own where the project keeps such (.github/instructions), else AGENTS.md.
    Raises GuardError for a file that cannot be read, or with one marker and not the other.
    """
    written = section(config, environments, root, rules)
    paths = (
        [named] if named else [path for path in _candidates(root) if BEGIN in (_read(path) or "")]
    )
    if not paths:
        paths = [root / (NEW_FILE if (root / FOLDER).is_dir() else AGENTS)]
    found = []
    for path in paths:
        before = _read(path)
        apply_to = _apply_to(config, environments, root) if path.match("*.instructions.md") else ""
        found.append(File(path, before, _with_section(before, written, apply_to, path)))
    return found


def _candidates(root: Path) -> list[Path]:
    known = [root / name for name in _KNOWN if (root / name).is_file()]
    return [*known, *sorted((root / FOLDER).glob("*.instructions.md"))]


def _read(path: Path) -> str | None:
    try:
        return read_text(path) if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{path} cannot be read: {error}") from None


def _with_section(before: str | None, written: str, apply_to: str, path: Path) -> str:
    """Return the text of a file with the section in its place, the rest as it is."""
    if not (before or "").strip():
        front = f'---\napplyTo: "{apply_to}"\n---\n\n' if apply_to else ""
        return f"{front}{written}\n"
    assert before is not None
    if BEGIN in before or END in before:
        if not _SECTION.search(before):
            raise GuardError(f"{path}: the section needs both markers, {BEGIN} and {END}")
        return _SECTION.sub(lambda _: written, before, count=1)
    return f"{before.rstrip()}\n\n{written}\n"


def _apply_to(config: Config, environments: Sequence[Environment], root: Path) -> str:
    """The globs of the files that the rules judge: those of the settings, and the migrations."""
    own = (f"{folder}/**/*.py" for folder in _folders(environments, root))
    return ",".join(dict.fromkeys((*config.source, *own)))


def _folders(environments: Sequence[Environment], root: Path) -> tuple[str, ...]:
    shown = (relative(folder, root) for folder in outermost(environments))
    return tuple(name for name in shown if not Path(name).is_absolute())
