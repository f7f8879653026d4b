"""The changes that a migration makes to a database: the one vocabulary that rules judge.

`op.drop_table("t")`, `op.execute("DROP TABLE t")` and a line of a `.sql` file all become the same
frozen value. Nothing here knows Python syntax, SQL syntax, Alembic or a server.

Names are kept as the server would store them (PostgreSQL folds an unquoted name to lower case).
A name that could not be read is written as its expression in braces, `{table}`; see `is_known`.
"""

import functools
import operator
import re
from typing import TYPE_CHECKING, Literal

import msgspec

from guard.action_words import (
    ColumnAction,
    ColumnPart,
    ConstraintAction,
    ConstraintType,
    DomainAction,
    LockMode,
    MaintenanceCommand,
    ObjectAction,
    ObjectType,
    PermissionCommand,
    RowChange,
    TableAction,
    TransactionCommand,
)


class Name(msgspec.Struct, frozen=True):
    """A possibly schema-qualified name; `schema` is None where none was written."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        """Return the name as one says it: a schema that could not be read is left out."""
        return f"{self.schema}.{self.name}" if self.schema and is_known(self.schema) else self.name


def unknown_name(expression: str) -> str:
    """Return the stand-in for a name that could not be read, made of the code it stands in."""
    return "{" + expression + "}"


def is_known(name: str | Name) -> bool:
    """Return whether the name was read in full (no piece of it is a stand-in)."""
    parts = (name.name, name.schema or "") if isinstance(name, Name) else (name,)
    return not any("{" in part for part in parts)


class Type(msgspec.Struct, frozen=True, kw_only=True):
    """A column type, by its SQL name in lower case (`varchar`, `timestamp`, `enum`, ...).

    A type that is nobody's standard keeps its written name (`geoalchemy2.Geometry`, `citext`).
    """

    name: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    timezone: bool = False
    unsigned: bool = False
    array: int = 0  # dimensions
    charset: str | None = None  # MySQL's CHARACTER SET
    collation: str | None = None
    enum_name: Name | None = None  # the type object's name where the server has one
    values: tuple[str, ...] | None = None  # members of an enum or set; None: not known
    create_type: bool = True  # False: the enum type is made elsewhere
    sized: bool = True  # False: a length or its like is written, and not known
    variants: dict[str, "Type"] = {}  # SQLAlchemy's with_variant, by dialect

    def __str__(self) -> str:
        name = str(self.enum_name) if self.enum_name else self.name
        numbers = [str(n) for n in (self.length, self.precision, self.scale) if n is not None]
        numbers = numbers if self.sized else ["?"]
        zone = " with time zone" if self.timezone else ""
        return name + (f"({', '.join(numbers)})" if numbers else "") + zone + "[]" * self.array


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """How a server keeps a table, as far as it says so itself."""

    charset: str | None = None
    collation: str | None = None
    row_format: str | None = None  # in lower case
    engine: str | None = None  # in lower case
    access_method: str | None = None  # of PostgreSQL, as its tablespace
    tablespace: str | None = None


class Default(msgspec.Struct, frozen=True):
    """A server default: its SQL, or None where a default stands that could not be read."""

    sql: str | None


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """A column whose value the server makes: from an expression, as identity, or as a counter."""

    by: Literal["expression", "identity", "serial", "autoincrement"]
    sql: str | None = None
    stored: bool | None = None  # of an expression; None: not written
    always: bool = False  # of an identity


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """A table constraint; `name` is None where none was written."""

    type: ConstraintType
    name: str | None = None
    columns: tuple[str, ...] = ()
    sql: str | None = None  # of a check or an exclusion
    target: Name | None = None  # of a foreign key
    target_columns: tuple[str, ...] = ()
    on_delete: str | None = None
    on_update: str | None = None
    not_valid: bool = False  # NOT VALID, NOT ENFORCED
    deferrable: bool = False
    initially_deferred: bool = False
    include: tuple[str, ...] = ()  # of a key: columns that its index holds besides
    nulls_not_distinct: bool = False  # of a unique one: two NULLs are a duplicate


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column as defined in CREATE TABLE, ADD COLUMN or MODIFY."""

    name: str
    type: Type | None = None  # None: not read
    nullable: bool = True
    default: Default | None = None
    on_update: str | None = None  # MySQL: what it becomes when its row changes
    generated: Generated | None = None
    primary_key: bool = False
    unique: bool = False
    constraints: tuple[Constraint, ...] = ()  # written inline: check, foreign key
    comment: str | None = None


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """Values that are taken unchanged from a table.

    `columns` are those that they are taken from, in the order of the columns that get them; None
    for a value that is computed, "*" for every column. `names` are those that get them, empty for
    those of the table in order. `all_rows`: each row of the source gives its values.
    """

    source: Name
    columns: tuple[str | None, ...]
    names: tuple[str, ...] = ()
    all_rows: bool = True


