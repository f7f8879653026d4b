"""Where a thing stands; a statement: what one call or one piece of SQL does; a revision's steps."""

from typing import Literal

import msgspec

from guard.operations import (
    AnyOperation,
    LockTable,
    Maintenance,
    Name,
    Operation,
    Query,
    RefreshMaterializedView,
    Reindex,
    SetOption,
    TransactionControl,
)

Direction = Literal["upgrade", "downgrade"]
Origin = Literal["literal", "constant", "outside"]
Recreate = Literal["auto", "always", "never"]

# What leaves schema and rows as they are, for ever.
_CHANGES_NOTHING = (
    LockTable,
    Maintenance,
    Query,
    RefreshMaterializedView,
    Reindex,
    SetOption,
    TransactionControl,
)


def changes_something(operation: Operation) -> bool:
    """Return whether the operation may change schema or rows, so that there is a way back."""
    return not isinstance(operation, _CHANGES_NOTHING)


class Span(msgspec.Struct, frozen=True):
    """A place in a file: 1-based lines and columns; the end column is one past the last character.

    `path` is relative to the repository root, with forward slashes.
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __post_init__(self) -> None:
        if not self.end_line:
            msgspec.structs.force_setattr(self, "end_line", self.line)
        if not self.end_column:
            msgspec.structs.force_setattr(self, "end_column", self.column)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a text that was put together, and where it came from.

    `literal`: written in sight; `constant`: computed from constants in sight, or made by the code
    itself (`uuid4()`, the clock); `outside`: an argument, the environment, a query result, an
    unknown call. `role` is the place of the piece
    in the SQL: a `value` could have been a bound parameter, an `identifier` or other `syntax`
    could not. `quoted`: as a value it is a string, and no number, boolean or keyword.
    `inspected`: the database's own catalogue gave it.
    """

    origin: Origin
    code: str  # the expression, as written
    role: Literal["value", "identifier", "syntax"] = "syntax"
    quoted: bool = False
    inspected: bool = False


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The `op.batch_alter_table` that a statement stands in; `span` is the place of that call.

    `recreate` is None where it could not be read; `copy_from`, `table_args` (or `reflect_args`) and
    `naming_convention`: given.
    """

    table: Name
    span: Span
    recreate: Recreate | None = "auto"
    copy_from: bool = False
    table_args: bool = False
    naming_convention: bool = False


class Directive(msgspec.Struct, frozen=True, kw_only=True):
    """What the `op.` call behind a statement says besides its operations.

    `ignored` are options that it was given and that Alembic leaves out (`primary_key` of a column
    that is added); `missing` are the `existing_*` that it was not given, of what it does not set.
    `misnamed`: Alembic has none of that name, and it is made of Alembic's own words.
    """

    name: str  # "add_column"
    exists: bool = True  # False: Alembic has no such directive, and guard knows no plugin's
    misnamed: bool = False
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    batch: Batch | None = None


class RunBy(msgspec.Struct, frozen=True):
    """Who does it: `words` begin a sentence, `purge(), called here`.

    `fired`: a trigger or rule has a part in it, or an event, which nothing calls.
    """

    words: str
    fired: bool = False


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a revision, or one SQL statement, with its operations.

    `span` is where the call stands in the revision file (also when a helper elsewhere runs it);
    `at` is the exact place of the SQL text or of the helper's own call, where that differs.
    `joined`: sent with other statements in one text, or in a block: PostgreSQL runs all of that in
    one transaction, whatever stands around it.
    `dialects` is None for all. `condition` is the test that decides at run time whether it runs,
    None where it always runs; `guarded`: that test only asks whether the work is already done.
    `directive` is the call of Alembic's `op` that made it (`op.execute` is one), None for whatever
    comes another way: a `.sql` file, a connection, a plugin. `run_by` is the routine or trigger
    that does this when the statement runs, None where the statement itself does.
    """

    operations: tuple[AnyOperation, ...]
    span: Span
    direction: Direction
    revision: str | None = None
    at: Span | None = None
    sql: str | None = None
    dialects: tuple[str, ...] | None = None
    condition: str | None = None
    guarded: bool = False
    repeated: bool = False  # stands in a loop whose items are not known
    in_transaction: bool = True
    joined: bool = False
    database: str | None = None  # of a multidb revision
    pieces: tuple[Piece, ...] = ()  # of SQL that was put together; empty for plain text
    values: tuple[str, ...] = ()  # the strings that it sends beside the text of its SQL
    directive: Directive | None = None
    run_by: RunBy | None = None

    @property
    def batch(self) -> Batch | None:
        """The `op.batch_alter_table` around it, None where there is none."""
        return self.directive.batch if self.directive else None

    @property
    def in_sql_file(self) -> bool:
        """Whether it stands in a file of SQL: comments begin with -- there, and nobody knows op."""
        return not self.span.path.endswith(".py")

    @property
    def opposite_direction(self) -> Direction:
        """The direction that takes the statement back."""
        return "upgrade" if self.direction == "downgrade" else "downgrade"

    def applies_to(self, dialect: str) -> bool:
        """Return whether the statement runs on that dialect."""
        return self.dialects is None or dialect in self.dialects


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """One direction of a revision. `span` is its function, None where there is none.

    `raises` is the message of a raise that every path meets, "" where it has none.
    """

    direction: Direction
    statements: tuple[Statement, ...] = ()
    span: Span | None = None
    raises: str | None = None

    def changes(self, dialect: str | None) -> bool:
        """Return whether it may change schema or rows; on that dialect, None: on any."""
        return any(
            changes_something(operation)
            for statement in self.statements
            if dialect is None or statement.applies_to(dialect)
            for operation in statement.operations
        )
