"""What a downgrade leaves behind or does not bring back, and what is no difference at all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from command_line import STEP, chain, guard, write
from git_repo import Repo

from guard.rule import Example
from guard.run.examples import judge


class Case(msgspec.Struct, frozen=True):
    """A revision on top of released ones, and the lines that are said of its way back."""

    up: str
    down: str
    said: tuple[str, ...] = ()
    before: str = ""
    dialect: str = "postgresql"


USERS = (
    "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('mail', sa.String(80)), sa.Column('rank', sa.Integer(), nullable=False))"
)
ORDERS = (
    "op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True), "
    "sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id')))"
)
BOTH = f"{USERS}\n{ORDERS}"
STATE = "sa.Enum('open', 'shut', name='state')"
TICKETS = f"op.create_table('tickets', sa.Column('id', sa.Integer()), sa.Column('s', {STATE}))"
PG_TICKETS = "from sqlalchemy.dialects.postgresql import ENUM\n" + TICKETS.replace(
    "sa.Enum", "ENUM"
)
DROP_TICKETS = "op.drop_table('tickets')"
ADD_TWO = (
    "op.add_column('users', sa.Column('a', sa.Integer()))\n"
    "op.add_column('users', sa.Column('b', sa.Integer()))"
)
DROP_A = "op.drop_column('users', 'a')"
TYPE_STAYS = ("the enum type state stays",)
TELL = ("incomplete-downgrade", "enum-type-left-behind")


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


ENUMS: dict[str, Case] = {
    "made with a table": Case(TICKETS, DROP_TICKETS, TYPE_STAYS),
    "made with a table by a dialect's type": Case(PG_TICKETS, DROP_TICKETS, TYPE_STAYS),
    "made by SQL": Case(
        sql("CREATE TYPE state AS ENUM ('a')", "ALTER TABLE users ADD COLUMN s state"),
        sql("ALTER TABLE users DROP COLUMN s"),
        TYPE_STAYS,
        USERS,
    ),
    "made by create()": Case(
        f"{STATE}.create(op.get_bind())\n"
        f"op.add_column('users', sa.Column('s', {STATE.replace(')', ', create_type=False)')}))",
        "op.drop_column('users', 's')",
        TYPE_STAYS,
        USERS,
    ),
    "a value more": Case(
        sql("ALTER TYPE state ADD VALUE 'lost'", "ALTER TABLE tickets ADD COLUMN n int"),
        sql("ALTER TABLE tickets DROP COLUMN n"),
        ("enum type state is enum state (open, shut, lost), and was enum state (open, shut)",),
        TICKETS,
    ),
    "dropped by SQL": Case(TICKETS, f"{DROP_TICKETS}\n{sql('DROP TYPE state')}"),
    "dropped by drop()": Case(TICKETS, f"{DROP_TICKETS}\n{STATE}.drop(op.get_bind())"),
    "another dialect": Case(TICKETS, DROP_TICKETS, dialect="mysql"),
    "text": Case(TICKETS.replace("name=", "native_enum=False, name="), DROP_TICKETS),
    "create_type=False": Case(
        PG_TICKETS.replace("name=", "create_type=False, name="), DROP_TICKETS
    ),
    "of an earlier revision": Case(
        PG_TICKETS.replace("name=", "create_type=False, name=").replace("tickets", "more"),
        "op.drop_table('more')",
        before=TICKETS,
    ),
    "swapped and swapped back": Case(
        sql(
            "ALTER TYPE state RENAME TO old_state",
            "CREATE TYPE state AS ENUM ('open', 'shut', 'lost')",
            "ALTER TABLE tickets ALTER COLUMN s TYPE state USING s::text::state",
            "DROP TYPE old_state",
        ),
        sql(
            "ALTER TYPE state RENAME TO old_state",
            "CREATE TYPE state AS ENUM ('open', 'shut')",
            "ALTER TABLE tickets ALTER COLUMN s TYPE state USING s::text::state",
            "DROP TYPE old_state",
        ),
        before=TICKETS,
    ),
}
PARTS: dict[str, Case] = {
    "a column of two": Case(ADD_TWO, DROP_A, ("column users.b is left over",), USERS),
    "a column of two, of a table nobody made": Case(
        ADD_TWO, DROP_A, ("column users.b is left over",)
    ),
    "a column beside a table": Case(
        sql("CREATE TABLE badges (id INT PRIMARY KEY)", "ALTER TABLE users ADD COLUMN n INT"),
        sql("DROP TABLE badges"),
        ("column users.n is left over",),
        USERS,
        "mysql",
    ),
    "another table": Case(
        "op.create_table('invoices', sa.Column('id', sa.Integer()))",
        "op.drop_table('orders')",
        ("table invoices is left over", "table orders does not come back"),
        BOTH,
    ),
    "another column": Case(
        "op.add_column('users', sa.Column('nick', sa.Text()))",
        "op.drop_column('users', 'mail')",
        ("column users.nick is left over", "column users.mail does not come back"),
        USERS,
    ),
    "an index": Case(
        f"{ADD_TWO}\nop.create_index('ix', 'users', ['mail'])",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("index ix on users is left over",),
        USERS,
    ),
    "a unique key": Case(
        f"{ADD_TWO}\nop.create_unique_constraint('uq', 'users', ['mail'])",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("unique uq on users is left over",),
        USERS,
    ),
    "a check": Case(
        f"{ADD_TWO}\nop.create_check_constraint('positive', 'users', 'rank > 0')",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("check positive on users is left over",),
        USERS,
    ),
    "a foreign key with its column": Case(
        "op.drop_column('orders', 'user_id')",
        "op.add_column('orders', sa.Column('user_id', sa.Integer()))",
        ("foreign key (user_id) references users (id) on orders does not come back",),
        BOTH,
    ),
    "what a foreign key deletes": Case(
        "op.drop_constraint('fk', 'orders')\n"
        "op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], ondelete='CASCADE')",
        "op.drop_constraint('fk', 'orders')\n"
        "op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], ondelete='CASCADE')",
        (
            "foreign key fk on orders is foreign key (user_id) references users (id) on delete "
            "cascade, and was foreign key (user_id) references users (id)",
        ),
        f"{USERS}\nop.create_table('orders', sa.Column('user_id', sa.Integer()))\n"
        "op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'])",
    ),
    "a type": Case(
        f"{ADD_TWO}\nop.alter_column('users', 'mail', type_=sa.String(200))",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("column users.mail is varchar(200), and was varchar(80)",),
        USERS,
    ),
    "NOT NULL": Case(
        "op.drop_column('users', 'rank')",
        "op.add_column('users', sa.Column('rank', sa.Integer()))",
        ("column users.rank is integer, and was integer not null",),
        USERS,
    ),
    "a default": Case(
        f"{ADD_TWO}\nop.alter_column('users', 'rank', server_default='0')",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("column users.rank is integer not null default '0', and was integer not null",),
        USERS,
    ),
    "a view": Case(
        f"{ADD_TWO}\n{sql('CREATE VIEW v AS SELECT id FROM users')}",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("view v is left over",),
        USERS,
    ),
    "a trigger": Case(
        f"{ADD_TWO}\n"
        + sql("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()"),
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("trigger t on users is left over",),
        USERS,
    ),
    "a rename": Case(
        f"{ADD_TWO}\nop.rename_table('users', 'people')",
        DROP_A.replace("users", "people") + "\nop.drop_column('people', 'b')",
        ("table people is left over", "table users does not come back"),
        USERS,
    ),
    "in a batch": Case(
        "with op.batch_alter_table('users') as b:\n"
        "    b.add_column(sa.Column('a', sa.Integer()))\n"
        "    b.add_column(sa.Column('b', sa.Integer()))",
        "with op.batch_alter_table('users') as b:\n    b.drop_column('a')",
        ("column users.b is left over",),
        USERS,
        "sqlite",
    ),
    "after what could not be read in the upgrade": Case(
        f"{ADD_TWO}\nop.execute(sys.argv[1])", DROP_A, ("column users.b is left over",), USERS
    ),
}
EQUAL: dict[str, Case] = {
    "the order of columns": Case(
        "op.drop_column('users', 'mail')",
        "op.add_column('users', sa.Column('mail', sa.String(80)))",
        before=USERS,
    ),
    "a table dropped and made again": Case("op.drop_table('users')", USERS, before=USERS),
    "a table nobody made": Case("op.drop_table('users')", USERS),
    "a table made in place of another": Case(
        f"op.drop_table('users')\n{USERS}", f"op.drop_table('users')\n{USERS}"
    ),
    "names that the server makes up": Case(
        "op.drop_constraint('orders_user_id_fkey', 'orders')",
        "op.create_foreign_key('fk_orders', 'orders', 'users', ['user_id'], ['id'])",
        before=BOTH,
    ),
    "names of a convention": Case(
        "op.create_table('t', sa.Column('a', sa.Integer()))\n"
        "op.create_unique_constraint(None, 'users', ['mail'])",
        "op.drop_constraint('uq_users_mail', 'users')\nop.drop_table('t')",
        before=USERS,
    ),
    "a check of a convention": Case(
        "op.create_check_constraint('positive', 'users', 'rank > 0')",
        "op.drop_constraint('ck_users_positive', 'users')",
        before=USERS,
    ),
    "what goes with a column": Case(
        "op.add_column('users', sa.Column('a', sa.Integer(), unique=True, index=True))",
        DROP_A,
        before=USERS,
    ),
    "what goes with a table": Case(
        f"{ORDERS}\nop.create_index('ix', 'orders', ['user_id'])",
        "op.drop_table('orders')",
        before=USERS,
    ),
    "an index made anew": Case(
        "op.drop_index('ix', 'users')\nop.create_index('ix', 'users', ['mail', 'rank'])",
        "op.drop_index('ix', 'users')\nop.create_index('ix', 'users', ['mail'])",
    ),
    "a type spelled otherwise": Case(
        "op.alter_column('users', 'rank', type_=sa.BigInteger())",
        sql("ALTER TABLE users ALTER COLUMN rank TYPE int4"),
        before=USERS,
    ),
    "a default spelled otherwise": Case(
        "op.alter_column('users', 'rank', server_default=None)",
        sql("ALTER TABLE users ALTER COLUMN rank SET DEFAULT (0)"),
        before=f"{USERS}\nop.alter_column('users', 'rank', server_default='0')",
    ),
    "a materialized view with its indexes": Case(
        sql(
            "CREATE MATERIALIZED VIEW m AS SELECT id FROM users", "CREATE UNIQUE INDEX i ON m (id)"
        ),
        sql("DROP MATERIALIZED VIEW m"),
        before=USERS,
    ),
    "rows": Case(
        sql("UPDATE users SET rank = 1 WHERE rank = 0"),
        sql("UPDATE users SET rank = 0 WHERE rank = 1"),
        before=USERS,
    ),
    "IF EXISTS": Case(
        ADD_TWO, sql(*(f"ALTER TABLE users DROP COLUMN IF EXISTS {c}" for c in "ab"))
    ),
    "CASCADE": Case(BOTH, sql("DROP TABLE users CASCADE", "DROP TABLE orders")),
    "an extension": Case(
        f"{ADD_TWO}\n{sql('CREATE EXTENSION IF NOT EXISTS pgcrypto')}",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        before=USERS,
    ),
    "a schema that may have been there": Case(
        f"{ADD_TWO}\n{sql('CREATE SCHEMA IF NOT EXISTS app')}",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        before=USERS,
    ),
    "a comment": Case(
        f"{ADD_TWO}\nop.create_table_comment('users', 'all of them')",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        before=USERS,
    ),
    "what a condition decides": Case(
        ADD_TWO, f"{DROP_A}\nif os.environ:\n    op.drop_column('users', 'b')", before=USERS
    ),
    "what may have been there": Case(
        "if os.environ:\n    op.add_column('users', sa.Column('a', sa.Integer()))\n" + TICKETS,
        f"{DROP_TICKETS}\n{sql('DROP TYPE state')}",
        before=USERS,
    ),
    "what could not be read": Case(ADD_TWO, f"{DROP_A}\nop.execute(sys.argv[1])", before=USERS),
    "names that could not be read": Case(
        ADD_TWO, f"{DROP_A}\nop.drop_column('users', os.environ['X'])", before=USERS
    ),
    "declared by a raise": Case(ADD_TWO, f"{DROP_A}\nraise RuntimeError('b is kept')"),
    "declared by a comment": Case(ADD_TWO, f"# guard: irreversible b is kept\n{DROP_A}"),
}
NAMELESS = "This drops a constraint without a name, so Alembic always raises here."
NO_NAME: dict[str, Case] = {
    "as autogenerate writes it": Case(
        "op.create_unique_constraint(None, 'users', ['mail'])",
        "op.drop_constraint(None, 'users', type_='unique')",
        (NAMELESS,),
        USERS,
    ),
    "twice": Case(
        "op.create_foreign_key(None, 'orders', 'users', ['user_id'], ['id'])",
        "op.drop_constraint(None, 'orders', type_='foreignkey')\n"
        "op.drop_constraint(None, 'users', type_='unique')",
        (NAMELESS,),
    ),
    "by its keyword": Case(
        "op.create_unique_constraint(None, 'users', ['mail'])",
        "op.drop_constraint(constraint_name=None, table_name='users')",
        (NAMELESS,),
    ),
    "in a batch": Case(
        "op.create_unique_constraint(None, 'users', ['mail'])",
        "with op.batch_alter_table('users', naming_convention={'uq': 'x'}) as b:\n"
        "    b.drop_constraint(None, type_='unique')",
        (NAMELESS,),  # the convention of the batch names what it reads, not what it drops
        dialect="sqlite",
    ),
    "a primary key of a convention": Case(
        "op.create_primary_key(None, 'users', ['id'])",
        "op.drop_constraint(None, 'users', type_='primary')",
    ),
    "named": Case(
        "op.create_unique_constraint('uq', 'users', ['mail'])",
        "op.drop_constraint('uq', 'users', type_='unique')",
    ),
}
VIEW = "from alembic_utils.pg_view import PGView\nop.{}_entity(PGView('public', 'v', 'SELECT {}'))"
FUNCTION = "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT {} $$"
OF_VIEW, OF_FUNCTION = (
    f"{thing} stays as the upgrade makes it" for thing in ("view public.v", "function f")
)
REPLACED: dict[str, Case] = {
    "an entity by itself": Case(
        VIEW.format("replace", 2), VIEW.format("replace", 2), (OF_VIEW,), VIEW.format("create", 1)
    ),
    "an entity nobody made": Case(VIEW.format("replace", 2), VIEW.format("replace", 2), (OF_VIEW,)),
    "a function by itself": Case(
        sql(FUNCTION.format(2)), sql(FUNCTION.format(2)), (OF_FUNCTION,), sql(FUNCTION.format(1))
    ),
    "a view by nothing": Case(
        f"{ADD_TWO}\n{sql('CREATE OR REPLACE VIEW w AS SELECT 2')}",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("view w stays as the upgrade makes it",),
        f"{USERS}\n{sql('CREATE VIEW w AS SELECT 1')}",
    ),
    "a view that is new": Case(
        f"{ADD_TWO}\n{sql('CREATE OR REPLACE VIEW w AS SELECT 2')}",
        f"{DROP_A}\nop.drop_column('users', 'b')",
        ("view w is left over",),
        USERS,
    ),
    "an entity by the old one": Case(VIEW.format("replace", 2), VIEW.format("replace", 1)),
    "a function by the old one": Case(sql(FUNCTION.format(2)), sql(FUNCTION.format(1))),
    "a function dropped": Case(sql(FUNCTION.format(1)), sql("DROP FUNCTION f()")),
    "a view dropped and made": Case(
        sql("CREATE OR REPLACE VIEW w AS SELECT 2"),
        sql("DROP VIEW w", "CREATE VIEW w AS SELECT 1"),
        before=sql("CREATE VIEW w AS SELECT 1"),
    ),
    "a text from outside": Case(
        "op.execute(f'CREATE OR REPLACE VIEW w AS {open(\"w.sql\").read()}')",
        "op.execute(f'CREATE OR REPLACE VIEW w AS {open(\"w.sql\").read()}')",
    ),
}
NO_COLUMN = "Alembic has no operation {}, so the downgrade stops here with an error."
NO_OPERATION: dict[str, Case] = {
    **{
        name: Case(ADD_TWO, f"op.{name}('users', 'a')", (NO_COLUMN.format(name),), USERS)
        for name in ("drop_colum", "remove_column", "drop_columns", "delete_column", "drop_index_")
    },
    "in a batch": Case(
        ADD_TWO,
        "with op.batch_alter_table('users') as b:\n    b.remove_column('a')",
        (NO_COLUMN.format("remove_column"),),
        USERS,
    ),
    "under a condition": Case(
        ADD_TWO,
        f"{DROP_A}\nif os.environ:\n    op.remove_column('users', 'b')",
        (NO_COLUMN.format("remove_column"),),
    ),
    "of a plugin": Case(ADD_TWO, "op.sync_enum_values('public', 'state', [])", before=USERS),
    "of a plugin's kind": Case(ADD_TWO, "op.drop_view('v')", before=USERS),
}
CASES = {
    f"{group}: {name}": case
    for group, cases in {
        "enum": ENUMS, "differs": PARTS, "equal": EQUAL, "no name": NO_NAME,
        "replaced": REPLACED,
        "no operation": NO_OPERATION,
    }.items()
    for name, case in cases.items()
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_way_back(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    repo = Repo(tmp_path)
    released = [(case.before, "pass")] if case.before else []
    files = chain(STEP, *released, (case.up, case.down))
    last = f"r{len(released) + 2}.py"
    repo.commit({path: text for path, text in files.items() if not path.endswith(last)})
    write(tmp_path, files)
    done = guard(tmp_path, "lint", "--output-format", "json", "--dialect", case.dialect)
    found = [f for f in json.loads(done.output)["findings"] if f["rule"] in TELL]
    assert len({f["rule"] for f in found}) == len(found)
    said = [line for finding in found for line in finding["message"].splitlines()]
    assert [_what(line) for line in said if not line.endswith("before it:")] == list(case.said)


def _what(line: str) -> str:
    """Return what a line of a message names."""
    return re.sub(r"^The downgrade of \w+ leaves (.*), and the next .*", r"\1 stays", line.strip())


def test_the_remedy_of_sql_files_is_sql(tmp_path: Path) -> None:
    text = '-- +goose Up\nCREATE TYPE "State" AS ENUM (\'a\');\nCREATE TABLE t (s "State");\n'
    write(tmp_path, {"migrations/00001_t.sql": f"{text}-- +goose Down\nDROP TABLE t;\n"})
    options = ("--all", "--output-format", "json", "--dialect", "postgresql")
    found = json.loads(guard(tmp_path, "lint", *options).output)["findings"]
    (remedy,) = (f["remedy"] for f in found if f["rule"] == "enum-type-left-behind")
    assert remedy.endswith('reverse order:\nDROP TYPE "State";')


@pytest.mark.parametrize(
    ("made", "dropped", "remedy"),
    [
        (
            "create_foreign_key(None, 'a', 'a', ['x'], ['id'])",
            "'a', type_='foreignkey'",
            '"<name>", "a", type_="foreignkey"',
        ),
        (
            "create_check_constraint('ck', 'a', 'x > 0')",
            "'a', type_='check'",
            '"ck", "a", type_="check"',
        ),
        ("create_check_constraint('ck', 'b', 'x > 0')", "'a'", '"<name>", "a"'),
    ],
)
def test_the_remedy_of_a_nameless_drop_has_the_names_at_hand(
    made: str, dropped: str, remedy: str, tmp_path: Path
) -> None:
    write(tmp_path, chain((f"op.{made}", f"op.drop_constraint(None, {dropped})")))
    found = json.loads(guard(tmp_path, "lint", "--output-format", "json").output)["findings"]
    (said,) = (f["remedy"] for f in found if f["rule"] == "incomplete-downgrade")
    assert said.endswith(f"\nop.drop_constraint({remedy})")


DECLARED: dict[str, tuple[str, bool]] = {
    "a reason": ("raise NotImplementedError('the rows are gone')", True),
    "another exception": ("raise RuntimeError('the rows are gone')", True),
    "a reason by name": ("raise NotImplementedError(WHY)", True),
    "a reason put together": ("raise NotImplementedError(f'{WHY}, all of them')", True),
    "no reason": ("raise NotImplementedError", False),
    "no reason, called": ("raise NotImplementedError()", False),
    "an empty reason": ("raise NotImplementedError('')", False),
    "no reason, after all": (f"{DROP_A}\nraise NotImplementedError", False),
    "a reason, after all": (f"{DROP_A}\nraise NotImplementedError('b is kept')", True),
    "a query": ("op.execute('SELECT 1')", False),
    "a setting": ("op.execute(\"SET LOCAL lock_timeout = '3s'\")", False),
    "a reset": ("op.execute('RESET lock_timeout')", False),
    "a lock": ("op.execute('LOCK TABLE users')", False),
    "a change of rows": ("op.execute('DELETE FROM users WHERE id = 1')", True),
}


@pytest.mark.parametrize("name", DECLARED)
def test_what_is_no_downgrade(name: str, tmp_path: Path) -> None:
    down, passes = DECLARED[name]
    files = chain(STEP, (ADD_TWO, down))
    path = next(path for path in files if path.endswith("r2.py"))
    files[path] = f"WHY = 'the rows are gone'\n{files[path]!s}"
    Repo(tmp_path).commit({p: text for p, text in files.items() if p != path})
    write(tmp_path, files)
    options = ("--output-format", "json", "--dialect", "postgresql")
    found = json.loads(guard(tmp_path, "lint", *options).output)["findings"]
    rules = [f["rule"] for f in found if f["rule"] == "missing-downgrade"]
    assert rules == ([] if passes else ["missing-downgrade"])
    assert all('ignore = ["missing-downgrade"]' in f["remedy"] for f in found if rules)


def test_the_convention_of_the_models_may_name_what_a_batch_drops(tmp_path: Path) -> None:
    batch = "with op.batch_alter_table('users') as batch_op:\n    batch_op"
    example = Example(
        released=("op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))",),
        base={"app/models.py": "metadata = MetaData(naming_convention={'fk': 'fk_users'})"},
        upgrade=f"{batch}.create_foreign_key('fk_users', 'users', ['id'], ['id'])",
        downgrade=f"{batch}.drop_constraint(None, type_='foreignkey')",
        dialect="sqlite",
    )
    assert "incomplete-downgrade" not in {finding.rule for finding in judge(example, tmp_path)}
