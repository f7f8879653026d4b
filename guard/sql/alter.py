"""ALTER TABLE: each action an operation."""

from __future__ import annotations

import itertools

import msgspec

from guard.action_words import ColumnAction, ColumnPart, ConstraintAction, TableAction
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ChangeColumnType,
    CreateIndex,
    Default,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    ModifyColumn,
    Name,
    Operation,
    Permission,
    RenameColumn,
    RenameIndex,
    RenameTable,
    SetDefault,
    SetNotNull,
    ValidateConstraint,
)
from guard.sql.columns import (
    at_constraint,
    at_inline_index,
    read_column,
    read_constraint,
    read_inline_index,
)
from guard.sql.cursor import Cursor
from guard.sql.extents import skip_expression
from guard.sql.types import read_type

_EVERYWHERE = ("ADD", "DROP", "ALTER", "RENAME", "SET")
# Actions that begin with one of these words are MySQL's: kebab-case name, how many words it takes.
_MYSQL_ACTIONS: dict[tuple[str, ...], TableAction] = {
    ("CONVERT", "TO", "CHARACTER", "SET"): "convert-to-character-set",
    ("CONVERT", "TO", "CHARSET"): "convert-to-character-set",
    ("DEFAULT", "CHARACTER", "SET"): "character-set",
    ("CHARACTER", "SET"): "character-set",
    ("DEFAULT", "CHARSET"): "character-set",
    ("CHARSET",): "character-set",
    ("DEFAULT", "COLLATE"): "collate",
    ("COLLATE",): "collate",
    ("ENABLE", "KEYS"): "enable-keys",
    ("DISABLE", "KEYS"): "disable-keys",
    ("DISCARD", "TABLESPACE"): "discard-tablespace",
    ("IMPORT", "TABLESPACE"): "import-tablespace",
    ("ORDER", "BY"): "order-by",
    ("FORCE",): "force",
    ("TRUNCATE", "PARTITION"): "truncate-partition",
    ("EXCHANGE", "PARTITION"): "exchange-partition",
    ("REORGANIZE", "PARTITION"): "reorganize-partition",
    ("COALESCE", "PARTITION"): "coalesce-partition",
    ("REBUILD", "PARTITION"): "rebuild-partition",
    ("OPTIMIZE", "PARTITION"): "optimize-partition",
    ("ANALYZE", "PARTITION"): "analyze-partition",
    ("CHECK", "PARTITION"): "check-partition",
    ("REPAIR", "PARTITION"): "repair-partition",
    ("DISCARD", "PARTITION"): "discard-partition",
    ("IMPORT", "PARTITION"): "import-partition",
    ("PARTITION", "BY"): "partition-by",
    ("REMOVE", "PARTITIONING"): "remove-partitioning",
}
# Options that take one value, by their names with dashes; any other is `other`.
_MYSQL_OPTIONS: dict[str, TableAction] = {
    "algorithm": "algorithm",
    "auto-increment": "auto-increment",
    "comment": "comment",
    "compression": "compression",
    "encryption": "encryption",
    "engine": "engine",
    "key-block-size": "key-block-size",
    "lock": "lock",
    "row-format": "row-format",
    "stats-auto-recalc": "stats-auto-recalc",
    "stats-persistent": "stats-persistent",
    "stats-sample-pages": "stats-sample-pages",
    "tablespace": "tablespace",
}
_POSTGRES_ACTIONS: dict[tuple[str, ...], TableAction] = {
    ("SET", "LOGGED"): "set-logged",
    ("SET", "UNLOGGED"): "set-unlogged",
    ("SET", "ACCESS", "METHOD"): "set-access-method",
    ("SET", "WITHOUT", "CLUSTER"): "set-without-cluster",
    ("SET", "WITHOUT", "OIDS"): "set-without-oids",
    ("RESET",): "reset-storage-parameters",
    ("ENABLE", "ROW", "LEVEL", "SECURITY"): "enable-row-level-security",
    ("DISABLE", "ROW", "LEVEL", "SECURITY"): "disable-row-level-security",
    ("FORCE", "ROW", "LEVEL", "SECURITY"): "force-row-level-security",
    ("NO", "FORCE", "ROW", "LEVEL", "SECURITY"): "no-force-row-level-security",
    ("ENABLE", "TRIGGER"): "enable-trigger",
    ("ENABLE", "REPLICA", "TRIGGER"): "enable-trigger",
    ("ENABLE", "ALWAYS", "TRIGGER"): "enable-trigger",
    ("DISABLE", "TRIGGER"): "disable-trigger",
    ("ENABLE", "RULE"): "enable-rule",
    ("ENABLE", "REPLICA", "RULE"): "enable-rule",
    ("ENABLE", "ALWAYS", "RULE"): "enable-rule",
    ("DISABLE", "RULE"): "disable-rule",
    ("INHERIT",): "inherit",
    ("NO", "INHERIT"): "no-inherit",
    ("REPLICA", "IDENTITY"): "replica-identity",
    ("CLUSTER", "ON"): "cluster-on",
    ("OF",): "of",
    ("NOT", "OF"): "not-of",
    ("OPTIONS",): "options",
}