def kebab(name: str) -> str:
    """Return `DropTable` as `drop-table`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class Operation(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=kebab):
    """One thing that a statement does. `kind` is the class name in kebab case."""

    @property
    def kind(self) -> str:
        """The operation's public name, `drop-table`."""
        return kebab(type(self).__name__)

    @property
    def subject(self) -> str:
        """The object it acts on, as approvals and messages name it: `orders`, `orders.total`."""
        target = getattr(self, "table", None) or getattr(self, "name", None)
        column = getattr(self, "column", None)
        if isinstance(column, Column):
            column = column.name
        return ".".join(str(part) for part in (target, column) if part is not None)


# Tables


class CreateTable(Operation, frozen=True, kw_only=True):
    table: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False
    temporary: bool = False
    unlogged: bool = False
    filled: bool = False  # CREATE TABLE ... AS SELECT: born with rows
    copy: Copy | None = None  # what that query takes, where it is one table's
    queried: tuple[str, ...] = ()  # the columns that the query surely names, in order
    like: Name | None = None
    partitioned: bool = False
    partition_by: str | None = None  # PostgreSQL: "range (created_at)", as written
    partition_of: Name | None = None
    bounds: str | None = None  # of a partition: "default", or what follows FOR VALUES
    storage: Storage = Storage()
    complete: bool = True  # False: some columns could not be read


class DropTable(Operation, frozen=True, kw_only=True):
    table: Name
    if_exists: bool = False
    cascade: bool = False


class RenameTable(Operation, frozen=True, kw_only=True):
    """A rename, or a move to another schema."""

    table: Name
    new: Name


class Truncate(Operation, frozen=True, kw_only=True):
    table: Name
    cascade: bool = False


class AlterTable(Operation, frozen=True, kw_only=True):
    """Any other change of a table; `detail`: the text after the words of the action."""

    table: Name
    action: TableAction
    detail: str | None = None


class AttachPartition(Operation, frozen=True, kw_only=True):
    table: Name
    partition: Name
    default: bool = False
    bounds: str | None = None  # what follows FOR VALUES


class DetachPartition(Operation, frozen=True, kw_only=True):
    table: Name
    partition: Name
    concurrently: bool = False
    finalize: bool = False


class LockTable(Operation, frozen=True, kw_only=True):
    """`mode`: None where none is written, which asks for the strictest, or it was not read."""

    table: Name
    mode: LockMode | None = None


# Columns


class AddColumn(Operation, frozen=True, kw_only=True):
    table: Name
    column: Column
    if_not_exists: bool = False
    position: str | None = None  # MySQL: "first" or "after c"


class DropColumn(Operation, frozen=True, kw_only=True):
    table: Name
    column: str
    if_exists: bool = False
    cascade: bool = False


class RenameColumn(Operation, frozen=True, kw_only=True):
    table: Name
    column: str
    new: str


class ModifyColumn(Operation, frozen=True, kw_only=True):
    """MySQL's MODIFY and CHANGE: the whole definition is written anew; parts left out are lost.

    `meant` are the parts that surely shall be so, though nothing in the definition shows it: those
    that alter_column() is asked to change, and in SQL a NULL that is written out.
    """

    table: Name
    column: Column
    new: str | None = None  # CHANGE: the column's new name
    position: str | None = None
    meant: tuple[ColumnPart, ...] = ()
    existing_type: Type | None = None  # what the migration says that it was


class ChangeColumnType(Operation, frozen=True, kw_only=True):
    table: Name
    column: str
    type: Type | None  # None: not read
    using: str | None = None
    existing_type: Type | None = None  # what the migration says that it was


class SetNotNull(Operation, frozen=True, kw_only=True):
    table: Name
    column: str


class DropNotNull(Operation, frozen=True, kw_only=True):
    table: Name
    column: str


class SetDefault(Operation, frozen=True, kw_only=True):
    table: Name
    column: str
    default: Default


class DropDefault(Operation, frozen=True, kw_only=True):
    table: Name
    column: str


class AlterColumn(Operation, frozen=True, kw_only=True):
    """Any other change of a column; `detail`: the text after the words of the action."""

    table: Name
    column: str
    action: ColumnAction
    detail: str | None = None


# Constraints and indexes


class AddConstraint(Operation, frozen=True, kw_only=True):
    table: Name
    constraint: Constraint
    using_index: str | None = None

    @property
    def subject(self) -> str:
        return f"{self.table}.{self.constraint.name or self.constraint.type}"


