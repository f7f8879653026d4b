"""What a rule may ask, each question by a rule that exists only here."""

from __future__ import annotations

from pathlib import Path

import pytest
from ask_rules import Step, ask, sql

TABLE = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('a', sa.Text()))"


# The schema: there is, there is surely none, nobody knows

SCHEMA: dict[str, tuple[str, str]] = {
    "a table": ("schema.table(Name('t')).name", "t"),
    "no table": ("schema.table(Name('nope'))", "Missing.ABSENT"),
    "a table nobody made": ("schema.table(Name('old')).complete", "False"),
    "all tables": ("[str(t.name) for t in schema.tables()]", "['old', 'p', 'p1', 't', 'u']"),
    "a column": ("schema.column(Name('t'), 'a').type", "text"),
    "no column": ("schema.column(Name('t'), 'b')", "Missing.ABSENT"),
    "a column of old": ("schema.column(Name('old'), 'b')", "Missing.UNKNOWN"),
    "indexes": ("[i.name for i in schema.indexes(Name('t'))]", "['t_pkey', 'ix']"),
    "an index": (
        "[i.name for i in schema.indexes_covering(Name('t'), ['a']) or schema.unlisted(Name('t'))]",
        "['ix']",
    ),
    "no index": (
        "schema.indexes_covering(Name('u'), ['t_id']) or schema.unlisted(Name('u'))",
        "Missing.ABSENT",
    ),
    "an index of old": (
        "schema.indexes_covering(Name('old'), ['a']) or schema.unlisted(Name('old'))",
        "Missing.UNKNOWN",
    ),
    "unique": ("schema.is_unique(Name('t'), ['id'])", "True"),
    "never NULL": ("schema.has_valid_check_not_null(Name('t'), 'a')", "False"),
    "references": ("[str(r.table) for r in schema.references_to(Name('t'))]", "['u']"),
    "no references": ("schema.references_to(Name('u')) or schema.unlisted()", "Missing.UNKNOWN"),
    "an enum": ("schema.enum(Name('mood')).values", "('sad', 'ok')"),
    "no enum": ("schema.enum(Name('nope'))", "Missing.ABSENT"),
    "a domain": ("schema.domain(Name('positive')).constrained", "True"),
    "a view": ("schema.view(Name('v')).materialized", "False"),
    "a partition": ("schema.partition_of(Name('p1'))", "p"),
    "no partition": ("schema.partition_of(Name('t'))", "Missing.ABSENT"),
    "a partition perhaps": ("schema.partition_of(Name('old'))", "Missing.UNKNOWN"),
    "partitions": ("[str(n) for n in schema.partitions_of(Name('p'))]", "['p1']"),
    "the dialect": ("schema.dialect", "postgresql"),
}
MADE = sql(
    "CREATE TABLE t (id int PRIMARY KEY, a text)",
    "CREATE INDEX ix ON t (a)",
    "CREATE TABLE u (t_id int REFERENCES t)",
    "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TABLE p (id int) PARTITION BY RANGE (id)",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2)",
)
TOUCHED = sql("ALTER TABLE old ADD COLUMN a int")


@pytest.mark.parametrize("case", SCHEMA)
def test_schema(case: str, tmp_path: Path) -> None:
    question, answer = SCHEMA[case]
    # Once a table that nobody made is touched, there may be others.
    made = (MADE,) if answer == "Missing.ABSENT" else (MADE, TOUCHED)
    assert ask(tmp_path, "Truncate", question, *made, sql("TRUNCATE t")) == [answer]


def test_other_facts_stand_in_no_schema(tmp_path: Path) -> None:
    question = "context.schema.table(Name('t')), context.before, context.statement.operations"
    source = {"app/models.py": "engine = create_engine('sqlite:///data.db')\n"}
    answers = ask(tmp_path, "DatabaseLiteral", question, TABLE, files=source)
    assert answers == ["(<Missing.UNKNOWN: 'unknown'>, (), ())"]


# What runs before and after it

