"""A setting of the session that a migration changes and leaves stays changed for the next ones.

Alembic runs all migrations on one connection. A `SET search_path` or `SET role` holds for every
migration after it, and for the statement that writes the version; with foreign_key_checks off,
later migrations put in rows that refer to nothing. In development each migration is run by itself,
so it shows only when several are deployed at once. On PostgreSQL `SET LOCAL` ends with the
transaction; on MySQL and MariaDB set it back in the same migration.
"""

from collections.abc import Iterator

from guard.operations import SetOption, is_known
from guard.rule import Context, Example, Problem, rule

# What changes the meaning of later statements, or switches off what protects the data.
POSTGRESQL = {
    "check_function_bodies", "datestyle", "default_table_access_method", "default_tablespace",
    "default_transaction_isolation", "default_transaction_read_only", "intervalstyle", "role",
    "row_security", "search_path", "session_authorization", "session_replication_role",
    "standard_conforming_strings", "timezone",
}  # fmt: skip
MYSQL = {
    "autocommit", "check_constraint_checks", "foreign_key_checks", "sql_log_bin", "sql_mode",
    "sql_safe_updates", "system_versioning_alter_history", "time_zone", "unique_checks",
}  # fmt: skip
OFF_AND_ON = "op.execute('SET foreign_key_checks = {}')"


