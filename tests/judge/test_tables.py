"""Whole tables, partitions, other objects and renames: which rules speak, in which form."""

# ruff: noqa: E501  (a row of a table is a line)

from __future__ import annotations

from pathlib import Path

import pytest
from examples import judge

from guard.rule import Example

PG, MY, MA, LITE = "postgresql", "mysql", "mariadb", "sqlite"
OTHERS = {
    "backfill",
    "lock-timeout",
    "lock-many-tables",
    "missing-downgrade",
    "lock-referenced-table",
}
T = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('a', sa.String(40)), sa.Column('b', sa.Boolean()))"
EV = 'op.execute("CREATE TABLE ev (id int NOT NULL, d date NOT NULL) PARTITION BY RANGE (d)")'
PART = "op.execute(\"CREATE TABLE p1 PARTITION OF ev FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')\")"
C = "op.execute('CREATE TABLE c (id int NOT NULL, d date NOT NULL)')"
ATTACH = "op.execute(\"ALTER TABLE ev ATTACH PARTITION c FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')\")"
REST = "op.execute('CREATE TABLE rest PARTITION OF ev DEFAULT')"
V = "op.execute('CREATE VIEW v AS SELECT 1 AS id')"
F = "op.execute(\"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'\")"
TRIGGER = "op.execute('CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()')"
EXT = "op.execute('CREATE EXTENSION IF NOT EXISTS postgis')"


BANNERS = "op.create_table('t', sa.Column('banner_text', sa.String(255)), sa.Column('banner_color', sa.String(9)))"


def sql(text: str) -> str:
    return f"op.execute({text!r})"


def drop_and_add(old: str, new: str) -> str:
    return f"op.add_column('t', sa.Column('{new}', sa.String(255)))\nop.drop_column('t', '{old}')"


