"""What a round trip finds in revisions that run."""

from __future__ import annotations

from pathlib import Path

import pytest
from notes import texts
from roundtrip_project import ENFORCING_ENV, ENV, USERS, Step, project, revision, round_trip, story

from guard.facts import (
    DeclaredIrreversible,
    ModelsDiffer,
    RowsLost,
    SchemaNotRepeatable,
    SchemaNotRestored,
    UpgradeFailed,
)
from guard.roundtrip.errors import RoundTripError

NOT_NULL = """
with op.batch_alter_table('users') as users:
    users.alter_column('email', existing_type=sa.String(80), nullable=False)
"""
NULL = NOT_NULL.replace("nullable=False", "nullable=True")
CHILD = (
    "op.create_table('posts', sa.Column('id', sa.Integer(), primary_key=True), sa.Column("
    "'user_id', sa.Integer(), sa.ForeignKey('users.id', ondelete='CASCADE'), nullable=False))"
)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param(
            (
                "op.add_column('users', sa.Column('n', sa.Integer()))",
                "op.drop_column('users', 'n')",
            ),
            None,
            id="adds and drops a column",
        ),
        pytest.param(
            ("op.add_column('nobody', sa.Column('n', sa.Integer()))", ""), "upgrade fails"
        ),
        pytest.param(("import sys; sys.exit(3)", ""), "upgrade fails", id="sys.exit"),
        pytest.param((NOT_NULL, NULL), "upgrade-with-rows fails", id="NOT NULL over NULLs"),
        pytest.param(
            ("op.create_index('ux', 'users', ['email'], unique=True)", "op.drop_index('ux')"),
            "upgrade-with-rows fails",
            id="unique over duplicates",
        ),
        pytest.param(
            (
                "op.add_column('users', sa.Column('n', sa.Integer(), nullable=False))",
                "op.drop_column('users', 'n')",
            ),
            "upgrade-with-rows fails",
            id="NOT NULL column without default",
        ),
        pytest.param(
            ("op.execute(\"UPDATE users SET email = '' WHERE email IS NULL\")\n" + NOT_NULL, NULL),
            None,
            id="backfills before NOT NULL",
        ),
        pytest.param((CHILD, "op.drop_table('post')"), "downgrade fails"),
        pytest.param((CHILD, ""), "downgrade drift", id="empty downgrade"),
        pytest.param((CHILD, "raise RuntimeError('no way back')"), "irreversible"),
        pytest.param((CHILD, "raise NotImplementedError"), "irreversible"),
        pytest.param((CHILD, "assert False"), "downgrade fails"),
        pytest.param(
            (CHILD, "op.create_unique_constraint('u', 'users', ['email'])"),
            "downgrade fails",
            id="NotImplementedError of Alembic itself",
        ),
        pytest.param(
            ("op.execute('INSERT INTO users (id) VALUES (1)')", ""),
            "second-upgrade fails",
            id="inserts again",
        ),
        pytest.param(
            (
                "op.execute('INSERT INTO users (id) VALUES (1)')",
                "op.execute('DELETE FROM users WHERE id = 1')",
            ),
            None,
            id="inserts and deletes its own row",
        ),
        pytest.param(
            ("op.execute('INSERT INTO users (id) VALUES (1)')", "op.execute('DELETE FROM users')"),
            "downgrade loses users",
            id="deletes rows of others",
        ),
        pytest.param(
            ("op.execute('UPDATE users SET email = lower(email)')", ""), None, id="declared update"
        ),
        pytest.param(
            ("op.execute('DELETE FROM users WHERE email IS NULL')", ""), None, id="declared delete"
        ),
        pytest.param(
            (
                "op.drop_column('users', 'email')",
                "op.add_column('users', sa.Column('email', sa.String(80)))",
            ),
            None,
            id="declared drop of a column",
        ),
        pytest.param(
            ("op.rename_table('users', 'people')", "op.rename_table('people', 'users')"),
            None,
            id="rename",
        ),
        pytest.param(
            ("op.execute('CREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END')", ""),
            "downgrade drift",
            id="trigger left",
        ),
        pytest.param(
            ("op.execute('CREATE VIEW v AS SELECT 1 AS one')", ""),
            "downgrade drift",
            id="view left",
        ),
    ],
)
def test_one_revision(step: Step, expected: str | None, tmp_path: Path) -> None:
    result = round_trip(project(tmp_path, USERS, step))
    assert story(result) == ([("r2", expected)] if expected else [])


