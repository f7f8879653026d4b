"""What shares a transaction and a session: revisions that deploy together, and env.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from ask_rules import ask, sql

ENV = """\
from alembic import context
from sqlalchemy import create_engine, event, text

engine = create_engine("sqlite://"{engine})
{hook}
with engine.connect() as connection:
    {executed}
    context.configure(connection=connection{configure})
    with context.begin_transaction():
        context.run_migrations()
"""


def env(engine: str = "", hook: str = "", executed: str = "pass", configure: str = "") -> str:
    return ENV.format(engine=engine, hook=hook, executed=executed, configure=configure)


BLOCK = "with op.get_context().autocommit_block():\n    op.execute('ANALYZE x')"
PER_MIGRATION = env(configure=", transaction_per_migration=True")
THREE = (sql("DROP TABLE a"), sql("DROP TABLE b"), sql("DROP TABLE c"))
SHARED: dict[str, tuple[tuple[str, ...], str, str, list[str]]] = {
    "all that is new": (THREE, env(), "postgresql", ["/c", "b/"]),
    "one for each where env.py says so": (THREE, PER_MIGRATION, "postgresql", ["/", "/"]),
    "or may say so": (
        THREE,
        env(configure=", transaction_per_migration=context.config.attributes['x']"),
        "postgresql",
        ["/", "/"],
    ),
    "in a dict of arguments too": (
        THREE,
        env(configure=", **{'transaction_per_migration': True}"),
        "postgresql",
        ["/", "/"],
    ),
    "said for nothing": (
        THREE,
        env(configure=", transaction_per_migration=False"),
        "postgresql",
        ["/c", "b/"],
    ),
    "one for each where no DDL is taken back": (
        THREE,
        env(configure=", transactional_ddl=False"),
        "postgresql",
        ["/", "/"],
    ),
    "so it is on SQLite": (THREE, env(), "sqlite", ["/", "/"]),
    "but where env.py begins one": (
        THREE,
        env(configure=", transactional_ddl=True"),
        "sqlite",
        ["/c", "b/"],
    ),
    "an autocommit block between them": (
        (THREE[0], THREE[1], f"{BLOCK}\nop.drop_table('c')"),
        env(),
        "postgresql",
        ["/", "/"],
    ),
    "or at the end of the first": (
        (THREE[0], f"op.drop_table('b')\n{BLOCK}", THREE[2]),
        env(),
        "postgresql",
        ["/", "/"],
    ),
    "a COMMIT": (
        (THREE[0], sql("DROP TABLE b", "COMMIT"), THREE[2]),
        env(),
        "postgresql",
        ["/commit", "/"],
    ),
}


@pytest.mark.parametrize("case", SHARED)
def test_new_revisions_share_a_transaction(case: str, tmp_path: Path) -> None:
    steps, env_py, dialect, answers = SHARED[case]
    told = "' '.join(o.subject or o.command for s in context.transaction.{} for o in s.operations)"
    question = f"{told.format('before')} + '/' + {told.format('after')}"
    files = {"migrations/env.py": env_py}
    assert (
        ask(tmp_path, "DropTable", question, *steps, files=files, dialect=dialect, released=1)
        == answers
    )


VACUUM = sql("VACUUM a")
BEGUN: dict[str, tuple[str, str, list[str]]] = {
    "Alembic begins one": (VACUUM, env(), ["True"]),
    "for each revision too": (VACUUM, PER_MIGRATION, ["True"]),
    "and where DDL is not taken back": (
        VACUUM,
        env(configure=", transactional_ddl=False"),
        ["True"],
    ),
    "but not where the isolation level is AUTOCOMMIT": (
        VACUUM,
        env(engine=", isolation_level='AUTOCOMMIT'"),
        ["False"],
    ),
    "nor in an autocommit block": (
        f"with op.get_context().autocommit_block():\n    {VACUUM}\n{VACUUM}",
        env(),
        ["False", "True"],
    ),
    "a BEGIN in it does": (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('BEGIN')\n    op.execute('VACUUM a')\n    op.execute('COMMIT')\n"
        "    op.execute('VACUUM b')",
        env(),
        ["True", "False"],
    ),
    "a COMMIT ends it": (sql("VACUUM a", "COMMIT", "VACUUM b"), env(), ["True", "False"]),
    "one of the connection begins another": (
        f"op.get_bind().commit()\n{VACUUM}",
        env(),
        ["True"],
    ),
    "what one text holds shares one": (
        "with op.get_context().autocommit_block():\n    op.execute('VACUUM a; VACUUM b')",
        env(),
        ["True", "True"],
    ),
    "a block has one": (
        "with op.get_context().autocommit_block():\n    op.execute('DO $$ BEGIN VACUUM a; END $$')",
        env(),
        ["True"],
    ),
}


@pytest.mark.parametrize("case", BEGUN)
def test_what_finds_a_transaction(case: str, tmp_path: Path) -> None:
    step, env_py, answers = BEGUN[case]
    files = {"migrations/env.py": env_py}
    question = "context.transaction.begun"
    assert (
        ask(tmp_path, "Maintenance", question, step, files=files, dialect="postgresql") == answers
    )


def test_before_and_after_stay_in_the_revision(tmp_path: Path) -> None:
    question = "len(context.before), len(context.after)"
    steps = ("op.drop_table('a')", "op.drop_table('b')\nop.drop_table('c')", "op.drop_table('d')")
    assert ask(tmp_path, "DropTable", question, *steps, released=0) == [
        "(0, 0)",
        "(0, 1)",
        "(1, 0)",
        "(0, 0)",
    ]


def test_a_downgrade_shares_with_no_other_revision(tmp_path: Path) -> None:
    steps = [("op.f('x')", f"op.drop_table('{name}')") for name in "ab"]
    question = "len(context.transaction.before) + len(context.transaction.after)"
    assert ask(tmp_path, "DropTable", question, *steps, released=0) == ["0", "0"]


@pytest.mark.parametrize(("released", "answer"), [(1, ["SHARE"]), (2, [""])])
def test_locks_of_an_earlier_new_revision(released: int, answer: list[str], tmp_path: Path) -> None:
    steps = ("op.f('x')", "op.create_index('i', 't', ['a'])", "op.drop_table('u')")
    question = "', '.join(lock.lock for lock in context.transaction.locks)"
    assert ask(tmp_path, "DropTable", question, *steps, released=released) == answer


def test_only_named_revisions_are_judged_and_the_others_run_before(tmp_path: Path) -> None:
    question = "fact.subject, [s.operations[0].subject for s in context.transaction.before]"
    assert ask(tmp_path, "DropTable", question, *THREE, released=1, named="r3") == ["('c', ['b'])"]


# Settings

SET = sql("SET search_path = app")
HOOK = """
@event.listens_for(engine, "connect")
def connected(connection, record):
    connection.cursor().execute("SET lock_timeout = '4s'")
