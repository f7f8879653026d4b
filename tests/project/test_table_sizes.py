"""The file that says how large the tables are."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.context import TableSize
from guard.errors import GuardError
from guard.operations import Name
from guard.project.table_sizes import read_sizes

TOML = """
[tables.orders]
rows = 1_000
bytes = 50_000

[tables."app.users"]
rows = 7
"""
JSON = '{"tables": {"orders": {"rows": 1000, "bytes": 50000}, "app.users": {"rows": 7}}}'
ORDERS = TableSize(rows=1000, bytes=50000)
USERS = TableSize(rows=7)


@pytest.mark.parametrize(("name", "text"), [("guard-stats.toml", TOML), ("db/stats.json", JSON)])
@pytest.mark.parametrize(
    ("table", "size"),
    [
        (Name("orders"), ORDERS),
        (Name("Orders"), ORDERS),
        (Name("orders", "app"), ORDERS),
        (Name("users", "app"), USERS),
        (Name("users"), USERS),
        (Name("users", "other"), None),
        (Name("nope"), None),
    ],
)
def test_sizes(name: str, text: str, table: Name, size: TableSize | None, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert read_sizes(tmp_path, None if name == "guard-stats.toml" else name)(table) == size


def test_a_name_that_two_schemas_have_is_neither(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('[tables]\n"a.t" = {rows = 1}\n"b.t" = {rows = 2}')
    size = read_sizes(tmp_path, "s.toml")
    assert size(Name("t")) is None
    assert size(Name("t", "b")) == TableSize(rows=2)


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_sizes(tmp_path, None)(Name("t")) is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("s.toml", None, "stats: s.toml cannot be read: No such file or directory"),
        ("s.toml", "tables =", "s.toml: not valid TOML"),
        ("s.toml", b"# \xe9", "s.toml: not valid TOML: 'utf-8' codec"),
        ("s.json", "{", "s.json: not valid JSON"),
        ("s.json", "[]", "s.json: the table sizes: expected a table, got a list"),
        ("s.toml", "[table.t]", "unknown key 'table' in the table sizes: did you mean 'tables'?"),
        ("s.toml", "[tables.t]\nrow = 1", "unknown key 'row' in tables.t: did you mean 'rows'?"),
        (
            "s.toml",
            "[tables.t]\nrows = 'many'",
            "s.toml: tables.t: expected a whole number, got a string, at `rows`",
        ),
        ("s.toml", "[tables.t]\nrows = -1", "tables.t: expected a whole number >= 0, at `rows`"),
        ("s.toml", "[tables.t]\nbytes = 1", "tables.t: object missing required field `rows`"),
        ("s.toml", "[tables]\nt = 1", "the table sizes: expected a table, got a whole number"),
    ],
)
def test_a_file_that_cannot_be_understood_stops_the_run(
    name: str, text: str | bytes | None, said: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(GuardError) as caught:
        read_sizes(tmp_path, name)
    assert said in str(caught.value)