def read_alter_table(c: Cursor) -> list[Operation]:
    """Read what follows ALTER: TABLE, its name and its actions."""
    c.choose("ONLINE", "OFFLINE")
    c.take("IGNORE")
    c.expect("TABLE")
    if c.take("ALL", "IN", "TABLESPACE"):
        name = c.qualified("a tablespace")
        return [AlterTable(table=name, action="set-tablespace", detail=c.rest())]
    c.take("IF", "EXISTS")
    c.take("ONLY")
    table = c.qualified("a table name")
    c.take("*")
    if c.at_end():
        raise c.fail("what to change")
    found: list[Operation] = []
    for item in _actions(c):
        if item.at_hole() and item.peek(1).kind == "end":
            break
        found += _read_action(item, table)
        _finish(item)
    else:
        return _with_algorithm(found)
    c.index = item.index
    return found


def _actions(c: Cursor) -> list[Cursor]:
    """The actions that commas part; MySQL's partition clauses hold commas of their own."""
    if c.source.mysql and (c.at("PARTITION", "BY") or c.peek(1).word == "PARTITION"):
        whole = Cursor(c.source, c.tokens, c.index, c.stop)
        c.finish()
        return [whole]
    return c.items()


def _finish(c: Cursor) -> None:
    if not c.at_end() and not c.at_hole():
        raise c.fail("a comma or the end of the statement")


def _read_action(c: Cursor, table: Name) -> list[Operation]:
    if c.source.mysql and (found := _mysql_action(c, table)):
        return found
    if c.source.postgres and (found := _postgres_action(c, table)):
        return found
    if c.take("ADD"):
        return _read_add(c, table)
    if c.take("DROP"):
        return [_read_drop(c, table)]
    if c.take("ALTER"):
        return _read_alter(c, table)
    if c.take("RENAME"):
        return [_read_rename(c, table)]
    raise c.fail("an action such as ADD, DROP, ALTER or RENAME")


# What every dialect has


def _read_add(c: Cursor, table: Name) -> list[Operation]:
    if at_constraint(c):
        constraint, index = read_constraint(c)
        return [AddConstraint(table=table, constraint=constraint, using_index=index)]
    if at_inline_index(c):
        return [read_inline_index(c, table)]
    if c.source.mysql and (action := _read_mysql_add(c, table)):
        return [action]
    c.take("COLUMN")
    if_not_exists = c.take("IF", "NOT", "EXISTS")
    if c.word == "(":
        items = c.parens().items()
        return [found for item in items for found in _read_add_column(item, table, if_not_exists)]
    return _read_add_column(c, table, if_not_exists)


def _read_add_column(c: Cursor, table: Name, if_not_exists: bool) -> list[Operation]:
    column = read_column(c)
    position = _read_position(c)
    return [AddColumn(table=table, column=column, if_not_exists=if_not_exists, position=position)]


