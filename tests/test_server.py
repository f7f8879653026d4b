"""Which server a project says that it has, and what that means for what it can do."""

from __future__ import annotations

import pytest

from guard.server import Server, parse_dialect, parse_version


@pytest.mark.parametrize(
    ("server", "wanted", "answer"),
    [
        (Server("postgresql", (15, 4)), (15,), True),
        (Server("postgresql", (15, 4)), (15, 4), True),
        (Server("postgresql", (15, 4)), (16,), False),
        (Server("mysql", (8, 0, 11)), (8, 0, 12), False),
        # Where nobody said: the oldest that its vendor supports, and nothing for no dialect.
        (Server("postgresql"), (11,), True),
        (Server("postgresql"), (18,), False),
        (Server(None), (1,), False),
    ],
)
def test_at_least(server: Server, wanted: tuple[int, ...], answer: bool) -> None:
    assert server.at_least(*wanted) is answer


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("postgresql", "postgresql"),
        (" Postgres ", "postgresql"),
        ("pg", "postgresql"),
        ("postgresql+psycopg", "postgresql"),
        ("sqlite3", "sqlite"),
        ("mysql+pymysql", "mysql"),
        ("mariadb", "mariadb"),
    ],
)
def test_names_of_a_dialect(text: str, dialect: str) -> None:
    assert parse_dialect(text) == dialect


@pytest.mark.parametrize(
    ("text", "version"), [("15", (15,)), (" 10.6.2 ", (10, 6, 2)), ("8.4", (8, 4))]
)
def test_a_version(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "15.", "v15", "15-alpine", "8.0.x"])
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version: write it as 15"):
        parse_version(text)
