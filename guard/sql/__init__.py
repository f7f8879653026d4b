"""SQL text to operations: `read_sql` is the only way in, and it never raises.

A statement that begins with CREATE, ALTER, DROP and the like is read by a small cursor over tokens,
since no parser at hand reads them all; rows and queries are checked by sqlglot, which is imported
when the first of them is met (it costs 0.2 s, and most revisions hold none).

Words that rules may rely on, beside those of `guard.operations`:

- `Type.name`: see `guard.sql.types`.
- `AlterTable.action`, `AlterColumn.action`: see `guard.sql.alter`.
- `AlterObject.action`: the clause in kebab case (`update`, `set-option`, `attach-partition`).
- `Permission.command`: grant, revoke, owner, default-privileges.
- `Maintenance.command`: vacuum, analyze, cluster, checkpoint, optimize, check, repair, flush, ...
- `TransactionControl.command`: begin, commit, rollback, savepoint, release, rollback-to,
  set-transaction, set-constraints, lock-tables, unlock-tables, prepare-transaction.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from guard.statement import AnyOperation

Role = Literal["value", "identifier", "syntax"]


class Hole(msgspec.Struct, frozen=True):
    """A piece of the text that is not known: the text holds `{code}` at [start, end)."""

    start: int
    end: int
    code: str


class SqlStatement(msgspec.Struct, frozen=True):
    """One statement: offsets into the input, without comments around it and without its `;`."""

    text: str
    start: int
    end: int
    operations: tuple[AnyOperation, ...]


class SqlReading(msgspec.Struct, frozen=True):
    """The statements of a text in order; `roles[i]` says what hole i stands for.

    `value`: where an expression's value stands, also inside a string literal; `identifier`: the
    name of a table, column, index, constraint, function or schema, or a part of one; `syntax`:
    anything else. `dialect` is the one the text was read as.
    """

    statements: tuple[SqlStatement, ...]
    roles: tuple[Role, ...] = ()
    dialect: str | None = None


def read_sql(text: str, dialect: str | None = None, holes: tuple[Hole, ...] = ()) -> SqlReading:
    """Return what the text does; `dialect` None: the first dialect that reads all of it.

    Never raises and never logs. SQL that no parser accepts is `Opaque(invalid=True)` with the
    parser's words, line and column in the text; what cannot be known is `Opaque` with the reason.
    """
    from guard.sql.read import read_text  # noqa: PLC0415  (keep this package cheap to import)

    return read_text(text, dialect, holes)


__all__ = ["Hole", "Role", "SqlReading", "SqlStatement", "read_sql"]