def _read_position(c: Cursor) -> str | None:
    if not c.source.mysql:
        return None
    if c.take("FIRST"):
        return "first"
    return f"after {c.name('a column name')}" if c.take("AFTER") else None


def _read_drop(c: Cursor, table: Name) -> Operation:
    if c.take("CONSTRAINT"):
        if_exists = c.take("IF", "EXISTS")
        name = c.name("a constraint name")
        return DropConstraint(
            table=table, constraint=name, if_exists=if_exists, cascade=_cascade(c)
        )
    if c.source.mysql and (found := _read_mysql_drop(c, table)):
        return found
    c.take("COLUMN")
    if_exists = c.take("IF", "EXISTS")
    name = c.name("a column name")
    return DropColumn(table=table, column=name, if_exists=if_exists, cascade=_cascade(c))


def _cascade(c: Cursor) -> bool:
    return c.choose("CASCADE", "RESTRICT") == "CASCADE"


def _read_rename(c: Cursor, table: Name) -> Operation:
    if c.choose("TO", "AS") or (c.source.mysql and c.peek(1).kind == "end"):
        return RenameTable(table=table, new=_moved(table, c.qualified("a table name")))
    if c.take("CONSTRAINT"):
        name = c.name("a constraint name")
        c.expect("TO")
        new = c.name("a constraint name")
        return AlterConstraint(table=table, constraint=name, action="rename", detail=new)
    if c.source.mysql and c.choose("INDEX", "KEY"):
        old = Name(c.name("an index name"))
        c.expect("TO")
        return RenameIndex(name=old, new=c.name("an index name"), table=table)
    c.take("COLUMN")
    c.take("IF", "EXISTS")
    column = c.name("a column name")
    c.expect("TO")
    return RenameColumn(table=table, column=column, new=c.name("a column name"))


def _moved(old: Name, new: Name) -> Name:
    """A rename keeps the schema where the new name has none."""
    return new if new.schema else Name(new.name, old.schema)


_CONSTRAINT_ACTIONS: dict[tuple[str, ...], ConstraintAction] = {
    ("DEFERRABLE",): "deferrable",
    ("NOT", "DEFERRABLE"): "not-deferrable",
    ("INITIALLY", "DEFERRED"): "initially-deferred",
    ("INITIALLY", "IMMEDIATE"): "initially-immediate",
    ("ENFORCED",): "enforced",
    ("NOT", "ENFORCED"): "not-enforced",
    ("INHERIT",): "inherit",
    ("NO", "INHERIT"): "no-inherit",
}


def _read_alter_constraint(c: Cursor, table: Name) -> list[Operation]:
    """Read `c DEFERRABLE INITIALLY DEFERRED`: an operation for each."""
    name = c.name("a constraint name")
    found: list[Operation] = []
    while action := next((a for words, a in _CONSTRAINT_ACTIONS.items() if c.take(*words)), None):
        found.append(AlterConstraint(table=table, constraint=name, action=action))
    if found and c.at_end():
        return found
    other = AlterConstraint(table=table, constraint=name, action="other", detail=c.rest() or None)
    return [*found, other]


def _read_alter(c: Cursor, table: Name) -> list[Operation]:
    if c.choose("CONSTRAINT", "CHECK"):
        return _read_alter_constraint(c, table)
    if c.source.mysql and c.take("INDEX"):
        return [AlterTable(table=table, action="alter-index", detail=c.rest())]
    c.take("COLUMN")
    c.take("IF", "EXISTS")
    return [_read_alter_column(c, table, c.name("a column name"))]


def _read_alter_column(c: Cursor, table: Name, column: str) -> Operation:
    if c.take("SET", "NOT", "NULL"):
        return SetNotNull(table=table, column=column)
    if c.take("DROP", "NOT", "NULL"):
        return DropNotNull(table=table, column=column)
    if c.take("SET", "DEFAULT"):
        return SetDefault(table=table, column=column, default=Default(skip_expression(c).sql))
    if c.take("DROP", "DEFAULT"):
        return DropDefault(table=table, column=column)
    if c.take("SET", "DATA", "TYPE") or c.take("TYPE"):
        type_, _ = read_type(c)
        using = c.rest() if c.take("USING") else None
        return ChangeColumnType(table=table, column=column, type=type_, using=using)
    action = _alter_column_action(c)
    if action is None:
        raise c.fail("TYPE, SET or DROP")
    return AlterColumn(table=table, column=column, action=action, detail=c.rest() or None)


