"""The files that guard init offers: settings, pre-commit, CI; nothing that stands there is lost."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from guard import __version__
from guard.adopt import templates
from guard.adopt.surroundings import Surroundings, outermost
from guard.config import Config, parse_config
from guard.errors import GuardError
from guard.paths import read_bytes, relative
from guard.patterns import lazy_re
from guard.toml import parse_toml

PACKAGE = f"migration-guard[fast]=={__version__}"
PRE_COMMIT = ".pre-commit-config.yaml"
UNKNOWN = '# dialect = "postgresql"  # name it: the rules for one database apply only then\n'
DEFAULT_PYTHON = "3.13"
_OURS = lazy_re(r"\bguard (?:check|lint)\b|\bguard-(?:check|lint)\b|migration-guard")
_REPO = lazy_re(r"^( *)- +repo *:", re.MULTILINE)
_TOP_LEVEL = lazy_re(r"^[A-Za-z_][\w.-]*(?= *:)", re.MULTILINE)


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A file to write, or why there is nothing to write.

    `before` is None where there is no such file, `after` where nothing is to be written: `said`
    tells why, and `by_hand` what its owner has to put there instead.
    """

    what: str
    path: Path
    before: str | None = None
    after: str | None = None
    said: str = ""
    by_hand: str = ""


# Settings


def settings_offer(around: Surroundings) -> tuple[Offer, Config]:
    """Return the offer of settings, and what holds once they are written; raise GuardError."""
    held, what = around.settings, "settings"
    lines = "".join(f"{line}\n" for line in _found(around, held.config))
    variables = "".join(f"{line}\n" for line in _variables(around, held.config))
    if held.file is not None:
        lines += _table("tool.guard." if held.file.name == "pyproject.toml" else "", variables)
        said = "is there and stays as it is" if lines else "is there, and says all that was found"
        return Offer(what=what, path=held.file, said=said, by_hand=lines), held.config
    if not around.server.dialect:
        lines = UNKNOWN + lines
    pyproject, own = around.folder / "pyproject.toml", around.folder / "guard.toml"
    if pyproject.is_file():
        before = _read(pyproject)
        after = _with_table(before, f"[tool.guard]\n{lines}{_table('tool.guard.', variables)}")
        if table := _table_of(before, after):
            config = parse_config(table, pyproject)
            return Offer(what=what, path=pyproject, before=before, after=after), config
    lines += _table("", variables)
    return Offer(what=what, path=own, after=lines), parse_config(parse_toml(lines), own)


def _found(around: Surroundings, config: Config) -> Iterator[str]:
    """Yield a line of TOML for what was found and is not set, with where it was found."""
    server = around.server
    if server.by and not config.dialect:
        yield f"dialect = {json.dumps(server.dialect)}  # {server.by.where}"
    same = config.dialect in (None, server.dialect)
    if server.version_by and not config.server_version and same:
        yield f"server-version = {json.dumps(server.version)}  # {server.version_by.where}"
    if around.heads > max(1, config.heads):
        yield f"heads = {around.heads}  # as many as there are today: `alembic heads`"


def _variables(around: Surroundings, config: Config) -> Iterator[str]:
    """Yield a line of TOML for each variable that env.py cannot do without and that is not set."""
    for name, value in around.variables:
        if config.env != "none" and name not in config.env_vars:
            yield f"{name} = {json.dumps(value)}  # for the round trip alone; env.py asks for it"


def _table(above: str, lines: str) -> str:
    return f"\n[{above}env-vars]\n{lines}" if lines else ""


def _with_table(before: str, table: str) -> str:
    end = "\r\n" if "\r\n" in before else "\n"
    return f"{before.rstrip()}\n\n{table}".replace("\r\n", "\n").replace("\n", end)


def _table_of(before: str, after: str) -> dict[str, object] | None:
    """The settings that are added, None where the file would not say the rest as before."""
    try:
        old, new = parse_toml(before), parse_toml(after)
        table: dict[str, object] = new["tool"].pop("guard")
    except (tomllib.TOMLDecodeError, KeyError, AttributeError):
        return None
    old.setdefault("tool", {})
    return table if old == new else None


# pre-commit


