"""`guard show` and `guard schema`: what revisions do, and what they make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from guard.cli.main import cli

HEAD = '"""{id}."""\nimport sqlalchemy as sa\nfrom alembic import op\nrevision = "{id}"\n'
FIRST = (
    HEAD.format(id="a1")
    + """\
down_revision = None


def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))
    with op.get_context().autocommit_block():
        op.create_index("ix", "orders", ["id"], postgresql_concurrently=True)


def downgrade():
    op.drop_table("orders")
"""
)
SECOND = (
    HEAD.format(id="b2")
    + """\
down_revision = "a1"


def _add(name):
    op.add_column("orders", sa.Column(name, sa.Text()))


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            '''
            ALTER TABLE orders
                ADD COLUMN total numeric(10, 2);
            '''
        )
    if "note" not in columns():
        _add("note")
    op.execute(unknown())


def downgrade():
    raise NotImplementedError("no way back")
"""
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (versions / "a1_first.py").write_text(FIRST)
    (versions / "b2_second.py").write_text(SECOND)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def guard(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == code, done.output
    return done.output


def shown(*arguments: str) -> list[dict[str, Any]]:
    revisions: list[dict[str, Any]] = json.loads(
        guard("show", "--output-format", "json", *arguments)
    )["revisions"]
    return revisions


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ([], ["b2"]),
        (["head"], ["b2"]),
        (["a1"], ["a1"]),
        (["a"], ["a1"]),
        (["migrations/versions/a1_first.py"], ["a1"]),
        (["migrations"], ["a1", "b2"]),
        (["--all"], ["a1", "b2"]),
    ],
)
def test_it_shows_what_is_named(project: Path, arguments: list[str], ids: list[str]) -> None:
    assert [revision["revision"] for revision in shown(*arguments)] == ids


def test_the_json_contract(project: Path) -> None:
    first, second = shown("--all")
    assert first == {
        "path": "migrations/versions/a1_first.py",
        "revision": "a1",
        "upgrade": {
            "statements": [
                {
                    "kind": "create-table",
                    "table": "orders",
                    "object": "orders",
                    "line": 9,
                    "end_line": 9,
                    "column": 5,
                    "conditional": False,
                    "in_transaction": True,
                },
                {
                    "kind": "create-index",
                    "table": "orders",
                    "object": "orders.ix",
                    "line": 11,
                    "end_line": 11,
                    "column": 9,
                    "conditional": False,
                    "in_transaction": False,
                },
            ]
        },
        "downgrade": {
            "statements": [
                {
                    "kind": "drop-table",
                    "table": "orders",
                    "object": "orders",
                    "line": 15,
                    "end_line": 15,
                    "column": 5,
                    "conditional": False,
                    "in_transaction": True,
                }
            ]
        },
    }
    entries = second["upgrade"]["statements"]
    assert [(e["kind"], e["line"], e["conditional"], e.get("dialects")) for e in entries] == [
        ("add-column", 14, False, ["postgresql"]),
        ("add-column", 9, True, None),
        ("opaque", 22, False, None),
    ]
    assert entries[0]["sql"].startswith("ALTER TABLE orders")
    assert entries[2]["reason"]


def test_the_table_for_people(project: Path) -> None:
    text = guard("show", "b2")
    assert "[postgresql]" in text
    assert "add-column" in text
    assert "'note' not in columns()" in text
    assert "downgrade: raises no way back" in text
    assert "outside the transaction" in guard("show", "a1")


WORDS = {
    "ALTER TABLE a ADD CONSTRAINT c CHECK (n > 0)": "add-constraint a.c check (n > 0)",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON a (n)": "create-index a.i unique concurrently (n)",
    "ALTER TABLE a ALTER COLUMN n TYPE bigint": "change-column-type a.n to bigint",
    "ALTER TABLE a RENAME COLUMN n TO m": "rename-column a.n to m",
    "ALTER TABLE a RENAME TO b": "rename-table a to b",
    "ALTER TABLE b ALTER COLUMN m SET DEFAULT 7": "set-default b.m 7",
    "ALTER TABLE b ALTER COLUMN m SET STORAGE plain": "alter-column b.m storage plain",
    "UPDATE b SET m = 1": "update b m in every row",
    "UPDATE b SET m = 1 WHERE m = 2": "update b m where m = 2",
    "INSERT INTO b VALUES (1), (2)": "insert b 2 rows",
    "SET lock_timeout = '5s'": "set-option lock_timeout lock_timeout = 5s",
    "SELECT 1 FROM b": "query b",
}


def test_what_each_statement_does_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "V1__words.sql").write_text(";\n".join(WORDS))
    monkeypatch.chdir(tmp_path)
    lines = guard("show", "--dialect", "postgresql", "V1__words.sql").splitlines()[3:]
    for number, (line, words) in enumerate(zip(lines, WORDS.values(), strict=False), start=1):
        assert " ".join(line.split()) == f"{number} {words}"
    assert lines[len(WORDS) + 1 :] == ["  downgrade: there is none"]


def test_a_dialect_settles_what_runs(project: Path) -> None:
    kinds = [
        statement["kind"]
        for statement in shown("b2", "--dialect", "sqlite")[0]["upgrade"]["statements"]
    ]
    assert kinds == ["add-column", "opaque"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "zz"], "no revision is called zz"),
        (["show", "--dialect", "oracle"], "unknown dialect 'oracle'"),
        (["schema", "--at", "zz"], "no revision is called zz"),
    ],
)
def test_what_is_wrong_is_said(project: Path, arguments: list[str], message: str) -> None:
    assert message in guard(*arguments, code=2)


def test_the_beginning_of_several_ids_is_no_name(project: Path) -> None:
    third = FIRST.replace('"a1"', '"b3"').replace("down_revision = None", 'down_revision = "b2"')
    (project / "migrations" / "versions" / "b3_third.py").write_text(third)
    assert "several revisions begin with b: b2, b3" in guard("show", "b", code=2)


def test_the_schema_at_a_revision(project: Path) -> None:
    assert "total" not in guard("schema", "--at", "a1")
    after = guard("schema", "--dialect", "postgresql")
    assert "total  numeric(10, 2)" in after
    assert "created by a1" in after


def test_the_schema_as_json_and_sql(project: Path) -> None:
    tables = json.loads(guard("schema", "--output-format", "json", "--at", "a1"))["tables"]
    assert [table["name"] for table in tables] == ["orders"]
    assert "CREATE TABLE" in guard("schema", "--format", "sql", "--at", "a1").upper()


def test_several_databases_stand_under_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "versions").mkdir(parents=True)
        (tmp_path / name / "versions" / "a1_first.py").write_text(FIRST)
    (tmp_path / "alembic.ini").write_text(
        "[one]\nscript_location = %(here)s/one\n[two]\nscript_location = %(here)s/two\n"
    )
    monkeypatch.chdir(tmp_path)
    assert list(json.loads(guard("schema", "--format", "json"))) == ["one", "two"]
    assert "-- two" in guard("schema", "--output-format", "sql")
