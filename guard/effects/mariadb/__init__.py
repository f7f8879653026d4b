"""What operations do on MariaDB. The first row that fits counts; what none fits is not known."""

from guard.effects.mariadb import columns, constraints, indexes, tables, types
from guard.effects.row import Row

ROWS: tuple[Row, ...] = (
    *constraints.WITH_A_COLUMN,
    *types.ROWS,  # a change of type counts more than what else a MODIFY does
    *columns.ROWS,
    *constraints.ROWS,
    *indexes.ROWS,
    *tables.ROWS,
)
