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

from guard.sql.result import Hole, Role, SqlReading, SqlStatement


def read_sql(text: str, dialect: str | None = None, holes: tuple[Hole, ...] = ()) -> SqlReading:
    """Return what the text does; `dialect` None: the first dialect that reads all of it.

    Never raises and never logs. SQL that no parser accepts is `Opaque(invalid=True)` with the
    parser's words, line and column in the text; what cannot be known is `Opaque` with the reason.
    """
    from guard.sql.read import read_text  # keep this package cheap to import

    return read_text(text, dialect, holes)


__all__ = ["Hole", "Role", "SqlReading", "SqlStatement", "read_sql"]
