"""What operations do on MariaDB. The first row that fits counts; what none fits is not known."""

from guard.effects.innodb_tables import other_engines
from guard.effects.mariadb import columns, constraints, indexes, tables, types
from guard.effects.mariadb.constraints import ALTER_TABLE
from guard.effects.row import Row

ROWS: tuple[Row, ...] = (
    *other_engines(ALTER_TABLE),
    *constraints.WITH_A_COLUMN,
    *types.ROWS,  # a change of type counts more than what else a MODIFY does
    *columns.ROWS,
    *constraints.ROWS,
    *indexes.ROWS,
    *tables.ROWS,
)
