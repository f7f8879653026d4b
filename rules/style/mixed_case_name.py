"""A name with capital letters has to be quoted wherever it is used.

PostgreSQL folds what is not quoted to small letters, so that `SELECT userId` looks for userid. On
MySQL it depends on the file system whether Orders and orders are one table. Off unless it is
selected.
"""

import re
from collections.abc import Iterator

from guard.operations import (
    AddColumn,
    CreateIndex,
    CreateTable,
    Operation,
    RenameColumn,
    RenameTable,
    is_known,
)
from guard.rule import Context, Example, Problem, rule

SELECTED = {"select": ["mixed-case-name"]}


@rule(
    CreateTable,
    RenameTable,
    AddColumn,
    RenameColumn,
    CreateIndex,
    severity="off",
    unsafe=(
        Example(
            upgrade="""
            op.create_table('logs', sa.Column('id', sa.Integer(), primary_key=True),
                            sa.Column('userId', sa.Integer()))
            """,
            config=SELECTED,
            says="userId has capital letters, so that it needs quotes wherever it is used.",
            help="Call it user_id",
            at="op.create_table",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN \"HTTPCode\" int')",
            dialect="postgresql",
            config=SELECTED,
            says="HTTPCode has capital letters",
            help="Call it http_code",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade="op.create_table('logs', sa.Column('user_id', sa.Integer(), primary_key=True))",
            config=SELECTED,
        ),
        Example(
            upgrade="op.execute('CREATE TABLE Logs (userId int PRIMARY KEY)')",
            dialect="postgresql",
            config=SELECTED,
        ),
    ),
)
def mixed_case_name(operation: Operation, context: Context) -> Iterator[Problem]:
    for name in dict.fromkeys(_given(operation)):
        if name != name.lower() and is_known(name):
            yield Problem(
                message=f"{name} has capital letters, so that it needs quotes wherever it is used.",
                remedy=f"Call it {_snake_case(name)}",
            )


def _given(operation: Operation) -> Iterator[str]:
    match operation:
        case CreateTable(table=table, columns=columns):
            yield table.name
            yield from (column.name for column in columns)
        case RenameTable(new=new):
            yield new.name
        case AddColumn(column=column):
            yield column.name
        case RenameColumn(new=str(new)):
            yield new
        case CreateIndex(name=str(name)):
            yield name


def _snake_case(name: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return parted.lower()
