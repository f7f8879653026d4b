"""The text of a statement in what sqlglot knows: of the same length, with stand-ins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from guard.sql.cursor import SqlText
from guard.sql.tokens import FILLER, PUNCTUATION, Token, words


def plain(source: SqlText, tokens: Sequence[Token]) -> str:
    """Return the statement's text in what sqlglot knows, of the same length.

    A parameter is written as a name, and clauses that it does not know are left out.
    """
    start = tokens[0].start
    pieces: list[str] = []
    done = start
    blank = 0  # tokens still to leave out
    for index, token in enumerate(tokens):
        blank = blank or _unknown_words(tokens, index) or _variables(source, tokens, index)
        blank = blank or _subscripts(tokens, index)
        length = token.end - token.start
        stand_in = " " * length if blank else _stand_in(source, tokens, index)
        blank = max(0, blank - 1)
        if stand_in is not None:
            pieces += (source.masked[done : token.start], stand_in)
            done = token.end
    return "".join(pieces) + source.masked[done : tokens[-1].end]


def _stand_in(source: SqlText, tokens: Sequence[Token], index: int) -> str | None:
    token = tokens[index]
    if token.kind == "param":
        if source.postgres and source.masked[token.start] == "?" and _joins(tokens, index):
            return None  # PostgreSQL's operator, data ? 'key'
        return FILLER * (token.end - token.start)
    if token.word == ":" and token.end - token.start == 2:  # SQLAlchemy's escaped colon, \:\:
        before = index > 0 and tokens[index - 1].word == ":"
        return ": " if before else " :"
    if token.kind == "number" and "_" in source.masked[token.start : token.end]:
        return source.masked[token.start : token.end].replace("_", "0")  # 1_000 is one number
    if token.word == "@" and source.postgres and not _beside_sign(tokens, index):
        return "-"  # PostgreSQL's absolute value, @ -5
    if token.word == "%" and source.masked.startswith("%", token.end):
        return " "  # the first of %%, a percent sign for the driver
    return None


def _beside_sign(tokens: Sequence[Token], index: int) -> bool:
    """Whether the sign is a part of a longer one, `@@`."""
    at = tokens[index]
    around = (tokens[index - 1] if index else None, *tokens[index + 1 : index + 2])
    return any(
        token is not None
        and token.kind == "op"
        and token.word not in PUNCTUATION
        and at.start in (token.end, token.start - 1)
        for token in around
    )


def _joins(tokens: Sequence[Token], index: int) -> bool:
    """Whether operands stand on both sides."""
    if not 0 < index < len(tokens) - 1:
        return False
    before, after = tokens[index - 1], tokens[index + 1]
    return (before.kind in ("word", "quoted", "string") or before.word in (")", "]")) and (
        after.kind in ("string", "param") or after.word == "("
    )


_UPDATE_WORDS = ("LOW_PRIORITY", "IGNORE")
_XML_CALLS = ("XMLPARSE", "XMLSERIALIZE")
# What sqlglot does not know and what changes nothing here: what stands before, what is left out.
_UNKNOWN: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((), ("OVERRIDING", "*", "VALUE")),
    (("INSERT",), ("LOW_PRIORITY",)),
    (("INSERT",), ("HIGH_PRIORITY",)),
    (("INSERT",), ("DELAYED",)),
    (("UPDATE",), ("OR", "*")),
    *(
        (before, (word,))
        for verb, words in (("UPDATE", _UPDATE_WORDS), ("DELETE", ("QUICK", *_UPDATE_WORDS)))
        for word in words
        for before in ((verb,), *((verb, other) for other in words if other != word))
    ),
    *((("DELETE", *two), ("IGNORE",)) for two in permutations(("QUICK", "LOW_PRIORITY"))),
    (("CURRENT",), ("OF", "*")),
    ((")",), ("COLLATE", "*")),
    ((), ("INTO", "OUTFILE", "*")),
    ((), ("AT", "LOCAL")),
    ((), ("NEXT", "VALUE", "FOR")),  # a sequence of MariaDB
    (("COLLATION",), ("FOR",)),
    (("BIT",), ("VARYING",)),
    *(((test,), (form,)) for test in ("IS", "NOT") for form in ("NFC", "NFD", "NFKC", "NFKD")),
    *(((call, "("), (kind,)) for call in _XML_CALLS for kind in ("DOCUMENT", "CONTENT")),
)
_UNKNOWN_STARTS = frozenset(words[0] for _, words in _UNKNOWN)


def _unknown_words(tokens: Sequence[Token], index: int) -> int:
    """Return how many tokens from here on sqlglot does not know."""
    if tokens[index].word not in _UNKNOWN_STARTS:
        return 0
    for before, left_out in _UNKNOWN:
        around = tokens[max(index - len(before), 0) : index + len(left_out)]
        pattern = before + left_out
        if len(around) == len(pattern) and all(
            wanted in ("*", token.word) for wanted, token in zip(pattern, around, strict=True)
        ):
            return len(left_out)
    return 0


def _variables(source: SqlText, tokens: Sequence[Token], index: int) -> int:
    """Return how many tokens MySQL's `INTO @a, @b` has, which may stand at the end of a query."""
    if tokens[index].word != "INTO" or not source.mysql:
        return 0
    end = index
    while end + 1 < len(tokens) and source.masked.startswith("@", tokens[end + 1].start):
        end += 1 if tokens[end + 1].kind == "param" else 2  # @`a` is two
        if end + 1 >= len(tokens) or tokens[end + 1].word != ",":
            return end + 1 - index
        end += 1
    return 0


