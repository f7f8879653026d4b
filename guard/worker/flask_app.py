"""Flask-Migrate: its env.py asks for `current_app`, so it runs in a context of the application.

The application is found as the `flask` command finds it; where that needs FLASK_APP and nobody
set it, the only module that makes an application is taken.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.config import Config

from .causes import headline, lacking, place_outside_libraries
from .channel import FatalError

_MAKES_AN_APPLICATION = re.compile(
    r"^\w+\s*=\s*(?:\w+\.)?Flask\(|^def (?:create_app|make_app)\(", re.MULTILINE
)
_VARIABLE = re.compile(r"""^\s*(?:export\s+)?FLASK_APP\s*=\s*["']?([^"'\s#]+)""", re.MULTILINE)
_REMEDY = """say which it is, in pyproject.toml (as the flask command takes it):
[tool.guard.env-vars]
FLASK_APP = "package:create_app\""""


def is_wanted(env: Path) -> bool:
    """Return whether this env.py looks for the current application and makes no context itself."""
    text = env.read_text(encoding="utf-8", errors="replace") if env.is_file() else ""
    return bool(re.search(r"\bcurrent_app\b", text)) and "app_context" not in text


def load(migrations: Path, root: Path, config: Config) -> Any:
    """Return the application, loaded from its own folder, with its settings for Alembic applied.

    Raises FatalError with the lines to add where it cannot be found or made.
    """
    folder, name = _find(migrations, root)
    os.chdir(folder)
    try:
        cli = importlib.import_module("flask.cli")
        cli.load_dotenv()
        application = cli.ScriptInfo(name or os.environ.get("FLASK_APP")).load_app()
    except BaseException as error:
        inner = error.__context__  # Flask puts the whole traceback of an ImportError in its words
        lacks = {} if "FLASK_APP" in str(error) else lacking(error)
        words = headline(inner if isinstance(inner, ImportError) else error)
        raise FatalError(
            f"env.py needs the Flask application, and it cannot be loaded in {folder}: {words}.",
            _REMEDY,
            lacking=lacks,
            **place_outside_libraries(error),
        ) from error
    migrate = getattr(application.extensions.get("migrate"), "migrate", None)
    if migrate is not None:
        migrate.call_configure_callbacks(config)
    return application


def _find(migrations: Path, root: Path) -> tuple[Path, str | None]:
    """Return the folder to load the application in, and its name where the folder told it."""
    folders = [migrations.parent, *migrations.parent.parents]
    folders = [folder for folder in folders if folder == root or root in folder.parents] or [root]
    for folder in folders:
        named = os.environ.get("FLASK_APP") or _written(folder)
        if named and _stands_in(folder, named):
            return folder, named
        if not named and any(_stands_in(folder, usual) for usual in ("wsgi", "app")):
            return folder, None
    if os.environ.get("FLASK_APP"):
        return root, None  # an installed module
    for folder in folders:
        makers = [name for name, file in _modules(folder) if _makes_one(file)]
        if len(makers) == 1:
            return folder, makers[0]
    return root, None


def _written(folder: Path) -> str | None:
    """Return what the .flaskenv or .env of a folder calls the application."""
    for file in (folder / ".flaskenv", folder / ".env"):
        found = file.is_file() and _VARIABLE.search(file.read_text("utf-8", "replace"))
        if found:
            return found[1]
    return None


def _stands_in(folder: Path, name: str) -> bool:
    module = re.split(r":(?![\\/])", name)[0]
    path = folder / module.replace(".", "/")
    return (folder / module).is_file() or path.is_dir() or path.with_suffix(".py").is_file()


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.glob("*.py")):
        yield file.stem, file
    for file in sorted(folder.glob("*/__init__.py")):
        yield file.parent.name, file


def _makes_one(file: Path) -> bool:
    return bool(_MAKES_AN_APPLICATION.search(file.read_text(encoding="utf-8", errors="replace")))
