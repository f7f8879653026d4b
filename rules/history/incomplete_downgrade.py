"""A downgrade does not lead back to the schema that was there before the upgrade.

Upgrade and downgrade are replayed from their operations. What the downgrade leaves behind stops the
next upgrade ("already exists"); what it does not bring back is missing to the code that is deployed
again. Only what was read for certain counts: nothing is said of a downgrade with statements that
could not be read, or of what a condition decides. A downgrade that can only raise is as incomplete:
Alembic drops no constraint without a name outside of a batch, and `op` has only what Alembic or a
plugin gave it. Of an enum type that it leaves enum-type-left-behind tells.
"""

from collections.abc import Iterator

from guard.batch_mode import in_batch
from guard.facts import DowngradeFailed, Migration, SchemaNotRestored, SecondUpgradeFailed
from guard.operations import (
    AddConstraint,
    CreateObject,
    CreateView,
    DropConstraint,
    DropObject,
    DropTable,
    Name,
)
from guard.phrases import ALWAYS_A_DOWNGRADE, NO_SUCH_OPERATION, listed
from guard.rewrite import Argument, Rewrite
from guard.rule import Context, Example, Foretold, Problem, Related, rule
from guard.schema.model import Difference
from guard.statement import Statement
from guard.way_back import UNDO, foretold, is_judged, is_type_left, statements_of, unrestored

MOST = 8
TICKETS = """
op.create_table(
    "tickets",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("state", sa.Enum("open", "shut", name="ticket_state")),
)
"""
USERS = """
op.create_table(
    "users",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("mail", sa.String(80)),
)
"""
NAME_IT = "Give the constraint a name where it is made, and that name here:\n"


