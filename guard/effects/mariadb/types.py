"""What a change of a column's type does on MariaDB, with InnoDB."""

from __future__ import annotations

from guard.effects.mysql.types import copies, in_place, in_place_and_rebuilt
from guard.effects.row import Row, row
from guard.operations import ModifyColumn

ONLINE_DDL = (
    "https://mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-online-ddl/"
    "innodb-online-ddl-operations-with-the-instant-alter-algorithm"
)
ALTER_TABLE = (
    "https://mariadb.com/docs/server/reference/sql-statements/data-definition/alter/alter-table"
)

ROWS: tuple[Row, ...] = (
    # From 11.2 on, a copy is made while others write (MDEV-16329).
    row(
        ModifyColumn,
        when=copies,
        lock="LOCK=NONE",
        rewrites=True,
        since=(11, 2),
        source=ALTER_TABLE,
    ),
    row(ModifyColumn, when=copies, lock="LOCK=SHARED", rewrites=True, source=ALTER_TABLE),
    row(
        ModifyColumn, when=in_place_and_rebuilt, lock="LOCK=NONE", rewrites=True, source=ALTER_TABLE
    ),
    row(ModifyColumn, when=in_place, lock="LOCK=NONE", source=ONLINE_DDL),
)
