"""Values taken out of the text of an f-string that is SQL, and bound to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from guard.finding import Edit
from guard.fixing import layout
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.statement import Span

_PLAIN = lazy_re(r"[fF](\"\"\"|'''|\"|').*\1", re.DOTALL)
_PARAMETER = lazy_re(r":(\w+)")
_QUOTE_BEFORE, _QUOTE_AFTER = lazy_re(r"(?<!')'\Z"), lazy_re(r"'(?!')")
_JOINED_BEFORE, _JOINED_AFTER = lazy_re(r"[\w:\\]\Z"), lazy_re(r"[\w:]")
_LIST_BEFORE = lazy_re(r"\bIN\s*\(\s*\Z", re.IGNORECASE)
_WORD_BEFORE = lazy_re(r"(\w+)\s*\Z")
_BEFORE_A_VALUE = {"and", "between", "by", "else", "ilike", "in", "like", "limit", "not", "offset"}
_BEFORE_A_VALUE |= {"or", "regexp", "returning", "rlike", "select", "then", "when", "where"}
_TEXT = frozenset({"sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text"})


class _Parameters(msgspec.Struct, frozen=True):
    """The text of the SQL with names of parameters, and the code of each."""

    text: str
    codes: dict[str, str]

    @property
    def call(self) -> str:
        given = ", ".join(f"{name}={code}" for name, code in self.codes.items())
        return f".bindparams({given})"


def bound(codes: Sequence[str], span: Span, source: PythonSource) -> Iterator[Edit]:
    """Yield the edits that bind all these values; none where the SQL is not one plain f-string."""
    found = [
        (call, string)
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and call.args
        for string in call.args[:1]
        if isinstance(string, ast.JoinedStr)
        and (_within(source.span(string), span) or source.span(string) == span)
    ]
    if len(found) != 1:
        return
    call, string = found[0]
    parameters = _parameters(string, codes, source)
    if parameters is None:
        return
    called = _called(call, source)
    if called in _TEXT:
        yield Edit(source.span(string), parameters.text)
        end = source.span(call)
        point = Span(source.path, end.end_line, end.end_column, end.end_line, end.end_column)
        yield Edit(point, parameters.call)
    elif called == "alembic.op.execute" and layout.imports(source).get("sa") == "sqlalchemy":
        yield Edit(source.span(string), f"sa.text({parameters.text}){parameters.call}")


def _within(one: Span, other: Span) -> bool:
    first = (other.line, other.column) <= (one.line, one.column)
    return first and (one.end_line, one.end_column) <= (other.end_line, other.end_column)


def _called(call: ast.Call, source: PythonSource) -> str:
    first, dot, rest = ast.unparse(call.func).partition(".")
    return layout.imports(source).get(first, "") + dot + rest


def _parameters(
    string: ast.JoinedStr, codes: Sequence[str], source: PythonSource
) -> _Parameters | None:
    written = ast.get_source_segment(source.text, string) or ""
    plain = _PLAIN.fullmatch(written)
    if plain is None or "\\" in written or "{{" in written or "}}" in written:
        return None
    mark = plain[1]
    if mark in written[1 + len(mark) : -len(mark)]:
        return None  # several strings side by side
    parts: list[str] = []
    given: dict[str, str] = {}
    taken = {"self", *_PARAMETER.findall(written)}
    for value in string.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value))
            continue
        if not isinstance(value, ast.FormattedValue) or value.conversion != -1:
            return None
        code = ast.unparse(value.value)
        if value.format_spec is not None or code not in codes:
            return None
        name = _name(value.value, given, taken)
        given[name] = code
        parts.append(f":{name}")
    text = _without_quotes(parts, given)
    return _Parameters(f"{mark}{text}{mark}", given) if text is not None else None


def _name(value: ast.expr, given: dict[str, str], taken: Collection[str]) -> str:
    """Return the name of a value's parameter: none that the SQL has, or another value."""
    code = ast.unparse(value)
    name = {ast.Name: "id", ast.Attribute: "attr"}.get(type(value), "")
    wanted = str(getattr(value, name)) if name else "value"
    number = 1
    while wanted in taken or given.get(wanted, code) != code:
        number += 1
        wanted = f"{wanted.rstrip('0123456789')}{number}"
    return wanted


def _without_quotes(parts: list[str], given: dict[str, str]) -> str | None:
    """Return the text, each parameter without the quotes around it; None if it is not a value.

    It is none as a part of a literal (`'%{name}'`, `DATE '{day}'`, `'{data}'::jsonb`), and may be a
    list of them in `IN ({ids})`.
    """
    names = {f":{name}" for name in given}
    done = ""
    for number, part in enumerate(parts):
        if part not in names:
            done += part
            continue
        after = parts[number + 1] if number + 1 < len(parts) else ""
        if done.count("'") % 2:
            if not (_QUOTE_BEFORE.search(done) and _QUOTE_AFTER.match(after)):
                return None
            done, after = done[:-1], after[1:]
            parts[number + 1] = after
            if (word := _WORD_BEFORE.search(done)) and word[1].lower() not in _BEFORE_A_VALUE:
                return None
        elif _LIST_BEFORE.search(done) and after.lstrip().startswith(")"):
            return None
        if _JOINED_BEFORE.search(done) or _JOINED_AFTER.match(after):
            return None
        done += part
    return done
