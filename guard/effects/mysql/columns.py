"""What changes of columns do on MySQL, with InnoDB."""

from __future__ import annotations

from guard.effects.row import Row, row
from guard.operations import AddColumn
from guard.schema.model import ReadOnlySchema

ONLINE_DDL = "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"


def _counted(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.column.generated is not None and add.column.generated.by == "autoincrement"


def _last(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.column.generated is None and add.position is None


def _plain(add: AddColumn, schema: ReadOnlySchema) -> bool:
    return add.column.generated is None


ROWS: tuple[Row, ...] = (
    row(AddColumn, when=_counted, lock="LOCK=SHARED", rewrites=True, source=ONLINE_DDL),
    row(AddColumn, when=_plain, lock="LOCK=NONE", since=(8, 0, 29), source=ONLINE_DDL),
    row(AddColumn, when=_last, lock="LOCK=NONE", since=(8, 0, 12), source=ONLINE_DDL),
    row(AddColumn, when=_plain, lock="LOCK=NONE", rewrites=True, source=ONLINE_DDL),
)
