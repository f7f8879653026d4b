"""What operations do on PostgreSQL. The first row that fits counts; what none fits is not known."""

from guard.effects.postgresql import columns, constraints, indexes, partitions, tables, types
from guard.effects.row import Row

ROWS: tuple[Row, ...] = (
    *columns.REWRITES,
    *constraints.WITH_A_COLUMN,
    *constraints.DROPS,
    *columns.ROWS,
    *types.ROWS,
    *constraints.ROWS,
    *indexes.ROWS,
    *partitions.ROWS,
    *tables.ROWS,
)
