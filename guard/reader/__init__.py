"""Reads what code does to a database, without running it.

The interpreter behind it is imported when the first file is read: a run that finds everything in
its cache does without.
"""

from __future__ import annotations

import re

from guard.facts import BuiltSql
from guard.reader.modules import Module, Resolver
from guard.reader.result import ParsedRevision, Steps

_EXECUTES = re.compile(r"\b(execute\w*|exec_driver_sql|exec|scalars?|text|read_sql\w*|DDL)\s*\(")


def read_revision(
    module: Module, resolver: Resolver, revision: str | None, dialect: str | None
) -> ParsedRevision:
    """Return what the parsed file does. `dialect` None: for every dialect that it asks about."""
    from guard.reader import revision as reader

    return reader.read_revision(module, resolver, revision, dialect)


def read_source(module: Module, resolver: Resolver) -> tuple[BuiltSql, ...]:
    """Return the SQL that the module, which is no revision, puts together and executes."""
    if not executes(module.lines):
        return ()
    from guard.reader import built_sql as reader

    return reader.read_source(module, resolver)


def executes(lines: list[str]) -> bool:
    """Return whether a name in the code is one that executes SQL."""
    return bool(_EXECUTES.search("".join(lines)))


__all__ = ["ParsedRevision", "Steps", "executes", "read_revision", "read_source"]
