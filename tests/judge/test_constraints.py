"""What guard says of constraints, form by form: rules by name, in parentheses where they warn."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from guard.rule import Example, revision_file
from guard.run.examples import judge

FAMILY = {
    "add-check-constraint",
    "add-exclusion-constraint",
    "add-foreign-key",
    "add-primary-key",
    "add-unique-constraint",
    "drop-constraint",
    "lock-referenced-table",
    "pending-trigger-events",
    "unique-over-existing-rows",
    "unnamed-constraint",
    "validate-in-same-transaction",
}


class Case(msgspec.Struct, frozen=True):
    """A revision on top of released ones; `after`: a second that deploys with it."""

    server: str  # "postgresql 15"
    upgrade: str
    says: set[str] = set()
    released: tuple[str, ...] = ()
    downgrade: str | None = None
    after: str | None = None


def found(case: Case, folder: Path) -> set[str]:
    dialect, _, version = case.server.partition(" ")
    count = len(case.released)
    base: dict[str, str] = {}
    for number, body in enumerate(case.released):
        base |= revision_file(f"r{number}", f"r{number - 1}" if number else None, body)
    parent = f"r{count - 1}" if count else None
    down = case.downgrade or "raise NotImplementedError('no way back')"
    change = revision_file("n1", parent, case.upgrade, down)
    if case.after is not None:
        change |= revision_file("n2", "n1", case.after, "raise NotImplementedError('none')")
    example = Example(
        base=base,
        change=change,
        dialect=dialect,
        version=version or None,
        config={"lock-timeout": None},
    )
    return {
        finding.rule if finding.severity == "error" else f"({finding.rule})"
        for finding in judge(example, folder)
        if finding.rule in FAMILY and finding.severity != "info"
    }


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


USERS = "op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))"
ORDERS = sql(
    "CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int, code text, "
    "CONSTRAINT ck_old CHECK (total > 0), CONSTRAINT uq_code UNIQUE (code))"
)
TABLES = (USERS, ORDERS)
KEYED = (*TABLES, sql("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) "
                      "REFERENCES users (id)"))  # fmt: skip
ADD_CHECK = "ALTER TABLE orders ADD CONSTRAINT ck CHECK (total < 9)"
ADD_KEY = "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)"
NOT_VALID = (*TABLES, sql(f"{ADD_CHECK} NOT VALID"))
VALIDATE = "ALTER TABLE orders VALIDATE CONSTRAINT ck"
PARTED = (USERS, sql("CREATE TABLE orders (id int, user_id int) PARTITION BY RANGE (id)"))
AUTOCOMMIT = "with op.get_context().autocommit_block():\n    "

CHECKS: dict[str, Case] = {
    "quoted, with its schema": Case(
        "postgresql 15",
        sql('ALTER TABLE "shop"."Orders" ADD CONSTRAINT "CK" CHECK ("Total" > 0)'),
        {"add-check-constraint"},
    ),
    "IF EXISTS, ONLY": Case(
        "postgresql 13",
        sql("ALTER TABLE IF EXISTS ONLY orders ADD CONSTRAINT ck CHECK (total < 9)"),
        {"add-check-constraint"},
    ),
    "one of several actions": Case(
        "postgresql 17",
        sql(f"ALTER TABLE orders ADD note text, {ADD_CHECK[19:]}"),
        {"add-check-constraint"},
    ),
    "sa.text": Case(
        "postgresql 15", f"op.execute(sa.text({ADD_CHECK!r}))", {"add-check-constraint"}
    ),
    "by the connection": Case(
        "postgresql 15",
        f"op.get_bind().execute(sa.text({ADD_CHECK!r}))",
        {"add-check-constraint"},
    ),
    "DO block": Case(
        "postgresql 15", sql(f"DO $$ BEGIN {ADD_CHECK}; END $$"), {"add-check-constraint"}
    ),
    "batch": Case(
        "postgresql 15",
        "with op.batch_alter_table('orders') as batch_op:\n"
        "    batch_op.create_check_constraint('ck', 'total < 9')",
        {"add-check-constraint"},
    ),
    "add_column": Case(
        "postgresql 15",
        "op.add_column('orders', sa.Column('n', sa.Integer(), sa.CheckConstraint('n > 0')))",
        {"add-check-constraint"},
    ),
    "MySQL": Case("mysql 8.0", sql(ADD_CHECK), {"add-check-constraint"}),
    "MariaDB": Case("mariadb 10.11", sql(ADD_CHECK), {"add-check-constraint"}),
    "not valid": Case("postgresql 15", sql(f"{ADD_CHECK} NOT VALID")),
    "not valid, several": Case(
        "postgresql 15", sql(f"{ADD_CHECK} NOT VALID, ADD COLUMN note text")
    ),
    "not enforced": Case("postgresql 18", sql(f"{ADD_CHECK} NOT ENFORCED")),
    "not enforced on MySQL": Case("mysql 8.4", sql(f"{ADD_CHECK} NOT ENFORCED")),
    "NOT VALID means nothing to MySQL": Case(
        "mysql 8.4",
        "op.create_check_constraint('ck', 'orders', 'total < 9', postgresql_not_valid=True)",
        {"add-check-constraint"},
    ),
    "another new revision's table": Case("postgresql 15", ORDERS, after=sql(ADD_CHECK)),
    "emptied before": Case("postgresql 15", sql("TRUNCATE orders", ADD_CHECK)),
    "another dialect's branch": Case(
        "postgresql 15",
        f"if op.get_bind().dialect.name == 'mysql':\n    {sql(ADD_CHECK)}",
    ),
    "temporary": Case("postgresql 15", sql("CREATE TEMP TABLE orders (total int)", ADD_CHECK)),
    "NOT NULL by name": Case(
        "postgresql 18", sql("ALTER TABLE orders ADD CONSTRAINT nn NOT NULL total NOT VALID")
    ),
    "inline on MariaDB": Case(
        "mariadb 10.6", sql("ALTER TABLE orders ADD COLUMN n int CHECK (n > 0)")
    ),
}

KEYS: dict[str, Case] = {
    "raw": Case("postgresql 15", sql(ADD_KEY), {"add-foreign-key"}, TABLES),
    "add_column": Case(
        "postgresql 15",
        "op.add_column('orders', sa.Column('u', sa.Integer(), sa.ForeignKey('users.id')))",
        {"add-foreign-key"},
    ),
    "inline": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD COLUMN u int REFERENCES users (id)"),
        {"(add-foreign-key)"},
    ),
    "inline references": Case(
        "postgresql 15",
        "op.add_column('orders', sa.Column('u', sa.Integer(), sa.ForeignKey('users.id')), "
        "inline_references=True)",
        {"(add-foreign-key)"},
    ),
    "to a new table": Case(
        "postgresql 15",
        f"op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))\n"
        f"{sql(ADD_KEY)}",
        {"add-foreign-key"},
    ),
    "of a new table": Case(
        "postgresql 15", f"{ORDERS}\n{sql(ADD_KEY)}", {"(lock-referenced-table)"}
    ),
    "of new tables": Case("postgresql 15", f"{USERS}\n{ORDERS}\n{sql(ADD_KEY)}"),
    "to itself, new": Case(
        "postgresql 15", sql("CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t)")
    ),
    "not valid": Case("postgresql 15", sql(f"{ADD_KEY} NOT VALID")),
    "partitioned": Case("postgresql 16", sql(f"{ADD_KEY} NOT VALID"), {"add-foreign-key"}, PARTED),
    "partitioned, 18": Case("postgresql 18", sql(f"{ADD_KEY} NOT VALID"), set(), PARTED),
    "to a partitioned one": Case(
        "postgresql 15",
        sql("ALTER TABLE lines ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES orders (id) NOT VALID"),
        set(),
        PARTED,
    ),
    "MySQL": Case("mysql 8.4", sql(ADD_KEY), {"add-foreign-key"}),
    "MySQL, unchecked": Case("mysql 8.4", sql("SET foreign_key_checks = 0", ADD_KEY)),
    "MySQL, checked again": Case(
        "mysql 8.4",
        sql("SET foreign_key_checks=0", "SET foreign_key_checks=1", ADD_KEY),
        {"add-foreign-key"},
    ),
    "MySQL, inline is ignored": Case(
        "mysql 8.0", sql("ALTER TABLE orders ADD COLUMN u int REFERENCES users (id)")
    ),
    "MariaDB, inline is not": Case(
        "mariadb 10.6",
        sql("ALTER TABLE orders ADD COLUMN u int REFERENCES users (id)"),
        {"add-foreign-key"},
    ),
    "dropped": Case(
        "postgresql 15",
        sql("ALTER TABLE orders DROP CONSTRAINT fk"),
        {"(drop-constraint)", "(lock-referenced-table)"},
        KEYED,
    ),
    "dropped with its table": Case(
        "postgresql 15", "op.drop_table('orders')", {"(lock-referenced-table)"}, KEYED
    ),
    "dropped with its column": Case(
        "postgresql 15",
        "op.drop_column('orders', 'user_id')",
        {"(lock-referenced-table)"},
        KEYED,
    ),
    "dropped, and what it leads to": Case(
        "postgresql 15", "op.drop_table('orders')\nop.drop_table('users')", set(), KEYED
    ),
    "dropped with a timeout": Case(
        "postgresql 15",
        sql("SET LOCAL lock_timeout = '3s'", "ALTER TABLE orders DROP CONSTRAINT fk"),
        {"(drop-constraint)"},
        KEYED,
    ),
    "taken back": Case(
        "postgresql 15",
        sql(f"{ADD_KEY} NOT VALID"),
        downgrade="op.drop_constraint('fk', 'orders', type_='foreignkey')",
        released=TABLES,
    ),
}

UNIQUE = "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (total)"
BOTH = {"add-unique-constraint", "(unique-over-existing-rows)"}
UNIQUES: dict[str, Case] = {
    "raw": Case("postgresql 15", sql(UNIQUE), BOTH),
    "deferrable": Case("postgresql 15", sql(f"{UNIQUE} DEFERRABLE INITIALLY DEFERRED"), BOTH),
    "nulls not distinct": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD CONSTRAINT uq UNIQUE NULLS NOT DISTINCT (total)"),
        BOTH,
    ),
    "of a new column": Case(
        "postgresql 15",
        "op.add_column('orders', sa.Column('n', sa.Integer(), unique=True))",
        {"add-unique-constraint"},
    ),
    "unique already": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (code, total)"),
        {"add-unique-constraint"},
        TABLES,
    ),
    "over the index of an earlier release": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD CONSTRAINT uq UNIQUE USING INDEX ix"),
        released=(*TABLES, AUTOCOMMIT + sql("CREATE UNIQUE INDEX CONCURRENTLY ix ON orders (id)")),
    ),
    "over the index of an autocommit block": Case(
        "postgresql 15",
        AUTOCOMMIT
        + sql("CREATE UNIQUE INDEX CONCURRENTLY ix ON orders (total)")
        + "\n"
        + sql("ALTER TABLE orders ADD CONSTRAINT uq UNIQUE USING INDEX ix"),
        released=TABLES,
    ),
    "over an index that nobody knows": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD PRIMARY KEY USING INDEX ix").replace(
            "ADD PRIMARY", "ADD CONSTRAINT pk PRIMARY"
        ),
    ),
    "MySQL": Case("mysql 8.4", sql(UNIQUE), {"(unique-over-existing-rows)"}),
    "with its table": Case(
        "mysql 8.4",
        "op.create_table('t', sa.Column('a', sa.Integer(), index=True, unique=True))",
    ),
    "partly new": Case(
        "mysql 8.4",
        "op.add_column('orders', sa.Column('n', sa.Integer()))\n"
        "op.create_unique_constraint('uq', 'orders', ['total', 'n'])",
    ),
    "MODIFY": Case(
        "mysql 8.4",
        sql("ALTER TABLE orders MODIFY code varchar(20) UNIQUE"),
        {"(unique-over-existing-rows)"},
        (USERS, ORDERS.replace(", CONSTRAINT uq_code UNIQUE (code)", "")),
    ),
    "of a column that is written anew": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD COLUMN n uuid DEFAULT gen_random_uuid() UNIQUE"),
        {"(add-unique-constraint)"},
    ),
    "SQLite index": Case(
        "sqlite",
        "op.create_index('ix', 'orders', ['total'], unique=True)",
        {"(unique-over-existing-rows)"},
    ),
    "partial": Case(
        "postgresql 15",
        AUTOCOMMIT + sql("CREATE UNIQUE INDEX CONCURRENTLY ix ON orders (total) WHERE total > 0"),
    ),
    "filled new column": Case(
        "mysql 8.4",
        "op.add_column('orders', sa.Column('n', sa.String(36)))\n"
        + sql("UPDATE orders SET n = uuid()")
        + "\nop.create_unique_constraint('uq', 'orders', ['n'])",
    ),
    "primary key": Case(
        "postgresql 15", "op.create_primary_key('pk', 'lines', ['id'])", {"add-primary-key"}
    ),
    "primary key replaced on MySQL": Case(
        "mysql 8.4",
        sql("ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (code)"),
        {"(add-primary-key)"},
    ),
    "primary key dropped on MySQL": Case(
        "mysql 8.4",
        sql("ALTER TABLE orders DROP PRIMARY KEY"),
        {"add-primary-key", "(drop-constraint)"},
    ),
    "primary key replaced by a column": Case(
        "mysql 8.4",
        sql("ALTER TABLE orders DROP PRIMARY KEY, ADD n int AUTO_INCREMENT PRIMARY KEY"),
        set(),
        TABLES,
    ),
    "another primary key on MySQL": Case(
        "mysql 8.4",
        "op.drop_constraint('PRIMARY', 'orders', type_='primary')\n"
        "op.create_primary_key('pk', 'orders', ['code'])",
        {"add-primary-key", "(add-primary-key)"},
        TABLES,
    ),
    "exclusion": Case(
        "postgresql 15",
        sql("ALTER TABLE stays ADD CONSTRAINT apart EXCLUDE USING gist (room WITH =)"),
        {"add-exclusion-constraint"},
    ),
}

VALIDATED: dict[str, Case] = {
    "later": Case("postgresql 15", sql(VALIDATE), set(), NOT_VALID),
    "at once": Case(
        "postgresql 15",
        sql(f"{ADD_CHECK} NOT VALID", VALIDATE),
        {"validate-in-same-transaction"},
    ),
    "in the next revision of the deployment": Case(
        "postgresql 15",
        sql(f"{ADD_CHECK} NOT VALID"),
        {"validate-in-same-transaction"},
        after=sql(VALIDATE),
    ),
    "in an autocommit block": Case(
        "postgresql 15", sql(f"{ADD_CHECK} NOT VALID") + "\n" + AUTOCOMMIT + sql(VALIDATE)
    ),
    "behind an autocommit block": Case(
        "postgresql 15",
        sql(f"{ADD_CHECK} NOT VALID")
        + "\n"
        + AUTOCOMMIT
        + sql("CREATE INDEX CONCURRENTLY ix ON orders (total)")
        + "\n"
        + sql(VALIDATE),
    ),
    "both in front of an autocommit block": Case(
        "postgresql 15",
        sql(f"{ADD_CHECK} NOT VALID", VALIDATE)
        + "\n"
        + AUTOCOMMIT
        + sql("CREATE INDEX CONCURRENTLY ix ON orders (total)"),
        {"validate-in-same-transaction"},
    ),
    "with NOT NULL of its recipe": Case(
        "postgresql 15",
        sql(
            "ALTER TABLE orders VALIDATE CONSTRAINT ck",
            "ALTER TABLE orders ALTER COLUMN total SET NOT NULL",
            "ALTER TABLE orders DROP CONSTRAINT ck",
        ),
        set(),
        (*TABLES, sql("ALTER TABLE orders ADD CONSTRAINT ck CHECK (total IS NOT NULL) NOT VALID")),
    ),
    "another table": Case(
        "postgresql 15", sql("ALTER TABLE users ADD note text", VALIDATE), set(), NOT_VALID
    ),
    "PostgreSQL 18's NOT NULL": Case(
        "postgresql 18",
        sql("ALTER TABLE orders VALIDATE CONSTRAINT nn"),
        released=(*TABLES, sql("ALTER TABLE orders ADD CONSTRAINT nn NOT NULL total NOT VALID")),
    ),
}

DROPS: dict[str, Case] = {
    "a check": Case(
        "postgresql 15",
        sql("ALTER TABLE orders DROP CONSTRAINT ck_old"),
        {"(drop-constraint)"},
        TABLES,
    ),
    "a check that comes back otherwise": Case(
        "postgresql 15",
        sql(
            "ALTER TABLE orders DROP CONSTRAINT ck_old",
            "ALTER TABLE orders ADD CONSTRAINT ck_new CHECK (total >= 0) NOT VALID",
        ),
        set(),
        TABLES,
    ),
    "one of several actions": Case(
        "mysql 8.4",
        sql("ALTER TABLE orders ADD COLUMN n int, DROP CHECK ck_old"),
        {"(drop-constraint)"},
        TABLES,
    ),
    "with its column": Case(
        "postgresql 15",
        "op.drop_constraint('uq_code', 'orders')\nop.drop_column('orders', 'code')",
        set(),
        TABLES,
    ),
    "with its table": Case(
        "postgresql 15",
        "op.drop_constraint('uq_code', 'orders')\nop.drop_table('orders')",
        set(),
        TABLES,
    ),
    "of a column that is renamed": Case(
        "postgresql 15",
        "op.drop_constraint('fk', 'orders', type_='foreignkey')\n"
        "op.alter_column('orders', 'user_id', new_column_name='owner_id')\n"
        "op.create_foreign_key('fk_owner', 'orders', 'users', ['owner_id'], ['id'], "
        "postgresql_not_valid=True)",
        {"(lock-referenced-table)"},
        KEYED,
    ),
    "of a table that is renamed": Case(
        "mysql 8.4",
        "op.drop_constraint('ck_old', 'orders', type_='check')\n"
        "op.rename_table('orders', 'sales')\n"
        "op.execute('ALTER TABLE sales ADD CONSTRAINT c CHECK (total > 0) NOT ENFORCED')",
        set(),
        TABLES,
    ),
    "for an index": Case(
        "mysql 8.4",
        "op.drop_constraint('uq_code', 'orders', type_='unique')\n"
        "op.create_index('ix_code', 'orders', ['code'], unique=True)",
        set(),
        TABLES,
    ),
    "taken back": Case(
        "postgresql 15",
        sql(f"{ADD_CHECK} NOT VALID"),
        downgrade="op.drop_constraint('ck', 'orders')",
    ),
}

DEFERRED = (
    USERS,
    sql("CREATE TABLE orders (id int, note text, user_id int CONSTRAINT fk REFERENCES users (id) "
        "DEFERRABLE INITIALLY DEFERRED)"),
)  # fmt: skip
ADD_NOTE = "op.add_column('orders', sa.Column('remark', sa.Text()))"
PENDING: dict[str, Case] = {
    "update": Case(
        "postgresql 15",
        f"{sql('UPDATE orders SET user_id = 1')}\n{ADD_NOTE}",
        {"pending-trigger-events"},
        DEFERRED,
    ),
    "in the next revision of the deployment": Case(
        "postgresql 15",
        sql("UPDATE orders SET user_id = 1"),
        {"pending-trigger-events"},
        DEFERRED,
        after=ADD_NOTE,
    ),
    "delete from the other table": Case(
        "postgresql 15",
        f"{sql('DELETE FROM users WHERE id = 1')}\n"
        "op.add_column('users', sa.Column('remark', sa.Text()))",
        {"pending-trigger-events"},
        DEFERRED,
    ),
    "another column": Case(
        "postgresql 15", f"{sql('UPDATE orders SET note = NULL')}\n{ADD_NOTE}", set(), DEFERRED
    ),
    "another table": Case(
        "postgresql 15",
        f"{sql('UPDATE orders SET user_id = 1')}\n"
        "op.add_column('lines', sa.Column('remark', sa.Text()))",
        set(),
        DEFERRED,
    ),
    "checked before": Case(
        "postgresql 15",
        sql("UPDATE orders SET user_id = 1", "SET CONSTRAINTS ALL IMMEDIATE") + f"\n{ADD_NOTE}",
        set(),
        DEFERRED,
    ),
    "an ordinary key": Case(
        "postgresql 15", f"{sql('UPDATE orders SET user_id = 1')}\n{ADD_NOTE}", set(), KEYED
    ),
    "deferred by hand": Case(
        "postgresql 15",
        sql("SET CONSTRAINTS ALL DEFERRED", "UPDATE orders SET user_id = 1") + f"\n{ADD_NOTE}",
        {"pending-trigger-events"},
        (DEFERRED[0], DEFERRED[1].replace(" INITIALLY DEFERRED", "")),
    ),
}

UNNAMED: dict[str, Case] = {
    "PostgreSQL": Case(
        "postgresql 15",
        sql("ALTER TABLE orders ADD CHECK (total > 1) NOT VALID"),
        {"(unnamed-constraint)"},
    ),
    "batch on SQLite": Case(
        "sqlite",
        "with op.batch_alter_table('orders') as batch_op:\n"
        "    batch_op.create_foreign_key(None, 'users', ['user_id'], ['id'])",
        {"unnamed-constraint"},
    ),
    "batch on SQLite, new column": Case(
        "sqlite",
        "with op.batch_alter_table('orders') as batch_op:\n"
        "    batch_op.add_column(sa.Column('u', sa.Integer(), sa.ForeignKey('users.id')))",
        {"unnamed-constraint"},
    ),
    "batch with a convention": Case(
        "sqlite",
        "with op.batch_alter_table('orders', naming_convention={'fk': 'fk_%(table_name)s'}) "
        "as batch_op:\n    batch_op.create_foreign_key(None, 'users', ['user_id'], ['id'])",
    ),
    "in a new table": Case("sqlite", sql("CREATE TABLE t (a int UNIQUE, CHECK (a > 0))")),
    "by the column's own name": Case(
        "mysql 8.4", sql("ALTER TABLE orders ADD PRIMARY KEY (id)"), {"(add-primary-key)"}
    ),
}

ALL = {
    f"{family}: {name}": case
    for family, cases in {
        "check": CHECKS,
        "key": KEYS,
        "unique": UNIQUES,
        "validate": VALIDATED,
        "drop": DROPS,
        "pending": PENDING,
        "unnamed": UNNAMED,
    }.items()
    for name, case in cases.items()
}


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_constraints(case: Case, tmp_path: Path) -> None:
    assert found(case, tmp_path) == case.says
