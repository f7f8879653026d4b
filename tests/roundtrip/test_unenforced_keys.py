"""What a step would do to rows where SQLite enforces keys, while env.py has it enforce none."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import chain, guard, write
from hazards import REBUILT, batch, sql
from roundtrip_project import ENFORCING_ENV, ENV, Step

ENGINE = (
    "from sqlalchemy import create_engine, event\n\nengine = create_engine('sqlite:///app.db')\n\n\n"
    "@event.listens_for(engine, 'connect')\ndef enforce(connection, record):\n"
    "    connection.execute('PRAGMA foreign_keys=ON')\n"
)
HANDED_OVER = (
    "from alembic import context\n\nconnection = context.config.attributes.get('connection')\n"
    "if connection is None:\n    from sqlalchemy import create_engine\n"
    "    connection = create_engine('sqlite:///data.sqlite3').connect()\n"
    "context.configure(connection=connection)\n"
    "with context.begin_transaction():\n    context.run_migrations()\n"
)
OFF = "with op.get_context().autocommit_block():\n    op.execute('PRAGMA foreign_keys=OFF')\n"
TOO_LATE = "op.execute('UPDATE users SET email = NULL')\nop.execute('PRAGMA foreign_keys=OFF')\n"
PARENT = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80))"


def shop(action: str, more: str = "") -> Step:
    child = (
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id)"
        f"{action})"
    )
    return sql(PARENT, child, *([more] if more else [])), sql(
        "DROP TABLE orders", "DROP TABLE users"
    )


CASCADE, SET_NULL, PLAIN = shop(" ON DELETE CASCADE"), shop(" ON DELETE SET NULL"), shop("")
LOSES = "takes along what refers to it"


def said(folder: Path, *steps: Step, **files: str) -> str:
    """Return the report of a round trip of the last of the revisions."""
    env = files.pop("env", ENV)
    written = {**chain(*steps), "migrations/env.py": env}
    written |= {f"{name.replace('__', '/')}.py": text for name, text in files.items()}
    done = guard(write(folder, written), "roundtrip", "--dialect", "sqlite", COLUMNS="500")
    return done.output


@pytest.mark.parametrize(
    ("base", "step", "words"),
    [
        (CASCADE, (REBUILT, "pass"), [LOSES, "- 7 rows in orders", "+ 2 rows in orders"]),
        (SET_NULL, (REBUILT, "pass"), [LOSES, "- 5 values of orders.user_id", "+ 0 values"]),
        (PLAIN, (REBUILT, "pass"), ["that fails: FOREIGN KEY constraint failed."]),
        (CASCADE, ("pass", REBUILT), ["The downgrade of r2 drops users", "rows in orders"]),
        (CASCADE, (TOO_LATE + REBUILT, "pass"), [LOSES]),
        (
            (sql("CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80),"
                 " boss INTEGER REFERENCES users (id) ON DELETE CASCADE)"),
             sql("DROP TABLE users")),
            (REBUILT, "pass"),
            ["that fails: FOREIGN KEY constraint failed."],
        ),
    ],
)  # fmt: skip
def test_what_enforced_keys_would_do(
    base: Step, step: Step, words: list[str], tmp_path: Path
) -> None:
    output = said(tmp_path, base, step, app__db=ENGINE)
    assert "warning[rows-lost]" in output
    for text in ("as at app/db.py:8", *words):
        assert text in output, output


@pytest.mark.parametrize(
    ("base", "step"),
    [
        (CASCADE, (OFF + REBUILT, "pass")),
        (CASCADE, (batch("orders", recreate="always"), "pass")),
        (CASCADE, (batch("users", "add_column(sa.Column('n', sa.Text()))"), "pass")),
        (CASCADE, ("op.drop_table('orders')\n" + REBUILT, CASCADE[0].splitlines()[1])),
        ((sql(PARENT), sql("DROP TABLE users")), (REBUILT, "pass")),
    ],
)
def test_what_enforced_keys_leave_alone(base: Step, step: Step, tmp_path: Path) -> None:
    output = said(tmp_path, base, step, app__db=ENGINE)
    assert "foreign keys" not in output.lower().replace("foreign_keys", ""), output


def test_a_connection_of_the_applications_is_an_error(tmp_path: Path) -> None:
    output = said(tmp_path, CASCADE, (REBUILT, "pass"), app__db=ENGINE, env=HANDED_OVER)
    assert "error[rows-lost]" in output
    assert "It ran without foreign keys enforced" in output


@pytest.mark.parametrize("files", [{}, {"tests__conftest": ENGINE}])
def test_where_nothing_enforces_them_it_is_a_note(files: dict[str, str], tmp_path: Path) -> None:
    output = said(tmp_path, CASCADE, (REBUILT, "pass"), **files)
    assert "rows-lost" not in output
    assert "note: Foreign keys were not enforced, and nothing in this project asks SQLite" in output
    assert "the upgrade of r2 drops users to make it anew, which takes along rows" in output


def test_where_env_py_enforces_them_it_is_told_once(tmp_path: Path) -> None:
    output = said(tmp_path, CASCADE, (REBUILT, "pass"), app__db=ENGINE, env=ENFORCING_ENV)
    assert output.count("[rows-lost]") == 1
    assert "It ran without foreign keys enforced" not in output


def test_where_sqlite_stands_in_for_a_server_it_is_nothing(tmp_path: Path) -> None:
    env = ENV.replace("sqlite:///data.sqlite3", "postgresql+psycopg2://u:p@db.example.org/app")
    files = {**chain(CASCADE, (REBUILT, "pass")), "migrations/env.py": env, "app/db.py": ENGINE}
    done = guard(write(tmp_path, files), "roundtrip", "--backend", "sqlite")
    assert "orders" not in done.output, done.output
