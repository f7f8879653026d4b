"""A key of four bytes runs out at 2,147,483,647 rows, and then nothing can be inserted.

To make it a bigint writes the table, all its indexes and all that refer to it anew, while traffic
waits. Eight bytes cost nothing that anybody would notice. smallint ends at 32,767. Off unless it is
selected.
"""

from collections.abc import Iterator

from guard.operations import CreateTable
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["small-integer-key"]}
SMALL = {
    "integer": "2,147,483,647",
    "smallint": "32,767",
    "mediumint": "8,388,607",
    "tinyint": "127",
}


@rule(
    CreateTable,
    severity="off",
    unsafe=(
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))",
            dialect="postgresql",
            config=SELECTED,
            says="Key t.id is an integer: it ends at 2,147,483,647.",
            help="Make it sa.BigInteger()",
            at="op.create_table",
            fixed="op.create_table('t', sa.Column('id', sa.BigInteger(), primary_key=True))",
        ),
        Example(
            upgrade="op.execute('CREATE TABLE t (id smallserial, PRIMARY KEY (id))')",
            dialect="postgresql",
            config=SELECTED,
            says="Key t.id is a smallint: it ends at 32,767.",
            help="Make it a bigint",
            at="CREATE TABLE",
            fixed="op.execute('CREATE TABLE t (id bigserial, PRIMARY KEY (id))')",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.BigInteger(), primary_key=True))",
            config=SELECTED,
        ),
        Example(
            upgrade="""
            op.create_table(
                't',
                sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id'), primary_key=True),
            )
            """,
            config=SELECTED,
        ),
        Example(
            upgrade="op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))",
            dialect="sqlite",
            config=SELECTED,
        ),
    ),
)
def small_integer_key(create: CreateTable, context: Context) -> Iterator[Problem]:
    keys = [c.columns for c in create.constraints if c.type == "primary key"]
    keys += [(column.name,) for column in create.columns if column.primary_key]
    refers = {name for c in create.constraints if c.type == "foreign key" for name in c.columns}
    if len(keys) != 1 or len(keys[0]) != 1 or context.server.dialect == "sqlite":
        return  # of several columns, each refers to another table; SQLite's integer has eight bytes
    for column in create.columns:
        inline = any(constraint.type == "foreign key" for constraint in column.constraints)
        if column.name != keys[0][0] or column.name in refers or inline or column.type is None:
            continue
        if column.type.name in SMALL:
            kind = column.type.name
            bigger = "a bigint" if context.statement.sql else "sa.BigInteger()"
            article = "an" if kind.startswith("i") else "a"
            yield Problem(
                message=f"Key {create.table}.{column.name} is {article} {kind}: it ends at "
                f"{SMALL[kind]}.",
                remedy=f"Make it {bigger}",
            )
