"""Row level security without a policy hides every row, and taken away it hides none.

From ENABLE ROW LEVEL SECURITY on, PostgreSQL shows and changes only the rows that a policy lets
through, and without a permissive one there are none: queries succeed and find nothing. The owner of
the table and superusers are spared, so that a test as the owner shows no difference. Create the
policies first, in the same revision. From DISABLE ROW LEVEL SECURITY on, the policies mean nothing
and everybody who may read the table sees all of it; from NO FORCE on, its owner does.
"""

import re
from collections.abc import Iterator

from guard.action_words import TableAction
from guard.operations import AlterTable, CreateObject, Name
from guard.rule import Context, Example, Problem, rule
from guard.statement import Statement

ENABLE = "op.execute('ALTER TABLE orders ENABLE ROW LEVEL SECURITY')"
DISABLE = ENABLE.replace("ENABLE", "DISABLE")
TAKEN_AWAY: dict[TableAction, TableAction] = {
    "disable-row-level-security": "enable-row-level-security",
    "no-force-row-level-security": "force-row-level-security",
}
POLICY = "op.execute('CREATE POLICY own ON orders USING (owner = current_user)')"


@rule(
    AlterTable,
    dialects=("postgresql",),
    instructs=("ALWAYS create the policies of a table before its row level security is enabled",),
    unsafe=(
        Example(
            upgrade=ENABLE,
            dialect="postgresql",
            says="Enabling row level security on orders, which has no policy, hides every row from "
            "all but its owner: queries succeed and find nothing.",
            help="Create the policies before that, in this revision: CREATE POLICY ... ON orders "
            "FOR ALL TO <role> USING (<condition>)",
            at="ALTER TABLE",
            fixed=f"{POLICY}\n{ENABLE}",
        ),
        Example(
            upgrade="""
            op.execute('CREATE POLICY own ON orders AS RESTRICTIVE USING (owner = current_user)')
            op.execute('ALTER TABLE orders ENABLE ROW LEVEL SECURITY')
            """,
            dialect="postgresql",
            says="Enabling row level security on orders, which has no permissive policy, hides "
            "every row",
            at="ALTER TABLE",
        ),
        Example(
            released=(f"{POLICY}\n{ENABLE}",),
            upgrade=DISABLE,
            dialect="postgresql",
            says="Without row level security the policies of orders mean nothing: everybody who "
            "may read it sees and changes the rows of all.",
            help="Leave it enabled and change the policies: ALTER POLICY own ON orders",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders NO FORCE ROW LEVEL SECURITY')",
            dialect="postgresql",
            says="Without FORCE the policies of orders mean nothing to its owner, as whom many "
            "applications connect",
            help="Leave it forced, unless no application connects as the owner of orders",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(upgrade=f"{POLICY}\n{ENABLE}", dialect="postgresql"),
        Example(upgrade=f"{ENABLE}\n{POLICY}", dialect="postgresql"),
        Example(released=(POLICY,), upgrade=ENABLE, dialect="postgresql"),
        Example(upgrade=ENABLE, downgrade=DISABLE, released=(POLICY,), dialect="postgresql"),
        Example(upgrade=f"{DISABLE}\n{ENABLE}", released=(POLICY,), dialect="postgresql"),
    ),
)
def row_level_security(alter: AlterTable, context: Context) -> Iterator[Problem]:
    if context.undoes_upgrade(alter):
        return
    if alter.action == "enable-row-level-security":
        yield from _enabled(alter, context)
    elif alter.action in TAKEN_AWAY and not context.is_unreleased(alter.table):
        yield from _taken_away(alter, context)


def _taken_away(alter: AlterTable, context: Context) -> Iterator[Problem]:
    back = TAKEN_AWAY[alter.action]
    later = (o for s in (*context.after, *context.transaction.after) for o in s.operations)
    if any(isinstance(o, AlterTable) and _gives(o, alter.table, back) for o in later):
        return  # only for a while
    table, name = context.schema.table(alter.table), alter.table
    policies = [o.name for o in table.objects if o.object_type == "policy"] if table else []
    if alter.action == "no-force-row-level-security":
        message = f"Without FORCE the policies of {name} mean nothing to its owner, as whom many "
        message += "applications connect: it sees and changes the rows of all."
        remedy = f"Leave it forced, unless no application connects as the owner of {name}"
    else:
        message = f"Without row level security the policies of {name} mean nothing: everybody who "
        message += "may read it sees and changes the rows of all."
        policy = policies[0] if policies else "<name>"
        remedy = f"Leave it enabled and change the policies: ALTER POLICY {policy} ON {name}"
    yield Problem(message=message, remedy=remedy, severity="warning")


def _gives(operation: AlterTable, table: Name, action: TableAction) -> bool:
    return operation.action == action and _is(operation.table, table)


def _enabled(enable: AlterTable, context: Context) -> Iterator[Problem]:
    table = context.schema.table(enable.table)
    around = (*context.before, *context.after, *context.transaction.after)
    made = [s for s in around if _makes_policy(s, enable.table)]
    restrictive = [s for s in made if re.search(r"(?i)\bAS\s+RESTRICTIVE\b", s.sql or "")]
    known = sum(o.object_type == "policy" for o in table.objects) if table else 0
    earlier = known - sum(_makes_policy(s, enable.table) for s in context.before)
    if earlier > 0 or len(made) > len(restrictive):
        return
    which = "permissive policy" if restrictive else "policy"
    yield Problem(
        message=f"Enabling row level security on {enable.table}, which has no {which}, hides every "
        "row from all but its owner: queries succeed and find nothing.",
        remedy=f"Create the policies before that, in this revision: CREATE POLICY ... ON "
        f"{enable.table} FOR ALL TO <role> USING (<condition>)",
        severity="warning" if context.is_unreleased(enable.table) else None,
    )


def _makes_policy(statement: Statement, table: Name) -> bool:
    return any(
        isinstance(o, CreateObject) and o.object_type == "policy" and _is(o.table, table)
        for o in statement.operations
    )


def _is(one: Name | None, other: Name) -> bool:
    schemas = {name.schema for name in (one, other) if name and name.schema}
    return one is not None and one.name == other.name and len(schemas) < 2
