"""A kind of statement that the project does not want in its migrations.

Roles, privileges, policies and settings of the server are often managed elsewhere, and in a time
without changes of the schema not even a column is to be added. Switch the rule on and name what is
not wanted; without a list these are all kinds but `add-column` and `grant`.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from guard.operations import (
    AddColumn,
    AlterObject,
    AlterSystem,
    AlterTable,
    CreateObject,
    DropObject,
    Operation,
    Permission,
)
from guard.rule import Context, Example, Options, Problem, rule

Kind = Literal[
    "add-column", "alter-database", "alter-extension", "alter-function", "alter-role",
    "alter-system", "alter-view", "autovacuum-off", "composite-attribute", "detach-inheritance",
    "drop-role", "grant", "owner", "policy", "replica-identity", "revoke", "sequence-value",
]  # fmt: skip
BY_DEFAULT: tuple[Kind, ...] = (
    "alter-database", "alter-extension", "alter-function", "alter-role", "alter-system",
    "alter-view", "autovacuum-off", "composite-attribute", "detach-inheritance", "drop-role",
    "owner", "policy", "replica-identity", "revoke", "sequence-value",
)  # fmt: skip
# What AlterObject changes, by the type of the object and the action; any action where it is None.
ALTERED: dict[tuple[str, str | None], Kind] = {
    ("database", None): "alter-database",
    ("extension", None): "alter-extension",
    ("function", None): "alter-function",
    ("procedure", None): "alter-function",
    ("routine", None): "alter-function",
    ("role", None): "alter-role",
    ("user", None): "alter-role",
    ("view", None): "alter-view",
    ("materialized view", None): "alter-view",
    ("policy", None): "policy",
    ("sequence", "restart"): "sequence-value",
    ("type", "add-attribute"): "composite-attribute",
}
ON: dict[str, object] = {"select": ["restricted-statement"]}
FROZEN = {**ON, "rules": {"restricted-statement": {"forbid": ["add-column"]}}}


class RestrictedStatement(Options, frozen=True):
    """Which statements a project does not want."""

    forbid: Annotated[tuple[Kind, ...], "the kinds that no migration may hold"] = BY_DEFAULT


def _unsafe(sql: str, says: str, at: str = "") -> Example:
    return Example(
        upgrade=f"op.execute({sql!r})", dialect="postgresql", config=ON, says=says, at=at or sql
    )


@rule(
    AddColumn,
    AlterObject,
    AlterSystem,
    AlterTable,
    CreateObject,
    DropObject,
    Permission,
    severity="off",
    options=RestrictedStatement,
    unsafe=(
        Example(
            upgrade="op.add_column('orders', sa.Column('note', sa.Text()))",
            config=FROZEN,
            says="This project wants no add-column in its migrations, and this is one.",
            help='Do it where the project does such things, or take "add-column" from '
            "rules.restricted-statement.forbid",
            at="op.add_column",
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('ALTER SYSTEM SET work_mem = 1000')
            """,
            dialect="postgresql",
            config=ON,
            says="wants no alter-system",
            at="ALTER SYSTEM",
        ),
        _unsafe("ALTER DATABASE shop SET timezone = UTC", "wants no alter-database"),
        _unsafe("ALTER ROLE shop SET search_path = shop", "wants no alter-role"),
        _unsafe("CREATE POLICY p ON orders USING (true)", "wants no policy"),
        _unsafe("DROP POLICY p ON orders", "wants no policy"),
        _unsafe("ALTER FUNCTION f(int) SECURITY DEFINER", "wants no alter-function"),
        _unsafe("ALTER VIEW v SET (security_barrier)", "wants no alter-view"),
        _unsafe("ALTER SEQUENCE s RESTART WITH 5", "wants no sequence-value"),
        _unsafe("ALTER EXTENSION postgis UPDATE", "wants no alter-extension"),
        _unsafe("ALTER TYPE pair ADD ATTRIBUTE c int", "wants no composite-attribute"),
        _unsafe("ALTER TABLE orders NO INHERIT things", "wants no detach-inheritance"),
        _unsafe("DROP ROLE shop", "wants no drop-role"),
        _unsafe("REVOKE ALL ON orders FROM shop", "wants no revoke"),
        _unsafe("ALTER TABLE orders OWNER TO shop", "wants no owner"),
        _unsafe("ALTER TABLE orders REPLICA IDENTITY FULL", "wants no replica-identity"),
        _unsafe("ALTER TABLE orders SET (autovacuum_enabled = off)", "wants no autovacuum-off"),
    ),
    safe=(
        Example(upgrade="op.add_column('orders', sa.Column('note', sa.Text()))", config=ON),
        Example(
            released=(
                "op.create_table('orders', sa.Column('id', sa.Integer(), nullable=False))\n"
                "op.create_index('ix', 'orders', ['id'], unique=True)",
            ),
            upgrade="op.execute('ALTER TABLE orders REPLICA IDENTITY USING INDEX ix')",
            dialect="postgresql",
            config=ON,
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders SET (autovacuum_enabled = on)')",
            dialect="postgresql",
            config=ON,
        ),
        Example(
            upgrade="op.execute('GRANT SELECT ON orders TO shop')", dialect="postgresql", config=ON
        ),
        Example(upgrade="op.execute('REVOKE ALL ON orders FROM shop')", dialect="postgresql"),
    ),
)
def restricted_statement(operation: Operation, context: Context) -> Iterator[Problem]:
    kind = _kind(operation)
    if kind not in context.options(RestrictedStatement).forbid:
        return
    yield Problem(
        message=f"This project wants no {kind} in its migrations, and this is one.",
        remedy=f'Do it where the project does such things, or take "{kind}" from '
        "rules.restricted-statement.forbid",
    )


def _kind(operation: Operation) -> Kind | None:
    """Return the kind that it is of, None for what no list can name."""
    match operation:
        case AddColumn():
            return "add-column"
        case AlterSystem():
            return "alter-system"
        case AlterObject(object_type=of, action=action):
            return ALTERED.get((of, action)) or ALTERED.get((of, None))
        case CreateObject(object_type="policy") | DropObject(object_type="policy"):
            return "policy"
        case DropObject(object_type="role" | "user"):
            return "drop-role"
        case Permission(command="owner" | "grant" | "revoke" as command):
            return command
        case AlterTable():
            return _kind_of_table(operation)
    return None


def _kind_of_table(alter: AlterTable) -> Kind | None:
    detail = (alter.detail or "").lower()
    if alter.action == "no-inherit":
        return "detach-inheritance"
    if alter.action == "replica-identity" and detail in ("full", "nothing"):
        return "replica-identity"
    if alter.action == "set-storage-parameters" and "autovacuum_enabled" in detail:
        value = detail.partition("autovacuum_enabled")[2].lstrip(" =").strip("'")
        return "autovacuum-off" if value.startswith(("off", "false", "0", "no")) else None
    return None
