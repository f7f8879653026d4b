"""Values as policies compare them: a date is the same however it is written."""

from __future__ import annotations

import ast
import datetime
from decimal import Decimal, InvalidOperation

import msgspec

_DATES = {"date", "datetime", "Timestamp", "fromisoformat", "strptime", "parse", "to_datetime"}

_UNITS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class PolicyValue(msgspec.Struct, frozen=True):
    """A date (ISO, without a midnight), number, truth or text; `kind` tells which."""

    kind: str
    text: str

    @property
    def is_distinctive(self) -> bool:
        """Whether the value alone tells that it is this policy's: a small number does not."""
        return self.kind == "date" or (self.kind == "text" and len(self.text) >= 8)


def read_value(node: ast.expr) -> PolicyValue | None:
    """Return the value that the expression writes out, None where it does not."""
    match node:
        case ast.Constant(value=bool(flag)):
            return PolicyValue("truth", str(flag))
        case ast.Constant(value=int() | float() as number):
            return _number(str(number))
        case ast.Constant(value=str(text)):
            return _date_of_text(text) or PolicyValue("text", text)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return _number(f"-{number}")
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=more):
            named = {keyword.arg: keyword.value for keyword in more}
            order = [named[unit] for unit in _UNITS[len(args) :] if unit in named]
            return _of_call(name, [*args, *order])
    return None


def _of_call(name: str, args: list[ast.expr]) -> PolicyValue | None:
    first = args[0] if args else None
    if name == "Decimal" and isinstance(first, ast.Constant):
        return _number(str(first.value))
    if name == "Path" and len(args) == 1 and isinstance(first, ast.Constant):
        return read_value(first)
    if name not in _DATES:
        return None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return _date_of_text(first.value)
    numbers = [a.value for a in args if isinstance(a, ast.Constant) and isinstance(a.value, int)]
    if name not in ("date", "datetime", "Timestamp") or len(numbers) < 3:
        return None
    try:
        return _date(datetime.datetime(*numbers[:7]))  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        return None


def _date_of_text(text: str) -> PolicyValue | None:
    if not text[:4].isdigit() or len(text) < 10 or text[4:5] != "-":
        return None
    try:
        return _date(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))
    except ValueError:
        return None


def _date(moment: datetime.datetime) -> PolicyValue:
    return PolicyValue("date", moment.replace(tzinfo=None).isoformat().removesuffix("T00:00:00"))


def _number(text: str) -> PolicyValue | None:
    try:
        return PolicyValue("number", f"{Decimal(text.replace('_', '')).normalize():f}")
    except InvalidOperation:
        return None
