"""What indexes do on MariaDB, with InnoDB."""

from __future__ import annotations

from guard.effects.innodb_indexes import index_rows
from guard.effects.row import Row

DOCS = "https://mariadb.com/docs/server"
ONLINE_DDL = (
    f"{DOCS}/server-usage/storage-engines/innodb/innodb-online-ddl/"
    "innodb-online-ddl-operations-with-the-inplace-alter-algorithm"
)

ROWS: tuple[Row, ...] = tuple(index_rows(ONLINE_DDL, copies_online=(11, 2)))
