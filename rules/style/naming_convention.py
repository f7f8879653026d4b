"""A name does not keep the project's convention for its kind.

One pattern for each kind of object makes names that can be guessed, in a downgrade and in an error
message. The project says which; without any, nothing is asked. A constraint without a name is
unnamed-constraint's affair. Off unless it is selected.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from guard.constraint_code import of_column
from guard.operations import (
    AddColumn,
    AddConstraint,
    Column,
    Constraint,
    CreateIndex,
    CreateTable,
    ModifyColumn,
    Operation,
    RenameColumn,
    RenameIndex,
    RenameTable,
)
from guard.rule import Context, Example, Options, Problem, rule

SETTINGS = {
    "select": ["naming-convention"],
    "rules": {
        "naming-convention": {
            "table": "[a-z_]+s",
            "column": "[a-z_]+",
            "index": "ix_.*",
            "check": "ck_.*",
        }
    },
}


class NamePatterns(Options, frozen=True):
    """Regular expressions that a whole name matches; empty: any name does."""

    table: Annotated[str, "names of tables"] = ""
    column: Annotated[str, "names of columns"] = ""
    index: Annotated[str, "names of indexes"] = ""
    primary_key: Annotated[str, "names of primary keys"] = ""
    unique: Annotated[str, "names of unique constraints"] = ""
    foreign_key: Annotated[str, "names of foreign keys"] = ""
    check: Annotated[str, "names of CHECK constraints"] = ""
    exclude: Annotated[str, "names of exclusion constraints"] = ""

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            try:
                re.compile(getattr(self, field))
            except re.error as error:
                key = field.replace("_", "-")
                raise ValueError(f"{key} is no regular expression: {error}") from None


@rule(
    CreateTable,
    AddColumn,
    ModifyColumn,
    AddConstraint,
    CreateIndex,
    RenameTable,
    RenameColumn,
    RenameIndex,
    severity="off",
    options=NamePatterns,
    unsafe=(
        Example(
            upgrade="op.create_table('person', sa.Column('id', sa.Integer(), primary_key=True))",
            config=SETTINGS,
            says="The name of table person does not match [a-z_]+s.",
            help="Give it a name that does",
            at="op.create_table",
        ),
        Example(
            upgrade="op.add_column('users', sa.Column('mailAddress', sa.Text()))",
            config=SETTINGS,
            says="The name of column mailAddress does not match [a-z_]+.",
            at="op.add_column",
        ),
        Example(
            upgrade="op.create_check_constraint('age', 'users', 'age > 0')",
            config=SETTINGS,
            says="The name of check age does not match ck_.*.",
            at="op.create_check",
        ),
        Example(
            upgrade="op.execute('CREATE INDEX by_mail ON users (mail)')",
            config=SETTINGS,
            says="The name of index by_mail does not match ix_.*.",
            at="CREATE INDEX",
        ),
    ),
    safe=(
        Example(upgrade="op.create_index('ix_mail', 'users', ['mail'])", config=SETTINGS),
        Example(
            upgrade="op.create_table('person', sa.Column('id', sa.Integer(), primary_key=True))",
            config={"select": ["naming-convention"]},
        ),
        Example(
            upgrade="op.create_table('users', sa.Column('age', sa.Integer()), "
            "sa.CheckConstraint('age > 0'))",
            config=SETTINGS,
        ),
    ),
)
def naming_convention(operation: Operation, context: Context) -> Iterator[Problem]:
    if context.statement.direction == "downgrade":
        return  # what it makes had that name before
    patterns = context.options(NamePatterns)
    for kind, name in _names(operation):
        pattern = getattr(patterns, kind.replace(" ", "_"), "")
        if pattern and name and not re.fullmatch(pattern, name):
            yield Problem(
                message=f"The name of {kind} {name} does not match {pattern}.",
                remedy="Give it a name that does, in the models too",
            )


def _names(operation: Operation) -> Iterator[tuple[str, str | None]]:
    """Yield the kind and the name of all that is made or renamed."""
    match operation:
        case CreateTable(table=table, columns=columns, constraints=constraints):
            yield "table", table.name
            for column in columns:
                yield from _of_column(column)
            yield from map(_of_constraint, constraints)
        case RenameTable(new=new):
            yield "table", new.name
        case AddColumn(column=column):
            yield from _of_column(column)
        case ModifyColumn(new=new):
            yield "column", new
        case RenameColumn(new=new):
            yield "column", new
        case AddConstraint(constraint=constraint):
            yield _of_constraint(constraint)
        case CreateIndex(name=name):
            yield "index", name
        case RenameIndex(new=new):
            yield "index", new


def _of_column(column: Column) -> Iterator[tuple[str, str | None]]:
    yield "column", column.name
    yield from map(_of_constraint, of_column(column))


def _of_constraint(constraint: Constraint) -> tuple[str, str | None]:
    return constraint.type, constraint.name
