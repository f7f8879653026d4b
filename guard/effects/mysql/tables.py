"""What changes of whole tables do on MySQL, with InnoDB."""

from __future__ import annotations

from guard.effects.row import Row

ROWS: tuple[Row, ...] = ()
