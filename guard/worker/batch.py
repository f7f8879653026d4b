"""What a batch says that it drops or renames: its SQL, a table made anew, does not tell."""

from __future__ import annotations

from typing import Any, Callable

from alembic.operations import batch


def listen(hear: Callable[[str, str, str | None], None]) -> None:
    """Tell `hear` each time a column is dropped or renamed: its table, its name, the new one."""
    drop, alter = batch.ApplyBatchImpl.drop_column, batch.ApplyBatchImpl.alter_column

    def drop_column(self: Any, table_name: str, column: Any, **named: Any) -> None:
        hear(table_name, column.name, None)
        drop(self, table_name, column, **named)

    def alter_column(self: Any, table_name: str, column_name: str, **named: Any) -> None:
        if named.get("name"):
            hear(table_name, column_name, named["name"])
        alter(self, table_name, column_name, **named)

    for replacement in (drop_column, alter_column):
        setattr(batch.ApplyBatchImpl, replacement.__name__, replacement)
