"""Starts newer interpreters and has them parse what ours cannot: each one once, for all files."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from guard.newer_python.constructs import Version
from guard.newer_python.places import find_newer
from guard.newer_python.rebuild import UnknownTreeError, rebuild

PROGRAM = Path(__file__).with_name("dump.py")
SECONDS = 20  # for one file


class Rejection(msgspec.Struct, frozen=True):
    """The newest Python that was asked, and why it did not parse the text."""

    version: Version
    message: str
    line: int


class NewerPythons:
    """The interpreters at hand, at first those that `first` names; each starts when asked.

    They run without the project's packages and settings, and are told a text, never a file.
    """

    def __init__(self, first: Callable[[], Sequence[str]] = tuple) -> None:
        self._first = first
        self._started: dict[tuple[int, str], _Child] = {}

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """Their paths, in the order in which they are asked."""
        return tuple(dict.fromkeys((*self._first(), *find_newer())))

    def parse(self, text: str) -> ast.Module | Rejection | None:
        """Return the tree of a text that our own Python rejects; None where no other can tell."""
        rejected: list[Rejection] = []
        for child in self._children():
            answer = child.parse(text)
            if isinstance(answer, ast.Module):
                return answer
            if answer is not None:
                rejected.append(answer)
        return max(rejected, key=lambda one: one.version, default=None)

    def _children(self) -> Iterator[_Child]:
        """Those that really are newer; a process that was forked off ours has its own."""
        for program in self.programs:
            key = (os.getpid(), program)
            if key not in self._started:
                self._started[key] = _Child(program)
            if self._started[key].version > sys.version_info[:2]:
                yield self._started[key]


class _Child:
    """An interpreter at work. One that does not start, or is too slow, knows no answers."""

    def __init__(self, program: str) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603
                [program, "-I", "-S", "-E", "-B", str(PROGRAM)],
                cwd=PROGRAM.parent,  # where no file of the project chooses a version
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            weakref.finalize(self, _end, self._process, os.getpid())
        told = self._answer().get("version")
        self.version: Version = (told[0], told[1]) if isinstance(told, list) else (0, 0)

    def parse(self, text: str) -> ast.Module | Rejection | None:
        """Return the tree of the text, or why it has none; None where that was not told."""
        answer = self._answer(json.dumps(text))
        try:
            if "nodes" in answer:
                return rebuild(answer["nodes"])
            return Rejection(self.version, answer["error"], answer["line"])
        except (UnknownTreeError, KeyError):
            return None

    def _answer(self, line: str = "") -> dict[str, Any]:
        """Return what it says next, to that line if there is one; nothing if it says no more."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return {}
        clock = threading.Timer(SECONDS, process.kill)
        clock.start()
        try:
            if line:
                process.stdin.write(line.encode() + b"\n")
                process.stdin.flush()
            told = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            return {}
        finally:
            clock.cancel()
            clock.join()
        return told if isinstance(told, dict) else {}


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        process.kill()
        process.communicate()
