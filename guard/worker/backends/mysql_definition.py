"""What SHOW CREATE TABLE says of a table of MariaDB's or MySQL's, part by part.

That is the one place where either tells everything, and in the words in which people write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .protocol import Column, ForeignKey, Table

_VERSIONED = re.compile(r"/\*[!M]+\d{5,6} ?(.*?) ?\*/", re.DOTALL)  # text that older servers skip
_TABLE = re.compile(r"CREATE TABLE (`(?:[^`]|``)*`) \(\n  (.*?)\n\) (ENGINE=.*)", re.DOTALL)
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")  # where it stands is no part of a schema
_STRING = r"'(?:[^'\\]|''|\\.)*'"
_NAME = r"`(?:[^`]|``)*`"
_TOKEN = re.compile(rf"{_NAME}|{_STRING}|[()]|[^\s`'()]+")
_TYPE = re.compile(
    rf"\w+(?: precision)?(?:\((?:{_STRING}|[^)'])*\))?(?: unsigned)?(?: zerofill)?", re.IGNORECASE
)
_WIDTH = re.compile(r"^(?!tinyint\(1\))((?:tiny|small|medium|big)?int|year)\(\d+\)(?!.*zerofill)")
_INTRODUCER = re.compile(r"_(?:utf8mb[34]|latin1|binary|ascii)(?=\\?')")
_OPTION = re.compile(
    r"(?:DEFAULT )?(ENGINE|CHARSET|COLLATE|ROW_FORMAT|COMMENT|KEY_BLOCK_SIZE|[A-Z_]+)"
    rf"=({_STRING}|\S+)"
)
_REFERENCES = re.compile(
    rf"FOREIGN KEY \((.*?)\) REFERENCES ((?:{_NAME}\.)?{_NAME}) \((.*?)\)(.*)", re.DOTALL
)
# Clauses of a column, in capitals; the text up to the next one is theirs.
_CLAUSES = (
    "CHARACTER SET", "COLLATE", "GENERATED ALWAYS", "NOT NULL", "NULL", "DEFAULT", "ON UPDATE",
    "AUTO_INCREMENT", "COMMENT", "CHECK", "INVISIBLE", "SRID", "REF_SYSTEM_ID", "COMPRESSED",
    "WITHOUT SYSTEM",
)  # fmt: skip
_FIRST_WORDS = {clause.partition(" ")[0]: clause for clause in _CLAUSES if clause != "NULL"}


class Definition(NamedTuple):
    """A table, and the statement that makes it; `json` are the columns that hold nothing else."""

    table: Table
    sql: str
    json: frozenset[str]

    @property
    def without_counter(self) -> str:
        """The statement but for where AUTO_INCREMENT stands."""
        return _COUNTER.sub("", self.sql)


def definition_of(name: str, sql: str) -> Definition:
    """Return what the text of SHOW CREATE TABLE defines; `name` is how users call the table."""
    found = _TABLE.match(_VERSIONED.sub(r"\1", sql))
    assert found, sql
    parts = found[2].split(",\n  ")
    columns = [part for part in parts if part.startswith("`")]
    made = {_unquoted(part): _clauses(part) for part in columns}
    lines = [*_table_lines(name, found[3])]
    lines += [_column_line(name, *one) for one in made.items()]
    keys = [_key(part) for part in parts if not part.startswith("`")]
    lines += [key.line(name) for key in keys]
    checks = [clauses["CHECK"] for clauses in made.values() if "CHECK" in clauses]
    checks += [key.text for key in keys if key.kind == "CHECK"]
    primary = [key.columns for key in keys if key.kind == "PRIMARY KEY"]
    table = Table(
        columns=tuple(_column(*one) for one in made.items()),
        primary_key=primary[0] if primary else (),
        uniques=tuple(key.columns for key in keys if key.kind == "UNIQUE KEY" and key.columns),
        foreign_keys=tuple(_foreign_key(key) for key in keys if key.kind == "FOREIGN KEY"),
        checks=tuple(map(_plain, checks)),
        lines={line: line for line in lines},
    )
    json = (column for column, clauses in made.items() if _is_json(clauses))
    return Definition(table, sql, frozenset(json))


# A table


def _table_lines(name: str, options: str) -> Iterator[str]:
    yield f"table {name}"
    text, _, partitions = _COUNTER.sub("", options).partition("\n")
    for found in _OPTION.finditer(text):
        yield f"table {name} {found[1]} {found[2]}"
    if "WITH SYSTEM VERSIONING" in options:
        yield f"table {name} WITH SYSTEM VERSIONING"
    if partitions:
        yield f"table {name} {' '.join(partitions.split())}"


# A column


def _clauses(part: str) -> dict[str, str]:
    """Return the type ("") and what stands behind each clause of a column."""
    rest = part[len(_quoted(part)) :].lstrip()
    type_ = _TYPE.match(rest)
    assert type_, part
    found = {"": _WIDTH.sub(r"\1", type_[0])}
    depth, clause = 0, ""
    words = [*_TOKEN.finditer(rest, type_.end())]
    for place, word in enumerate(words):
        upper = word[0].upper()
        named = upper if upper == "NULL" else _FIRST_WORDS.get(upper, "")
        second = words[place + 1][0].upper() if place + 1 < len(words) else ""
        if clause.endswith(f" {upper}") and not found[clause]:
            continue  # the second word of the clause
        is_default = clause == "DEFAULT" and not found[clause]  # NULL, say
        if depth == 0 and not is_default and named and named in (upper, f"{upper} {second}"):
            clause = named
            found[clause] = ""
            continue
        depth += {"(": 1, ")": -1}.get(word[0], 0)
        space = " " if found[clause] and rest[word.start() - 1] == " " else ""
        found[clause] += space + word[0]
    return found


def _is_json(clauses: dict[str, str]) -> bool:
    return clauses[""] == "json" or clauses.get("CHECK", "").startswith("(json_valid(")


def _column(name: str, clauses: dict[str, str]) -> Column:
    default = clauses.get("DEFAULT")
    return Column(
        name,
        "json" if _is_json(clauses) else clauses[""],
        "NOT NULL" not in clauses,
        None if default == "NULL" else default,
        "GENERATED ALWAYS" in clauses,
    )


def _column_line(table: str, column: str, clauses: dict[str, str]) -> str:
    words = [f"column {table}.{column} {clauses['']}"]
    for clause, text in clauses.items():
        if clause and clause != "NULL" and (clause, text) != ("DEFAULT", "NULL"):
            words.append(f"{clause} {_bare(text) if '(' in text else text}".strip())
    return " ".join(words)


# Keys and constraints


class _Key(NamedTuple):
    kind: str
    name: str
    columns: tuple[str, ...]  # none where an expression is among them
    text: str

    def line(self, table: str) -> str:
        kind = self.kind.lower()
        if self.kind == "CHECK":
            return f"check {self.name} on {table}: {_bare(_plain(self.text))}"
        if self.kind == "PRIMARY KEY":
            return f"primary key of {table} {self.text}"
        if self.kind == "FOREIGN KEY":
            return f"foreign key {self.name} on {table} {self.text}"
        return f"{kind.replace('key', 'index')} {self.name} on {table} {self.text}"


def _key(part: str) -> _Key:
    name, text = "", part
    if text.startswith("CONSTRAINT "):
        text = text[len("CONSTRAINT ") :]
        name = _unquoted(text)
        text = text[len(_quoted(text)) :].strip()
    if text.startswith("FOREIGN KEY"):
        found = _REFERENCES.match(text)
        assert found, part
        said = f"({_bare(found[1])}) to {_bare(found[2])} ({_bare(found[3])}){found[4]}"
        return _Key("FOREIGN KEY", name, _names(found[1]), said)._replace(text=said)
    if text.startswith("CHECK"):
        return _Key("CHECK", name, (), text[len("CHECK") :].strip())
    kind = re.match(r"[A-Z ]*", text)
    assert kind, part
    rest = text[kind.end() :]
    if rest.startswith("`"):
        name = _unquoted(rest)
        rest = rest[len(_quoted(rest)) :].strip()
    columns = () if "((" in rest or ",(" in rest else _names(rest[1:].partition(")")[0] + ")")
    return _Key(kind[0].strip(), name, columns, _bare(rest).replace(",", ", "))


def _foreign_key(key: _Key) -> ForeignKey:
    found = re.fullmatch(r"\((.*?)\) to (\S+) \((.*?)\).*", key.text, re.DOTALL)
    assert found, key
    return ForeignKey(key.columns, found[2], tuple(found[3].split(", ")))


def _plain(check: str) -> str:
    """Return a condition without the character sets that the server adds to its literals."""
    text = _INTRODUCER.sub("", check).replace("\\'", "'")
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def _names(text: str) -> tuple[str, ...]:
    return tuple(name[1:-1].replace("``", "`") for name in re.findall(_NAME, text))


def _quoted(text: str) -> str:
    """Return the quoted name with which the text begins."""
    found = re.match(_NAME, text)
    assert found, text
    return found[0]


def _unquoted(text: str) -> str:
    return _quoted(text)[1:-1].replace("``", "`")


def _bare(text: str) -> str:
    """Return a text without the quotes of names, which users rarely write."""
    return text.replace("`", "")
