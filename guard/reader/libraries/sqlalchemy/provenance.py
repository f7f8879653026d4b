"""The origins of the pieces of executed SQL, which the rule on built SQL judges."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import msgspec

from guard.patterns import lazy_re
from guard.reader.evaluate.run import Known, Run
from guard.reader.evaluate.state import BuiltText, Call
from guard.reader.evaluate.text import Part, Text
from guard.reader.evaluate.values import Construct, Value, unparse
from guard.sql import Hole, read_sql
from guard.statement import Piece

_STRING = lazy_re(r"'[^']*'")
_MARK = lazy_re(r"\?|%s|:\w+|%\(\w+\)s|\$\d+")
_PARAMETER = lazy_re(r"(?:(?<![:\w]):\w*|%\(\w*|(?<!\$)\$)\Z")
_DDL_WORDS = frozenset(
    {
        "existing_server_default",
        "mssql_where",
        "postgresql_using",
        "postgresql_where",
        "server_default",
        "server_onupdate",
        "sqlite_where",
    }
)
_DDL_MAKERS = frozenset(
    {
        "CheckConstraint",
        "Computed",
        "DefaultClause",
        "ExcludeConstraint",
        "Index",
        "create_check_constraint",
        "create_exclude_constraint",
        "create_index",
    }
)
_WHOLE_TOKEN = lazy_re(r"[\w.$\"`\[\]-]+")


def record_built(run: Run, text: Text, node: ast.AST, call: Call) -> tuple[Piece, ...]:
    """Keep text that was put together from pieces that are not literal; return those pieces.

    The pieces of a `text()` are told there, once, however often it is executed.
    """
    pieces = pieces_of(text, run.dialect)
    if pieces and _is_of_ddl(call.node, call.frame.module.tree):
        # Which takes no parameters.
        pieces = tuple(msgspec.structs.replace(piece, role="syntax") for piece in pieces)
    if pieces and text.how and text not in run.fragments:
        span = run.span_in_revision(node, call.frame)
        function = unparse(call.node.func)
        run.built.append(BuiltText(text, pieces, span, call.frame.module.path, function))
    return pieces


def _is_of_ddl(node: ast.Call, tree: ast.Module) -> bool:
    """Return whether the call is written as an argument of what becomes DDL: a default, a CHECK."""
    return any(
        child is node
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for argument in _ddl_arguments(call)
        for child in ast.walk(argument)
    )


def _ddl_arguments(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _DDL_MAKERS:
        yield from call.args
    for word in call.keywords:
        if word.arg in _DDL_WORDS or name in _DDL_MAKERS:
            yield word.value


def sql_maker(name: str) -> Known:
    """`sa.text(...)`, `sa.literal_column(...)`: a statement, or a fragment of one as it stands."""

    def make(run: Run, call: Call) -> Value:
        value = call.get(0, "text")
        if isinstance(value, Text) and record_built(run, value, call.node, call):
            run.fragments.add(value)
        return Construct(f"sqlalchemy.{name}", call.args, call.kwargs, call.node)

    return make


def pieces_of(text: Text, dialect: str | None) -> tuple[Piece, ...]:
    """Return the pieces of the text that are not literal, each with its role in the SQL."""
    if all(part.origin == "literal" for part in text.parts):
        return ()
    marked = ""
    holes: list[Hole] = []
    found: list[tuple[Part, int | None, bool]] = []  # with its hole's number; whether in quotes
    for part in text.parts:
        written = part.text
        if part.origin != "literal" and written and not _names_parameter(part, marked):
            quoted = _in_quotes(marked) or "'" in (part.text if not part.hole else "")
            if _is_clause(part, marked):
                found.append((part, None, False))
            else:
                found.append((part, len(holes), quoted))
                written = "{" + part.code + "}"
                holes.append(Hole(len(marked), len(marked) + len(written), part.code))
        marked += written
    roles = read_sql(marked, dialect, tuple(holes)).roles if holes else ()
    pieces = (
        Piece(
            origin=part.origin,
            code=part.code,
            role="syntax" if number is None else roles[number],
            quoted=quoted and number is not None and roles[number] == "value",
            inspected=part.inspected,
        )
        for part, number, quoted in found
    )
    return tuple(dict.fromkeys(pieces))


def _names_parameter(part: Part, before: str) -> bool:
    """Return whether it is a parameter's mark, or in its name (`:tag_{index}`): harmless there."""
    if part.origin == "outside":
        return False
    mark = not part.hole and _MARK.fullmatch(part.text) is not None
    return mark or _PARAMETER.search(before) is not None


def _is_clause(part: Part, before: str) -> bool:
    """Whether it is SQL from a constant, joined to SQL: more than a token, and not quoted."""
    if part.hole or _in_quotes(before) or _STRING.fullmatch(part.text):
        return False
    return not _WHOLE_TOKEN.fullmatch(part.text.strip("'"))


def _in_quotes(before: str) -> bool:
    return before.count("'") % 2 == 1