SHOWN = "[s.operations[0].subject for s in context.{}]"
FOUR = (*(f"op.drop_table('{name}')" for name in "ab"), "op.f('x')", "op.drop_table('c')")


def test_before_and_after_in_the_same_direction(tmp_path: Path) -> None:
    steps = (TABLE, ("\n".join(FOUR), "op.drop_table('t')\nop.drop_table('d')"))
    question = f"{SHOWN.format('before')}, {SHOWN.format('after')}"
    assert ask(tmp_path, "DropTable", question, *steps) == [
        "([], ['b', 'c'])",
        "(['a'], ['c'])",
        "(['a', 'b'], [])",
        "([], ['d'])",
        "(['t'], [])",
    ]


def test_only_what_may_run_in_the_same_run(tmp_path: Path) -> None:
    body = """
        op.drop_table('c')
        if op.get_bind().dialect.name == 'postgresql':
            op.drop_table('a')
        else:
            op.drop_table('b')
    """
    question = f"fact.table.name, {SHOWN.format('before')}, {SHOWN.format('after')}"
    assert ask(tmp_path, "DropTable", question, body, dialect=None) == [
        "('c', [], ['a', 'b'])",
        "('a', ['c'], [])",
        "('b', ['c'], [])",
    ]


def test_each_database_for_itself(tmp_path: Path) -> None:
    head = (
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'r1'\ndown_revision = None\n"
    )
    functions = (
        "def upgrade(name):\n    globals()[f'upgrade_{name}']()\n"
        "def downgrade(name):\n    pass\n"
        "def upgrade_one():\n    op.drop_table('a')\n    op.drop_table('b')\n"
        "def upgrade_two():\n    op.drop_table('c')\n"
    )
    files = {"migrations/versions/r1.py": head + functions}
    question = f"fact.table.name, {SHOWN.format('before')}"
    assert ask(tmp_path, "DropTable", question, files=files) == [
        "('a', [])",
        "('b', ['a'])",
        "('c', [])",
    ]


# Transactions, and what they hold

ANALYZE = "with op.get_context().autocommit_block():\n    op.execute('ANALYZE x')"
TRANSACTIONS: dict[str, tuple[str, str | None, list[str]]] = {
    "one for all": (sql("DROP TABLE a", "DROP TABLE b"), "postgresql", ["/b", "a/"]),
    "a COMMIT ends it": (
        sql("DROP TABLE a", "COMMIT", "DROP TABLE b"),
        "postgresql",
        ["/commit", "/"],
    ),
    "a savepoint does not": (
        sql("SAVEPOINT s", "DROP TABLE a", "ROLLBACK TO s", "DROP TABLE b"),
        "postgresql",
        ["savepoint/rollback-to b", "savepoint a rollback-to/"],
    ),
    "nor does BEGIN in one": (sql("BEGIN", "DROP TABLE a"), "postgresql", ["begin/"]),
    "an autocommit block ends it": (
        f"op.drop_table('a')\n{ANALYZE}\nop.drop_table('b')",
        "postgresql",
        ["/", "/"],
    ),
    "none in an autocommit block": (
        "with op.get_context().autocommit_block():\n    op.drop_table('a')\n    op.drop_table('b')",
        "postgresql",
        ["/", "/"],
    ),
    "but one that it begins": (
        "op.drop_table('c')\nwith op.get_context().autocommit_block():\n    "
        + sql("BEGIN", "DROP TABLE a", "COMMIT", "DROP TABLE b").replace("\n", "\n    "),
        "postgresql",
        ["/", "begin/commit", "/"],
    ),
    "MySQL commits around DDL": (
        sql("DELETE FROM a WHERE b = 1", "UPDATE a SET b = 2", "DROP TABLE a", "DROP TABLE b"),
        "mysql",
        ["/", "/"],
    ),
}


@pytest.mark.parametrize("case", TRANSACTIONS)
def test_transaction(case: str, tmp_path: Path) -> None:
    body, dialect, answers = TRANSACTIONS[case]
    told = "' '.join(o.subject or o.command for s in context.transaction.{} for o in s.operations)"
    question = f"{told.format('before')} + '/' + {told.format('after')}"
    assert ask(tmp_path, "DropTable", question, body, dialect=dialect) == answers


