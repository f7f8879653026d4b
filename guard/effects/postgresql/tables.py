"""What changes of whole tables do on PostgreSQL: partitions, storage, triggers, upkeep, drops."""

from __future__ import annotations

from guard.effects.row import Row

ROWS: tuple[Row, ...] = ()
