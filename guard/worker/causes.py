"""What the project lacked when its environment could not run: a module, a setting."""

from __future__ import annotations

import logging
import os
import re
import sys
import sysconfig
import traceback
from typing import Any

from .failure import describe

_CONFIG_OF_LOGGING = os.path.join(os.path.dirname(logging.__file__), "config.py")
_NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_READ = re.compile(r"""(?:environ(?:\.get\()?[\[(]?|getenv\()\s*["'](\w+)["']""")


def headline(error: BaseException) -> str:
    """Return an exception's words in one line; of a settings class, the first missing field."""
    lines = [line.strip() for line in describe(error).splitlines() if line.strip()]
    if type(error).__name__ != "ValidationError":
        return "; ".join(lines[:4])
    return ": ".join(re.sub(r"\s*\[type=.*", "", line) for line in lines[:3])


def lacking(error: BaseException) -> dict[str, Any]:
    """Return the `module` or the `settings` (names of variables) that it is about, if any.

    `logging`: the ini file has nothing for logging.config to read.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    for one in chain:
        if isinstance(one, ModuleNotFoundError) and one.name:
            return {"module": one.name, **_imported(one.name)}
    if any(isinstance(one, KeyError) and _raised_in(one, _CONFIG_OF_LOGGING) for one in chain):
        return {"logging": True}
    for one in chain:
        settings = [name for name in _settings(one) if name not in os.environ]
        if settings:
            return {"settings": list(dict.fromkeys(settings))}
    return {}


def _imported(module: str) -> dict[str, str]:
    """Return the `file` of the package that lacks the module, where that one was imported."""
    package = sys.modules.get(module.rpartition(".")[0])
    file = getattr(package, "__file__", None)
    return {"file": file} if file else {}


def _raised_in(error: BaseException, path: str) -> bool:
    return any(frame.filename == path for frame in traceback.extract_tb(error.__traceback__))


def _settings(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, KeyError) and frames and frames[-1].name == "__getitem__":
        own = frames[-1].filename in (os.__file__, "<frozen os>")
        return [str(error.args[0])] if own else []
    if hasattr(error, "errors") and type(error).__name__ == "ValidationError":
        return _fields(error)
    if str(error).endswith("None") or "got None" in str(error) or "NoneType" in str(error):
        return _READ.findall("\n".join(frame.line or "" for frame in frames))
    return _NAME.findall(str(error))


def _fields(error: Any) -> list[str]:
    """Return the variables of the fields that pydantic misses, with their class's prefix."""
    prefix = ""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for value in frame.f_locals.values():
            config = getattr(type(value), "model_config", None) or {}
            if isinstance(config, dict):
                prefix = config.get("env_prefix") or prefix
    missing = [one for one in error.errors() if "missing" in str(one.get("type"))]
    return [(prefix + str(one["loc"][0])).upper() for one in missing if one.get("loc")]


def place_outside_libraries(error: BaseException) -> dict[str, Any]:
    """Return the last line of the project that the error came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return {"path": error.filename, "line": error.lineno or 1}
    inner = (os.path.dirname(os.path.abspath(__file__)), sysconfig.get_paths()["stdlib"])
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = os.path.abspath(frame.filename)
        installed = "site-packages" in path or "dist-packages" in path
        if os.path.isfile(path) and not installed and not path.startswith(inner):
            return {"path": path, "line": frame.lineno}
    return {}
