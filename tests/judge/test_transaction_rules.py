"""Forms of what ends a transaction, leaks, waits or stays half done, and what looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ask_rules import judge as judge_history
from ask_rules import sql
from command_line import PROJECT
from examples import judge

from guard.judge.load_rules import load_rules
from guard.rule import Example

FAMILY = {
    "implicit-commit",
    "leaking-session-setting",
    "lock-many-tables",
    "lock-timeout",
    "transaction-statement",
}
NOTE = "op.add_column('orders', sa.Column('note', sa.Text()))"
SHORT = "SET LOCAL lock_timeout = '5s'"
MADE = "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True))"
BLOCK = "with op.get_context().autocommit_block():\n    "
BATCH = (
    "with op.batch_alter_table('orders') as batch_op:\n"
    "    batch_op.add_column(sa.Column('a', sa.Text()))\n"
    "    batch_op.add_column(sa.Column('b', sa.Text()))"
)

CASES: dict[str, tuple[str, str, set[str]]] = {
    # transaction-statement
    "BEGIN and COMMIT in one text": (
        "postgresql",
        sql("BEGIN; DELETE FROM orders WHERE id = 1; COMMIT;"),
        {"transaction-statement"},
    ),
    "lower case, END": ("postgresql", sql("end"), {"transaction-statement"}),
    "sa.text": ("postgresql", "op.execute(sa.text('COMMIT'))", {"transaction-statement"}),
    "on the connection": (
        "postgresql",
        "op.get_bind().execute(sa.text('COMMIT'))",
        {"transaction-statement"},
    ),
    "a connection's commit": (
        "postgresql",
        "conn = op.get_bind()\nconn.execute(sa.text('SELECT 1'))\nconn.commit()",
        {"transaction-statement"},
    ),
    "MySQL's COMMIT": ("mysql", sql("COMMIT"), {"transaction-statement"}),
    "a connection of its own": (
        "postgresql",
        "with op.get_bind().engine.connect() as conn:\n    conn.commit()",
        set(),
    ),
    "a session's commit": (
        "postgresql",
        "from sqlalchemy.orm import Session\n"
        "session = Session(bind=op.get_bind())\n"
        "session.commit()",
        set(),
    ),
    "BEGIN of a block of code": ("postgresql", sql("DO $$ BEGIN PERFORM 1; END $$"), set()),
    "a commit in a string": ("postgresql", sql("SELECT 'COMMIT'"), set()),
    "a pair in an autocommit block": (
        "postgresql",
        BLOCK + sql("BEGIN; SELECT 1; COMMIT"),
        set(),
    ),
    # lock-timeout
    "raw SQL": ("postgresql", sql("ALTER TABLE orders ADD note text"), {"lock-timeout"}),
    "the schema's name": (
        "postgresql",
        sql('ALTER TABLE "s"."Orders" ADD n int'),
        {"lock-timeout"},
    ),
    "a block of code": (
        "postgresql",
        sql("DO $$ BEGIN ALTER TABLE orders ADD note text; END $$"),
        {"lock-timeout"},
    ),
    "local in another transaction": (
        "postgresql",
        f"{sql(SHORT)}\n{BLOCK}{NOTE}",
        {"lock-timeout"},
    ),
    "TO": ("postgresql", sql("SET lock_timeout TO 3000") + f"\n{NOTE}", set()),
    "in a batch": ("postgresql", f"{sql(SHORT)}\n{BATCH}", set()),
    "zero in a string": (
        "postgresql",
        sql("SET lock_timeout = '0'") + f"\n{NOTE}",
        {"lock-timeout"},
    ),
    "a table of this revision": ("postgresql", f"{MADE}\n{NOTE}", set()),
    "concurrently": (
        "postgresql",
        f"{BLOCK}op.execute('CREATE INDEX CONCURRENTLY i ON orders (id)')",
        set(),
    ),
    "VALIDATE": ("postgresql", sql("ALTER TABLE orders VALIDATE CONSTRAINT c"), set()),
    "only rows": ("postgresql", sql("DELETE FROM orders WHERE id = 1"), set()),
    # implicit-commit
    "two changes in a batch": ("mysql", BATCH, {"lock-timeout", "implicit-commit"}),
    "rows, then DDL": (
        "mysql",
        sql("SET lock_wait_timeout = 5", "DELETE FROM orders WHERE id = 1")
        + "\nop.drop_index('i', 'orders')",
        {"implicit-commit"},
    ),
    "DDL, then rows": (
        "mysql",
        f"{sql('SET lock_wait_timeout = 5')}\n{NOTE}\n{sql('DELETE FROM orders WHERE id = 1')}",
        set(),
    ),
    "on PostgreSQL": ("postgresql", f"{sql(SHORT)}\n{BATCH}", set()),
    "a batch of SQLite": ("sqlite", BATCH, set()),
    # leaking-session-setting
    "SET SESSION": ("postgresql", sql("SET SESSION search_path = x"), {"leaking-session-setting"}),
    "TIME ZONE": ("postgresql", sql("SET TIME ZONE 'UTC'"), {"leaking-session-setting"}),
    "session authorization": (
        "postgresql",
        sql("SET SESSION AUTHORIZATION x"),
        {"leaking-session-setting"},
    ),
    "@@": ("mysql", sql("SET @@session.sql_mode = ''"), {"leaking-session-setting"}),
    "one of two": (
        "mariadb",
        sql("SET foreign_key_checks = 0, unique_checks = 0", "SET unique_checks = 1"),
        {"leaking-session-setting"},
    ),
    "set back in a block": (
        "postgresql",
        sql("SET ROLE x", "RESET ROLE"),
        set(),
    ),
    "GLOBAL": ("mysql", sql("SET GLOBAL sql_mode = ''"), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_forms(case: str, tmp_path: Path) -> None:
    dialect, body, expected = CASES[case]
    config: dict[str, object] = {"lock-timeout": None, "ignore": []}
    example = Example(upgrade=body, dialect=dialect, config=config)
    assert {f.rule for f in judge(example, tmp_path)} & FAMILY == expected


def test_a_commit_that_nobody_asked_for_is_told_once_in_a_history(tmp_path: Path) -> None:
    rule = next(rule for rule in load_rules() if rule.name == "implicit-commit")
    path = Path(rule.check.__code__.co_filename)
    found = judge_history(
        tmp_path,
        {"correctness/implicit_commit": path.read_text(encoding="utf-8")},
        "op.drop_column('t', 'a')",
        "op.drop_column('t', 'b')\nop.drop_column('u', 'b')",
        "op.drop_column('t', 'c')\nop.drop_column('u', 'c')",
        settings={"dialect": "mysql"},
    )
    assert [finding.revision for finding in found] == ["r2"]


def test_a_missing_timeout_is_told_once_in_a_history(tmp_path: Path) -> None:
    rule = next(rule for rule in load_rules() if rule.name == "lock-timeout")
    path = Path(rule.check.__code__.co_filename)
    bare = "with context.begin_transaction():\n    context.run_migrations()\n"
    files = {"migrations/env.py": f"from alembic import context\n{bare}"}
    assert files.keys() <= PROJECT.keys()
    found = judge_history(
        tmp_path,
        {"locking/lock_timeout": path.read_text(encoding="utf-8")},
        "op.drop_column('t', 'a')",
        "op.drop_column('t', 'b')\nop.drop_column('u', 'b')",
        "op.drop_column('t', 'c')",
        files=dict(files),
        settings={"dialect": "postgresql"},
    )
    assert [(f.rule, f.revision) for f in found] == [("lock-timeout", "r1")]


CREATE_SUBSCRIPTION = "CREATE SUBSCRIPTION s CONNECTION 'host=there user=connect' PUBLICATION p"


# What PostgreSQL 15 and 18 do with it in a transaction, the subscription enabled and with a slot.
@pytest.mark.parametrize(
    ("statements", "fails"),
    [
        ([CREATE_SUBSCRIPTION], True),
        ([f"{CREATE_SUBSCRIPTION} WITH (create_slot = true)"], True),
        ([f"{CREATE_SUBSCRIPTION} WITH (enabled = false)"], True),
        ([f"{CREATE_SUBSCRIPTION} WITH (enabled=false, create_slot=off)"], False),
        ([f"{CREATE_SUBSCRIPTION} WITH (connect = 'false')"], False),
        (["DROP SUBSCRIPTION s"], True),
        (["ALTER SUBSCRIPTION s SET (slot_name = NONE)", "DROP SUBSCRIPTION s"], False),
        (["ALTER SUBSCRIPTION t SET (slot_name = NONE)", "DROP SUBSCRIPTION s"], True),
        (["ALTER SUBSCRIPTION s SET PUBLICATION q"], True),
        (["ALTER SUBSCRIPTION s ADD PUBLICATION q WITH (copy_data = false)"], True),
        (["ALTER SUBSCRIPTION s DROP PUBLICATION q WITH (refresh = false)"], False),
        (["ALTER SUBSCRIPTION s REFRESH PUBLICATION"], True),
        (["ALTER SUBSCRIPTION s SET (failover = true)"], True),
        (["ALTER SUBSCRIPTION s SET (binary = true)"], False),
        (["ALTER SUBSCRIPTION s ENABLE"], False),
    ],
)
def test_what_asks_a_publisher(statements: list[str], fails: bool, tmp_path: Path) -> None:
    example = Example(upgrade="\n".join(map(sql, statements)), dialect="postgresql", version="18")
    told = [found for found in judge(example, tmp_path) if found.rule == "not-in-transaction"]
    assert bool(told) is fails


NOT_VALID = "ALTER TABLE {t} ADD CONSTRAINT ck CHECK (n > 0) NOT VALID"
VALIDATED = "ALTER TABLE {t} VALIDATE CONSTRAINT ck"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (sql(f"{NOT_VALID}; {VALIDATED}".format(t="orders")), True),
        (sql(f"{NOT_VALID};\n-- now;\n{VALIDATED};\n".format(t="shop.orders")), True),
        (f"op.execute('''{NOT_VALID}; {VALIDATED}'''.format(t='orders'))", True),
        (f"t = 'orders'\n    op.execute(f'{NOT_VALID}; {VALIDATED}')", True),
        (f"for t in ('a', 'b'):\n        op.execute(f'{NOT_VALID}; {VALIDATED}')", True),
        (sql(f"{NOT_VALID}; COMMIT; {VALIDATED}".format(t="orders")), False),
        (f"t = 'orders'\n    op.execute(f'{NOT_VALID}')\n    op.execute(f'{VALIDATED}')", False),
        (f"for q in ('{NOT_VALID}', '{VALIDATED}'):\n        op.execute(q.format(t='o'))", False),
        (
            "for q in ('ADD CONSTRAINT ck CHECK (n > 0) NOT VALID', 'VALIDATE CONSTRAINT ck'):\n"
            "        op.execute(f'SET lock_timeout = 900; ALTER TABLE a {q}')",
            False,
        ),
    ],
)
def test_statements_in_one_text(body: str, told: bool, tmp_path: Path) -> None:
    example = Example(upgrade=BLOCK + body, dialect="postgresql")
    found = {finding.rule for finding in judge(example, tmp_path)}
    assert ("validate-in-same-transaction" in found) is told
