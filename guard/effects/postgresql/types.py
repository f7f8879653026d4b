"""What a change of a column's type does on PostgreSQL, and changes of types and domains."""

from __future__ import annotations

from guard.effects.row import Row

ROWS: tuple[Row, ...] = ()
