"""Which failures are SQLite's own, and which say something of the revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import mysql, postgresql

from guard.worker.failure import describe
from guard.worker.limits import beyond_sqlite
from guard.worker.made_up import is_of_made_up_rows

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, u TEXT UNIQUE); CREATE INDEX ix ON t (a)"
Step = Callable[[Operations], object]


def failure(step: Step | str) -> Exception:
    """Return what running the step on a table t (id, a, u) with an index ix raises."""
    with sa.create_engine("sqlite://").connect() as connection:
        for sql in TABLE.split(";"):
            connection.exec_driver_sql(sql)
        op = Operations(MigrationContext.configure(connection))
        with pytest.raises((Exception, Warning)) as raised:
            connection.exec_driver_sql(step) if isinstance(step, str) else step(op)
    assert isinstance(raised.value, Exception)
    return raised.value


def column(kind: Any) -> sa.Column[Any]:
    return sa.Column("c", kind)


# SQLAlchemy 1.4 warns, once, of what Alembic 1.9 itself does.
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (lambda op: op.create_unique_constraint("u", "t", ["a"]), "cannot ALTER constraints"),
        (lambda op: op.drop_constraint("uq", "t"), "cannot ALTER constraints"),
        (lambda op: op.create_foreign_key("f", "t", "t", ["a"], ["u"]), "ALTER constraints"),
        (lambda op: op.alter_column("t", "a", nullable=False), "the syntax near ALTER"),
        (lambda op: op.create_table("n", column(postgresql.ARRAY(sa.Text))), "SQLite has no ARRAY"),
        (lambda op: op.create_table("n", column(postgresql.INET())), "SQLite has no INET"),
        (lambda op: op.add_column("t", column(postgresql.TSVECTOR())), "SQLite has no TSVECTOR"),
        (lambda op: op.add_column("t", column(mysql.SET("a", "b"))), "SQLite has no SET"),
        (lambda op: op.execute(sa.select(sa.cast("a", postgresql.HSTORE))), "no HSTORE"),
        ("SELECT '{}'::text[]", "the syntax at :"),
        ("ALTER TABLE t MODIFY COLUMN a BIGINT", "the syntax near MODIFY"),
        ("DROP TABLE t CASCADE", "the syntax near CASCADE"),
        ("COMMENT ON TABLE t IS 'x'", "the syntax near COMMENT"),
        ("CREATE EXTENSION citext", "the syntax near EXTENSION"),
        ("CREATE SEQUENCE s", "the syntax near SEQUENCE"),
        ("DO $$ BEGIN END $$", "the syntax near DO"),
        ("SELECT now()", "no function now"),
        (
            lambda op: (
                op.execute("CREATE TABLE n (a INTEGER, b TEXT DEFAULT (gen_random_uuid()))"),
                op.execute("INSERT INTO n (a) VALUES (1)"),
            ),
            "no function gen_random_uuid",
        ),
        ("SELECT substring('a')", "another function substring"),
        ("SELECT * FROM information_schema.tables", "no information_schema.tables"),
        ("SELECT * FROM pg_class", "no pg_class"),
        ("CREATE TABLE shop.n (id INTEGER)", "no schema shop"),
        ('SELECT a FROM t ORDER BY a COLLATE "de_DE"', "no collation de_DE"),
        ("ALTER TABLE t ADD COLUMN n TEXT UNIQUE", "cannot add a UNIQUE column"),
        ("ALTER TABLE t DROP COLUMN u", "cannot drop a UNIQUE column"),
        ("ALTER TABLE t DROP COLUMN a", "drops no column that is in use"),
        ("COMMIT", "has its own transactions"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        (
            lambda op: op.get_bind().exec_driver_sql("SELECT :v", {"v": [1]}),
            "cannot store such a value",
        ),
        (
            lambda op: op.get_bind().connection.dbapi_connection.set_isolation_level(0),
            "driver has no set_isolation_level()",
        ),
        (
            lambda op: op.get_bind().connection.cursor().copy_expert("COPY t", None),
            "driver has no copy_expert()",
        ),
        (
            lambda op: op.get_bind().engine.connect().execution_options(
                isolation_level="REPEATABLE READ"
            ),
            "other isolation levels",
        ),
    ],
)  # fmt: skip
def test_what_only_sqlite_cannot_do(step: Step | str, reason: str) -> None:
    said = beyond_sqlite(failure(step), "postgresql")
    assert said is not None
    assert reason in said


@pytest.mark.parametrize(
    "step",
    [
        lambda op: op.drop_table("nobody"),
        lambda op: op.drop_column("t", "nobody"),
        lambda op: op.drop_index("nobody"),
        lambda op: op.add_column("t", sa.Column("a", sa.Text())),
        lambda op: op.execute(NOT_THERE),  # type: ignore[name-defined]  # noqa: F821
        lambda op: op.no_such_operation("t"),
        lambda op: op.get_bind().scalar(sa.text("SELECT 1")).upper(),
        "INSERT INTO t (id) VALUES (1), (1)",
        "INSERT INTO nobody VALUES (1)",
        "SELECT missing FROM t",
        "CREATE INDEX ix ON t (u)",
    ],
)
def test_what_is_wrong_on_every_server(step: Step | str) -> None:
    assert beyond_sqlite(failure(step), "postgresql") is None


def test_the_names_of_indexes_are_mysqls_affair() -> None:
    assert beyond_sqlite(failure("CREATE INDEX ix ON t (u)"), "mysql")


def raised(code: str, value: object) -> BaseException:
    names = {"value": value}
    with pytest.raises(Exception) as error:  # noqa: PT011 (which one is the case at hand)
        exec(code, names)
    return error.value


@pytest.mark.parametrize(
    ("code", "made_up"),
    [
        ("value['name']", [1]),
        ("value[0]", {"a": 1}),
        ("value[0:1]", {"a": 1}),
        ("value['missing']", {"a": 1}),
        ("[one['name'] for one in value]", {"a": 1}),
        ("value + 1", "text"),
        ("value.items()", [1]),
        ("value.upper()", 1),
        ("int(value)", "text"),
        ("float(value)", {"a": 1}),
        ("import decimal; decimal.Decimal(value)", "text"),
        ("import json; json.loads(value)", "text"),
        ("import ast; ast.literal_eval(value)", "Ünï 1001"),
        ("import ast; ast.literal_eval(value)", "name"),
        ("import datetime; datetime.date.fromisoformat(value)", "text"),
        ("a, b = value.split(':')", "text"),
        ("1 / (value - 1)", 1),
        ("raise RuntimeError(value)", "text"),
        ("assert value in ('a', 'b')", "text"),
        ("class Odd(Exception): pass\nraise Odd(value)", "text"),
    ],
)
def test_another_value_might_have_passed(code: str, made_up: object) -> None:
    assert is_of_made_up_rows(raised(code, made_up))


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("len(value)", None),
        ("value.upper()", None),
        ("value['name']", None),
        ("value + 1", None),
        ("for one in value: pass", None),
        ("int(value)", None),
        ("float(str(value))", None),
        ("{'a': 1}[value]", None),
        ("import json; json.loads(value)", None),
        ("import ast; ast.literal_eval(value)", None),
        ("unknown(value)", "text"),
        ("import json; json.load_all(value)", "text"),
        ("value.upper(1, 2, key=3)", "text"),
        ("(lambda a: a)()", "text"),
        ("value()", "text"),
        ("raise NotImplementedError(value)", "text"),
        ("len(value, value)", "text"),
    ],
)
def test_no_other_value_would_have_passed(code: str, value: object) -> None:
    assert not is_of_made_up_rows(raised(code, value))


def test_of_the_database_only_its_json_functions_look_into_values() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        with pytest.raises(sa.exc.DBAPIError) as malformed:
            connection.exec_driver_sql("SELECT json_extract('text', '$.a')")
        with pytest.raises(sa.exc.DBAPIError) as missing:
            connection.exec_driver_sql("SELECT nothing")
    assert is_of_made_up_rows(malformed.value)
    assert not is_of_made_up_rows(missing.value)


def test_an_error_that_holds_one_of_sqlalchemy_is_told_without_its_sql() -> None:
    error = RuntimeError("no such table: t\n[SQL: SELECT 1]\n(Background on this error at: ...)")
    assert describe(error) == "RuntimeError: no such table: t"
