"""Runs an example of a rule for real: a scratch database, rows, Alembic up, down and up again."""

from __future__ import annotations

import ast
import contextlib
import datetime
import decimal
import re
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from examples import project
from presumed import Presumed
from sqlalchemy.dialects.mysql import TINYINT

from alembic import command
from guard.fixing.follow_up import follow_up
from guard.project.file_names import FileNames
from guard.rewrite import Afterwards
from guard.rule import Example

# What a server says of something that is there already, and how it names it.
_THERE = re.compile(
    r"(?:column|relation|type|schema|constraint|trigger|function) \"(\w+)\".* already exists"
    r"|Duplicate (?:column|key) name '(\w+)'|Table '(?:\w+\.)?(\w+)' already exists"
    r"|duplicate column name: (\w+)|(?:table|index|view) \"?(\w+)\"? already exists"
)
_URL = ('"sqlite://"', 'context.config.attributes["url"]')
# A pool would leave its connection open for as long as nobody collects the engine.
_MADE = re.compile(r"(\[\"url\"\]\}?)(?=[,)])")
_WITHOUT_POOL = r"\1, poolclass=__import__('sqlalchemy').pool.NullPool"
FIRST = 1001  # a revision that writes keys of its own starts at 1


def run_example(
    example: Example,
    folder: Path,
    fresh: Callable[[], str],
    names: str = "",
    later: tuple[Afterwards, ...] = (),
) -> None:
    """Upgrade to the example's end, and down and up again if it has a downgrade.

    `fresh` makes an empty database and returns its URL. What the example names is there at the
    start, and what the code `names` does, except for what the example makes itself. What follows
    it `later` is run as well, up, down and up again.
    """
    project(example, folder)
    add_later(len(example.released) + 1, later, folder)
    environment = folder / "migrations" / "env.py"
    code = environment.read_text(encoding="utf-8")
    code = _MADE.sub(_WITHOUT_POOL, code.replace(*_URL))
    environment.write_text(code, encoding="utf-8")
    bodies = (*example.released, example.upgrade, example.downgrade or "", names)
    makes: set[str] = set()
    while True:
        try:
            return _run(example, folder, fresh(), "\n".join(bodies), makes, len(later))
        except sa.exc.DBAPIError as error:
            found = _THERE.search(str(error.orig))
            name = found and next(filter(None, found.groups()))
            if not name or name in makes:
                raise
            makes.add(name)


def add_later(number: int, later: tuple[Afterwards, ...], folder: Path) -> None:
    """Write the revisions that follow the example's own, which has the number."""
    id_ = f"{number:04}"
    for afterwards in later:
        made = follow_up([id_], afterwards, FileNames(), datetime.datetime.now(datetime.UTC))
        path = folder / "migrations" / "versions" / made.path
        path.write_text(made.text, encoding="utf-8")
        id_ = made.revision


def _run(example: Example, folder: Path, url: str, text: str, makes: set[str], later: int) -> None:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
    Presumed(text, makes, engine.dialect.name).make(engine)
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    config.attributes["url"] = url
    for number, _ in enumerate(example.released, 1):
        fill(engine)
        command.upgrade(config, f"{number:04}")
    fill(engine)
    command.upgrade(config, "heads")
    for steps in (later, later + 1 if _does_something(example.downgrade or "") else 0):
        if steps:
            fill(engine)
            command.downgrade(config, f"-{steps}")
            fill(engine)
            command.upgrade(config, "heads")


def _does_something(body: str) -> bool:
    """Return whether a downgrade is there, and neither passes nor refuses on purpose."""
    nothing = (ast.Pass, ast.Raise)
    return any(not isinstance(node, nothing) for node in ast.parse(textwrap.dedent(body)).body)


# Rows


def fill(engine: sa.Engine) -> None:
    """Put rows into each table that has none: two full ones, and one with NULLs if it may be."""
    metadata = sa.MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            count = sa.select(sa.func.count()).select_from(table)
            if table.name == "alembic_version" or connection.scalar(count):
                continue
            for number in range(3):
                with contextlib.suppress(sa.exc.IntegrityError):
                    connection.execute(table.insert().values(dict(_row(table, number))))


def _row(table: sa.Table, number: int) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        empty = number == 2 and column.nullable
        if column.computed is None and column.identity is None and not empty:
            yield column.name, _value(column.type, number)


def _value(type_: Any, number: int) -> Any:
    if isinstance(type_, sa.Enum):
        return type_.enums[number % len(type_.enums)]
    if isinstance(type_, sa.String):
        return str(FIRST + number)[-(type_.length or 9) :]
    if isinstance(type_, TINYINT):
        return number
    if isinstance(type_, sa.ARRAY):
        return []
    kind = getattr(type_, "data_type", type_).python_type  # of a domain its type
    return _VALUES[kind](number)


_VALUES: dict[type, Callable[[int], Any]] = {
    int: lambda number: FIRST + number,
    float: lambda number: FIRST + number + 0.25,
    decimal.Decimal: lambda number: decimal.Decimal(FIRST + number),
    str: lambda number: str(FIRST + number),
    bool: lambda number: number == 1,
    bytes: lambda number: b"%d" % number,
    dict: lambda number: {"a": number},
    uuid.UUID: lambda number: uuid.UUID(int=number),
    datetime.date: lambda number: datetime.date(2024, 5, 1 + number),
    datetime.datetime: lambda number: datetime.datetime(2024, 5, 1 + number, 12),
    datetime.time: lambda number: datetime.time(12, number),
    datetime.timedelta: datetime.timedelta,
}