"""
OPTIONS = ", connect_args={'options': '-c lock_timeout=5s -c statement_timeout=0'}"
RESET = sql("RESET lock_timeout")
SETTINGS: dict[str, tuple[tuple[str, ...], str, str | None, str]] = {
    "set by an earlier new revision": ((SET, ""), env(), None, "{'search_path': 'app'}"),
    "by none": (("", ""), env(), None, "{}"),
    "by env.py": (
        ("",),
        env(executed="connection.execute(text(\"SET lock_timeout = '3s'\"))"),
        None,
        "{'lock_timeout': '3s'}",
    ),
    "by env.py and reset": (
        (RESET,),
        env(executed="connection.execute(text(\"SET lock_timeout = '3s'\"))"),
        None,
        "{}",
    ),
    "by a listener": (("",), env(hook=HOOK), None, "{'lock_timeout': '4s'}"),
    "as it connects": (("",), env(engine=OPTIONS), None, "{'lock_timeout': '5s'}"),
    "which a RESET leads back to": ((RESET,), env(engine=OPTIONS), None, "{'lock_timeout': '5s'}"),
    "by asyncpg": (
        ("",),
        env(engine=", connect_args={'server_settings': {'lock_timeout': '5000'}}"),
        None,
        "{'lock_timeout': '5000'}",
    ),
    "in a URL": (
        ("",),
        env(hook="URL = 'postgresql://x/y?options=-c%20lock_timeout%3D5000'"),
        None,
        "{'lock_timeout': '5000'}",
    ),
    "elsewhere": (("",), env(), "elsewhere", "{'lock_timeout': 'elsewhere'}"),
    "elsewhere, and here": (
        (sql("SET LOCAL lock_timeout = '1s'"),),
        env(),
        "5s",
        "{'lock_timeout': '1s'}",
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_of_the_connection(case: str, tmp_path: Path) -> None:
    steps, env_py, project, answer = SETTINGS[case]
    question = "{name: setting.value for name, setting in context.settings.items()}"
    last = f"{steps[-1]}\nop.drop_table('t')"
    given = {"lock-timeout": project} if project else {}
    found = ask(
        tmp_path,
        "DropTable",
        question,
        *steps[:-1],
        last,
        files={"migrations/env.py": env_py},
        released=0,
        **given,
    )
    assert found == [answer]
