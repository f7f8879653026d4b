"""The end of an expression: operands and operators are told apart, and nothing is made of them.

A definition writes its expressions with no end mark, `DEFAULT a || 'b' NOT NULL`. Only the grammar
tells where the next part begins: after an operand that no operator follows.
"""

from __future__ import annotations

from guard.sql.cursor import Cursor
from guard.sql.tokens import PUNCTUATION, words
from guard.sql.types import read_type

_BETWEEN_OPERANDS = words(
    "AND OR XOR LIKE ILIKE RLIKE REGEXP GLOB MATCH SIMILAR IN BETWEEN OVERLAPS DIV MOD ESCAPE"
)
_TESTS = words("NULL TRUE FALSE UNKNOWN DOCUMENT JSON NORMALIZED NFC NFD NFKC NFKD")
_TEST_ENDINGS = words("NORMALIZED VALUE SCALAR ARRAY OBJECT WITH WITHOUT UNIQUE KEYS")
_INTERVAL_UNITS = words(
    "YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MICROSECOND YEAR_MONTH DAY_HOUR DAY_MINUTE "
    "DAY_SECOND DAY_MICROSECOND HOUR_MINUTE HOUR_SECOND HOUR_MICROSECOND MINUTE_SECOND "
    "MINUTE_MICROSECOND SECOND_MICROSECOND"
)


def skip_expression(c: Cursor, inside_column: bool = False) -> Cursor:
    """Move past the expression that comes next; return a cursor over it.

    `inside_column`: among the parts of a column, where PostgreSQL's `b_expr` stands: no AND, NOT,
    IN, LIKE, IS NULL or COLLATE outside parentheses, since NOT NULL and COLLATE are parts of their
    own there. Raises SqlError where an operand is missing.
    """
    first = c.index
    _skip_operand(c, inside_column)
    while _skip_operator(c, inside_column):
        _skip_operand(c, inside_column)
    return Cursor(c.source, c.tokens, first, c.index)


# Operators


def _skip_operator(c: Cursor, inside_column: bool) -> bool:
    """Move past what stands between two operands; return False where the expression ends."""
    if _skip_sign(c) or _is_question(c):
        while _skip_sign(c):
            pass
        return True
    if c.take("IS", "DISTINCT", "FROM") or c.take("IS", "NOT", "DISTINCT", "FROM"):
        return True
    if inside_column:
        return False
    if c.take("AT", "TIME", "ZONE") or c.take("IS", "NOT") or c.take("IS"):
        return True
    ahead = 1 if c.word == "NOT" else 0
    if c.peek(ahead).word not in _BETWEEN_OPERANDS:
        return False
    c.index += ahead + 1
    c.take("TO")  # SIMILAR TO
    c.choose("SYMMETRIC", "ASYMMETRIC")
    return True


def _skip_sign(c: Cursor) -> bool:
    """Move past one sign; a longer operator, `~~*`, is several of them."""
    token = c.peek()
    if token.kind == "op" and token.word not in PUNCTUATION and not _at_cast(c):
        c.next()
        return True
    if c.at("OPERATOR", "("):
        c.next()
        c.parens()
        return True
    return False


def _is_question(c: Cursor) -> bool:
    """Move past PostgreSQL's operator `?`, which looks like a parameter but joins operands."""
    token = c.peek()
    found = c.source.postgres and token.kind == "param" and token.end - token.start == 1
    if found:
        c.next()
    return found


def _at_cast(c: Cursor) -> bool:
    return c.word == "::" or c.at(":", ":")  # where colons are escaped, \:\:, each is a token


# Operands


def _skip_operand(c: Cursor, inside_column: bool) -> None:
    while _skip_sign(c) or (not inside_column and c.choose("NOT", "BINARY")):
        pass
    _skip_primary(c)
    while _skip_postfix(c, inside_column):
        pass


def _skip_primary(c: Cursor) -> None:
    token = c.peek()
    if c.word in ("(", "CASE"):
        c.enclosed()
    elif token.kind in ("string", "dollar"):
        _skip_strings(c)
    elif token.kind in ("number", "param"):
        c.next()
    elif c.word == "INTERVAL":
        _skip_interval(c)
    elif c.take("NULL"):
        pass
    elif c.take("NEXT", "VALUE", "FOR"):  # MariaDB's nextval
        c.qualified("a sequence")
    elif c.at_hole() or c.is_name():
        _skip_name(c)
    else:
        raise c.fail("an expression")


def _skip_strings(c: Cursor) -> None:
    """`'a' 'b'` is one string."""
    while c.peek().kind in ("string", "dollar"):
        c.next()
    if c.take("UESCAPE"):
        c.string()


def _skip_interval(c: Cursor) -> None:
    """`INTERVAL '1' DAY TO SECOND(3)`, `INTERVAL (3) '1'`, MySQL's `INTERVAL 1 DAY`."""
    c.next()
    if c.word == "(":
        c.parens()
    if c.peek().kind in ("string", "number", "param") or c.at_hole():
        c.next()
    while c.choose(*_INTERVAL_UNITS):
        if c.word == "(":
            c.parens()
        c.take("TO")


def _skip_name(c: Cursor) -> None:
    """Move past a column, a call, `ARRAY[...]`, or a type and its literal, `DATE '2020-01-01'`."""
    c.next()
    while c.word == "." and (c.is_name(1) or c.peek(1).word == "*"):
        c.next()
        c.next()
    c.choose("PRECISION", "VARYING", "FOR")  # DOUBLE PRECISION '1'; COLLATION FOR (a)
    if c.word == "(":
        c.parens()
    if c.take("WITH", "TIME", "ZONE") or c.take("WITHOUT", "TIME", "ZONE"):
        pass
    _skip_strings(c)
    if c.take("WITHIN", "GROUP"):
        c.parens()
    if c.at("FILTER", "("):
        c.next()
        c.parens()
    if c.take("OVER"):
        c.parens() if c.word == "(" else c.name("a window")


def _skip_postfix(c: Cursor, inside_column: bool) -> bool:
    """Move past what follows an operand and belongs to it; return False where nothing does."""
    if _at_cast(c):
        while c.choose("::", ":"):
            pass
        read_type(c)
        return True
    if c.word == "[":
        c.enclosed()
        return True
    if c.word == "." and (c.is_name(1) or c.peek(1).word == "*"):  # (a).b
        c.next()
        c.next()
        return True
    if c.take("IS", "DOCUMENT") or c.take("IS", "NOT", "DOCUMENT"):
        return True
    if inside_column:
        return False
    if c.take("COLLATE"):
        c.qualified("a collation")
        return True
    if c.choose("ISNULL", "NOTNULL") or c.take("AT", "LOCAL"):
        return True
    return _skip_test(c)


def _skip_test(c: Cursor) -> bool:
    """Move past IS NULL and its like."""
    if c.source.dialect == "sqlite" and c.take("NOT", "NULL"):
        return True
    ahead = 2 if c.at("IS", "NOT") else 1
    if c.word != "IS" or c.peek(ahead).word not in _TESTS:
        return False
    c.index += ahead + 1
    while c.choose(*_TEST_ENDINGS):
        pass
    return True
