"""What the source rules are told of a file; it is kept between runs."""

from __future__ import annotations

from collections.abc import Container

import msgspec

from guard.facts import (
    BlockingCall,
    BuiltSql,
    DatabaseLiteral,
    DestructiveCall,
    Fact,
    LazyLoad,
    LegacyUse,
    SourceFact,
    UnboundName,
    UnreadableSource,
    WrittenTable,
)
from guard.source.overridden_url import URL
from guard.statement import Span


class CodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one file, by what they are about."""

    legacy: tuple[LegacyUse, ...] = ()
    unbound: tuple[UnboundName, ...] = ()
    tables: tuple[WrittenTable, ...] = ()
    destructive: tuple[DestructiveCall, ...] = ()

    @property
    def all(self) -> tuple[SourceFact, ...]:
        """All of them, for the rules to judge."""
        return (*self.legacy, *self.unbound, *self.tables, *self.destructive)


class Waits(msgspec.Struct, frozen=True):
    """What the coroutines of a file do that waits for a database, or tries to."""

    calls: tuple[BlockingCall, ...] = ()
    lazy: tuple[LazyLoad, ...] = ()


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says about databases, SQL and models, or why it cannot be read."""

    literals: tuple[DatabaseLiteral, ...] = ()
    built: tuple[BuiltSql, ...] = ()
    code: CodeFacts = CodeFacts()
    waits: Waits = Waits()
    unreadable: UnreadableSource | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All of it, for the rules to judge."""
        unreadable = (self.unreadable,) if self.unreadable else ()
        return (
            *self.literals,
            *self.built,
            *self.code.all,
            *self.waits.calls,
            *self.waits.lazy,
            *unreadable,
        )

    def without_told(self, paths: Container[str]) -> SourceFile:
        """The file without the SQL that one of the paths writes and executes: it is told there."""
        built = tuple(one for one in self.built if one.elsewhere not in paths)
        return msgspec.structs.replace(self, built=built) if built != self.built else self

    @property
    def without_urls(self) -> SourceFile:
        """The file with its unused settings of a URL left out; a password stays one."""
        kept = (one for one in self.literals if one.has_password or not one.where.endswith(URL))
        return msgspec.structs.replace(self, literals=tuple(kept))


def unreadable(shown: str, detail: str, line: int = 1, needs: str = "") -> SourceFile:
    """Return a file that says nothing; `detail` begins with "it"."""
    fact = UnreadableSource(span=Span(shown, line), detail=detail, needs=needs)
    return SourceFile(unreadable=fact)