# What follows SET where an identity is altered: its kind, or an option of its sequence.
_IDENTITY = (
    *("GENERATED", "SEQUENCE", "INCREMENT", "START", "RESTART"),
    *("MINVALUE", "MAXVALUE", "NO", "CACHE", "CYCLE"),
)


_STORAGE: dict[str, ColumnAction] = {
    "STATISTICS": "statistics",
    "STORAGE": "storage",
    "COMPRESSION": "compression",
}


def _alter_column_action(c: Cursor) -> ColumnAction | None:
    if c.take("ADD", "GENERATED"):
        return "add-identity"
    if c.take("DROP", "IDENTITY"):
        c.take("IF", "EXISTS")
        return "drop-identity"
    if c.take("DROP", "EXPRESSION"):
        c.take("IF", "EXISTS")
        return "drop-expression"
    if c.take("SET", "EXPRESSION"):
        return "set-expression"
    if c.take("RESTART"):
        return "restart-identity"
    if any(c.at("SET", word) for word in _IDENTITY):
        return "set-identity"
    for word, action in _STORAGE.items():
        if c.take("SET", word):
            return action
    if c.word in ("SET", "RESET") and c.peek(1).word == "(":
        return "set-options" if c.next().word == "SET" else "reset-options"
    if c.take("SET") and c.word in ("VISIBLE", "INVISIBLE"):
        return "visibility"
    return None


# PostgreSQL


def _postgres_action(c: Cursor, table: Name) -> list[Operation]:
    if c.take("VALIDATE", "CONSTRAINT"):
        return [ValidateConstraint(table=table, constraint=c.name("a constraint name"))]
    if c.take("ATTACH", "PARTITION"):
        partition = c.qualified("a partition")
        if c.take("DEFAULT"):
            return [AttachPartition(table=table, partition=partition, default=True)]
        c.expect("FOR", "VALUES")
        return [AttachPartition(table=table, partition=partition, bounds=c.rest())]
    if c.take("DETACH", "PARTITION"):
        partition = c.qualified("a partition")
        concurrently, finalize = c.take("CONCURRENTLY"), c.take("FINALIZE")
        return [
            DetachPartition(
                table=table, partition=partition, concurrently=concurrently, finalize=finalize
            )
        ]
    if c.take("SET", "SCHEMA"):
        return [RenameTable(table=table, new=Name(table.name, c.name("a schema")))]
    if c.take("OWNER", "TO"):
        c.name("a role")
        return [Permission(command="owner", target=str(table))]
    if c.take("SET", "TABLESPACE"):
        return [AlterTable(table=table, action="set-tablespace", detail=c.name("a tablespace"))]
    if c.at("SET") and c.peek(1).word == "(":
        c.next()
        detail = c.rest()
        return [AlterTable(table=table, action="set-storage-parameters", detail=detail)]
    return _read_plain(c, table, _POSTGRES_ACTIONS)


def _read_plain(
    c: Cursor, table: Name, actions: dict[tuple[str, ...], TableAction]
) -> list[Operation]:
    for words, action in actions.items():
        if c.word == words[0] and c.take(*words):
            c.take("=")
            return [AlterTable(table=table, action=action, detail=c.rest() or None)]
    return []


# MySQL and MariaDB


def _mysql_action(c: Cursor, table: Name) -> list[Operation]:
    if c.take("MODIFY"):
        c.take("COLUMN")
        c.take("IF", "EXISTS")
        start = c.index
        column = read_column(c)
        meant = _meant(c, start)
        position = _read_position(c)
        return [ModifyColumn(table=table, column=column, position=position, meant=meant)]
    if c.take("CHANGE"):
        c.take("COLUMN")
        c.take("IF", "EXISTS")
        return [_read_change(c, table)]
    if plain := _read_plain(c, table, _MYSQL_ACTIONS):
        return plain
    if c.peek().kind == "word" and c.word not in _EVERYWHERE and not c.at_hole():
        return _read_mysql_options(c, table)
    return []