@pytest.mark.real_start
def test_a_failure_points_at_its_line_and_quotes_the_error_and_the_sql(tmp_path: Path) -> None:
    bad = ("op.get_bind()\nop.execute('INSERT INTO nowhere VALUES (1)')", "")
    (failure,) = round_trip(project(tmp_path, bad)).facts
    assert isinstance(failure, UpgradeFailed)
    assert (failure.span.path, failure.span.line) == ("migrations/versions/r1.py", 10)
    assert failure.error == "no such table: nowhere"
    assert failure.sql == "INSERT INTO nowhere VALUES (1)"


def test_a_difference_points_at_the_downgrade_and_names_things_as_the_user_does(
    tmp_path: Path,
) -> None:
    upgrade = """
    op.execute('DELETE FROM users')
    op.create_index('ix_mail', 'users', ['email'], sqlite_where=sa.text('id > 5'))
    with op.batch_alter_table('users') as users:
        users.alter_column('email', type_=sa.String(100), nullable=False, server_default='x')
        users.create_check_constraint('long', 'length(email) > 1')
    """
    result = round_trip(project(tmp_path, USERS, (upgrade, "")))
    (drift,) = result.facts
    assert isinstance(drift, SchemaNotRestored)
    assert (drift.span.path, drift.span.line) == ("migrations/versions/r2.py", 16)
    assert drift.difference == (
        "- column users.email VARCHAR(80)",
        "+ column users.email VARCHAR(100) NOT NULL DEFAULT 'x'",
        "+ check on users: length(email) > 1",
        "+ index ix_mail on users (email) WHERE id > 5",
    )


def test_an_irreversible_downgrade_says_why(tmp_path: Path) -> None:
    (fact,) = round_trip(
        project(tmp_path, (USERS[0], "raise NotImplementedError('rows are merged')"))
    ).facts
    assert isinstance(fact, DeclaredIrreversible)
    assert fact.message == "rows are merged"
    assert fact.span.line == 13


@pytest.mark.real_start
def test_rows_that_batch_mode_deletes_by_cascade_are_missed(tmp_path: Path) -> None:
    batch = "with op.batch_alter_table('users', recreate='always') as users:\n    pass"
    result = round_trip(
        project(
            tmp_path, USERS, (CHILD, "op.drop_table('posts')"), (batch, batch), env=ENFORCING_ENV
        )
    )
    (lost,) = result.facts
    assert isinstance(lost, RowsLost)
    assert (lost.revision, lost.stage, lost.dropped) == ("r3", "upgrade", ("users",))
    assert lost.difference == ("- 7 rows in posts", "+ 0 rows in posts")


def test_the_cascade_of_a_table_that_was_renamed_is_told_as_that(tmp_path: Path) -> None:
    rename = "op.rename_table('users', 'people')\n"
    batch = rename + "with op.batch_alter_table('people', recreate='always') as people:\n    pass"
    folder = project(
        tmp_path, USERS, (CHILD, "op.drop_table('posts')"), (batch, batch), env=ENFORCING_ENV
    )
    lost = [fact for fact in round_trip(folder).facts if isinstance(fact, RowsLost)]
    assert [(fact.stage, fact.dropped) for fact in lost] == [("upgrade", ("people",))]


def test_a_lossy_type_change_shows_the_values(tmp_path: Path) -> None:
    change = """
with op.batch_alter_table('users') as users:
    users.alter_column('email', existing_type=sa.String(80), type_=sa.{})
"""
    step = (change.format("Integer()"), change.format("String(80)"))
    (lost,) = round_trip(project(tmp_path, USERS, step)).facts
    assert isinstance(lost, RowsLost)
    assert lost.difference == (
        "- users.email = 'Ünï 1011' where id = 1010",
        "+ users.email = '0' where id = 1010 (and 4 more)",
    )


def test_a_schema_that_differs_the_second_time(tmp_path: Path) -> None:
    upgrade = """
    found = op.get_bind().execute(sa.text('SELECT 1 FROM users WHERE id = 1')).first()
    op.add_column('users', sa.Column('b' if found else 'a', sa.Text()))
    op.execute('INSERT OR IGNORE INTO users (id) VALUES (1)')
    """
    downgrade = """
    op.drop_column('users', sa.inspect(op.get_bind()).get_columns('users')[-1]['name'])
    """
    (drift,) = round_trip(project(tmp_path, USERS, (upgrade, downgrade))).facts
    assert isinstance(drift, SchemaNotRepeatable)
    assert drift.difference == ("- column users.a TEXT", "+ column users.b TEXT")


