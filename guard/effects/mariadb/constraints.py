"""What constraints do on MariaDB, with InnoDB."""

from __future__ import annotations

from guard.effects.row import Row

ROWS: tuple[Row, ...] = ()