def pre_commit_offer(around: Surroundings) -> Offer:
    """Return the offer of the two hooks, at the end of the list of repositories."""
    path, what = around.root / PRE_COMMIT, "pre-commit hooks"
    hooks = templates.PRE_COMMIT.format(package=PACKAGE, files=_linted(around))
    if not path.is_file():
        return Offer(what=what, path=path, after=f"repos:\n{_indented(hooks, 2)}")
    before = _read(path)
    if _OURS.search(before):
        return Offer(what=what, path=path, before=before, said="has them already")
    indents = {len(found[1]) for found in _REPO.finditer(before)}
    keys = _TOP_LEVEL.findall(before)
    if len(indents) == 1 and keys and keys[-1] == "repos":
        after = f"{before.rstrip()}\n{_indented(hooks, indents.pop())}"
        return Offer(what=what, path=path, before=before, after=after)
    return Offer(what=what, path=path, before=before, said="stays as it is", by_hand=hooks)


def _linted(around: Surroundings) -> str:
    """The expression of the files that the hook is given, with the project's own folders."""
    pattern = re.compile(templates.LINTED)
    folders = {f"{relative(folder, around.root)}/" for folder in outermost(around.environments)}
    more = sorted(re.escape(folder) for folder in folders if not pattern.search(folder))
    return "|".join([templates.LINTED, *(f"^{folder}" for folder in more)])


# CI


def ci_offers(around: Surroundings) -> Iterator[Offer]:
    """Yield an offer for each CI system; one by hand for those that guard writes no file for."""
    offers = {"GitHub": _github, "GitLab": _gitlab}
    for ci in around.ci:
        if ci.name in offers:
            yield offers[ci.name](around)
            continue
        path = around.root / ci.said_by
        if _OURS.search(_read(path)):
            yield Offer(what="CI", path=path, said="runs guard already")
        else:
            lines = (*_install(around), f"pipx run --spec '{PACKAGE}' guard check")
            by_hand = "".join(f"{line}\n" for line in lines)
            yield Offer(what="CI", path=path, said="stays as it is", by_hand=by_hand)


def _github(around: Surroundings) -> Offer:
    folder = around.root / ".github" / "workflows"
    for path in sorted(folder.glob("*.y*ml")):
        if _OURS.search(_read(path)):
            return Offer(what="workflow", path=path, said="runs guard already")
    inside = relative(around.folder, around.root)
    place = f"    defaults:\n      run:\n        working-directory: {json.dumps(inside)}\n"
    text = templates.GITHUB.format(
        folder="" if inside == "." else place,
        python=_python(around),
        install="\n".join(f"      - run: {line}" for line in _install(around)),
        package=PACKAGE,
    )
    return _new("workflow", folder / "guard.yml", text)


def _gitlab(around: Surroundings) -> Offer:
    main = around.root / ".gitlab-ci.yml"
    inside = relative(around.folder, around.root)
    steps = _install(around) if inside == "." else (f"cd {json.dumps(inside)}", *_install(around))
    text = templates.GITLAB.format(
        version=DEFAULT_PYTHON,
        install="\n".join(f"    - {line}" for line in ("pip install pipx", *steps)),
        package=PACKAGE,
    )
    if not main.is_file():
        return _new("pipeline", main, text)
    if _OURS.search(_read(main)):
        return Offer(what="pipeline", path=main, said="runs guard already")
    return Offer(what="pipeline", path=main, said="stays as it is", by_hand=text)


def _new(what: str, path: Path, text: str) -> Offer:
    if path.exists():
        return Offer(what=what, path=path, said="is there and stays as it is", by_hand=text)
    return Offer(what=what, path=path, after=text)


def _install(around: Surroundings) -> tuple[str, ...]:
    for name, lines in templates.INSTALL:
        if (around.folder / name).is_file():
            return lines
    return templates.NO_INSTALL


def _python(around: Surroundings) -> str:
    """Which Python the workflow sets up: the one that the project names."""
    for name, said in ((".python-version", ""), ("pyproject.toml", "requires-python")):
        path = around.folder / name
        if path.is_file() and said in _read(path):
            return f"python-version-file: {json.dumps(relative(path, around.root))}"
    return f'python-version: "{DEFAULT_PYTHON}"'


def _indented(text: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}" for line in text.splitlines(keepends=True))


def _read(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{path} cannot be read: {error}") from None
