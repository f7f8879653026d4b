"""Row level security without a policy hides every row.

From ENABLE ROW LEVEL SECURITY on, PostgreSQL shows and changes only the rows that a policy lets
through, and without a permissive one there are none: queries succeed and find nothing. The owner of
the table and superusers are spared, so that a test as the owner shows no difference. Create the
policies first, in the same revision.
"""

import re
from collections.abc import Iterator

from guard.operations import AlterTable, CreateObject, Name
from guard.rule import Context, Example, Problem, rule
from guard.statement import Statement

ENABLE = "op.execute('ALTER TABLE orders ENABLE ROW LEVEL SECURITY')"
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
    ),
    safe=(
        Example(upgrade=f"{POLICY}\n{ENABLE}", dialect="postgresql"),
        Example(upgrade=f"{ENABLE}\n{POLICY}", dialect="postgresql"),
        Example(released=(POLICY,), upgrade=ENABLE, dialect="postgresql"),
    ),
)
def row_level_security(enable: AlterTable, context: Context) -> Iterator[Problem]:
    if enable.action != "enable-row-level-security" or context.undoes_upgrade(enable):
        return
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
