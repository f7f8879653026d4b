"""The objects that Alembic hands to a revision; they exist at run time only."""

from __future__ import annotations

from typing import ClassVar

from guard import statement
from guard.reader.evaluate.values import Live, Value


class MigrationContext(Live, frozen=True):
    """The context of `op.get_context()`, and its `impl`."""

    reaches_database: ClassVar[bool] = True
    code: ClassVar[str] = "context"


class Autocommit(Live, frozen=True):
    """The manager that `context.autocommit_block()` gives."""


class Batch(Live, frozen=True):
    """The object that `with op.batch_alter_table(...) as batch_op` binds."""

    reaches_database: ClassVar[bool] = True
    table: Value
    schema: Value | None
    said: statement.Batch  # what rules are told of it
