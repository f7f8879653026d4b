"""What a rule wants a statement to become, as edits of its file: all of it, or nothing."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from guard.finding import Edit
from guard.fixing import layout
from guard.fixing.bound import bound
from guard.fixing.layout import Place
from guard.patterns import lazy_re
from guard.python_source import PythonSource
from guard.rewrite import (
    AfterBatch,
    Afterwards,
    Argument,
    Assigned,
    Before,
    Bound,
    Change,
    First,
    Instead,
    Last,
    Outside,
    Rewrite,
)
from guard.statement import Direction, Span

_PLAIN_STRING = lazy_re(r"(?<![\w'\"])'([^'\"\\\n]*)'(?![\w'\"])")
_MODULES = {"op": "alembic.op", "sa": "sqlalchemy", "postgresql": "sqlalchemy.dialects.postgresql"}
_IMPORTS = {
    "sa": "import sqlalchemy as sa",
    "postgresql": "from sqlalchemy.dialects import postgresql",
}


def edits_of(rewrite: Rewrite, span: Span, sources: Mapping[str, PythonSource]) -> tuple[Edit, ...]:
    """Return the edits for what stands at the span; none where they would not be certain.

    `sources` are the files by path. A revision that follows is none of the edits. Raises
    SourceError where a file is no Python.
    """
    done: list[Edit] = []
    for change in rewrite:
        path = change.path if isinstance(change, Assigned) else span.path
        source = sources.get(path)
        made = list(_edits(_as_quoted(change, source), span, source, rewrite)) if source else []
        if isinstance(change, Afterwards) or (source and _is_needless(change, source)):
            continue
        lacking = _lacking("".join(edit.text for edit in made), source) if made and source else None
        if lacking is None or (source and any(layout.has_comment(source, e.span) for e in made)):
            return ()
        done += [*lacking, *made]
    return tuple(dict.fromkeys(done))


def _as_quoted(change: Change, source: PythonSource) -> Change:
    """Return the change with its strings in the quotes that most strings of the file have."""
    code = getattr(change, "code", None)
    text = source.text.replace('"' * 3, "")
    if code is None or text.count('"') <= text.count("'"):
        return change
    return replace(change, code=_PLAIN_STRING.sub(r'"\1"', code))


def _edits(change: Change, span: Span, source: PythonSource, rewrite: Rewrite) -> Iterator[Edit]:
    match change:
        case Afterwards():
            return
        case First(code=code, direction=direction):
            yield from _at_the_start(code, direction, source)
            return
        case Last(code=code, direction=direction):
            yield from _at_the_end(code, direction, source)
            return
        case Bound(codes=codes):
            yield from bound(codes, span, source)
            return
        case Assigned():
            yield from _assigned(change, source)
            return
    place = layout.find_place(source, span)
    if place is None:
        return
    match change:
        case Argument():
            further_in = any(isinstance(other, Outside) for other in rewrite)
            yield from _argument(change, place, source, further_in)
        case Outside():
            yield from _outside(place, source)
        case Instead():
            yield from _instead(change, place, source)
        case AfterBatch(code=code):
            yield from _after_batch(code, place, source)
        case Before(code=code):
            first = place.batch or place.statement
            if layout.stands_alone(source, first):
                yield _inserted(source, first, _indented(code, first, source, last=True))


def _lacking(code: str, source: PythonSource) -> list[Edit] | None:
    """Return the imports that the code needs besides; None where a name means something else."""
    known = layout.imports(source)
    used = [name for name in _MODULES if re.search(rf"(?<![\w.]){name}\.", code)]
    lines = [_IMPORTS.get(name, "") for name in used if name not in known]
    if any(known.get(name, _MODULES[name]) != _MODULES[name] for name in used) or "" in lines:
        return None
    last = layout.last_import(source)
    if not lines:
        return []
    if last is None:
        return None
    at = source.span(last)
    end = len(source.lines[at.end_line - 1].rstrip("\n")) + 1
    return [Edit(_point(source, at.end_line, end), f"\n{line}") for line in lines]


def _instead(change: Instead, place: Place, source: PythonSource) -> Iterator[Edit]:
    node, code = place.statement, change.code
    if not layout.stands_alone(source, node):
        return
    if change.outside and not place.in_autocommit_block:
        if place.batch or place.op is None:
            return
        code = f"{_block(place.op)}\n{textwrap.indent(code, '    ')}"
    yield Edit(source.span(node), _indented(code, node, source))


def _block(op: str) -> str:
    return f"with {op}.get_context().autocommit_block():"


def _argument(
    change: Argument, place: Place, source: PythonSource, further_in: bool
) -> Iterator[Edit]:
    call, code = place.call, change.code
    if any(word.arg is None for word in call.keywords):
        return
    given = next((word.value for word in call.keywords if word.arg == change.name), None)
    if given is None and 0 <= change.position < len(call.args):
        if any(isinstance(one, ast.Starred) for one in call.args):
            return
        given = call.args[change.position]
    if given is not None:
        yield Edit(source.span(given), code)
    elif call.args or call.keywords:
        step = _step(source, place) if further_in else ""
        yield from _added(f"{change.name}={code}", call, source, step)


def _added(argument: str, call: ast.Call, source: PythonSource, step: str) -> Iterator[Edit]:
    """Yield the edits that give the call one more argument, in its own layout."""
    last = layout.last_argument(call, source)
    line, column = last.end
    if not last.by_line:
        yield Edit(_point(source, line, column), f", {argument}")
        return
    first = source.lines[last.line - 1]
    own = f"\n{step}{first[: len(first) - len(first.lstrip())]}{argument}"
    if not last.commented:
        yield Edit(_point(source, line, column), f",{own}")
        return
    if not last.comma:
        yield Edit(_point(source, line, column), ",")
    end = len(source.lines[line - 1].rstrip("\n")) + 1
    yield Edit(_point(source, line, end), f"{own},")


def _outside(place: Place, source: PythonSource) -> Iterator[Edit]:
    """Put the statement into an autocommit block, and move its lines in by one level."""
    blanks = layout.indentation(source, place.statement)
    if place.batch or place.in_autocommit_block or place.op is None or blanks is None:
        return
    if not layout.stands_alone(source, place.statement):
        return
    step = _step(source, place)
    line = f"{_block(place.op)}\n{blanks}{step}"
    span = source.span(place.statement)
    yield Edit(_point(source, span.line, span.column), line)
    text = layout.lines_of_text(place.statement)
    for number in range(span.line + 1, span.end_line + 1):
        if number not in text and source.lines[number - 1].strip():
            yield Edit(_point(source, number, 1), step)


def _after_batch(code: str, place: Place, source: PythonSource) -> Iterator[Edit]:
    """Move what the statement does behind its batch, which goes if it did nothing else."""
    batch, node = place.batch, place.statement
    if not isinstance(batch, ast.With) or node not in batch.body or place.in_autocommit_block:
        return
    op = layout.opened_by(batch)
    if op is None or not all(layout.stands_alone(source, one) for one in (batch, node)):
        return
    code = f"{_block(op)}\n{textwrap.indent(code.replace('op.', f'{op}.', 1), '    ')}"
    if len(batch.body) == 1:
        yield Edit(source.span(batch), _indented(code, batch, source))
        return
    span, whole = source.span(node), source.span(batch)
    before, here, end = (
        len(source.lines[number - 1].rstrip("\n")) + 1
        for number in (span.line - 1, span.end_line, whole.end_line)
    )
    yield Edit(Span(source.path, span.line - 1, before, span.end_line, here), "")
    blanks = layout.indentation(source, batch) or ""
    text = f"\n{blanks}{_indented(code, batch, source)}"
    yield Edit(_point(source, whole.end_line, end), text)


def _step(source: PythonSource, place: Place) -> str:
    """Return the blanks of one level."""
    blanks = layout.indentation(source, place.statement) or ""
    return "\t" if blanks.endswith("\t") else "    "


def _is_needless(change: Change, source: PythonSource) -> bool:
    """Return whether the lines would begin a function that raises whatever it does."""
    function = layout.find_function(source, change.direction) if isinstance(change, First) else None
    return function is not None and isinstance(function.body[-1], ast.Raise)


def _at_the_start(code: str, direction: Direction, source: PythonSource) -> Iterator[Edit]:
    function = layout.find_function(source, direction)
    body = function.body if function else []
    told = function is not None and ast.get_docstring(function, clean=False) is not None
    lines = body[1:] if told else body
    if not lines or layout.does_nothing(lines[0]):
        yield from _at_the_end(code, direction, source)
    elif layout.stands_alone(source, lines[0]):
        yield _inserted(source, lines[0], _indented(code, lines[0], source, last=True))


def _at_the_end(code: str, direction: Direction, source: PythonSource) -> Iterator[Edit]:
    function = layout.find_function(source, direction)
    if function is None:
        yield from _new_function(code, direction, source)
        return
    last = function.body[-1]
    if isinstance(last, (ast.Return, ast.Raise)) or not layout.stands_alone(source, last):
        return
    indented = _indented(code, last, source)
    if layout.does_nothing(last):
        yield Edit(source.span(last), indented)
    else:
        blanks = layout.indentation(source, last) or ""
        span = source.span(last)
        end = len(source.lines[span.end_line - 1].rstrip("\n")) + 1
        yield Edit(_point(source, span.end_line, end), f"\n{blanks}{indented}")


def _new_function(code: str, direction: Direction, source: PythonSource) -> Iterator[Edit]:
    opposite = layout.find_function(source, "upgrade" if direction == "downgrade" else "downgrade")
    if layout.has_function(source, direction) or opposite is None:
        return
    if opposite.decorator_list or ast.unparse(opposite.args):
        return  # what calls or wraps it expects as much of the other one
    returns = f" -> {ast.unparse(opposite.returns)}" if opposite.returns else ""
    body = textwrap.indent(code, layout.indentation(source, opposite.body[0]) or "    ")
    last = source.lines[-1].rstrip("\n")
    text = f"\n\ndef {direction}(){returns}:\n{body}\n"
    at = _point(source, len(source.lines), len(last) + 1)
    yield Edit(at, f"\n{text}" if last else text)


def _assigned(change: Assigned, source: PythonSource) -> Iterator[Edit]:
    """Give the name its value, also where the docstring of Alembic's template repeats it."""
    found = [node for node in source.tree.body if _assigns(node, change.name)]
    value = getattr(found[0], "value", None) if len(found) == 1 else None
    if not isinstance(value, ast.Constant):
        return
    yield Edit(source.span(value), change.code)
    if change.name != "down_revision" or not isinstance(value.value, str):
        return
    told = re.compile(rf"Revises: *({re.escape(value.value)})[ \t]*\n")
    for number, line in enumerate(source.lines[: value.lineno], 1):
        if match := told.fullmatch(line):
            at = Span(source.path, number, match.start(1) + 1, number, match.end(1) + 1)
            yield Edit(at, str(ast.literal_eval(change.code)))


def _assigns(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return any(isinstance(one, ast.Name) and one.id == name for one in targets)


def _inserted(source: PythonSource, node: ast.stmt, text: str) -> Edit:
    """Return the edit that puts the text before a statement and the comment above it."""
    line, blanks = source.span(node).line, layout.indentation(source, node) or ""
    while layout.is_comment(source.lines[line - 2], blanks):
        line -= 1
    return Edit(_point(source, line, len(blanks) + 1), text)


def _indented(code: str, node: ast.stmt, source: PythonSource, *, last: bool = False) -> str:
    """Return the lines as they stand in the node's place, the first without its blanks."""
    blanks = layout.indentation(source, node) or ""
    lines = textwrap.indent(code.strip("\n"), blanks).removeprefix(blanks)
    return f"{lines}\n{blanks}" if last else lines


def _point(source: PythonSource, line: int, column: int) -> Span:
    return Span(source.path, line, column, line, column)
