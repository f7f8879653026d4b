"""Names, and the few words of SQL text that a replay has to understand: which columns a CHECK or
an index expression mentions, what it says after a rename, whether it forbids NULL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from guard.operations import Name

Taken = Callable[[str], bool]
Key = tuple[str, str]  # schema and name, folded: two names of one table give one key

_DEFAULT_SCHEMAS = {"postgresql": ("public",), "sqlite": ("main",), None: ("public", "main")}
_WORD = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`  # a text, quoted names
    | [A-Za-z_\u0080-\uffff][\w$]* | \d[\w.]* | \s+ | .""",
    re.VERBOSE | re.DOTALL,
)


def fold(name: str, dialect: str | None) -> str:
    """Return the form in which names are compared: PostgreSQL's are as they are stored."""
    return name if dialect == "postgresql" else name.lower()


def key_of(name: Name, dialect: str | None) -> Key:
    """Return the key of a table or any other object that lives in a schema."""
    schema = fold(name.schema or "", dialect)
    if schema in _DEFAULT_SCHEMAS.get(dialect, ()):
        schema = ""
    return schema, fold(name.name, dialect)


def _identifier(word: str, dialect: str | None) -> str | None:
    """Return the folded name that a word stands for, None for anything else."""
    quote = word[0]
    if quote in '"`' and len(word) > 1:
        return fold(word[1:-1].replace(quote * 2, quote), dialect)
    return word.lower() if quote.isalpha() or quote == "_" else None


def mentioned(sql: str, columns: Iterable[str], dialect: str | None) -> tuple[str, ...]:
    """Return those columns that the SQL names, in their own order."""
    names = {_identifier(word, dialect) for word in _WORD.findall(sql)}
    return tuple(column for column in columns if fold(column, dialect) in names)


_ORDER = re.compile(r"\s+(ASC|DESC)\b|\s+NULLS\s+(FIRST|LAST)\b", re.IGNORECASE)


def indexed_column(part: str, dialect: str | None) -> str:
    """Return the folded column that a part of an index is on, however it is sorted."""
    bare = _ORDER.sub("", part).strip()
    sorted_by_name = bare != part and len(_WORD.findall(bare)) == 1
    return (sorted_by_name and _identifier(bare, dialect)) or fold(part, dialect)


def renamed(sql: str, old: str, new: str, dialect: str | None) -> str:
    """Return the SQL with every use of the name `old` written as `new`."""
    quote = "`" if dialect in ("mysql", "mariadb") else '"'
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", new)
    written = new if plain else quote + new.replace(quote, quote * 2) + quote
    return "".join(
        written if _identifier(word, dialect) == fold(old, dialect) else word
        for word in _WORD.findall(sql)
    )


def forbids_null(sql: str, column: str, dialect: str | None) -> bool:
    """Return whether a CHECK lets no NULL into the column, as far as its ANDs show that.

    `c IS NOT NULL` and `NOT c IS NULL` count, alone or joined by AND with anything, in any number
    of parentheses. Comparisons do not: a CHECK whose result is NULL passes.
    """
    words = [word for word in _WORD.findall(sql) if not word.isspace()]
    if "--" in sql or "/*" in sql:  # what a comment hides is no condition
        return False
    return _forbids_null(words, fold(column, dialect), dialect)


def _forbids_null(words: list[str], column: str, dialect: str | None) -> bool:
    words = _unwrapped(words)
    outside = [word for word, depth in _levels(words) if not depth]
    if {"OR", "XOR", "CASE"} & set(outside):
        return False
    if "AND" in outside:
        return any(_forbids_null(part, column, dialect) for part in _split(words))
    if outside[:1] == ["NOT"]:
        words, ending = _unwrapped(words[1:]), ["IS", "NULL"]
    else:
        ending = ["IS", "NOT", "NULL"]
    if [word.upper() for word in words[-len(ending) :]] != ending:
        return False
    subject = _unwrapped(words[: -len(ending)])
    qualified = all(word == "." for word in subject[1::2]) and len(subject) % 2 == 1
    return qualified and _identifier(subject[-1], dialect) == column


def _levels(words: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each word in upper case with the number of parentheses around it."""
    depth = 0
    for word in words:
        depth -= word == ")"
        yield word.upper(), depth
        depth += word == "("


def _unwrapped(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0] == "(" and words[-1] == ")":
        if any(depth < 1 for _, depth in list(_levels(words))[1:-1]):
            break  # (a) AND (b)
        words = words[1:-1]
    return words


def _split(words: list[str]) -> Iterator[list[str]]:
    """Yield what stands between the ANDs that are in no parentheses."""
    part: list[str] = []
    for word, (upper, depth) in zip(words, _levels(words), strict=True):
        if upper == "AND" and not depth:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def postgres_name(table: str, columns: Iterable[str], label: str, taken: Taken) -> str:
    """Return the name that PostgreSQL makes up: `orders_customer_id_fkey`, at most 63 bytes.

    Source: makeObjectName, ChooseRelationName and ChooseIndexColumnNames in
    src/backend/commands/indexcmds.c.
    """
    words: list[str] = []
    for column in columns:
        call = re.fullmatch(r"(\w+)\s*\(.*\)", column, re.DOTALL)
        word = call[1] if call else column if re.fullmatch(r"[\w$]+", column) else "expr"
        same = sum(re.fullmatch(re.escape(word) + r"\d*", other) is not None for other in words)
        words.append(f"{word}{same or ''}")
    addition = "_".join(words)
    count = 0
    while True:
        ending = f"_{label}{count or ''}"
        room = 63 - len(ending) - (1 if addition else 0)
        first, second = table.encode(), addition.encode()
        while len(first) + len(second) > room:
            if len(first) > len(second):
                first = first[:-1]
            else:
                second = second[:-1]
        parts = [part.decode(errors="ignore") for part in (first, second) if part]
        name = "_".join(parts) + ending
        if not taken(name):
            return name
        count += 1