# The dialect, its version, what is released, the upgrade: the rules that speak.
ROWS: list[tuple[str, str | None, tuple[str, ...], str, set[str]]] = [
    # Partitions
    (PG, "13", (EV, C), ATTACH, {"attach-partition"}),
    (PG, "18", (EV, C), f"op.get_bind().execute(sa.text({ATTACH[11:-1]}))", {"attach-partition"}),
    (PG, None, (EV,), f"{C}\n{ATTACH}", set()),
    (PG, None, (EV, C, REST), sql("TRUNCATE c") + "\n" + ATTACH, {"truncate", "attach-partition"}),
    (PG, None, (C,), f"{EV}\n{ATTACH}", {"attach-partition"}),
    (PG, None, (EV,), PART, {"create-partition"}),
    (PG, None, (EV, REST), PART, {"create-partition"}),
    (PG, None, (), f"{EV}\n{PART}", set()),
    (PG, None, (EV, PART), sql("ALTER TABLE ev DETACH PARTITION p1"), {"detach-partition"}),
    (PG, None, (EV, PART), sql('ALTER TABLE public."ev" DETACH PARTITION public.p1'), {"detach-partition"}),
    (PG, None, (), f"{EV}\n{PART}\n" + sql("ALTER TABLE ev DETACH PARTITION p1"), set()),
    # Rewrites
    (PG, None, (T,), sql("ALTER TABLE t SET UNLOGGED"), {"rewrite-table", "unlogged-table"}),
    (PG, "15", (T,), sql("ALTER TABLE IF EXISTS ONLY t SET ACCESS METHOD columnar"), {"rewrite-table"}),
    (PG, None, (T,), sql("ALTER TABLE t SET LOGGED"), set()),
    (PG, None, (), f"{T}\n" + sql("ALTER TABLE t SET TABLESPACE fast"), set()),
    (PG, None, (T,), sql("DO $$ BEGIN CLUSTER t USING t_pkey; END $$"), {"rewrite-table"}),
    (PG, None, (T,), sql("ALTER TABLE t ADD COLUMN x int, SET TABLESPACE fast"), {"rewrite-table"}),
    (MY, "8.0", (T,), sql("ALTER TABLE `t` CONVERT TO CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci"), {"rewrite-table"}),
    (MY, None, (T,), sql("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4"), {"rewrite-table"}),
    (MY, None, (T,), sql("ALTER TABLE t ENGINE=MyISAM"), {"rewrite-table"}),
    (MY, None, (T,), sql("ALTER TABLE t COMMENT='x'"), set()),
    (MY, None, (T,), sql("ALTER TABLE t AUTO_INCREMENT=100"), set()),
    (MY, None, (), f"{T}\n" + sql("ALTER TABLE t ENGINE=InnoDB"), set()),
    (MA, None, (T,), "if op.get_bind().dialect.name == 'postgresql':\n    " + sql("CLUSTER t"), set()),
    (LITE, None, (T,), sql("VACUUM"), set()),
    # Triggers, security, extensions
    (PG, None, (T, F), TRIGGER, {"create-trigger"}),
    (PG, None, (F,), f"{T}\n{TRIGGER}", set()),
    (PG, None, (T,), sql("ALTER TABLE t DISABLE TRIGGER USER"), {"disable-trigger"}),
    (PG, None, (T,), sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY"), {"row-level-security"}),
    (PG, None, (), f"{T}\n" + sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY"), {"row-level-security"}),
    (PG, None, (T,), sql("CREATE POLICY p ON t USING (true)") + "\n" + sql("ALTER TABLE public.t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"), set()),
    (PG, None, (), EXT, {"create-extension"}),
    (PG, None, (EXT,), EXT, set()),
    # Renames
    (PG, None, (T,), "op.alter_column('t', 'a', new_column_name='c', type_=sa.String(40), existing_type=sa.String(40))", {"rename-column"}),
    (MY, None, (T,), sql("ALTER TABLE t CHANGE COLUMN a c varchar(40)"), {"rename-column"}),
    (MY, None, (T,), sql("ALTER TABLE t CHANGE COLUMN a a varchar(40)"), set()),
    (PG, None, (T,), sql("ALTER TABLE t RENAME a TO c") + "\n" + sql("ALTER TABLE t ADD a text"), {"rename-column"}),
    (PG, None, (T,), sql("ALTER TABLE t RENAME a TO c; ALTER TABLE t ADD a text; UPDATE t SET a = c WHERE a IS NULL"), set()),
    (LITE, None, (T,), "with op.batch_alter_table('t') as batch_op:\n    batch_op.alter_column('a', new_column_name='c')", {"rename-column"}),
    (PG, None, (T,), "op.rename_table('t', 'u')\n" + sql("CREATE VIEW t AS SELECT * FROM u"), set()),
    (PG, None, (T,), sql("ALTER TABLE t RENAME TO u"), {"rename-table"}),
    (MY, None, (T,), sql("RENAME TABLE t TO u, u2 TO t"), {"rename-table"}),
    (PG, None, (T,), sql("ALTER TABLE t SET SCHEMA archive"), {"rename-object"}),
    (PG, None, (V,), sql("ALTER VIEW v RENAME TO w"), {"rename-object"}),
    (PG, None, (V,), sql("CREATE OR REPLACE VIEW v AS SELECT 2 AS id"), {"replace-view"}),
    (PG, None, (V,), sql("DROP VIEW IF EXISTS v"), {"drop-object"}),
    (PG, None, (), sql("DROP VIEW IF EXISTS v"), {"drop-object"}),
    (PG, None, (T,), sql("DROP VIEW IF EXISTS v"), set()),
    # A drop and an addition
    (PG, None, (T,), "op.add_column('t', sa.Column('c', sa.String(40)))\nop.drop_column('t', 'a')", {"drop-and-re-add"}),
    (PG, None, (T,), "op.drop_column('t', 'a')\nop.add_column('t', sa.Column('c', sa.String(40)))", {"drop-and-re-add"}),
    (PG, None, (T,), "op.drop_column('t', 'a')\nop.add_column('t', sa.Column('c', sa.String(80)))", {"drop-column"}),
    (PG, None, (T,), "op.drop_column('t', 'a')\nop.add_column('t', sa.Column('c', sa.String(40), nullable=False, server_default=''))", {"drop-column"}),
    (PG, None, (T,), "op.drop_column('t', 'b')\nop.add_column('t', sa.Column('archived', sa.Boolean()))", {"drop-column"}),
    (PG, None, (T,), "op.drop_column('t', 'b')\nop.add_column('t', sa.Column('b', sa.Integer()))", {"drop-and-re-add"}),
    (PG, None, (T,), "op.drop_column('t', 'b')\nop.add_column('t', sa.Column('is_b', sa.Boolean()))", {"drop-and-re-add"}),
    (PG, None, (BANNERS,), drop_and_add("banner_text", "banner_shape"), {"drop-column"}),
    (PG, None, (BANNERS,), drop_and_add("banner_text", "text"), {"drop-and-re-add"}),
    (PG, None, (BANNERS,), drop_and_add("banner_text", "text_of_banner"), {"drop-and-re-add"}),
    (PG, None, (T, "op.create_index('ix_t_a', 't', ['a'])"), "op.rename_table('t', 'u')\n" + sql("ALTER INDEX ix_t_a RENAME TO ix_u_a"), {"rename-table"}),
    (PG, None, (T,), "op.drop_column('t', 'a')\nop.add_column('u', sa.Column('c', sa.String(40)))", {"drop-column"}),
    (PG, None, (T,), f"{T.replace(chr(39) + 't' + chr(39), chr(39) + 'u' + chr(39))}\nop.drop_table('t')", {"drop-and-re-add"}),
    (PG, None, (T,), "op.create_table('u', sa.Column('id', sa.Integer()))\nop.drop_table('t')", {"drop-table"}),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "version", "released", "upgrade", "rules"), ROWS)
def test_which_rules_speak(
    dialect: str,
    version: str | None,
    released: tuple[str, ...],
    upgrade: str,
    rules: set[str],
    tmp_path: Path,
) -> None:
    example = Example(released=released, upgrade=upgrade, dialect=dialect, version=version)
    found = [f.rule for f in judge(example, tmp_path)]
    assert sorted(rule for rule in found if rule not in OTHERS) == sorted(rules)


UP_AND_DOWN: list[tuple[str, str, set[str]]] = [
    (ATTACH, sql("ALTER TABLE ev DETACH PARTITION c"), {"attach-partition"}),
    ("op.alter_column('t', 'a', new_column_name='z')", "op.alter_column('t', 'z', new_column_name='a')", {"rename-column"}),
    ("op.rename_table('t', 'u')", "op.rename_table('u', 't')", {"rename-table"}),
    (sql("ALTER TABLE t SET UNLOGGED"), sql("ALTER TABLE t SET LOGGED"), {"rewrite-table", "unlogged-table"}),
    ("op.add_column('t', sa.Column('c', sa.String(40)))", "op.drop_column('t', 'c')", set()),
]  # fmt: skip


@pytest.mark.parametrize(("upgrade", "downgrade", "rules"), UP_AND_DOWN)
def test_the_way_back_is_not_told_twice(
    upgrade: str, downgrade: str, rules: set[str], tmp_path: Path
) -> None:
    example = Example(released=(EV, C, T), upgrade=upgrade, downgrade=downgrade, dialect=PG)
    found = [f.rule for f in judge(example, tmp_path)]
    assert sorted(rule for rule in found if rule not in OTHERS) == sorted(rules)