def test_rows_share_a_transaction_on_mysql(tmp_path: Path) -> None:
    body = sql("DELETE FROM a WHERE b = 1", "UPDATE a SET b = 2 WHERE b = 3")
    question = "len(context.transaction.before)"
    assert ask(tmp_path, "Update", question, body, dialect="mysql") == ["1"]


def test_locks_that_the_transaction_holds(tmp_path: Path) -> None:
    body = sql(
        "CREATE INDEX i ON t (a)",
        "ALTER TABLE u ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) NOT VALID",
        "DROP TABLE a",
        "COMMIT",
        "DROP TABLE b",
    )
    question = "', '.join(f'{e.lock} on {e.table}' for e in context.transaction.locks)"
    held = "SHARE on t, SHARE ROW EXCLUSIVE on u, SHARE ROW EXCLUSIVE on t"
    assert ask(tmp_path, "DropTable", question, body) == [held, ""]


SETTINGS: dict[str, tuple[str, str]] = {
    "of the session": (
        sql("SET statement_timeout = '5s'"),
        "{'statement_timeout': ('5s', 'session', True)}",
    ),
    "after a COMMIT too": (
        sql("SET Statement_Timeout = '5s'", "COMMIT"),
        "{'statement_timeout': ('5s', 'session', True)}",
    ),
    "of the transaction": (
        sql("SET LOCAL statement_timeout = '5s'"),
        "{'statement_timeout': ('5s', 'local', True)}",
    ),
    "which ends with it": (sql("SET LOCAL statement_timeout = '5s'", "COMMIT"), "{}"),
    "over that of the session": (
        sql("SET statement_timeout = '5s'", "SET LOCAL statement_timeout = '1s'"),
        "{'statement_timeout': ('1s', 'local', True)}",
    ),
    "and gives it back": (
        sql("SET statement_timeout = '5s'", "SET LOCAL statement_timeout = '1s'", "COMMIT"),
        "{'statement_timeout': ('5s', 'session', True)}",
    ),
    "a default for the time being": (
        sql("SET statement_timeout = '5s'", "SET LOCAL statement_timeout TO DEFAULT"),
        "{}",
    ),
    "reset": (sql("SET statement_timeout = '5s'", "RESET statement_timeout"), "{}"),
    "all reset": (sql("SET statement_timeout = '5s'", "RESET ALL"), "{}"),
    "perhaps": (
        "if input():\n    " + sql("SET statement_timeout = '5s'"),
        "{'statement_timeout': ('5s', 'session', False)}",
    ),
    "not yet": ("", "{}"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_in_force(case: str, tmp_path: Path) -> None:
    body, answer = SETTINGS[case]
    question = (
        "{k: (s.value, s.scope, s.certain) for k, s in context.settings.items() if 'lock' not in k}"
    )
    later = sql("SET statement_timeout = 0")
    assert ask(tmp_path, "DropTable", question, f"{body}\nop.drop_table('a')\n{later}") == [answer]


def test_a_setting_of_the_whole_server_is_none_of_the_session(tmp_path: Path) -> None:
    body = sql("SET GLOBAL lock_wait_timeout = 5", "DROP TABLE a")
    question = "{k: s for k, s in context.settings.items() if 'lock' not in k}"
    assert ask(tmp_path, "DropTable", question, body, dialect="mysql") == ["{}"]


# Effects and sizes

ADD_INDEX = "op.create_index('i', 't', ['a'])"


@pytest.mark.parametrize(
    ("dialect", "answer"), [("postgresql", "SHARE"), ("sqlite", None), (None, None)]
)
def test_effect(dialect: str | None, answer: str | None, tmp_path: Path) -> None:
    question = "getattr(context.effect(fact), 'lock', None)"
    assert ask(tmp_path, "CreateIndex", question, ADD_INDEX, dialect=dialect) == [str(answer)]


def test_effect_depends_on_what_came_before(tmp_path: Path) -> None:
    proof = sql(
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
    )
    not_null = "op.alter_column('t', 'a', nullable=False)"
    question = "context.effect(fact).scans"
    assert ask(tmp_path, "SetNotNull", question, not_null, proof, not_null) == ["True", "False"]


NULLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a column as it was made": ("all", ()),
    "a column of old": ("all", ("op.add_column('old', sa.Column('x', sa.Text()))",)),
    "an UPDATE of all rows": ("none", ("UPDATE t SET a = ''",)),
    "of the rows without a value": ("none", ("UPDATE t SET a = '' WHERE t.a IS NULL",)),
    "of some of those": ("some", ("UPDATE t SET a = '' WHERE a IS NULL AND b = 'x'",)),
    "in batches": ("none", ("UPDATE t SET a = '' WHERE a IS NULL AND id BETWEEN 1 AND 9",)),
    "of other rows": ("some", ("UPDATE t SET a = '' WHERE b = 'x'",)),
    "of all that is left": (
        "none",
        ("UPDATE t SET a = u.a FROM u WHERE u.id = t.id", "UPDATE t SET a = '' WHERE a IS NULL"),
    ),
    "from a column with NULLs": ("some", ("UPDATE t SET a = b",)),
    "from one without": ("none", ("UPDATE t SET b = '' WHERE b IS NULL", "UPDATE t SET a = b")),
    "of another column": ("all", ("UPDATE t SET b = ''",)),
    "the rows are deleted": ("none", ("DELETE FROM t WHERE a IS NULL",)),
    "rows of old are deleted": ("none", ("DELETE FROM old WHERE x IS NULL",)),
    "some rows are deleted": ("all", ("DELETE FROM t WHERE b IS NULL",)),
    "all rows are deleted": ("none", ("DELETE FROM t",)),
    "added with a default": ("none", ("ALTER TABLE t DROP a, ADD a text DEFAULT 'x'",)),
    "added with NULL": ("all", ("ALTER TABLE t DROP a, ADD a text DEFAULT NULL",)),
    "a new default": ("all", ("ALTER TABLE t ALTER a SET DEFAULT 'x'",)),
    "converted": ("none", ("ALTER TABLE t ALTER a TYPE text USING coalesce(a, '')",)),
    "in a key": ("none", ("ALTER TABLE t ADD PRIMARY KEY (a)",)),
    "a routine": ("some", ("SELECT fill_them()",)),
    "NULLs are let in again": (
        "all",
        ("UPDATE t SET a = ''", "ALTER TABLE t ALTER a DROP NOT NULL"),
    ),
    "a validated CHECK": (
        "none",
        (
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID",
            "ALTER TABLE t VALIDATE CONSTRAINT c",
        ),
    ),
}


@pytest.mark.parametrize("case", NULLS)
def test_nulls(case: str, tmp_path: Path) -> None:
    answer, before = NULLS[case]
    made = sql("CREATE TABLE t (id int PRIMARY KEY, a text, b text)", "INSERT INTO t VALUES (1)")
    table, column = ("old", "x") if "old" in "".join(before) else ("t", "a")
    body = "\n".join(step if step.startswith("op.") else sql(step) for step in before) or "pass"
    not_null = f"op.alter_column({table!r}, {column!r}, nullable=False)"
    question = "context.nulls(fact.table, fact.column)"
    told = ask(tmp_path, "SetNotNull", question, made, f"{body}\n{not_null}")
    assert told[-1] == answer


def test_nulls_are_gone_since_an_earlier_revision(tmp_path: Path) -> None:
    not_null = sql("ALTER TABLE t ALTER a SET NOT NULL")
    filled = sql("UPDATE t SET a = '' WHERE a IS NULL")
    question = "context.nulls(fact.table, fact.column)"
    assert ask(tmp_path, "SetNotNull", question, TABLE, filled, not_null) == ["none"]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("is_volatile", "True"),
        ("is_constant", "False"),
        ("mentions('a')", "False"),
    ],
)
def test_expression_of_a_default(asked: str, answer: str, tmp_path: Path) -> None:
    body = sql("ALTER TABLE t ALTER a SET DEFAULT random()")
    question = f"context.expression(fact.default.sql).{asked}"
    assert ask(tmp_path, "SetDefault", question, body) == [answer]


