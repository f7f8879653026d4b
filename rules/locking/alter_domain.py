"""A new constraint of a domain reads every table that has a column of it.

PostgreSQL takes SHARE on each of these tables, so that writes wait, and looks at all their rows.
With NOT VALID the constraint holds for new values at once, and VALIDATE CONSTRAINT looks at the old
ones later. SET NOT NULL has no such way; a CHECK (VALUE IS NOT NULL) has.
"""

from collections.abc import Iterator

from guard.constraint_code import executed
from guard.operations import AlterDomain
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

NOTES = """
op.execute('CREATE DOMAIN amount AS int')
op.execute('CREATE TABLE notes (id int, note amount)')
"""
ADD = "ALTER DOMAIN amount ADD CONSTRAINT filled CHECK (VALUE > 0)"


@rule(
    AlterDomain,
    dialects=("postgresql",),
    unsafe=(
        Example(
            released=(NOTES,),
            upgrade=f"op.execute({ADD!r})",
            dialect="postgresql",
            says="Adding a constraint to domain amount takes SHARE on notes while every row is "
            "read: writes wait.",
            help="Add it NOT VALID, and validate it in a later release:\n"
            f"op.execute('{ADD} NOT VALID')",
            at="ALTER DOMAIN",
            fixed=f"op.execute('{ADD} NOT VALID')",
        ),
        Example(
            released=(NOTES,),
            upgrade="op.execute('ALTER DOMAIN amount SET NOT NULL')",
            dialect="postgresql",
            says="Making domain amount NOT NULL takes SHARE on notes while every row is read: "
            "writes wait.",
            help="Add a CHECK instead, and validate it in a later release:\nop.execute('ALTER "
            "DOMAIN amount ADD CONSTRAINT amount_not_null CHECK (VALUE IS NOT NULL) NOT VALID')",
            at="ALTER DOMAIN",
            fixed="op.execute('ALTER DOMAIN amount ADD CONSTRAINT amount_not_null CHECK (VALUE IS "
            "NOT NULL) NOT VALID')",
        ),
        Example(
            upgrade=f"op.execute({ADD!r})",
            dialect="postgresql",
            says="Adding a constraint to domain amount takes SHARE on every table that has a "
            "column of it, while all their rows are read: writes wait.",
            at="ALTER DOMAIN",
            fixed=f"op.execute('{ADD} NOT VALID')",
        ),
    ),
    safe=(
        Example(released=(NOTES,), upgrade=f"op.execute('{ADD} NOT VALID')", dialect="postgresql"),
        Example(
            released=(NOTES, f"op.execute('{ADD} NOT VALID')"),
            upgrade="op.execute('ALTER DOMAIN amount VALIDATE CONSTRAINT filled')",
            dialect="postgresql",
        ),
        Example(
            upgrade=f"{NOTES}op.execute({ADD!r})",
            dialect="postgresql",
        ),
        Example(
            released=("op.execute('CREATE DOMAIN amount AS int')",),
            upgrade=f"op.execute({ADD!r})",
            dialect="postgresql",
        ),
        Example(
            released=(NOTES,),
            upgrade="op.execute('ALTER DOMAIN amount SET DEFAULT 1')",
            dialect="postgresql",
        ),
    ),
)
def alter_domain(change: AlterDomain, context: Context) -> Iterator[Problem]:
    if change.not_valid or change.action not in ("add-constraint", "set-not-null"):
        return
    effect = context.effect(change)
    if effect is None and context.schema.domain(change.name):
        return  # no table has a column of it
    tables = [effect, *effect.related] if effect else []
    if tables and all(context.is_unreleased(each.table) for each in tables):
        return
    waits = (
        what_waits(effect, context.size(effect.table))
        if effect
        else "takes SHARE on every table that has a column of it, while all their rows are read: "
        "writes wait"
    )
    what = f"domain {change.name}"
    adds = change.action == "add-constraint"
    yield Problem(
        message=f"{f'Adding a constraint to {what}' if adds else f'Making {what} NOT NULL'} "
        f"{waits}.",
        remedy=_remedy(change, context),
        effect=effect,
    )


def _remedy(change: AlterDomain, context: Context) -> str:
    if change.action == "add-constraint":
        sql = (context.statement.sql or f"ALTER DOMAIN {change.name} ADD CONSTRAINT ...").strip()
        how = "Add it NOT VALID"
    else:
        name = f"{change.name.name}_not_null"
        sql = f"ALTER DOMAIN {change.name} ADD CONSTRAINT {name} CHECK (VALUE IS NOT NULL)"
        how = "Add a CHECK instead"
    code = executed(f"{sql.rstrip('; ')} NOT VALID", context.statement)
    return f"{how}, and validate it in a later release:\n{code}"
