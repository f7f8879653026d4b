"""What operations do on MariaDB. The first row that fits counts; what none fits is not known."""

from guard.effects.mariadb import columns, constraints, indexes, tables, types
from guard.effects.row import Row

ROWS: tuple[Row, ...] = (
    *constraints.WITH_A_COLUMN,
    *columns.ROWS,
    *types.ROWS,
    *constraints.ROWS,
    *indexes.ROWS,
    *tables.ROWS,
)