def test_what_comes_after_failing_revisions_is_still_tested(tmp_path: Path) -> None:
    result = round_trip(
        project(
            tmp_path,
            USERS,
            ("op.drop_table('nobody')", ""),
            (NOT_NULL, NULL),
            (CHILD, "op.drop_table('post')"),
            ("op.create_index('ix', 'posts', ['user_id'])", "pass"),
            ("op.execute('CREATE VIEW v AS SELECT 1 AS a')", "op.execute('DROP VIEW v')"),
        )
    )
    assert story(result) == [
        ("r2", "upgrade fails"),
        ("r3", "upgrade-with-rows fails"),
        ("r4", "downgrade fails"),
        ("r5", "downgrade drift"),
    ]
    assert any("after r2" in note for note in texts(result.notes))


def test_nothing_is_said_of_revisions_after_the_last(tmp_path: Path) -> None:
    assert round_trip(project(tmp_path, USERS, ("op.drop_table('nobody')", ""))).notes == ()


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("op.drop_table('nobody')", (9, 5, 9, 28)),
        ("op.drop_table(  # gone\n    'nobody'\n)", (9, 5, 11, 6)),
        ("if True: op.drop_table('öäü'); pass", (9, 14, 9, 34)),
        ("op.get_bind().execute(sa.text('SELECT nothing'))", (9, 5, 9, 53)),
        ("1 / 0  ", (9, 5, 9, 10)),
    ],
)
def test_a_failure_covers_the_call(
    code: str, place: tuple[int, int, int, int], tmp_path: Path
) -> None:
    (failure,) = round_trip(project(tmp_path, (code, ""))).facts
    span = failure.span
    assert (span.line, span.column, span.end_line, span.end_column) == place


def test_only_the_revisions_asked_for_are_taken_down(tmp_path: Path) -> None:
    folder = project(tmp_path, (USERS[0], "pass"), (CHILD, "pass"), (NOT_NULL, NULL))
    result = round_trip(folder, revisions=("r3",))
    assert story(result) == [("r3", "upgrade-with-rows fails")]
    assert result.downgraded == 1
    assert result.upgraded == 4  # r1, r2, then r3 without the rows it fails over, and once more


def test_a_released_revision_that_fails_is_said_and_stepped_over(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, ("op.drop_table('x')", ""), (CHILD, "pass"))
    result = round_trip(folder, revisions=("r3",))
    assert story(result) == [("r3", "downgrade drift")]
    assert [
        note for note in texts(result.notes) if "r2 (migrations/versions/r2.py:9: no such" in note
    ]


def test_code_that_does_not_understand_made_up_values_is_a_note(tmp_path: Path) -> None:
    upgrade = """
    for row in op.get_bind().execute(sa.text('SELECT email FROM users WHERE email IS NOT NULL')):
        int(row.email)
    """
    result = round_trip(project(tmp_path, USERS, (upgrade, "")))
    assert not result.facts
    assert [
        note
        for note in texts(result.notes)
        if "Tested over plainer rows" in note and "r2 (ValueError" in note
    ]


def test_what_has_no_downgrade_is_one_note(tmp_path: Path) -> None:
    folder = project(tmp_path, USERS, (ADD_NICK, ""), ("op.drop_column('users', 'nick')", ""))
    for name in ("r2", "r3"):
        file = folder / f"migrations/versions/{name}.py"
        file.write_text(file.read_text().partition("def downgrade")[0])
    assert texts(round_trip(folder).notes) == ("No downgrade() to test in r2, r3.",)


ADD_NICK = "op.add_column('users', sa.Column('nick', sa.Text()))"


def test_branches_merges_and_dependencies_are_walked_in_an_order_that_works(
    tmp_path: Path,
) -> None:
    folder = project(tmp_path, USERS)
    table = ("op.create_table('{0}', sa.Column('id', sa.Integer()))", "op.drop_table('{0}')")

    def add(name: str, parent: str | tuple[str, ...] | None, extra: str = "") -> None:
        step = (table[0].format(name), table[1].format(name))
        (folder / f"migrations/versions/{name}.py").write_text(revision(name, parent, step, extra))

    add("a1", "r1")
    add("a2", "a1")
    add("b1", "r1")
    add("merged", ("a2", "b1"))
    add("other", None, "depends_on = 'a1'")
    add("last", "merged", "depends_on = ('other',)")
    add("aside", "b1")
    result = round_trip(folder)
    assert story(result) == []
    assert (result.upgraded, result.downgraded) == (16, 8)


