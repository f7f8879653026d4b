"""Make a synthetic Alembic project of any length, for measurements.

    python benchmarks/generate.py --revisions 300 FOLDER

The same arguments give the same files. Of each ten revisions two create a table, three add a
column, two create an index, one sets a column NOT NULL in batch mode, and two run SQL text. All of
them run on SQLite, both ways.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

INI = """[alembic]
script_location = %(here)s/migrations
"""
ENV = """import os

from alembic import context
from sqlalchemy import create_engine, pool

if context.is_offline_mode():
    context.configure(dialect_name=os.environ.get("DIALECT", "sqlite"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    url = os.environ.get("DATABASE_URL", "sqlite://")
    with create_engine(url, poolclass=pool.StaticPool).connect() as connection:
        context.configure(connection=connection, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = '''"""Step {number}: {title}.

Revision ID: {id}
Revises: {down}
"""

import sqlalchemy as sa

from alembic import op

revision = "{id}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''

CREATE = """op.create_table(
    "{table}",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
    sa.PrimaryKeyConstraint("id", name="pk_{table}"),
)"""
DROP = 'op.drop_table("{table}")'
ADD = 'op.add_column("{table}", sa.Column("{column}", sa.String(40), nullable=True))'
REMOVE = 'op.drop_column("{table}", "{column}")'
INDEX = 'op.create_index("ix_{table}_{column}", "{table}", ["{column}"])'
UNINDEX = 'op.drop_index("ix_{table}_{column}", table_name="{table}")'
FILL = "op.execute(\"UPDATE {table} SET {column} = 'none' WHERE {column} IS NULL\")"
UNFILL = "op.execute(\"UPDATE {table} SET {column} = NULL WHERE {column} = 'none'\")"
REQUIRE = """with op.batch_alter_table("{table}") as batch:
    batch.alter_column("{column}", existing_type=sa.String(40), nullable={nullable})"""
VIEW = 'op.execute("CREATE VIEW v_{table} AS SELECT id, name FROM {table}")'
UNVIEW = 'op.execute("DROP VIEW v_{table}")'

# Ten steps on two tables; `{n}` numbers the ten.
STEPS = (
    ("create accounts", CREATE, DROP, "accounts_{n}", ""),
    ("create orders", CREATE, DROP, "orders_{n}", ""),
    ("add a status", ADD, REMOVE, "orders_{n}", "status"),
    ("fill the status", FILL, UNFILL, "orders_{n}", "status"),
    ("require the status", REQUIRE, REQUIRE, "orders_{n}", "status"),
    ("index the status", INDEX, UNINDEX, "orders_{n}", "status"),
    ("add a note", ADD, REMOVE, "accounts_{n}", "note"),
    ("add an email", ADD, REMOVE, "accounts_{n}", "email"),
    ("index the email", INDEX, UNINDEX, "accounts_{n}", "email"),
    ("create a view", VIEW, UNVIEW, "accounts_{n}", ""),
)


def revision_files(count: int) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of `count` revision files, one chain."""
    for number in range(count):
        title, up, down, table, column = STEPS[number % len(STEPS)]
        names = {"table": table.format(n=number // len(STEPS)), "column": column}
        id_ = f"{number + 1:06d}"
        text = REVISION.format(
            number=number + 1,
            title=title,
            id=id_,
            down=f"{number:06d}" if number else None,
            upgrade=indent(up.format(**names, nullable=False)),
            downgrade=indent(down.format(**names, nullable=True)),
        )
        yield f"{id_}_{title.replace(' ', '_')}.py", text


def indent(code: str) -> str:
    return "\n".join("    " + line for line in code.splitlines())


def generate(folder: Path, count: int) -> None:
    """Write the project into `folder`, which is made; raise FileExistsError if it holds one."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI, encoding="utf-8")
    (folder / "migrations" / "env.py").write_text(ENV, encoding="utf-8")
    for name, text in revision_files(count):
        (versions / name).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--revisions", type=int, default=300)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.revisions)
    print(f"{arguments.revisions} revisions in {arguments.folder}")


if __name__ == "__main__":
    main()
