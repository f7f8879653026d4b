"""A cursor over the tokens of one statement, and the text that they stand in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from guard.operations import Name
from guard.server import is_mysql
from guard.sql.result import Hole, Role
from guard.sql.tokens import FILLER, HOLE, HOLE_BASE, HOLE_LIMIT, Token, words

T = TypeVar("T")

# Reserved in every dialect here: met where a name should stand, they mean that the name is missing.
_RESERVED = words(
    "AND AS CHECK CONSTRAINT CREATE DEFAULT FOREIGN FROM INTO NOT NULL ON OR PRIMARY "
    "REFERENCES SELECT TABLE TO UNIQUE USING WHERE"
)
_CLOSED_BY = {"(": (")", "parenthesis"), "[": ("]", "bracket"), "CASE": ("END", "CASE")}


class SqlError(Exception):
    """The statement cannot be read; `position` is an offset into the text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class SqlText:
    """A text, its dialect and its holes; collects what each hole stands for.

    `known`: somebody said that it is this dialect; else it is an attempt. `depth`: how many bodies
    this text lies inside.
    """

    def __init__(
        self, text: str, dialect: str, holes: tuple[Hole, ...], known: bool, depth: int = 0
    ) -> None:
        self.text = text
        self.dialect = dialect
        self.holes = holes
        self.known = known
        self.depth = depth
        self.masked = mask(text, holes)
        self.roles: dict[int, Role] = {}

    @property
    def mysql(self) -> bool:
        return is_mysql(self.dialect)

    @property
    def postgres(self) -> bool:
        return self.dialect == "postgresql"

    @property
    def folds(self) -> bool:
        """Whether unquoted names go to lower case."""
        return self.known and self.postgres

    def restore(self, masked: str) -> str:
        """Return masked text with each hole written as `{code}` again."""
        if not self.holes:
            return masked
        return HOLE.sub(lambda found: "{" + self._hole(found[0]).code + "}", masked)

    def _hole(self, masked: str) -> Hole:
        return self.holes[min(ord(masked[0]) - HOLE_BASE, len(self.holes) - 1)]

    def holes_in(self, start: int, end: int) -> Iterator[int]:
        """Yield the numbers of the holes in that stretch of the text."""
        if self.holes:
            for found in HOLE.finditer(self.masked, start, end):
                yield ord(found[0][0]) - HOLE_BASE

    def assign(self, start: int, end: int, role: Role) -> None:
        """Say what the holes in a stretch of the text stand for."""
        for number in self.holes_in(start, end):
            self.roles[number] = role

    def place(self, position: int) -> str:
        """Return `line 2, column 5` for an offset."""
        before = self.text[:position]
        return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"

    def identifier(self, token: Token) -> str:
        """Return the name that a token spells, as the server stores it."""
        raw = self.masked[token.start : token.end]
        if token.kind == "word":
            return self.restore(raw.lower() if self.folds else raw)
        quote = raw[-1]
        inner = raw[raw.index("[" if quote == "]" else quote) + 1 : -1]
        return self.restore(inner.replace(quote * 2, quote))

    def string(self, token: Token) -> str:
        """Return the value of a string literal."""
        raw = self.masked[token.start : token.end]
        if token.kind == "dollar":
            tag = raw.index("$", 1) + 1
            return self.restore(raw[tag:-tag])
        quote = raw[-1]
        inner = raw[raw.index(quote) + 1 : -1].replace(quote * 2, quote)
        if self.mysql or raw[0] in "eE":
            inner = re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
        return self.restore(inner)


def mask(text: str, holes: tuple[Hole, ...]) -> str:
    """Return the text with each hole replaced by letters of the same length that number it."""
    if not holes:
        return text
    parts: list[str] = []
    position = 0
    for number, hole in enumerate(holes):
        parts.append(HOLE.sub(lambda found: "?" * len(found[0]), text[position : hole.start]))
        parts.append(
            chr(HOLE_BASE + min(number, HOLE_LIMIT)) + FILLER * (hole.end - hole.start - 1)
        )
        position = hole.end
    parts.append(HOLE.sub(lambda found: "?" * len(found[0]), text[position:]))
    return "".join(parts)


