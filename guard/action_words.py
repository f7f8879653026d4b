"""The words that say what an operation does, and to what kind of object.

Each set is closed, so that a misspelt word in a rule is an error and not a rule that never fires.
Where SQL goes on (options of storage engines, clauses of functions), the rest is `other`, and the
operation's `detail` has it as written.
"""

from __future__ import annotations

from typing import Literal

# What a name stands for in CREATE, ALTER, DROP and COMMENT.
ObjectType = Literal[
    "access method",
    "aggregate",
    "cast",
    "collation",
    "column",
    "constraint",
    "conversion",
    "database",
    "domain",
    "event",
    "event trigger",
    "extension",
    "foreign data wrapper",
    "foreign table",
    "function",
    "grant",  # alembic_utils: what a role may do with a table, kept as an object
    "group",
    "index",
    "language",
    "large object",
    "materialized view",
    "operator",
    "operator class",
    "operator family",
    "owned",  # DROP OWNED BY: all that a role has
    "package",
    "package body",
    "policy",
    "procedure",
    "publication",
    "resource group",
    "role",
    "routine",  # a function, procedure or aggregate
    "rule",
    "schema",
    "sequence",
    "server",
    "statistics",
    "subscription",
    "table",
    "tablespace",
    "text search configuration",
    "text search dictionary",
    "text search parser",
    "text search template",
    "transform",
    "trigger",
    "type",
    "user",
    "user mapping",
    "view",
    "virtual table",
]

TableAction = Literal[
    # PostgreSQL
    "cluster-on",
    "disable-row-level-security",
    "disable-rule",
    "disable-trigger",
    "enable-row-level-security",
    "enable-rule",
    "enable-trigger",
    "force-row-level-security",
    "inherit",
    "no-force-row-level-security",
    "no-inherit",
    "not-of",
    "of",
    "options",
    "replica-identity",
    "reset-storage-parameters",
    "set-access-method",
    "set-logged",
    "set-storage-parameters",
    "set-tablespace",
    "set-unlogged",
    "set-without-cluster",
    "set-without-oids",
    # MySQL and MariaDB
    "add-partition",
    "add-period",
    "add-system-versioning",
    "algorithm",
    "alter-index",
    "analyze-partition",
    "auto-increment",
    "character-set",
    "check-partition",
    "coalesce-partition",
    "collate",
    "comment",
    "compression",
    "convert-to-character-set",
    "disable-keys",
    "discard-partition",
    "discard-tablespace",
    "drop-partition",
    "drop-period",
    "drop-system-versioning",
    "enable-keys",
    "encryption",
    "engine",
    "exchange-partition",
    "force",
    "import-partition",
    "import-tablespace",
    "key-block-size",
    "lock",
    "optimize-partition",
    "order-by",
    "partition-by",
    "rebuild-partition",
    "remove-partitioning",
    "reorganize-partition",
    "repair-partition",
    "row-format",
    "stats-auto-recalc",
    "stats-persistent",
    "stats-sample-pages",
    "tablespace",
    "truncate-partition",
    "other",
]

ColumnAction = Literal[
    "add-identity",
    "compression",
    "drop-expression",
    "drop-identity",
    "reset-options",
    "restart-identity",
    "set-expression",
    "set-identity",
    "set-options",
    "statistics",
    "storage",
    "visibility",
]

# A part of a column's definition.
ColumnPart = Literal["type", "nullable", "default", "autoincrement", "comment"]

ConstraintType = Literal["primary key", "unique", "foreign key", "check", "exclude", "not null"]
ConstraintAction = Literal[
    "deferrable",
    "enforced",
    "inherit",
    "initially-deferred",
    "initially-immediate",
    "no-inherit",
    "not-deferrable",
    "not-enforced",
    "rename",
    "other",
]

DomainAction = Literal[
    "add-constraint",
    "drop-constraint",
    "drop-default",
    "drop-not-null",
    "rename-constraint",
    "set-default",
    "set-not-null",
    "validate-constraint",
]

# Of anything but a table, column, constraint or domain.
ObjectAction = Literal[
    "add",  # a member of an extension, a table of a publication, a user of a group
    "add-attribute",
    "alter-attribute",
    "alter-column",  # of a view or an index
    "attach",  # SQLite's ATTACH DATABASE
    "attach-partition",
    "cache",
    "change-type",
    "character-set",
    "collate",
    "cycle",
    "detach",
    "disable",
    "drop",
    "drop-attribute",
    "enable",
    "increment",
    "maxvalue",
    "minvalue",
    "no-cycle",
    "no-maxvalue",
    "no-minvalue",
    "owned-by",
    "refresh",
    "rename",
    "rename-attribute",
    "rename-column",
    "reset-option",
    "restart",
    "set-logged",
    "set-option",
    "set-password",
    "set-tablespace",
    "set-unlogged",
    "start",
    "to",  # the roles of a policy
    "update",  # of an extension
    "using",
    "with-check",
    "other",
]

RowChange = Literal["insert", "update", "delete", "truncate"]

TransactionCommand = Literal[
    "begin",
    "commit",
    "prepare-transaction",
    "release",
    "rollback",
    "rollback-to",
    "savepoint",
    "set-constraints",
    "set-transaction",
    "unlock-tables",
]

MaintenanceCommand = Literal[
    "analyze",
    "check",
    "checkpoint",
    "checksum",
    "cluster",
    "flush",
    "optimize",
    "repair",
    "vacuum",
]

PermissionCommand = Literal["default-privileges", "grant", "owner", "revoke"]

LockMode = Literal[
    # PostgreSQL
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
    # MySQL and MariaDB
    "read",
    "read local",
    "write",
    "low_priority write",
    "write concurrent",
]
