"""Python source as text and tree, however it is encoded or broken."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings

SAVE_AS_UTF_8 = (
    "save it as UTF-8, or name its encoding in the first line (# -*- coding: latin-1 -*-)"
)


class SourceError(Exception):
    """A file that is no readable Python: the message says why, `line` where."""

    def __init__(self, message: str, line: int = 1):
        super().__init__(message)
        self.line = line


def decode_source(data: bytes) -> str:
    """Return Python source as text, its newlines made `\\n`, by its BOM or coding comment.

    Raises SyntaxError for an unknown or contradictory encoding, UnicodeDecodeError for bytes that
    are none of it.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def parse_source(text: str) -> ast.Module:
    """Return the tree; raise SyntaxError for anything that is not Python, however it is broken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is the linter's affair, not ours
            return ast.parse(text)
    except (RecursionError, MemoryError):
        raise SyntaxError("nested too deeply to be read") from None
    except ValueError as error:  # NUL bytes, lone surrogates
        raise SyntaxError(str(error)) from None


def decode(data: bytes) -> str:
    """Return the text of a Python source file (PEP 263, BOM); raise SourceError."""
    if b"\0" in data:
        raise SourceError("it holds NUL bytes: this is a binary file")
    try:
        return decode_source(data)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SourceError(f"it cannot be decoded ({error}): {SAVE_AS_UTF_8}") from None
