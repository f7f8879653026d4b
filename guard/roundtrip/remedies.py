"""What to do when the project's environment cannot run: lines that can be copied, and that work."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from guard.paths import relative
from guard.patterns import lazy_re
from guard.roundtrip.interpreter import Interpreter

OLDEST = (3, 9)
LIBRARIES = ("alembic", "sqlalchemy")  # whatever folder of the project has such a name
LOGGING = """[loggers]
keys = root
[handlers]
keys =
[formatters]
keys =
[logger_root]
handlers ="""
# What a URL is put together from, by the end of the variable's name.
_PARTS = {
    "localhost": lazy_re(r".*(?:^|_)(?:HOST|HOSTNAME|SERVER)"),
    "user": lazy_re(r".*(?:^|_)(?:USER|USERNAME)"),
    "password": lazy_re(r".*(?:^|_)(?:PASSWORD|PASSWD|PASS|PWD)"),
}
_PORT = lazy_re(r".*(?:^|_)PORT")
_NAME = lazy_re(
    r".*(?:^|_)(?:DB|DATABASE)_?NAME|(?:POSTGRES(?:QL)?|PG|MYSQL|MARIADB)_?(?:DB|DATABASE)"
)
_OF_A_DATABASE = lazy_re(r"URL|URI|DSN|DATABASE|(?:^|_)DB(?:_|$)")


def remedy_for(
    lacking: dict[str, Any],
    interpreter: Interpreter,
    config_path: Path,
    root: Path,
    scheme: str = "postgresql",
) -> str:
    """Return what to do about what the project was `lacking` (a module, settings); "" for nothing.

    `config_path` is its alembic.ini or pyproject.toml, `scheme` how its URLs begin.
    """
    if module := lacking.get("module"):
        name = module.partition(".")[0]
        if file := lacking.get("file"):
            return _other_module(module, Path(file), root)
        own = None if name in LIBRARIES else _folder_of(name, config_path.parent, root)
        if own is not None:
            return _put_on_the_path(own, config_path)
        return (
            f"install {name} there, or name the interpreter that has it: "
            f'python = ".venv/bin/python" in [tool.guard]. guard ran {interpreter.path} '
            f"({interpreter.chosen})"
        )
    if lacking.get("logging"):
        return (
            f"env.py gives {config_path.name} to logging.config.fileConfig, which wants these "
            f"sections in it:\n{LOGGING}"
        )
    if settings := lacking.get("settings"):
        lines = "\n".join(f'{name} = "{example_of(name, scheme)}"' for name in settings)
        return (
            "set what it needs (any value of the right form does: no engine leaves the scratch "
            'database), or let guard configure Alembic itself with env = "none". In '
            f"pyproject.toml:\n[tool.guard.env-vars]\n{lines}"
        )
    return ""


def withheld_remedy(names: list[str], scheme: str = "postgresql") -> str:
    """Return what to do about variables that look like secrets and were not handed on."""
    lines = "\n".join(f'{name} = "{example_of(name, scheme)}"' for name in names)
    look = "looks like a secret" if len(names) == 1 else "look like secrets"
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"{', '.join(names)} {look}, which guard withholds from the project's code. "
        "Set another value for the round trip, in pyproject.toml:\n"
        f"[tool.guard.env-vars]\n{lines}\n"
        f"or hand the real one on: pass-env = [{listed}] in [tool.guard]"
    )


def too_old(interpreter: Interpreter) -> str | None:
    """Return one sentence where the interpreter is older than the round trip needs."""
    ask = [interpreter.path, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = tuple(int(part) for part in re.findall(r"\d+", answer.stdout))
    if not version or version >= OLDEST:
        return None
    return (
        f"{interpreter.path} ({interpreter.chosen}) is Python {answer.stdout.strip()}, and the "
        f"round trip needs {OLDEST[0]}.{OLDEST[1]} or later: name another with python = in "
        "[tool.guard], or leave the round trip out with --no-roundtrip"
    )


def _other_module(module: str, file: Path, root: Path) -> str:
    """Return what to do where `file` is imported as the package that `module` should be in."""
    package = module.rpartition(".")[0]
    if file.is_relative_to(root) and not {"site-packages", "dist-packages"} & {*file.parts}:
        return (
            f"{relative(file, root)} is imported as {package}, and has no {module}: rename it if "
            "it hides an installed package of that name, else correct the import"
        )
    return (
        f"{package} is imported from {file}, which has no {module}: install the package, or the "
        "version of it, that has"
    )


def _folder_of(module: str, start: Path, root: Path) -> Path | None:
    """Return the folder of the project that `module` is imported from, the nearest to `start`."""
    above = [folder for folder in (start, *start.parents) if folder.is_relative_to(root)]
    for folder in above or [start]:
        for place in (folder, folder / "src"):
            if (place / f"{module}.py").is_file() or (place / module).is_dir():
                return place
    return None


def _put_on_the_path(folder: Path, config_path: Path) -> str:
    relative = os.path.relpath(folder, config_path.parent).replace(os.sep, "/")
    here = "%(here)s" if relative == "." else f"%(here)s/{relative}"
    if config_path.suffix == ".toml":
        return f'put the project on the path: prepend_sys_path = ["{here}"] under [tool.alembic]'
    if " " in str(config_path.parent):  # at which an ini file's list would be split
        here = relative
    return (
        f"put the project on the path: prepend_sys_path = {here} in the [alembic] section of "
        f"{config_path.name}"
    )


def example_of(name: str, scheme: str) -> str:
    """Return a value for a variable; two databases must not be one."""
    for value, pattern in _PARTS.items():
        if pattern.fullmatch(name):
            return value
    if _PORT.fullmatch(name):
        return "3306" if scheme.startswith(("mysql", "mariadb")) else "5432"
    if _NAME.fullmatch(name):
        return name.lower()
    if not _OF_A_DATABASE.search(name):
        return "..."
    if scheme.startswith("sqlite"):
        return f"{scheme}:///{name.lower()}.db"
    return f"{scheme}://localhost/{name.lower()}"