@pytest.mark.parametrize(
    ("where", "answer"), [("id = id", "True"), ("1 = 1", "True"), ("id > 3", "False")]
)
def test_expression_of_a_condition(where: str, answer: str, tmp_path: Path) -> None:
    body = sql(f"UPDATE t SET a = 1 WHERE {where}")
    question = "context.expression(fact.where).always_true"
    assert ask(tmp_path, "Update", question, body) == [answer]


def test_expression_of_a_check_and_a_conversion(tmp_path: Path) -> None:
    check = sql("ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL)")
    question = "context.expression(fact.constraint.sql).forbids_null('a')"
    assert ask(tmp_path / "check", "AddConstraint", question, check) == ["True"]
    convert = sql("ALTER TABLE t ALTER a TYPE int USING a::int")
    question = "context.expression(fact.using).is_cast_of('a')"
    assert ask(tmp_path / "cast", "ChangeColumnType", question, convert) == ["True"]


def test_size(tmp_path: Path) -> None:
    files = {"guard-stats.toml": "[tables.t]\nrows = 7\n"}
    question = "context.size(fact.table) and context.size(fact.table).rows"
    body = sql("DROP TABLE t", "DROP TABLE u")
    assert ask(tmp_path, "DropTable", question, body, files=files) == ["7", "None"]


