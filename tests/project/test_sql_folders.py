"""Folders of `.sql` migrations: order, directions, transactions, places."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from guard.history.sql_history import read_sql_history
from guard.operations import CreateIndex, DropTable, Name
from guard.project.sql_folders import (
    SqlFolderError,
    SqlMigration,
    is_sql_migration_folder,
    read_sql_folder,
)
from guard.python_source import Sources
from guard.sql import read_sql


def folder(root: Path, **files: str) -> Path:
    """Write files; a dot in a name is written as `DOT`, since it cannot stand in a keyword."""
    for name, text in files.items():
        (root / f"{name.lstrip('_').replace('DOT', '.')}.sql").write_text(text, encoding="utf-8")
    return root


def directions(found: SqlMigration) -> tuple[str | None, str | None]:
    return (found.up.text if found.up else None, found.down.text if found.down else None)


def test_flyway(tmp_path: Path) -> None:
    folder(
        tmp_path,
        V10__ten="ten",
        V2_1__two="two",
        U2_1__two="undo two",
        V2__first="first",
        R__views="views",
        notes="not a migration",
    )
    found = read_sql_folder(tmp_path, Sources())
    assert [migration.id for migration in found] == ["2", "2.1", "10", "R__views"]
    assert directions(found[1]) == ("two", "undo two")
    assert [migration.repeatable for migration in found] == [False, False, False, True]
    assert {migration.framework for migration in found} == {"flyway"}


def test_flyway_runs_its_callbacks_each_time(tmp_path: Path) -> None:
    folder(tmp_path, V1__a="a", afterMigrate="b", beforeEachMigrate__note="c", afterwards="no")
    found = read_sql_folder(tmp_path, Sources())
    assert [migration.paths[0].stem for migration in found] == [
        "V1__a", "afterMigrate", "beforeEachMigrate__note",
    ]  # fmt: skip
    assert [migration.repeatable for migration in found] == [False, True, True]


def test_a_callback_of_nobody_is_no_migration(tmp_path: Path) -> None:
    folder(tmp_path, _001_a="a", afterMigrate="b")
    (only,) = read_sql_folder(tmp_path, Sources())
    assert only.paths[0].stem == "_001_a".lstrip("_")


def test_a_flyway_placeholder_is_a_hole(tmp_path: Path) -> None:
    [found] = read_sql_folder(folder(tmp_path, V1__x="DROP TABLE ${schema}.t"), Sources())
    assert found.up
    [statement] = read_sql(found.up.text, "postgresql", found.up.holes).statements
    assert statement.operations == (DropTable(table=Name("t", "{schema}")),)


def test_flyway_runs_outside_a_transaction_where_its_settings_say_so(tmp_path: Path) -> None:
    folder(tmp_path, V1__x="a", V2__y="b")
    (tmp_path / "V2__y.sql.conf").write_text("executeInTransaction=false\n")
    assert [
        found.up and found.up.transactional for found in read_sql_folder(tmp_path, Sources())
    ] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "transactional"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a);", False),
        ("-- why\ncreate unique index concurrently i on t (a); /* ; */ VACUUM t;", False),
        ("VACUUM t;", False),
        ("ALTER TABLE t ADD b int; CREATE INDEX CONCURRENTLY i ON t (a);", True),  # refused
        ("REINDEX INDEX CONCURRENTLY i;", True),
        ("CREATE INDEX i ON t (a);", True),
        ("-- nothing", True),
    ],
)  # fmt: skip
def test_flyway_knows_what_runs_outside(text: str, transactional: bool, tmp_path: Path) -> None:
    [found] = read_sql_folder(folder(tmp_path, V1__x=text), Sources())
    assert found.up
    assert found.up.transactional == transactional
    (tmp_path / "V1__x.sql.conf").write_text("executeInTransaction=true\n")
    [told] = read_sql_folder(tmp_path, Sources())
    assert told.up
    assert told.up.transactional


DBMATE = """\
-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY ix ON t (a);