@rule(
    SetOption,
    severity="warning",
    dialects=("postgresql", "mysql", "mariadb"),
    instructs=(
        "NEVER leave a setting of the session changed (`search_path`, `role`, `sql_mode`): use "
        "`SET LOCAL` on PostgreSQL, set it back on MySQL",
    ),
    unsafe=(
        Example(
            upgrade="op.execute('SET search_path TO shop')",
            dialect="postgresql",
            says="SET search_path holds for the whole session: the migrations that run after this "
            "one on the same connection, and Alembic's own version table, meet it too.",
            help="let it end with the transaction, and keep the schema of alembic_version in it, "
            "which is written in the same one:\nop.execute('SET LOCAL search_path = shop, public')",
            at="SET search_path",
            fixed="op.execute('SET LOCAL search_path = shop, public')",
        ),
        Example(
            upgrade="op.execute(\"SELECT set_config('search_path', 'shop', false)\")",
            dialect="postgresql",
            says="SET search_path holds for the whole session",
            at="SELECT set_config",
            fixed="op.execute('SET LOCAL search_path = shop, public')",
        ),
        Example(
            upgrade="op.execute('SET ROLE shop_owner')",
            dialect="postgresql",
            says="SET role holds for the whole session",
            help="op.execute('SET LOCAL role = shop_owner')",
            at="SET ROLE",
            fixed="op.execute('SET LOCAL role = shop_owner')",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute("SET session_replication_role = 'replica'")
                op.execute('DELETE FROM orders WHERE id = 1')
            """,
            dialect="postgresql",
            says="SET session_replication_role holds for the whole session",
            help="Set it back in the same place:\nop.execute('RESET session_replication_role')",
            at="SET session_replication_role",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute("SET session_replication_role = 'replica'")
                op.execute('DELETE FROM orders WHERE id = 1')
                op.execute('RESET session_replication_role')
            """,
        ),
        Example(
            upgrade=OFF_AND_ON.format(0),
            dialect="mysql",
            says="SET foreign_key_checks holds for the whole session: the migrations that run "
            "after this one on the same connection meet it too.",
            help="Set it back in the same migration:\n"
            "op.execute('SET foreign_key_checks = DEFAULT')",
            at="SET foreign_key_checks",
            fixed=f"{OFF_AND_ON.format(0)}\n{OFF_AND_ON.format('DEFAULT')}",
        ),
        Example(
            upgrade="op.execute('SET LOCAL search_path TO shop')",
            dialect="postgresql",
            says="SET LOCAL search_path = shop holds until the transaction ends, and Alembic "
            "writes alembic_version in the same one: it finds the table no more",
            help="op.execute('SET LOCAL search_path = shop, public')",
            at="SET LOCAL search_path",
            fixed="op.execute('SET LOCAL search_path = shop, public')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.execute('SET LOCAL search_path TO shop, public')", dialect="postgresql"
        ),
        Example(
            upgrade="op.execute('SET LOCAL search_path TO shop')\n"
            "op.execute('SET LOCAL search_path TO DEFAULT')",
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('SET search_path TO shop')\nop.execute('RESET search_path')",
            dialect="postgresql",
        ),
        Example(
            upgrade="""
            op.execute('SET search_path TO shop')
            op.execute('SET search_path TO public')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="op.execute('SET search_path TO shop')\nop.execute('RESET ALL')",
            dialect="postgresql",
        ),
        Example(upgrade="op.execute(\"SET lock_timeout = '5s'\")", dialect="postgresql"),
        Example(upgrade="op.execute('SET work_mem = 1000')", dialect="postgresql"),
        Example(upgrade=f"{OFF_AND_ON.format(0)}\n{OFF_AND_ON.format(1)}", dialect="mysql"),
        Example(upgrade="op.execute('SET @old = @@sql_mode')", dialect="mysql"),
        Example(
            upgrade="op.execute('SET STATEMENT unique_checks = 0 FOR DELETE FROM t WHERE a = 1')",
            dialect="mariadb",
        ),
        Example(upgrade="op.execute('PRAGMA foreign_keys = OFF')", dialect="sqlite"),
    ),
)
def leaking_session_setting(option: SetOption, context: Context) -> Iterator[Problem]:
    name, mysql = option.name.lower(), context.server.is_mysql
    if _hides_version_table(option, context):
        yield Problem(
            message=f"SET LOCAL search_path = {option.value} holds until the transaction ends, and "
            "Alembic writes alembic_version in the same one: it finds the table no more, unless "
            "version_table_schema says where it is.",
            remedy=_remedy(option, context),
            severity="warning",
        )
    if option.scope != "session" or option.value is None or context.statement.in_sql_file:
        return
    if name not in (MYSQL if mysql else POSTGRESQL) or _is_for_one_statement(context):
        return
    if any(_concerns(other, name) for other in _others(option, context)):
        return  # set back, or what sets it back
    version_table = "" if mysql else ", and Alembic's own version table,"
    yield Problem(
        message=f"SET {name} holds for the whole session: the migrations that run after this one "
        f"on the same connection{version_table} meet it too.",
        remedy=_remedy(option, context),
    )


def _hides_version_table(option: SetOption, context: Context) -> bool:
    """Return whether nothing leads to the schema public when Alembic notes the revision."""
    if option.name.lower() != "search_path" or option.scope != "local" or not option.value:
        return False
    if context.statement.in_sql_file or not context.transaction.begun:
        return False
    later = (o for s in context.after for o in s.operations if isinstance(o, SetOption))
    if any(o.name.lower() in ("search_path", "all") for o in later):
        return False
    return "public" not in _schemas(option.value) and is_known(option.value)


def _is_for_one_statement(context: Context) -> bool:
    """Return whether it is MariaDB's SET STATEMENT ... FOR."""
    operations = context.statement.operations
    return context.server.is_mysql and not all(isinstance(o, SetOption) for o in operations)


def _others(option: SetOption, context: Context) -> Iterator[SetOption]:
    """Yield what else this direction of the revision sets."""
    for statement in (*context.before, context.statement, *context.after):
        for operation in statement.operations:
            if isinstance(operation, SetOption) and operation is not option:
                yield operation


def _concerns(other: SetOption, name: str) -> bool:
    return other.name.lower() in (name, "all") and other.scope == "session"


def _remedy(option: SetOption, context: Context) -> str:
    name = option.name.lower()
    if context.server.is_mysql:
        return f"Set it back in the same migration:\nop.execute('SET {name} = DEFAULT')"
    if not context.statement.in_transaction:
        return f"Set it back in the same place:\nop.execute('RESET {name}')"
    if name == "search_path":
        return (
            "Name the schema in the statements (schema=...). Or let it end with the transaction, "
            "and keep the schema of alembic_version in it, which is written in the same one:\n"
            f"op.execute('SET LOCAL search_path = {_with_public(option.value)}')"
        )
    return f"Let it end with the transaction:\nop.execute('SET LOCAL {name} = {option.value}')"


def _with_public(path: str | None) -> str:
    """Return a search path that leads to the table of versions, too."""
    schemas = _schemas(path or "")
    return ", ".join(schemas if "public" in schemas else [*schemas, "public"])


def _schemas(path: str) -> list[str]:
    return [name for part in path.split(",") if (name := part.strip(" '\""))]