def _read_change(c: Cursor, table: Name) -> Operation:
    old = c.name("a column name")
    start = c.index
    column = read_column(c)
    meant = _meant(c, start)
    position = _read_position(c)
    new = column.name
    return ModifyColumn(
        table=table,
        column=msgspec.structs.replace(column, name=old),
        new=None if new == old else new,
        position=position,
        meant=meant,
    )


def _meant(c: Cursor, start: int) -> tuple[ColumnPart, ...]:
    """Return whether the definition since `start` says NULL, which nothing else shows."""
    words, depth = [], 0
    for token in c.tokens[start : c.index]:
        depth += (token.word == "(") - (token.word == ")")
        words += [token.word] if depth == 0 else []
    pairs = itertools.pairwise(words)
    written = any(two == "NULL" and one not in ("NOT", "DEFAULT", "SET") for one, two in pairs)
    return ("nullable",) if written else ()


def _read_mysql_options(c: Cursor, table: Name) -> list[Operation]:
    """Table options, `ENGINE = InnoDB ROW_FORMAT = DYNAMIC`: several need no comma."""
    found: list[Operation] = []
    while not c.at_end():
        if plain := _read_plain(c, table, _MYSQL_ACTIONS):
            return [*found, *plain]
        name = c.name("an option").lower().replace("_", "-")
        if not c.take("=") and c.at_end():
            raise c.fail(f"a value for {name}")
        token = c.next()
        value = c.source.text[token.start : token.end]
        action = _MYSQL_OPTIONS.get(name, "other")
        detail = f"{name} {value}" if action == "other" else value
        found.append(AlterTable(table=table, action=action, detail=detail))
    return found


def _read_mysql_add(c: Cursor, table: Name) -> Operation | None:
    if c.at("PARTITION") and c.peek(1).word in ("(", "PARTITIONS", "IF"):
        c.next()
        return AlterTable(table=table, action="add-partition", detail=c.rest())
    if c.take("SYSTEM", "VERSIONING"):
        return AlterTable(table=table, action="add-system-versioning")
    if c.take("PERIOD", "FOR"):
        return AlterTable(table=table, action="add-period", detail=c.rest())
    return None


def _read_mysql_drop(c: Cursor, table: Name) -> Operation | None:
    if c.take("PRIMARY", "KEY"):
        return DropConstraint(table=table, constraint=None, type="primary key")
    if c.take("FOREIGN", "KEY"):
        if_exists = c.take("IF", "EXISTS")
        name = c.name("a constraint name")
        return DropConstraint(table=table, constraint=name, type="foreign key", if_exists=if_exists)
    if c.take("CHECK"):
        return DropConstraint(table=table, constraint=c.name("a constraint name"), type="check")
    if c.choose("INDEX", "KEY"):
        if_exists = c.take("IF", "EXISTS")
        return DropIndex(name=Name(c.name("an index name")), table=table, if_exists=if_exists)
    if c.take("PARTITION"):
        return AlterTable(table=table, action="drop-partition", detail=c.rest())
    if c.take("SYSTEM", "VERSIONING"):
        return AlterTable(table=table, action="drop-system-versioning")
    if c.take("PERIOD", "FOR"):
        return AlterTable(table=table, action="drop-period", detail=c.rest())
    return None


def _with_algorithm(found: list[Operation]) -> list[Operation]:
    """ALGORITHM and LOCK hold for the whole statement: its indexes carry them too."""
    options: dict[str, str] = {
        op.action: (op.detail or "").lower()
        for op in found
        if isinstance(op, AlterTable) and op.action in ("algorithm", "lock")
    }
    if not options:
        return found
    return [
        msgspec.structs.replace(op, **options) if isinstance(op, CreateIndex | DropIndex) else op
        for op in found
    ]
