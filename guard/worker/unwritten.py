"""What a project writes on the side is left out with a note: its log files, its empty folders.

No migration depends on them, and so many projects make them that a refusal would stop the run.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
from typing import Any

from .fence import RefusedError


def install() -> None:
    """Send log files outside of the scratch folder nowhere, and make no folders there."""
    make, open_file = os.mkdir, logging.FileHandler._open

    def mkdir(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        with contextlib.suppress(RefusedError):
            make(path, mode, dir_fd=dir_fd)

    def open_or_not(handler: logging.FileHandler) -> Any:
        try:
            return open_file(handler)
        except RefusedError:
            return open(os.devnull, handler.mode, encoding=handler.encoding)

    os.mkdir = mkdir
    logging.FileHandler._open = open_or_not  # type: ignore[assignment, method-assign]
    accessor = getattr(pathlib, "_NormalAccessor", None)  # it keeps its own, before Python 3.11
    if accessor is not None:
        accessor.mkdir = staticmethod(mkdir)
