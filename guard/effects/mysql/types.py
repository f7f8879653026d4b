"""What a change of a column's type does on MySQL, with InnoDB."""

from __future__ import annotations

from guard.effects.row import Row

ROWS: tuple[Row, ...] = ()