class DropConstraint(Operation, frozen=True, kw_only=True):
    table: Name
    constraint: str | None  # None: unnamed
    type: ConstraintType | None = None  # where it is known
    if_exists: bool = False
    cascade: bool = False

    @property
    def subject(self) -> str:
        return f"{self.table}.{self.constraint or self.type or 'constraint'}"


class ValidateConstraint(Operation, frozen=True, kw_only=True):
    table: Name
    constraint: str


class AlterConstraint(Operation, frozen=True, kw_only=True):
    """Any other change of a constraint; `detail` of a rename: the new name."""

    table: Name
    constraint: str
    action: ConstraintAction
    detail: str | None = None


class CreateIndex(Operation, frozen=True, kw_only=True):
    table: Name
    name: str | None
    columns: tuple[str, ...] = ()  # names, or the SQL of expressions
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    where: str | None = None
    method: str | None = None
    only: bool = False
    algorithm: str | None = None  # MySQL: ALGORITHM=, LOCK=
    lock: str | None = None
    detail: str | None = None  # what else is written: INCLUDE, WITH, operator classes, the order

    @property
    def subject(self) -> str:
        return f"{self.table}.{self.name or 'index'}"


class DropIndex(Operation, frozen=True, kw_only=True):
    name: Name
    table: Name | None = None
    concurrently: bool = False
    if_exists: bool = False
    cascade: bool = False
    algorithm: str | None = None  # MySQL: ALGORITHM=, LOCK=
    lock: str | None = None

    @property
    def subject(self) -> str:
        return str(self.name)


class RenameIndex(Operation, frozen=True, kw_only=True):
    name: Name
    new: str
    table: Name | None = None


class Reindex(Operation, frozen=True, kw_only=True):
    target: Literal["index", "table", "schema", "database", "system"]
    name: Name | None
    concurrently: bool = False


# Rows


class Insert(Operation, frozen=True, kw_only=True):
    """New rows; `rows` is their number where it is known.

    `replaces`: rows with the key of a new one are deleted first.
    """

    table: Name
    columns: tuple[str, ...] = ()
    rows: int | None = None
    from_query: bool = False
    replaces: bool = False
    copy: Copy | None = None  # what that query takes, where it is one table's


class Update(Operation, frozen=True, kw_only=True):
    """Changed rows; `all_rows`: no WHERE, or one that is always true.

    `but_nulls`: its WHERE leaves out the rows in which one of these columns is NULL, and no other.
    """

    table: Name
    columns: tuple[str, ...] = ()
    where: str | None = None
    all_rows: bool = False
    but_nulls: tuple[str, ...] = ()
    copy: Copy | None = None  # what it takes from another column, of its own table or of one other

    @property
    def changes_nothing(self) -> bool:
        """Whether it sets each column to itself, as one does to fire a trigger."""
        return (
            self.copy is not None
            and self.copy.source == self.table
            and self.columns == self.copy.columns
        )


class Delete(Operation, frozen=True, kw_only=True):
    """Deleted rows; `all_rows` and `but_nulls` as in Update.

    `limited`: nothing but a LIMIT leaves rows out, so that a loop of it leaves none.
    """

    table: Name
    where: str | None = None
    all_rows: bool = False
    but_nulls: tuple[str, ...] = ()
    limited: bool = False


class Merge(Operation, frozen=True, kw_only=True):
    """MERGE, REPLACE, COPY, LOAD DATA: rows in bulk.

    `deletes`: rows that match go, those that a REPLACE puts others in the place of among them.
    `rows` is their number where they are written there.
    """

    table: Name
    deletes: bool = False
    rows: int | None = None


class Query(Operation, frozen=True, kw_only=True):
    """A SELECT or anything else that only reads."""

    tables: tuple[Name, ...] = ()


# Types and domains


class CreateEnum(Operation, frozen=True, kw_only=True):
    name: Name
    values: tuple[str, ...] | None = None
    if_not_exists: bool = False  # SQLAlchemy looks first


class AddEnumValue(Operation, frozen=True, kw_only=True):
    name: Name
    value: str
    position: str | None = None  # "before x", "after x"


class RenameEnumValue(Operation, frozen=True, kw_only=True):
    name: Name
    value: str
    new: str


class CreateDomain(Operation, frozen=True, kw_only=True):
    name: Name
    type: Type | None = None
    checks: int = 0  # how many it has
    not_null: bool = False
    has_default: bool = False

    @property
    def constrained(self) -> bool:
        """Whether it has NOT NULL or a CHECK."""
        return self.not_null or self.checks > 0


