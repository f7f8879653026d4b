"""The SQL that a revision sends, read from its operations."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import chain, write

from guard.cli.arguments import Arguments
from guard.reader import ParsedRevision
from guard.run.inspect import read_histories
from guard.show.sql import sql_of


def read(upgrade: str, folder: Path, dialect: str) -> ParsedRevision:
    """A revision with that upgrade, as it is read for the dialect."""
    arguments = Arguments(dialect=dialect, no_cache=True)
    write(folder, chain((upgrade, "pass")))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (history,) = read_histories(arguments.request(), arguments.settings())
    (revision,) = history.choose((), everything=True)
    return revision


PG = "postgresql"
CASES = [
    (
        PG,
        "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True), "
        "sa.Column('n', sa.String(20), nullable=False), sa.UniqueConstraint('n', name='uq_n'))",
        "CREATE TABLE t (\n    id serial NOT NULL,\n    n varchar(20) NOT NULL,\n"
        "    PRIMARY KEY (id),\n    CONSTRAINT uq_n UNIQUE (n)\n);",
    ),
    (PG, "op.drop_table('order')", 'DROP TABLE "order";'),
    (PG, "op.rename_table('a', 'b')", "ALTER TABLE a RENAME TO b;"),
    (
        PG,
        "op.add_column('t', sa.Column('n', sa.Integer(), nullable=False, server_default='0'))",
        "ALTER TABLE t ADD COLUMN n integer NOT NULL DEFAULT '0';",
    ),
    (
        PG,
        "op.add_column('t', sa.Column('n', sa.JSON(), server_default='{}'))",
        "ALTER TABLE t ADD COLUMN n json DEFAULT '{}';",
    ),
    (PG, "op.add_column('t', sa.Column('n', sa.Text(), server_default=load()))", "-- add-column"),
    (
        "sqlite",
        "op.add_column('t', sa.Column('at', sa.DateTime(timezone=True)))",
        "ALTER TABLE t ADD COLUMN at datetime;",
    ),
    (PG, "op.drop_column('t', 'n')", "ALTER TABLE t DROP COLUMN n;"),
    (PG, "op.alter_column('t', 'n', new_column_name='m')", "ALTER TABLE t RENAME COLUMN n TO m;"),
    (
        PG,
        "op.alter_column('t', 'n', type_=sa.BigInteger(), nullable=False)",
        "ALTER TABLE t ALTER COLUMN n TYPE bigint;\nALTER TABLE t ALTER COLUMN n SET NOT NULL;",
    ),
    (
        PG,
        "op.create_index('ix_n', 't', ['n'], unique=True, postgresql_concurrently=True)",
        "CREATE UNIQUE INDEX CONCURRENTLY ix_n ON t (n);",
    ),
    (PG, "op.drop_index('ix_n', table_name='t')", "DROP INDEX ix_n;"),
    ("mysql", "op.drop_index('ix_n', table_name='t')", "DROP INDEX `ix_n` ON `t`;"),
    (
        PG,
        "op.create_foreign_key('fk', 't', 'u', ['u_id'], ['id'], ondelete='CASCADE')",
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (u_id) REFERENCES u (id) ON DELETE CASCADE;",
    ),
    (PG, "op.drop_constraint('uq_n', 't')", "ALTER TABLE t DROP CONSTRAINT uq_n;"),
    (
        "mysql",
        "op.drop_constraint('fk', 't', type_='foreignkey')",
        "ALTER TABLE `t` DROP FOREIGN KEY `fk`;",
    ),
    (PG, "op.execute('UPDATE t SET n = 1')", "UPDATE t SET n = 1;"),
    (PG, "op.execute(sa.text(load()))", "-- opaque"),
    (PG, "op.drop_table(f'{name()}_old')", "-- drop-table"),
    (
        "sqlite",
        "with op.batch_alter_table('t') as b:\n    b.alter_column('n', nullable=False)",
        "-- SQLite copies the table for this, as Alembic does it:\n-- set-not-null t.n",
    ),
]


@pytest.mark.parametrize(("dialect", "upgrade", "expected"), CASES, ids=[case[1] for case in CASES])
def test_sql_of(dialect: str, upgrade: str, expected: str, tmp_path: Path) -> None:
    revision = read(upgrade, tmp_path, dialect)
    remark, _, sql = sql_of(revision.upgrade, dialect).partition("\n")
    assert remark.startswith("-- line ")
    assert sql.startswith(expected)
    assert sql == expected or expected.startswith("-- ")


def test_what_decides_on_a_statement_stands_above_it(tmp_path: Path) -> None:
    upgrade = (
        "if missing():\n    with op.get_context().autocommit_block():\n        op.drop_table('t')"
    )
    sql = sql_of(read(upgrade, tmp_path, PG).upgrade, PG)
    assert sql == "-- line 11, if missing(), outside the transaction\nDROP TABLE t;"
    assert sql_of(read("pass", tmp_path / "more", PG).upgrade, PG) == ""