-- migrate:down
DROP TABLE t;
"""


def test_dbmate(tmp_path: Path) -> None:
    [found] = read_sql_folder(folder(tmp_path, _20200101_x=DBMATE), Sources())
    assert (found.id, found.framework, found.paths) == (
        "20200101",
        "dbmate",
        (tmp_path / "20200101_x.sql",),
    )
    assert found.up
    assert found.down
    assert (found.up.transactional, found.down.transactional) == (False, True)
    assert (found.up.line, found.down.line) == (2, 5)
    assert DBMATE[found.down.start :] == found.down.text == "DROP TABLE t;\n"
    [statement] = read_sql(found.up.text, "postgresql").statements
    assert statement.operations == (
        CreateIndex(table=Name("t"), name="ix", columns=("a",), concurrently=True),
    )


GOOSE = """\
-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql;
-- +goose StatementEnd
DROP TABLE t;
-- +goose Down
DROP TABLE u;
"""


def test_goose(tmp_path: Path) -> None:
    folder(tmp_path, _10_b=f"-- +goose NO TRANSACTION\n{GOOSE}", _9_a=GOOSE)
    first, second = read_sql_folder(tmp_path, Sources())
    assert [first.id, second.id] == ["9", "10"]
    assert first.framework == "goose"
    assert first.up
    assert first.down
    assert second.up
    assert (first.up.transactional, second.up.transactional) == (True, False)
    assert (first.up.line, first.down.line, second.up.line) == (2, 7, 3)
    assert len(read_sql(first.up.text, "postgresql").statements) == 2
    assert read_sql(first.down.text, "postgresql").statements[0].text == "DROP TABLE u"


def test_golang_migrate(tmp_path: Path) -> None:
    folder(
        tmp_path,
        _2_bDOTup="a; b",
        _10_cDOTup="CREATE INDEX CONCURRENTLY ix ON t (a);",
        _2_bDOTdown="c",
    )
    two, ten = read_sql_folder(tmp_path, Sources())
    assert (two.id, two.framework, directions(two)) == ("2", "golang-migrate", ("a; b", "c"))
    assert two.up
    assert ten.up
    assert two.up.transactional  # several statements in one query share a transaction
    assert not ten.up.transactional
    assert ten.down is None


def test_numbered_files(tmp_path: Path) -> None:
    folder(tmp_path, _001_a="a", _002_b="-- no-transaction\nb", _0003="c", readme="x")
    found = read_sql_folder(tmp_path, Sources())
    assert [(m.id, m.framework, m.up and m.up.transactional) for m in found] == [
        ("001", "numbered", True),
        ("002", "numbered", False),
        ("0003", "numbered", True),
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["V1__x.sql"], True),
        (["1_x.up.sql"], True),
        (["001-x.sql", "__init__.py"], True),
        (["schema.sql"], False),
        (["001_x.sql", "abc_revision.py"], False),
        ([], False),
    ],
)
def test_what_is_a_folder_of_migrations(tmp_path: Path, files: list[str], expected: bool) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert is_sql_migration_folder(tmp_path) is expected


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert not is_sql_migration_folder(tmp_path / "none")
    with pytest.raises(SqlFolderError, match="none: cannot be read: No such file or directory"):
        read_sql_folder(tmp_path / "none", Sources())


def test_where_the_statements_of_a_file_stand(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1;\n\n  UPDATE t SET a = 1\n  WHERE b = 2;\nSELECT 3")
    named = [tmp_path / "a.sql"]
    found = read_sql_history(tmp_path, named, tmp_path, None, Sources())
    (only,) = found.parsed.revisions.values()
    places = [
        (s.span.line, s.span.column, s.span.end_line, s.span.end_column)
        for s in only.upgrade.statements
    ]
    assert places == [(1, 1, 1, 9), (3, 3, 4, 14), (5, 1, 5, 9)]


def test_a_version_that_stands_twice(tmp_path: Path) -> None:
    folder(tmp_path, _001_a="a", _001_b="b")
    with pytest.raises(SqlFolderError, match=r"001_a.sql and 001_b.sql are both version 001: give"):
        read_sql_folder(tmp_path, Sources())


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SqlFolderError, match=r"001_a.sql: not UTF-8 text: save it as UTF-8"):
        read_sql_folder(tmp_path, Sources())


def test_finding_files_imports_no_parser(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, guard.project.sql_folders as f;"
        "f.read_sql_folder(pathlib.Path(sys.argv[1]), f.Sources());"
        "assert 'sqlglot' not in sys.modules"
    )
    folder(tmp_path, _1_aDOTup="DROP TABLE t; SELECT 1")
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
