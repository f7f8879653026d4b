"""A drop and an addition of the same kind look like a rename, and lose the values.

Autogenerate knows nothing of renames: where a column of a model got another name, it writes one
column that is dropped and one that is added, and the values of the first are gone. So it does with
tables. This speaks in place of drop-column or drop-table where one of each has the same type and is
as nullable in the same table, and nothing copies the values; a plain type that many columns have
must come with names that resemble each other. A column that is dropped and added under its own name
is such a pair whatever its type.
"""

from collections.abc import Iterator

from guard.operations import DropColumn, DropTable, Operation
from guard.phrases import APPROVE
from guard.renames import new_column, new_table
from guard.rule import Context, Example, Foretold, Problem, rule

USERS = """
op.create_table(
    'users',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('nickname', sa.String(80)),
    sa.Column('active', sa.Boolean()),
)
"""
ADD = "op.add_column('users', sa.Column('display', sa.String(80)))"
DROP = "op.drop_column('users', 'nickname')"
COPY = (
    "# guard: ignore[backfill] 90 users\n"
    "op.execute('UPDATE users SET display = nickname WHERE display IS NULL')"
)
MEMBERS = USERS.replace("'users'", "'members'")


@rule(
    DropColumn,
    DropTable,
    approvable=True,
    instructs=(
        "ALWAYS turn the drop and the addition that autogenerate writes for a rename into one "
        "`alter_column(..., new_column_name=...)` or `rename_table`",
    ),
    unsafe=(
        Example(
            released=(USERS,),
            upgrade=f"{ADD}\n{DROP}",
            says="Dropping users.nickname and adding display, of the same type, looks like a "
            "rename: "
            "the values of nickname are deleted, and display begins empty.",
            help="Keep the values: add the column, copy them from nickname, and drop nickname in a "
            "later deployment. If they are not meant to be the same, record who agreed: guard "
            "approve",
            at="op.drop_column",
        ),
        Example(
            released=(USERS,),
            upgrade="""
            op.execute('ALTER TABLE users DROP COLUMN active, ADD COLUMN is_active boolean')
            """,
            dialect="postgresql",
            says="Dropping users.active and adding is_active, of the same type, looks like a "
            "rename",
            at="ALTER TABLE users DROP",
        ),
        Example(
            released=(USERS,),
            upgrade="""
            with op.batch_alter_table('users') as batch_op:
                batch_op.drop_column('nickname')
                batch_op.add_column(sa.Column('display', sa.String(80)))
            """,
            dialect="sqlite",
            says="Dropping users.nickname and adding display",
            at="batch_op.drop_column",
        ),
        Example(
            released=(USERS,),
            upgrade=f"{DROP}\nop.add_column('users', sa.Column('nickname', sa.Text()))",
            says="Dropping users.nickname and adding it anew deletes its values: it begins empty.",
            help="Change it in place, with alter_column",
            at="op.drop_column",
        ),
        Example(
            released=(USERS,),
            upgrade=f"{MEMBERS}\nop.drop_table('users')",
            says="Dropping users and creating members, which has the same columns, looks like a "
            "rename: the rows of users are deleted, and members begins empty.",
            help="Rename it (op.rename_table('users', 'members')), or copy the rows before it "
            "goes.",
            at="op.drop_table",
        ),
    ),
    safe=(
        Example(
            released=(USERS,),
            upgrade="\n".join((ADD, COPY)),
        ),
        Example(
            upgrade=f"{USERS}\n{ADD}\n{DROP}",
        ),
        Example(
            upgrade=f"{USERS}\n{MEMBERS}\nop.drop_table('users')",
        ),
    ),
)
def drop_and_re_add(drop: Operation, context: Context) -> Iterator[Problem]:
    if not isinstance(drop, DropColumn | DropTable) or context.undoes_upgrade(drop):
        return
    if context.is_unreleased(drop.table):
        return
    if isinstance(drop, DropColumn):
        yield from _column(drop, context)
    elif not context.remains(drop.table) and (new := new_table(drop, context)):
        yield Problem(
            message=f"Dropping {drop.table} and creating {new}, which has the same columns, looks "
            f"like a rename: the rows of {drop.table} are deleted, and {new} begins empty.",
            remedy=f"Rename it ({_rename(drop, str(new), context)}), or copy the rows before it "
            f"goes. If they are not meant to be the same, {APPROVE}",
            foretells=(Foretold(how="missing", kind="rows", table=str(drop.table)),),
        )


def _column(drop: DropColumn, context: Context) -> Iterator[Problem]:
    if context.is_new_column(drop.table, drop.column):
        return
    new = None if context.remains(drop.table, drop.column) else new_column(drop, context)
    if new is not None and new.name.lower() == drop.column.lower():
        yield Problem(
            message=f"Dropping {drop.table}.{drop.column} and adding it anew deletes its values: "
            f"it "
            "begins empty.",
            remedy="Change it in place, with alter_column, or add a new column of another name and "
            f"copy the values. If they are not needed, {APPROVE}",
        )
    elif new is not None:
        yield Problem(
            message=f"Dropping {drop.table}.{drop.column} and adding {new.name}, of the same type, "
            f"looks like a rename: the values of {drop.column} are deleted, and {new.name} begins "
            "empty.",
            remedy=f"Keep the values: add the column, copy them from {drop.column}, and drop "
            f"{drop.column} in a later deployment. If they are not meant to be the same, {APPROVE}",
        )


def _rename(drop: DropTable, new: str, context: Context) -> str:
    if context.statement.in_sql_file:
        return f"ALTER TABLE {drop.table} RENAME TO {new}"
    where = f", schema={drop.table.schema!r}" if drop.table.schema else ""
    return f"op.rename_table({drop.table.name!r}, {new.rpartition('.')[2]!r}{where})"
