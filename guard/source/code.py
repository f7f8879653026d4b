"""What the code of a file says to the rules on models and queries, told by provenance."""

from __future__ import annotations

from guard.patterns import lazy_re
from guard.reader.modules import Module, Resolver
from guard.source.database_literals import is_test
from guard.source.destructive_calls import find_destructive, may_destroy
from guard.source.legacy import find_legacy, may_be_legacy
from guard.source.provenance import Provenance
from guard.source.source_file import CodeFacts
from guard.source.unbound_names import find_unbound
from guard.source.written_tables import find_tables

# What a model is written with; a file without any of it defines none.
_MODEL = lazy_re(r"__tablename__|\b(Column|mapped_column|Table|Mapped|SQLModel)\b")


def read_code(module: Module, resolver: Resolver) -> CodeFacts:
    """Return the facts of the parsed file; the project's own code is followed."""
    text, source = module.source.text, module.source
    model = bool(_MODEL.search(text))
    legacy = may_be_legacy(text)
    destroys = may_destroy(text) and not is_test(source.path)
    if not (model or legacy or destroys):
        return CodeFacts()
    where = Provenance(module, resolver)
    return CodeFacts(
        legacy=find_legacy(source, where) if legacy else (),
        unbound=tuple(find_unbound(source, where)) if model else (),
        tables=tuple(find_tables(source, where)) if model else (),
        destructive=tuple(find_destructive(source, where)) if destroys else (),
    )