@rule(
    Migration,
    predicts=(SchemaNotRestored, DowngradeFailed, SecondUpgradeFailed),
    instructs=(ALWAYS_A_DOWNGRADE,),
    unsafe=(
        Example(
            released=(USERS,),
            upgrade="""
            op.add_column("users", sa.Column("nick", sa.String(40)))
            op.add_column("users", sa.Column("rank", sa.Integer()))
            """,
            downgrade='op.drop_column("users", "nick")',
            says="  column users.rank is left over",
            help=f"{UNDO}.",
            at="def downgrade()",
        ),
        Example(
            released=(USERS, "op.create_index('ix_users_mail', 'users', ['mail'])"),
            upgrade="""
            op.drop_index("ix_users_mail", "users")
            with op.batch_alter_table("users") as batch_op:
                batch_op.alter_column("mail", type_=sa.String(200))
            """,
            downgrade="""
            with op.batch_alter_table("users") as batch_op:
                batch_op.alter_column("mail", type_=sa.String(100))
            """,
            dialect="sqlite",
            says="  column users.mail is varchar(100), and was varchar(80)\n"
            "  index ix_users_mail on users does not come back",
            at="def downgrade()",
        ),
        Example(
            released=(USERS,),
            upgrade='op.create_unique_constraint("uq_users_mail", "users", ["mail"])',
            downgrade='op.drop_constraint(None, "users", type_="unique")',
            says="This drops a constraint without a name, so Alembic always raises here.",
            help=f'{NAME_IT}op.drop_constraint("uq_users_mail", "users", type_="unique")',
            at="op.drop_constraint(None",
            fixed_downgrade='op.drop_constraint("uq_users_mail", "users", type_="unique")',
        ),
        Example(
            released=(USERS,),
            upgrade="""
            with op.batch_alter_table("users") as batch_op:
                batch_op.create_unique_constraint("uq_users_mail", ["mail"])
            """,
            downgrade="""
            with op.batch_alter_table("users") as batch_op:
                batch_op.drop_constraint(None, type_="unique")
            """,
            dialect="sqlite",
            says="This drops a constraint without a name, so Alembic always raises here.",
            at="batch_op.drop_constraint(None",
            fixed_downgrade="""
            with op.batch_alter_table('users') as batch_op:
                batch_op.drop_constraint("uq_users_mail", type_="unique")
            """,
        ),
        Example(
            released=(USERS,),
            upgrade='op.add_column("users", sa.Column("nick", sa.String(40)))',
            downgrade='op.remove_column("users", "nick")',
            says="Alembic has no operation remove_column, so the downgrade stops here with an "
            "error.",
            help=NO_SUCH_OPERATION,
            at="op.remove_column",
        ),
    ),
    safe=(
        Example(
            upgrade=TICKETS,
            downgrade="""
            op.drop_table("tickets")
            op.execute("DROP TYPE ticket_state")
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade=TICKETS,
            downgrade='raise NotImplementedError("the tickets are for ever")',
            dialect="postgresql",
        ),
    ),
)
def incomplete_downgrade(migration: Migration, context: Context) -> Iterator[Problem]:
    upgrade, downgrade = (
        statements_of(steps, context) for steps in (migration.upgrade, migration.downgrade)
    )
    raising = [statement for statement in downgrade if _raises(statement, context)]
    if raising:
        yield _refused(raising, upgrade, context.server.dialect)
    elif is_judged(migration, context):
        found = [d for d in unrestored(migration, context) if not is_type_left(d)]
        yield from _differences(migration, found, upgrade, downgrade)


def _differences(
    migration: Migration,
    found: list[Difference],
    upgrade: list[Statement],
    downgrade: list[Statement],
) -> Iterator[Problem]:
    lines = [_line(difference) for difference in found]
    told = {difference.thing for difference in found}
    kept = [
        (kind, name) for kind, name in _replaced(upgrade, downgrade) if f"{kind} {name}" not in told
    ]
    lines += [f"{kind} {name} stays as the upgrade makes it" for kind, name in kept]
    if lines:
        yield Problem(
            message=f"The downgrade of {migration.revision} does not lead back to the schema "
            f"before it:\n{_list(lines)}",
            remedy=f"{UNDO}.",
            foretells=(
                *(foretold(difference) for difference in found),
                *(Foretold(how="changed", kind=kind, name=str(name)) for kind, name in kept),
            ),
        )


def _raises(statement: Statement, context: Context) -> bool:
    """Return whether Alembic refuses the call, whenever it comes to it."""
    directive = statement.directive
    if directive is None:
        return False
    return directive.misnamed or (_is_nameless(statement) and not _may_be_named(statement, context))


def _may_be_named(statement: Statement, context: Context) -> bool:
    """Return whether the models' naming convention may name the constraint, as in a batch it can.

    A convention that the batch itself is given does not.
    """
    return statement.batch is not None and context.names_constraints


def _is_nameless(statement: Statement) -> bool:
    """Return whether it always drops a constraint without a name.

    A naming convention may know the name of a primary key.
    """
    directive = statement.directive
    if not directive or directive.name != "drop_constraint":
        return False
    return statement.condition is None and any(
        isinstance(o, DropConstraint) and o.constraint is None and o.type != "primary key"
        for o in statement.operations
    )


def _refused(raising: list[Statement], upgrade: list[Statement], dialect: str | None) -> Problem:
    first, *others = raising
    name = first.directive.name if first.directive else ""
    message = "This drops a constraint without a name, so Alembic always raises here."
    if not _is_nameless(first):
        message = f"Alembic has no operation {name}, so the downgrade stops here with an error."
    return Problem(
        message=message,
        remedy=_named(first, upgrade, dialect) if _is_nameless(first) else NO_SUCH_OPERATION,
        rewrite=_rewrite(first, upgrade, dialect) if _is_nameless(first) else (),
        at=first.at or first.span,
        related=tuple(Related(s.at or s.span, "Alembic raises here as well") for s in others),
    )


def _named(nameless: Statement, upgrade: list[Statement], dialect: str | None) -> str:
    """Return the remedy with the call, and the name that the upgrade gives, where it gives one."""
    drop = _nameless_in(nameless)
    name = _name_of(drop, upgrade) or "<name>"
    kind = f', type_="{drop.type.replace(" key", "key")}"' if drop.type else ""
    if dialect == "sqlite":  # which alters no constraint outside a batch
        return NAME_IT + in_batch(drop.table, f'drop_constraint("{name}"{kind})')
    return f'{NAME_IT}op.drop_constraint("{name}", "{drop.table.name}"{kind})'


def _rewrite(nameless: Statement, upgrade: list[Statement], dialect: str | None) -> Rewrite:
    """Return the call with the name, where the upgrade gives one; SQLite takes no such call."""
    name = _name_of(_nameless_in(nameless), upgrade)
    return (Argument("constraint_name", repr(name), 0),) if name and dialect != "sqlite" else ()


def _nameless_in(statement: Statement) -> DropConstraint:
    return next(o for o in statement.operations if isinstance(o, DropConstraint))


def _name_of(drop: DropConstraint, upgrade: list[Statement]) -> str | None:
    """Return the name of the one constraint of the upgrade that it can mean."""
    made = [
        operation.constraint.name
        for statement in upgrade
        for operation in statement.operations
        if isinstance(operation, AddConstraint)
        and operation.table == drop.table
        and drop.type in (None, operation.constraint.type)
    ]
    return made[0] if len(made) == 1 else None


def _replaced(upgrade: list[Statement], downgrade: list[Statement]) -> Iterator[tuple[str, Name]]:
    """Yield the views and functions that the upgrade replaces and the downgrade leaves so.

    It does where it says nothing of them, or puts the very same text in their place.
    """
    new, old = (dict(_texts(statements)) for statements in (upgrade, downgrade))
    if any(getattr(o, "cascade", False) for s in downgrade for o in s.operations):
        return  # nobody knows what else goes
    for (kind, name), text in new.items():
        same = text is not None and old.get((kind, name), text) == text
        if same and name.schema != "pg_temp" and not _is_dropped(name, downgrade):
            yield kind, name


def _texts(statements: list[Statement]) -> Iterator[tuple[tuple[str, Name], str | None]]:
    """Yield what the statements make of views, functions and the like, None: not known."""
    for statement in statements:
        settled = statement.condition is None and all(
            p.origin != "outside" for p in statement.pieces
        )
        text = " ".join(statement.sql.split()) if settled and statement.sql else None
        for operation in statement.operations:
            if isinstance(operation, (CreateObject, CreateView)):
                kind = "view" if isinstance(operation, CreateView) else operation.object_type
                # What is not replaced is new, and left over or not.
                yield (kind, operation.name), text if operation.replace else None


def _is_dropped(name: Name, statements: list[Statement]) -> bool:
    dropped = [
        o for s in statements for o in s.operations if isinstance(o, (DropObject, DropTable))
    ]
    names = [o.table if isinstance(o, DropTable) else o.name for o in dropped]
    return any(other.name == name.name for other in names)


def _list(lines: list[str]) -> str:
    more = len(lines) - MOST
    return listed([*lines[:MOST], f"and {more} more"] if more > 1 else lines)


def _line(difference: Difference) -> str:
    if difference.how == "changed":
        return f"{difference.thing} is {difference.after}, and was {difference.before}"
    return f"{difference.thing} " + (
        "is left over" if difference.how == "left over" else "does not come back"
    )
