"""The worker's run: the fence first, then env.py (or none), then the stairway of each database."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import json
import os
import re
import sys
import time
import traceback

from .channel import Channel, FatalError

OLDEST_ALEMBIC = (1, 9)
OLDEST_SQLALCHEMY = (1, 4)


def main(arguments: list[str]) -> None:
    """Answer one request: events until `done` or `fatal`.

    The argument, where a supervisor started this, is what the kernel's fence holds, as JSON.
    """
    gc.disable()  # until all is loaded: none of it goes before the end
    channel = Channel()
    request = channel.request()
    held = json.loads(arguments[0]) if arguments else []
    if not arguments:
        channel.end_with_guard(request["folder"])
    try:
        if "ask" in request:
            _ask_database(channel, request["ask"], request["url"])
        else:
            _check_versions()
            _show_stack(request.get("until"))
            run = importlib.import_module(f"{__package__}.environment").Run(channel, request, held)
            run.go()
    except FatalError as error:
        channel.send("fatal", text=str(error), remedy=error.remedy, **error.place)
    except BaseException as error:  # noqa: BLE001 (whatever it is, guard has to hear of it)
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
        print("".join(traceback.format_exc()), file=sys.stderr)
        channel.send("fatal", text=f"The round trip's own code failed: {text}.", remedy="")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that the project started do not hold guard up


def _show_stack(until: float | None) -> None:
    """Write down where the code stands, shortly before guard's patience is over."""
    if until is not None:
        left = until - time.time()
        faulthandler.dump_traceback_later(max(left - min(1.0, left / 4), 0.1), file=sys.stderr)


def _ask_database(channel: Channel, question: str, url: str) -> None:
    """Answer what the module of that name asks the database that the user named."""
    _check_versions("sqlalchemy")
    try:
        answer = getattr(importlib.import_module(f"{__package__}.{question}"), question)(url)
    except FatalError:
        raise
    except Exception as error:  # noqa: BLE001  (each driver has errors of its own)
        said = str(getattr(error, "orig", None) or error).strip()
        raise FatalError(f"it cannot be asked: {said}", "") from None
    channel.send("answer", answer=answer)


def _check_versions(*wanted: str) -> None:
    for name, oldest in (("sqlalchemy", OLDEST_SQLALCHEMY), ("alembic", OLDEST_ALEMBIC)):
        if wanted and name not in wanted:
            continue
        try:
            module = importlib.import_module(name)
            if getattr(module, "__file__", None) is None:  # a folder of that name on the path
                raise ImportError(f"No module named '{name}'")
        except ImportError as error:
            raise FatalError(
                f"{sys.executable} cannot import {name}: {error}.",
                "name the interpreter that has the project's packages: "
                "--python, or python = in [tool.guard]",
                lacking={"module": name},
            ) from None
        found = tuple(int(part) for part in re.findall(r"\d+", module.__version__)[:2])
        if found < oldest:
            raise FatalError(
                f"{sys.executable} has {name} {module.__version__}; the round trip needs "
                f"{'.'.join(map(str, oldest))} or later.",
                f"upgrade {name}, or leave the round trip out with --no-roundtrip",
            )
