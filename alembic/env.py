"""Run the revisions on both databases, one after the other, each in its own transaction.

The URL of a database comes from its environment variable (alembic.ini says which one), or from
the command line: `alembic -x primary=URL -x klines=URL upgrade head`. There is no default: a
migration that runs on the wrong database is worse than one that does not run.
"""

from __future__ import annotations

import os
from logging.config import fileConfig

import models
from sqlalchemy import create_engine, pool

from alembic import context, util

METADATA = {"primary": models.Base.metadata, "klines": models.KlinesBase.metadata}


def database_url(name: str) -> str:
    """Return the database's URL; raise CommandError naming the variable that is not set."""
    variable = context.config.get_section_option(name, "url_variable")
    if variable is None:
        raise util.CommandError(f"alembic.ini has no url_variable in its section [{name}]")
    url = context.get_x_argument(as_dictionary=True).get(name) or os.environ.get(variable)
    if not url:
        raise util.CommandError(
            f"{variable} is not set, so the {name} database is not known: "
            f"set {variable} to its URL, or pass -x {name}=URL"
        )
    return str(url)


def run_offline(name: str, url: str) -> None:
    """Write the SQL for one database to the output."""
    context.configure(
        url=url,
        target_metadata=METADATA[name],
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.get_context().impl.static_output(f"-- Database: {name}\n")
        context.run_migrations(engine_name=name)


def run_online(name: str, url: str) -> None:
    """Run the revisions on one database."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=METADATA[name],
            upgrade_token=f"{name}_upgrades",
            downgrade_token=f"{name}_downgrades",
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations(engine_name=name)


if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

# All URLs first: nothing runs on one database while the other is not known.
urls = {name: database_url(name) for name in METADATA}
run = run_offline if context.is_offline_mode() else run_online
for name, url in urls.items():
    run(name, url)