class AlterDomain(Operation, frozen=True, kw_only=True):
    name: Name
    action: DomainAction
    not_valid: bool = False


# Everything else that has a name


class CreateSchema(Operation, frozen=True, kw_only=True):
    name: Name
    if_not_exists: bool = False


class DropSchema(Operation, frozen=True, kw_only=True):
    name: Name
    if_exists: bool = False
    cascade: bool = False


class CreateDatabase(Operation, frozen=True, kw_only=True):
    name: Name


class DropDatabase(Operation, frozen=True, kw_only=True):
    name: Name
    if_exists: bool = False


class CreateView(Operation, frozen=True, kw_only=True):
    name: Name
    replace: bool = False
    materialized: bool = False
    with_data: bool = True
    columns: tuple[str, ...] | None = None  # None: not written
    query: str | None = None  # None: not read
    queried: tuple[str, ...] = ()  # the columns that the query surely names, in order


class RefreshMaterializedView(Operation, frozen=True, kw_only=True):
    name: Name
    concurrently: bool = False
    with_data: bool = True


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What a routine, trigger or rule does whenever it runs.

    `arguments` are those of a routine, as written: two routines of one name differ in them. `on`
    are the changes of rows that fire a trigger or rule, `deferred` one that waits for the end of
    the transaction. `branches`: not all of it runs each time.
    `volatile`: a function of PostgreSQL may give another value for each row of a statement; None
    where its body decides, as it does of one in SQL that does not say.
    """

    operations: tuple["AnyOperation", ...] = ()
    arguments: str = ""
    on: tuple[RowChange, ...] = ()
    deferred: bool = False
    branches: bool = False
    volatile: bool | None = None


class CreateObject(Operation, frozen=True, kw_only=True):
    """The making of anything that has no operation of its own.

    `body`: of what runs later, None where no text of it was given. `columns`: those of its `table`
    that a trigger's or policy's own text names.
    """

    object_type: ObjectType
    name: Name
    table: Name | None = None
    columns: tuple[str, ...] = ()
    replace: bool = False
    if_not_exists: bool = False
    body: Body | None = None


class DropObject(Operation, frozen=True, kw_only=True):
    """The drop of anything but a table, schema, database, index, column or constraint."""

    object_type: ObjectType
    name: Name
    table: Name | None = None
    if_exists: bool = False
    cascade: bool = False

    @property
    def subject(self) -> str:
        return f"{self.table}.{self.name}" if self.table else str(self.name)


class RenameObject(Operation, frozen=True, kw_only=True):
    object_type: ObjectType
    name: Name
    new: Name


class AlterObject(Operation, frozen=True, kw_only=True):
    """Any other change of an object; `detail`: the clause, where the action is `other`."""

    object_type: ObjectType
    name: Name
    action: ObjectAction
    table: Name | None = None
    detail: str | None = None


# Session, transaction, upkeep


class SetOption(Operation, frozen=True, kw_only=True):
    """SET, RESET, PRAGMA, set_config(); `value` is None for a reset.

    Scope "statement": it holds for the operations of this statement only, as MariaDB's WAIT does.
    """

    name: str
    value: str | None
    scope: Literal["session", "local", "global", "statement"] = "session"


class TransactionControl(Operation, frozen=True, kw_only=True):
    command: TransactionCommand


class Maintenance(Operation, frozen=True, kw_only=True):
    command: MaintenanceCommand
    table: Name | None = None
    full: bool = False


class Permission(Operation, frozen=True, kw_only=True):
    command: PermissionCommand
    target: str | None = None


class SetComment(Operation, frozen=True, kw_only=True):
    object_type: ObjectType
    name: Name
    column: str | None = None
    comment: str | None = None  # None: it takes the comment away


class CallRoutine(Operation, frozen=True, kw_only=True):
    """A call of a routine that is not the server's own: it does what its body says.

    `within`: the statement does something else, and the call only gives it a value.
    """

    name: Name
    code: str
    within: bool = False


class AlterSystem(Operation, frozen=True, kw_only=True):
    """ALTER SYSTEM, or another setting of the whole server."""

    detail: str


class Opaque(Operation, frozen=True, kw_only=True):
    """Something that could not be understood, why, and the code that stopped the reader."""

    reason: str
    code: str
    invalid: bool = False  # SQL that no parser accepts, as against SQL that nobody can know


OPERATIONS: tuple[type[Operation], ...] = tuple(Operation.__subclasses__())

if TYPE_CHECKING:
    AnyOperation = Operation
else:  # to decode a cached statement: the union of them all, told apart by `kind`
    AnyOperation = functools.reduce(operator.or_, OPERATIONS)
