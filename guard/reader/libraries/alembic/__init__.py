"""Alembic: the operations of `op` and of a batch, and the context."""

from __future__ import annotations

from guard.operations import (
    AddColumn,
    AddConstraint,
    Column,
    Constraint,
    DropTable,
    Name,
    RenameTable,
    SetNotNull,
    Type,
)
from guard.reader.evaluate.run import Example, Library
from guard.reader.evaluate.values import Construct, Unknown
from guard.reader.libraries.alembic import context, environment, operations, plugins
from guard.reader.libraries.alembic.live import Autocommit, Batch, MigrationContext

_IMPORTS = "import sqlalchemy as sa\nfrom alembic import op"

LIBRARY = Library(
    packages=frozenset({"alembic"}),
    trusted=frozenset({"alembic"}),
    handles=frozenset({"alembic.op"}),
    acts=operations.TELLING,
    names=operations.NAMES,
    unlisted={"alembic.op": operations.unknown_operation},
    methods={
        Batch: operations.batch_method,
        MigrationContext: context.context_method,
        Unknown: operations.method_of_unknown,
        Construct: operations.method_of_made,
    },
    attributes={MigrationContext: context.context_attribute},
    entered={Autocommit: context.enter_autocommit},
    wrappers=frozenset({"f"}),
    given=(environment.given,),
    defined=(plugins.note_class,),
    examples=(
        Example('op.drop_table("t", schema="s")', (DropTable(table=Name("t", "s")),), _IMPORTS),
        Example(
            'op.rename_table("t", "u")', (RenameTable(table=Name("t"), new=Name("u")),), _IMPORTS
        ),
        Example(
            'with op.batch_alter_table("t") as batch:\n    batch.alter_column("a", nullable=False)',
            (SetNotNull(table=Name("t"), column="a"),),
            _IMPORTS,
        ),
        Example(
            'op.add_column("t", sa.Column("a", sa.Integer(), unique=True))',
            (
                AddColumn(table=Name("t"), column=Column(name="a", type=Type(name="integer"))),
                AddConstraint(
                    table=Name("t"), constraint=Constraint(type="unique", columns=("a",))
                ),
            ),
            _IMPORTS,
        ),
    ),
)