def test_progress_and_counts(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    result = round_trip(
        project(tmp_path, USERS, (CHILD, "op.drop_table('posts')")),
        on_progress=lambda *step: heard.append(step),
    )
    assert heard == [
        ("upgrade r1", 0, 2), ("downgrade r1", 0, 2), ("upgrade r1", 0, 2),
        ("upgrade r2", 1, 2), ("downgrade r2", 1, 2), ("upgrade r2", 1, 2),
    ]  # fmt: skip
    assert (result.upgraded, result.downgraded, result.seeded_rows) == (4, 2, 21)
    assert result.seconds > 0


SLEEPS_A_BIT = "import time\ntime.sleep(0.2)"


def test_how_long_each_step_took(tmp_path: Path) -> None:
    steps = (USERS, (SLEEPS_A_BIT, "pass"), ("pass", SLEEPS_A_BIT))
    result = round_trip(project(tmp_path, *steps), revisions=("r2", "r3"))
    first, second, third = result.timings
    assert first.path == "migrations/versions/r1.py"
    assert (first.down, first.up_again) == (None, None)
    assert [
        [took and took > 0.15 for took in (t.up, t.down, t.up_again)] for t in (second, third)
    ] == [
        [True, False, True],
        [False, True, False],
    ]


def test_a_step_that_fails_has_no_time(tmp_path: Path) -> None:
    steps = (USERS, ("pass", "raise RuntimeError('no way back')"))
    _, last = round_trip(project(tmp_path, *steps)).timings
    assert last.up is not None
    assert (last.down, last.up_again) == (None, None)


@pytest.mark.real_start
def test_models_that_the_schema_lacks(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "sa.Table('users', metadata, sa.Column('id', sa.Integer, primary_key=True),\n"
        "         sa.Column('nick', sa.Text, index=True))\n"
        "sa.Table('posts', metadata, sa.Column('id', sa.Integer, primary_key=True))\n"
    )
    folder = project(tmp_path, USERS, ini="prepend_sys_path = .\n")
    (drift,) = round_trip(folder, env="none", metadata="models:metadata").facts
    assert isinstance(drift, ModelsDiffer)
    assert set(drift.difference) == {
        "+ table posts",
        "+ column users.nick",
        "- column users.email",
        "+ index ix_users_nick on users",
    }


def test_metadata_without_tables_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("import sqlalchemy as sa\nmetadata = sa.MetaData()\n")
    folder = project(tmp_path, USERS, ini="prepend_sys_path = .\n")
    result = round_trip(folder, env="none", metadata="models:metadata")
    assert not result.facts
    assert [note for note in texts(result.notes) if "holds no table" in note]


KNOWN = "sa.Table('users', sa.MetaData(), sa.Column('id', sa.Integer(), primary_key=True))"
FORGETS = f"with op.batch_alter_table('users', copy_from={KNOWN}) as users:\n    pass"
FORGETS = FORGETS.replace("copy_from", "recreate='always', copy_from")
BATCH = "with op.batch_alter_table('users') as users:\n    "
ADD = "op.add_column('users', sa.Column('email', sa.String(80)))"


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "lost"),
    [
        (FORGETS, ADD, True),
        (FORGETS, BATCH + ADD.replace("op.", "users.").replace("'users', ", ""), True),
        # What a statement says is the will of its author.
        ("op.drop_column('users', 'email')", ADD, False),
        ("op.execute('ALTER TABLE \"users\" DROP \"email\"')", ADD, False),
        (BATCH + "users.drop_column('email')", ADD, False),
        (
            BATCH + "users.alter_column('email', new_column_name='mail')",
            "op.execute('ALTER TABLE users RENAME COLUMN mail TO email')",
            False,
        ),
        (
            "op.alter_column('users', 'email', new_column_name='mail')",
            "op.execute('ALTER TABLE users RENAME mail TO email')",
            False,
        ),
        (
            "op.create_table('u', sa.Column('id', sa.Integer(), primary_key=True))\n"
            "op.execute('INSERT INTO u SELECT id FROM users')\n"
            "op.drop_table('users')\nop.rename_table('u', 'users')",
            ADD,
            False,
        ),
        # Kept elsewhere and brought back.
        (
            "op.execute('CREATE TABLE kept AS SELECT id, email FROM users')\n" + FORGETS,
            ADD + "\nop.execute('UPDATE users SET email = (SELECT email FROM kept'\n"
            "    ' WHERE kept.id = users.id)')\nop.drop_table('kept')",
            False,
        ),
    ],
)  # fmt: skip
def test_only_a_statement_declares_that_values_go(
    upgrade: str, downgrade: str, lost: bool, tmp_path: Path
) -> None:
    result = round_trip(project(tmp_path, USERS, (upgrade, downgrade)))
    assert story(result) == ([("r2", "upgrade loses users")] if lost else [])


