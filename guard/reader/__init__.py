"""Reads the operations of code on a database, without running it.

The interpreter behind it is imported when the first file is read: a run that finds everything in
its cache does without.
"""

from __future__ import annotations

from guard.facts import BuiltSql
from guard.reader.libraries import executes
from guard.reader.modules import Module, Resolver
from guard.reader.result import EnvPy, ParsedRevision
from guard.reader.sql_text import may_hold_sql


def read_revision(
    module: Module, resolver: Resolver, revision: str | None, dialect: str | None
) -> ParsedRevision:
    """Return the operations of the file. `dialect` None: for every dialect that it asks about."""
    from guard.reader import revision as reader

    return reader.read_revision(module, resolver, revision, dialect)


def read_env_py(module: Module, resolver: Resolver, dialect: str | None) -> EnvPy:
    """Return what the env.py does, and how it has revisions run."""
    from guard.reader import env_py as reader

    return reader.read_env_py(module, resolver, dialect)


def read_source(module: Module, resolver: Resolver) -> tuple[BuiltSql, ...]:
    """Return the SQL that the module, which is no revision, puts together and executes."""
    if not executes(module.lines) and not may_hold_sql(module.source.text):
        return ()
    from guard.reader import built_sql as reader

    return reader.read_source(module, resolver)


__all__ = ["EnvPy", "ParsedRevision", "executes", "read_env_py", "read_revision", "read_source"]