def _subscripts(tokens: Sequence[Token], index: int) -> int:
    """Return how many tokens `[1]` or `.field` behind a column has in the list of an INSERT."""
    if tokens[index].word not in ("[", ".") or tokens[0].word != "INSERT":
        return 0
    before = [token.word for token in tokens[1:index]]
    if before.count("(") != 1 or ")" in before:
        return 0
    stops = (at for at in range(index, len(tokens)) if tokens[at].word in (",", ")"))
    return next(stops, index) - index


# What servers know and sqlglot does not, PostgreSQL above all

# Calls with words among their arguments, of which each version of a server brings more.
_WORDY_CALLS = words(
    "DEFAULT JSON JSON_ARRAY JSON_ARRAYAGG JSON_EXISTS JSON_OBJECT JSON_OBJECTAGG JSON_QUERY "
    "JSON_SCALAR JSON_SERIALIZE JSON_TABLE JSON_VALUE JSONB_OBJECT_AGG NORMALIZE OVERLAY "
    "SUBSTRING TRIM XMLAGG XMLATTRIBUTES XMLCONCAT XMLELEMENT XMLEXISTS XMLFOREST XMLPARSE XMLPI "
    "XMLROOT XMLSERIALIZE XMLTABLE"
)
_TYPES = words(  # before a literal of theirs, box '(1,1),(2,2)'
    "BIT BOX BYTEA CIDR CIRCLE INET JSON JSONB LINE LSEG MACADDR MACADDR8 MONEY NAME OID PATH "
    "POINT POLYGON REGCLASS TSQUERY TSVECTOR UUID VARBIT XML"
)
_NAMES = ("word", "quoted")
_OPERATORS = words(
    "= <=> < > <= >= <> != + - * / % || :: : -> ->> #> #>> @> <@ && ~ ~* !~ !~* ^ & | #"
)
_OPERATOR_LETTERS = frozenset("+-*/<>=~!@#%^&|`?:")
_KEEPS_A_SIGN = frozenset("~!@#%^&|`?")  # an operator without one of these ends before + and -


def loosened(source: SqlText, tokens: Sequence[Token]) -> str:
    """Return the text without the operators, arguments and words that only servers know.

    An operator becomes a minus, a call that has words among its arguments one without any. What is
    no SQL at all stays so: operands, commas and brackets stand where they stood.
    """
    pieces = [*plain(source, tokens)]
    start = tokens[0].start
    for first, last, stand_in in _loose(source, tokens):
        length = last - first
        pieces[first - start : last - start] = stand_in.ljust(length)
    return "".join(pieces)


def _loose(source: SqlText, tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Yield the places that are written otherwise, each with what stands there instead."""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        match [each.word or each.kind for each in tokens[index : index + 3]]:
            case [call, "(", *_] if call in _WORDY_CALLS:
                opening, index = index + 1, _closing(tokens, index + 1)
                yield token.start, token.end, FILLER * (token.end - token.start)
                yield tokens[opening].end, tokens[index].start, ""
            case ["RETURNING", "WITH", "("]:  # WITH (OLD AS o)
                index = _closing(tokens, index + 2)
                yield token.end, tokens[index].end, ""
            case [type_name, "string", *_] if type_name in _TYPES:
                yield token.start, token.end, ""
            case ["USING", "(", *_]:
                index = _closing(tokens, index + 1)
                alias = tokens[index + 1 : index + 3]
                if len(alias) == 2 and alias[0].word == "AS" and alias[1].kind in _NAMES:
                    index += 2
                    yield alias[0].start, alias[1].end, ""
            case _ if length := _length_of_operator(source, tokens, index):
                index += length - 1
                if source.masked[token.start : tokens[index].end] not in _OPERATORS:
                    yield token.start, tokens[index].end, "-"
            case ["USING", *_] if length := _length_of_operator(source, tokens, index + 1):
                index += length  # ORDER BY a USING >
                yield token.start, tokens[index].end, ""
        index += 1


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Return where the bracket is closed that opens there, or the last token."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += (tokens[index].word == "(") - (tokens[index].word == ")")
        if depth == 0:
            return index
    return len(tokens) - 1


def _length_of_operator(source: SqlText, tokens: Sequence[Token], index: int) -> int:
    """Return how many tokens the operator is that begins there; 0 for none."""
    end, written, length = None, "", 0
    for token in tokens[index:]:
        text = source.masked[token.start : token.end]
        if end not in (None, token.start) or not {*text} <= _OPERATOR_LETTERS:
            break
        written, end, length = written + text, token.end, length + 1
    if not _KEEPS_A_SIGN & {*written}:
        while length > 1 and written[-1] in "+-":
            written, length = written[:-1], length - 1
    return length