# A revision as a whole

MIGRATIONS: dict[str, tuple[str, Step, list[str]]] = {
    "the schema before": ("fact.schemas[0].before.table(Name('t'))", TABLE, ["Missing.ABSENT"]),
    "between": (
        "[c.name for c in fact.schemas[0].between.table(Name('t')).columns]",
        TABLE,
        ["['id', 'a']"],
    ),
    "after": (
        "fact.schemas[0].after.table(Name('t'))",
        (TABLE, "op.drop_table('t')"),
        ["Missing.ABSENT"],
    ),
    "what is left": (
        "fact.schemas[0].before.diff(fact.schemas[0].after)",
        (sql("CREATE TYPE e AS ENUM ('a')", "CREATE TABLE t (a int)"), "op.drop_table('t')"),
        ["('+ enum e (a)',)"],
    ),
    "nothing is left": (
        "fact.schemas[0].before.diff(fact.schemas[0].after)",
        (TABLE, "op.drop_table('t')"),
        ["()"],
    ),
    "both directions": (
        "len(fact.upgrade.statements), fact.downgrade.raises",
        (TABLE, "raise ValueError('no')"),
        ["(1, 'no')"],
    ),
    "what changes nothing": (
        "fact.upgrade.changes('postgresql'), fact.downgrade.changes(None)",
        (sql("SELECT 1"), TABLE),
        ["(False, True)"],
    ),
    "no way back": (
        "fact.irreversible",
        (TABLE, "# guard: irreversible we never look back\npass"),
        ["we never look back"],
    ),
    "its tool and id": (
        "fact.tool, fact.revision, fact.schemas[0].database",
        TABLE,
        ["('alembic', 'r1', None)"],
    ),
}


@pytest.mark.parametrize("case", MIGRATIONS)
def test_migration(case: str, tmp_path: Path) -> None:
    question, step, answers = MIGRATIONS[case]
    assert ask(tmp_path, "Migration", question, step) == answers


def test_each_revision_is_a_migration_that_begins_where_the_last_ended(tmp_path: Path) -> None:
    question = "[str(t.name) for t in fact.schemas[0].before.tables()]"
    made = "op.create_table('u', sa.Column('id', sa.Integer()))"
    assert ask(tmp_path, "Migration", question, TABLE, made, "pass") == [
        "[]",
        "['t']",
        "['t', 'u']",
    ]
