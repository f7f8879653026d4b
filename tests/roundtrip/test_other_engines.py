"""A project for another server on SQLite: what only SQLite cannot do refuses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from notes import texts
from roundtrip_project import ENV, USERS, Step, project, round_trip, story

POSTGRESQL = ENV.replace("sqlite:///data.sqlite3", "postgresql://db.example/app")
MYSQL = ENV.replace("sqlite:///data.sqlite3", "mysql+pymysql://db.example/app")
NICK = "op.add_column('users', sa.Column('nick', sa.Text()))"
EMAIL = "op.create_index('ix', 'users', ['email'], unique=True)"
UNIQUE: Step = (
    "op.create_table('tags', sa.Column('id', sa.Integer(), primary_key=True))\n"
    "op.create_unique_constraint('uq', 'users', ['email'])\n"
    "op.add_column('users', sa.Column('nick', sa.Text()))",
    "op.drop_constraint('uq', 'users')",
)
ARRAY: Step = (
    "from sqlalchemy.dialects import postgresql\n"
    "op.create_table('tags', sa.Column('id', sa.Integer(), primary_key=True),\n"
    "    sa.Column('words', postgresql.ARRAY(sa.Text()), nullable=False,\n"
    "              server_default=sa.text(\"'{}'::text[]\")))\n"
    "op.add_column('users', sa.Column('nick', sa.Text()))",
    "",
)
RAW: Step = (
    "op.execute('''CREATE TABLE tags (id SERIAL PRIMARY KEY, at TIMESTAMP DEFAULT now())''')\n"
    "op.execute('COMMENT ON TABLE users IS $$people$$')\n"
    "op.execute(\"UPDATE users SET email = 'x'::text; ALTER TABLE users ADD COLUMN nick TEXT\")",
    "",
)
# Needs all that the revision before it makes.
AFTER: Step = (
    "op.add_column('tags', sa.Column('n', sa.Integer()))\nop.create_index('ix', 'users', ['nick'])",
    "op.drop_index('ix')",
)
DRIFT = [("r3", "downgrade drift")]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (UNIQUE, "r2.py:10: SQLite cannot ALTER constraints"),
        (ARRAY, "r2.py:10: SQLite has no ARRAY"),
        (RAW, "r2.py:9: SQLite does not know the syntax near ("),
    ],
)
def test_the_revisions_after_one_for_another_server_are_tested_on_what_of_it_runs(
    step: Step, reason: str, tmp_path: Path
) -> None:
    result = round_trip(project(tmp_path, USERS, step, AFTER, env=POSTGRESQL))
    assert story(result) == DRIFT
    (note,) = (note for note in texts(result.notes) if note.startswith("r2 "))
    assert note == f"r2 needs PostgreSQL (migrations/versions/{reason}): read and judged, not run."


@pytest.mark.parametrize(
    ("env", "dialect", "server"),
    [
        (POSTGRESQL, None, "PostgreSQL"),
        (MYSQL, None, "MySQL"),
        (POSTGRESQL, "mariadb", "MariaDB"),  # the configured one wins
        (ENV, "postgresql", "PostgreSQL"),
        (ENV, None, None),
        (POSTGRESQL, "sqlite", None),
    ],
)
def test_the_projects_own_engine_decides(
    env: str, dialect: str | None, server: str | None, tmp_path: Path
) -> None:
    result = round_trip(project(tmp_path, USERS, UNIQUE, env=env), dialect=dialect)
    assert story(result) == ([] if server else [("r2", "upgrade fails")])
    assert [
        note for note in texts(result.notes) if note.startswith(f"r2 needs {server} (")
    ] or not server


BY_ITS_INI = ENV.replace(
    '"sqlite:///data.sqlite3"', 'context.config.get_main_option("sqlalchemy.url")'
)
NAMED = {
    "nowhere, and guard configures Alembic": ("none", "", None, False),
    "nowhere, and env.py asks for it": (BY_ITS_INI, "", None, False),
    "as alembic init writes it": ("none", "driver://user:pass@localhost/dbname", None, False),
    "by the ini": ("none", "sqlite:///app.db", None, True),
    "by the ini, for env.py": (BY_ITS_INI, "sqlite:///app.db", None, True),
    "by the ini, as one in memory": ("none", "sqlite://", None, True),
    "by env.py": (ENV, "", None, True),
    "by the setting": ("none", "", "sqlite", True),
    "another by the ini": ("none", "postgresql://db.example/app", None, False),
}


@pytest.mark.parametrize("case", NAMED)
def test_sqlites_limits_are_failures_only_where_the_project_is_on_sqlite(
    case: str, tmp_path: Path
) -> None:
    env, url, dialect, on_sqlite = NAMED[case]
    own = env == "none"
    ini = f"sqlalchemy.url = {url}\n" if url else ""
    folder = project(tmp_path, USERS, UNIQUE, env=ENV if own else env, ini=ini)
    result = round_trip(folder, dialect=dialect, env="none" if own else "run")
    assert story(result) == ([("r2", "upgrade fails")] if on_sqlite else [])
    notes = [note for note in texts(result.notes) if note.startswith("r2 needs ")]
    assert bool(notes) != on_sqlite
    assert all(('dialect = "sqlite"' in note) == ("postgresql" not in url) for note in notes)


@pytest.mark.parametrize("env", ["none", BY_ITS_INI])
def test_what_is_wrong_everywhere_is_wrong_where_nobody_names_the_engine(
    env: str, tmp_path: Path
) -> None:
    step = ("op.drop_table('nobody')", "")
    own = env == "none"
    folder = project(tmp_path, USERS, step, env=ENV if own else env)
    result = round_trip(folder, env="none" if own else "run")
    assert story(result) == [("r2", "upgrade fails")]


@pytest.mark.parametrize(
    ("up", "down", "found"),
    [
        ("op.execute(FILL)", "", "upgrade fails"),
        (UNIQUE[0] + "\nop.execute(FILL)", "", "upgrade fails"),
        ("op.drop_table('nobody')", "", "upgrade fails"),
        (EMAIL, "op.drop_index('ix')", "upgrade-with-rows fails"),
        (NICK, "op.drop_column('users', 'name')", "downgrade fails"),
        (NICK, "", "downgrade drift"),
    ],
)
def test_what_is_wrong_everywhere_stays_wrong(
    up: str, down: str, found: str, tmp_path: Path
) -> None:
    result = round_trip(project(tmp_path, USERS, (up, down), env=POSTGRESQL))
    assert story(result) == [("r2", found)]


def test_a_downgrade_for_another_server(tmp_path: Path) -> None:
    step = (
        "op.create_table('tags', sa.Column('id', sa.Integer()))",
        "op.execute('DROP TABLE tags CASCADE')",
    )
    result = round_trip(project(tmp_path, USERS, step, AFTER, env=POSTGRESQL))
    assert [
        note for note in texts(result.notes) if note.startswith("The downgrade of r2 needs Post")
    ]


def test_what_follows_from_a_revision_that_cannot_be_run_is_no_second_failure(
    tmp_path: Path,
) -> None:
    step = ("op.execute('CREATE TABLE tags (id INT, EXCLUDE USING gist (id WITH &&))')", "")
    use = ("op.add_column('tags', sa.Column('n', sa.Integer()))", "op.drop_column('tags', 'n')")
    other = ("op.add_column('tagz', sa.Column('n', sa.Integer()))", "")
    result = round_trip(project(tmp_path, USERS, step, use, other, env=POSTGRESQL))
    assert story(result) == [("r4", "upgrade fails")]
    assert [
        note
        for note in texts(result.notes)
        if note.startswith("r3 could not be tested (") and "r2" in note
    ]


def test_what_follows_from_one_revision_is_one_note(tmp_path: Path) -> None:
    step = ("op.execute('CREATE TABLE tags (id INT, EXCLUDE USING gist (id WITH &&))')", "")
    uses = [(f"op.add_column('tags', sa.Column('n{n}', sa.Integer()))", "") for n in range(3)]
    result = round_trip(project(tmp_path, USERS, step, *uses, env=POSTGRESQL))
    (note,) = (note for note in texts(result.notes) if "could not be tested" in note)
    assert note.startswith("r3, r4, r5 could not be tested (migrations/versions/r3.py:9: no such")
    assert note.endswith("since they need what r2 does, and that could not be run here.")


RENAMED = "op.execute('ALTER TABLE users RENAME CONSTRAINT ix_old TO ix_new CASCADE')"
OLD = "op.create_index('ix_old', 'users', ['email'])"
DROP_OLD, MAKE_NEW = "op.drop_index('ix_old')", OLD.replace("ix_old", "ix_new")


@pytest.mark.parametrize(
    ("up", "down", "found"),
    [
        (DROP_OLD, MAKE_NEW, []),
        (DROP_OLD, OLD.replace("ix_old", "ix_more"), ["ix_more"]),
        (f"{DROP_OLD}\n{NICK}", MAKE_NEW, ["nick"]),
        (NICK, "", ["nick"]),
    ],
)
def test_a_schema_that_differs_for_a_revision_that_cannot_be_run(
    up: str, down: str, found: list[str], tmp_path: Path
) -> None:
    folder = project(tmp_path, USERS, (OLD, ""), (RENAMED, ""), (up, down), env=POSTGRESQL)
    result = round_trip(folder, revisions=("r4",))
    shown = [line for fact in result.facts for line in getattr(fact, "difference", ())]
    assert [word for word in found if word in " ".join(shown)] == found
    assert len(shown) == len(found)
    said = [
        note for note in texts(result.notes) if note.startswith("The downgrade of r4 could not be")
    ]
    assert bool(said) == ("ix_old" in up)


def test_many_revisions_for_another_server_are_one_note(tmp_path: Path) -> None:
    steps = [(f"op.execute('CREATE EXTENSION e{number}')", "") for number in range(5)]
    result = round_trip(project(tmp_path, *steps, env=POSTGRESQL))
    (note,) = (note for note in texts(result.notes) if "need PostgreSQL" in note)
    assert note.startswith("5 steps need PostgreSQL")
    assert note.endswith("and 2 more.")


STRAY = (
    "op.alter_column('legacy', 'a', new_column_name='b')\n"
    "op.add_column('users', sa.Column('nick', sa.Text()))\n"
    "op.create_table('tags', sa.Column('id', sa.Integer(), primary_key=True))",
    "",
)


@pytest.mark.parametrize("env", [ENV, POSTGRESQL])
def test_released_revisions_that_fail_are_one_note_and_what_comes_after_is_tested(
    env: str, tmp_path: Path
) -> None:
    follows = ("op.drop_column('legacy', 'b')", "")
    folder = project(tmp_path, USERS, STRAY, follows, follows, AFTER, env=env)
    result = round_trip(folder, revisions=("r5",))
    assert story(result) == [("r5", "downgrade drift")]
    (note,) = (note for note in texts(result.notes) if "released" in note)
    assert note.startswith(
        "The released revision r2 (migrations/versions/r2.py:9: no such table: legacy) does not run"
    )


def test_a_new_revision_over_a_table_that_a_released_one_missed_is_not_refused(
    tmp_path: Path,
) -> None:
    use = ("op.add_column('legacy', sa.Column('n', sa.Integer()))", "op.drop_column('legacy', 'n')")
    result = round_trip(project(tmp_path, USERS, STRAY, use), revisions=("r3",))
    assert story(result) == []
    assert [note for note in texts(result.notes) if note.startswith("r3 could not be tested")]
