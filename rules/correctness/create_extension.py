"""CREATE EXTENSION needs rights and files that the server of production may not have.

Most extensions take a superuser, and their files must lie on the server: managed servers offer a
list of their own. A trusted one takes no more than CREATE on the database. Where the migration runs
as the application's user, it fails there although it passed in every test.
"""

import re
from collections.abc import Iterator

from guard.operations import CreateObject
from guard.patterns import lazy_re
from guard.phrases import say_so
from guard.rule import Context, Example, Problem, rule

# https://www.postgresql.org/docs/current/contrib.html
TRUSTED = frozenset(
    """
    btree_gin btree_gist citext cube dict_int fuzzystrmatch hstore intarray isn lo ltree pg_trgm
    pgcrypto seg tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp plperl plpgsql
    pltcl bool_plperl hstore_plperl jsonb_plperl
    """.split()  # noqa: SIM905
)

_EXCEPTION = lazy_re(r"\bEXCEPTION\s+WHEN\b", re.IGNORECASE)


@rule(
    CreateObject,
    severity="warning",
    dialects=("postgresql",),
    unsafe=(
        Example(
            upgrade="op.execute('CREATE EXTENSION IF NOT EXISTS postgis')",
            dialect="postgresql",
            says="Creating extension postgis takes a superuser, and a server that offers it.",
            help="Have it made when the database is set up, by who may. If the migrations run as "
            "one who may: # guard: ignore[create-extension] <who>",
            at="CREATE EXTENSION",
        ),
        Example(
            upgrade="""op.execute('CREATE EXTENSION "uuid-ossp"')""",
            dialect="postgresql",
            says="Creating extension uuid-ossp takes the right CREATE on the database, and a "
            "server "
            "that offers it.",
            at="CREATE EXTENSION",
        ),
    ),
    safe=(Example(upgrade="op.execute('CREATE SCHEMA app')", dialect="postgresql"),),
)
def create_extension(create: CreateObject, context: Context) -> Iterator[Problem]:
    if create.object_type != "extension" or _is_there(create, context):
        return
    if _EXCEPTION.search(context.statement.sql or ""):
        return  # the block does without it where that fails
    trusted = create.name.name in TRUSTED and context.server.at_least(13)
    needs = "the right CREATE on the database" if trusted else "a superuser"
    silenced = say_so(context.statement, "create-extension", "who")
    yield Problem(
        message=f"Creating extension {create.name} takes {needs}, and a server that offers it.",
        remedy="Have it made when the database is set up, by who may. If the migrations run as one "
        f"who may: {silenced}",
    )


def _is_there(create: CreateObject, context: Context) -> bool:
    return create.if_not_exists and any(
        o.object_type == "extension" and o.name.name == create.name.name
        for o in context.schema.objects()
    )