@pytest.mark.parametrize("word", ["base", "head", "heads"])
def test_a_revision_that_is_called_as_alembics_own_words(word: str, tmp_path: Path) -> None:
    folder = project(tmp_path, USERS)
    (folder / "migrations/versions/x.py").write_text(revision(word, "r1", ("", "")))
    with pytest.raises(RoundTripError, match=rf"x\.py:1: A revision has the id '{word}', which"):
        round_trip(folder)


def test_the_table_of_a_batch_is_called_as_the_user_knows_it(tmp_path: Path) -> None:
    (failure,) = round_trip(project(tmp_path, USERS, (NOT_NULL, NULL))).facts
    assert "NOT NULL constraint failed: users.email" in str(failure)
    assert "_alembic_tmp_" not in str(failure)


REBUILD = """
with op.batch_alter_table('users', recreate='always') as users:
    users.add_column(sa.Column('n', sa.Integer()))
"""
WITHOUT = REBUILD.replace("add_column(sa.Column('n', sa.Integer()))", "drop_column('n')")
ENFORCING = (
    CHILD.replace(", ondelete='CASCADE'", "") + "\nop.execute('COMMIT')\n"
    "op.execute('PRAGMA foreign_keys = ON')",
    "op.drop_table('posts')",
)


@pytest.mark.parametrize(("env", "fails"), [(ENV, False), (ENFORCING_ENV, True)])
def test_a_session_is_as_env_py_left_it_not_an_earlier_revision(
    env: str, fails: bool, tmp_path: Path
) -> None:
    folder = project(tmp_path, USERS, ENFORCING, (REBUILD, WITHOUT), env=env)
    assert (
        story(round_trip(folder, revisions=("r3",))) == [("r3", "upgrade-with-rows fails")] * fails
    )


ID = "sa.Column('id', sa.Integer(), primary_key=True)"


@pytest.mark.parametrize(
    ("held", "up", "down"),
    [
        ("NAMES = ['a', 'b']",
         f"while NAMES:\n    op.create_table(NAMES.pop(), {ID})",
         "op.drop_table('a')\nop.drop_table('b')"),
        ("import itertools\nNUMBERS = itertools.count()",
         f"op.create_table(f't{{next(NUMBERS)}}', {ID})", "op.drop_table('t0')"),
        (f"import sqlalchemy as sa\nT = sa.Table('t', sa.MetaData(), {ID})",
         "T.append_column(sa.Column('n', sa.Integer()))\nT.create(op.get_bind())",
         "op.drop_table('t')"),
        ("from sqlalchemy.orm import declarative_base\nimport sqlalchemy as sa\n"
         "Base = declarative_base()\nNAMES = []\n"
         f"class T(Base):\n    __tablename__ = 't'\n    id = {ID}",
         "assert not NAMES\nNAMES.append(1)\nT.__table__.create(op.get_bind())",
         "op.drop_table('t')"),
    ],
    ids=["list", "iterator", "table", "class"],
)  # fmt: skip
def test_a_revision_finds_nothing_of_an_earlier_step_in_its_module(
    held: str, up: str, down: str, tmp_path: Path
) -> None:
    folder = project(tmp_path, (up, down))
    file = folder / "migrations" / "versions" / "r1.py"
    file.write_text(file.read_text().replace("def upgrade", f"{held}\n\ndef upgrade"))
    assert story(round_trip(folder)) == []


def test_equal_notes_are_one(tmp_path: Path) -> None:
    closed = "CREATE TABLE t{0} (a INT, CHECK (a IS NULL AND a IS NOT NULL))"
    tables = "\n".join(f"op.execute('{closed.format(n)}')" for n in range(12))
    result = round_trip(project(tmp_path, (tables, ""), USERS), revisions=("r2",))
    (note,) = texts(result.notes)
    assert note.startswith("12 tables could not be given rows (CHECK constraint failed: ")
    assert "t0, t1, t10" in note
    assert note.endswith(" and 2 more.")


def test_rows_that_are_too_many_to_compare_are_said(tmp_path: Path) -> None:
    many = (
        "op.execute('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
        "20005) INSERT INTO users (id) SELECT i FROM n')"
    )
    step = ("op.add_column('users', sa.Column('n', sa.Text()))", "op.drop_column('users', 'n')")
    result = round_trip(project(tmp_path, USERS, (many, ""), step), revisions=("r3",))
    assert story(result) == []
    assert texts(result.notes) == ("Only the first 20000 rows of users were compared.",)