class Cursor:
    """Walks tokens[index:stop]; words are matched in upper case, quoted names never match."""

    def __init__(
        self, source: SqlText, tokens: Sequence[Token], index: int = 0, stop: int | None = None
    ) -> None:
        self.source = source
        self.tokens = tokens
        self.index = index
        self.stop = len(tokens) if stop is None else stop

    # Looking

    def at_end(self) -> bool:
        return self.index >= self.stop

    @property
    def has_hole(self) -> bool:
        """Whether a hole stands anywhere ahead."""
        if self.at_end():
            return False
        start, end = self.peek().start, self.tokens[self.stop - 1].end
        return next(self.source.holes_in(start, end), None) is not None

    def peek(self, ahead: int = 0) -> Token:
        """Return a token without moving; past the last one a token of kind `end`."""
        index = self.index + ahead
        if index < self.stop:
            return self.tokens[index]
        position = self.tokens[self.stop - 1].end if self.stop else 0
        return Token("end", "", position, position)

    @property
    def word(self) -> str:
        return self.tokens[self.index].word if self.index < self.stop else ""

    def at(self, *words: str) -> bool:
        """Return whether these words come next."""
        index = self.index
        if index + len(words) > self.stop:
            return False
        return all(self.tokens[index + i].word == word for i, word in enumerate(words))

    def at_hole(self) -> bool:
        """Return whether the next token is a hole and nothing else."""
        token = self.peek()
        if token.kind != "word" or not self.source.holes:
            return False
        return bool(HOLE.fullmatch(self.source.masked, token.start, token.end))

    def fail(self, wanted: str) -> SqlError:
        """Return the error that something else was wanted here."""
        token = self.peek()
        if token.kind == "end":
            found = "the end of the statement"
        elif token.kind == "error":
            return SqlError(token.word, token.start)
        else:
            found = repr(self.source.text[token.start : token.end][:40])
        return SqlError(f"expected {wanted}, found {found}", token.start)

    # Moving

    def next(self) -> Token:
        """Return the next token and move past it."""
        token = self.peek()
        self.index = min(self.index + 1, self.stop)
        return token

    def take(self, *words: str) -> bool:
        """Move past these words if they come next."""
        if self.at(*words):
            self.index += len(words)
            return True
        return False

    def choose(self, *words: str) -> str | None:
        """Move past any one of these words and return it, else None."""
        if self.word in words and self.index < self.stop:
            self.index += 1
            return self.tokens[self.index - 1].word
        return None

    def expect(self, *words: str) -> None:
        if not self.take(*words):
            raise self.fail(" ".join(words))

    def finish(self) -> None:
        """Move to the end."""
        self.index = self.stop

    # Reading

    def is_name(self, ahead: int = 0) -> bool:
        """Return whether a name can stand here."""
        token = self.peek(ahead)
        if token.kind == "string":
            raw = self.source.text[token.start]
            return raw == '"' or self.source.dialect == "sqlite"
        return token.kind == "quoted" or (token.kind == "word" and token.word not in _RESERVED)

    def name(self, what: str = "a name") -> str:
        """Return one identifier."""
        if not self.is_name():
            raise self.fail(what)
        token = self.next()
        self.source.assign(token.start, token.end, "identifier")
        return self.source.identifier(token)

    def qualified(self, what: str = "a name") -> Name:
        """Return a name with its schema, if one is written; a database before it is left out."""
        parts = [self.name(what)]
        while self.word == "." and self.is_name(1):
            self.next()
            parts.append(self.name(what))
        return Name(parts[-1], parts[-2] if len(parts) > 1 else None)

    def column(self) -> str:
        """Return a column's name, without the table that may be written before it."""
        return self.qualified("a column name").name

    def string(self, what: str = "a string") -> str:
        """Return a string literal's value (or a parameter's text, which stands for one)."""
        token = self.peek()
        if token.kind in ("string", "dollar"):
            self.next()
            return self.source.string(token) + self._continued(token)
        if token.kind == "param" or self.at_hole():
            self.next()
            self.source.assign(token.start, token.end, "value")
            return self.source.text[token.start : token.end]
        raise self.fail(what)

    def _continued(self, before: Token) -> str:
        """Return what PostgreSQL appends to a string: those on the lines below it, without a comma.

        https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS
        """
        found = ""
        while self.source.dialect == "postgresql" and self.peek().kind == "string":
            token = self.peek()
            if before.kind != "string" or "\n" not in self.source.text[before.end : token.start]:
                break
            found += self.source.string(token)
            before = self.next()
        return found

    def integer(self) -> int | None:
        """Return a whole number if one comes next."""
        token = self.peek()
        raw = self.source.text[token.start : token.end]
        if token.kind == "number" and raw.isdecimal() and len(raw) < 19:
            self.next()
            return int(raw)
        return None

    def parens(self) -> Cursor:
        """Return a cursor over what a parenthesis holds, and move past it."""
        if self.word != "(":
            raise self.fail("(")
        return self.enclosed()

    def enclosed(self) -> Cursor:
        """Return a cursor over what this `(`, `[` or CASE holds, and move past what closes it."""
        opening = self.peek()
        closing, what = _CLOSED_BY[opening.word]
        depth = 0
        for index in range(self.index, self.stop):
            word = self.tokens[index].word
            depth += (word == opening.word) - (word == closing)
            if depth == 0:
                inner = Cursor(self.source, self.tokens, self.index + 1, index)
                self.index = index + 1
                return inner
        raise SqlError(f"this {what} is never closed", opening.start)

    def items(self) -> list[Cursor]:
        """Return a cursor for each of the parts that commas part, and move to the end."""
        parts: list[Cursor] = []
        depth, first = 0, self.index
        for index in range(self.index, self.stop):
            word = self.tokens[index].word
            if word in ("(", "["):
                depth += 1
            elif word in (")", "]"):
                depth -= 1
            elif word == "," and depth == 0:
                parts.append(Cursor(self.source, self.tokens, first, index))
                first = index + 1
        parts.append(Cursor(self.source, self.tokens, first, self.stop))
        self.finish()
        return parts

    def list_of(self, read: Callable[[], T]) -> list[T]:
        """Return what `read` gives, once for each item that commas part."""
        found = [read()]
        while self.take(","):
            found.append(read())
        return found

    def skip_to(self, *stops: str) -> Cursor:
        """Move to the first of these words outside brackets; return a cursor over the way.

        The FROM of IS DISTINCT FROM is a part of an operator and no stop.
        """
        first = self.index
        while self.index < self.stop and self.word not in stops:
            if self.word in ("(", "["):
                self.enclosed()
            elif not (self.take("IS", "DISTINCT", "FROM") or self.take("NOT", "DISTINCT", "FROM")):
                self.index += 1
        return Cursor(self.source, self.tokens, first, self.index)

    def has(self, *words: str) -> bool:
        """Return whether one of these words stands anywhere ahead, outside parentheses."""
        ahead = Cursor(self.source, self.tokens, self.index, self.stop)
        ahead.skip_to(*words)
        return not ahead.at_end()

    @property
    def sql(self) -> str:
        """The text ahead, as written."""
        if self.at_end():
            return ""
        return self.source.text[self.peek().start : self.tokens[self.stop - 1].end]

    def rest(self) -> str:
        """Return the text ahead and move to the end."""
        sql = self.sql
        self.finish()
        return sql
