"""The code of remedies that add constraints the long way: Alembic's in a revision, else SQL."""

from __future__ import annotations

from msgspec.structs import replace

from guard.action_words import ConstraintType
from guard.operations import AddColumn, AddConstraint, Column, Constraint, Name
from guard.patterns import lazy_re
from guard.rewrite import Afterwards, Argument, Instead, Rewrite
from guard.statement import Statement

_PLAIN = lazy_re(r"[a-z_][a-z0-9_$]*")
# The words among the usual names of tables and columns that SQL wants quoted.
_RESERVED = frozenset(
    """
    all and any array as asc between both by case cast check collate column condition constraint
    create cross default delete desc distinct do else end except exists false fetch for foreign from
    grant group groups having in index inner insert into interval is join key keys lateral leading
    left like limit natural not null offset on only option or order outer primary range rank read
    references right row rows select set some table then to trailing true union unique update usage
    user using values when where window with
    """.split()  # noqa: SIM905
)
_SUFFIX = {"unique": "key", "primary key": "pkey", "foreign key": "fkey", "exclude": "excl"}


def of_column(column: Column) -> tuple[Constraint, ...]:
    """Return the constraints that are written inside a column, as those of a table are."""
    return tuple(replace(constraint, columns=(column.name,)) for constraint in column.constraints)


def written_inline(add: AddColumn, kind: ConstraintType) -> AddConstraint | None:
    """Return the making of the constraint that the column brings along, as one of the table."""
    for constraint in of_column(add.column):
        if constraint.type == kind and not constraint.not_valid:
            return AddConstraint(table=add.table, constraint=constraint)
    bare = {"unique": add.column.unique, "primary key": add.column.primary_key}
    if bare.get(kind):
        constraint = Constraint(type=kind, columns=(add.column.name,))
        return AddConstraint(table=add.table, constraint=constraint)
    return None


def label_of(table: Name, constraint: Constraint) -> str:
    """Return the constraint's name, or the one that PostgreSQL would make up."""
    if constraint.name:
        return constraint.name
    columns = () if constraint.type == "primary key" else constraint.columns
    return "_".join([table.name, *columns, _SUFFIX.get(constraint.type, "check")])


def same_table(one: Name, other: Name) -> bool:
    """Return whether two names may mean one table: a schema counts where both have one."""
    schemas = {name.schema for name in (one, other) if name.schema}
    return one.name == other.name and len(schemas) < 2


def quoted(name: str, dialect: str | None) -> str:
    """Return a name as SQL writes it."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    mark = "`" if dialect in ("mysql", "mariadb") else '"'
    return f"{mark}{name}{mark}"


def table_sql(table: Name, dialect: str | None) -> str:
    """Return a table's name, with its schema, as SQL writes it."""
    schema = [quoted(table.schema, dialect)] if table.schema else []
    return ".".join([*schema, quoted(table.name, dialect)])


def columns_sql(columns: tuple[str, ...], dialect: str | None) -> str:
    """Return columns as SQL lists them."""
    return ", ".join(quoted(column, dialect) for column in columns)


def executed(sql: str, statement: Statement) -> str:
    """Return the code that runs the SQL where the statement stands."""
    return f"{sql};" if statement.in_sql_file else f"op.execute({sql!r})"


def view_of(old: Name, new: Name, dialect: str | None, statement: Statement) -> str:
    """Return the code that leaves a view under the old name of a table."""
    names = table_sql(old, dialect), table_sql(new, dialect)
    return executed("CREATE VIEW {} AS SELECT * FROM {}".format(*names), statement)  # noqa: S608


def add_not_valid(add: AddConstraint, statement: Statement) -> str:
    """Return the code that adds a CHECK or a foreign key of PostgreSQL without reading a row."""
    constraint, label = add.constraint, label_of(add.table, add.constraint)
    if not statement.in_sql_file:
        return _operation(add, label, ", postgresql_not_valid=True")
    where = f"ALTER TABLE {table_sql(add.table, 'postgresql')} ADD CONSTRAINT"
    return f"{where} {quoted(label, 'postgresql')} {constraint_sql(constraint)} NOT VALID;"


def made_not_valid(add: AddConstraint, statement: Statement) -> Rewrite:
    """Return what the call becomes to add a named constraint of PostgreSQL and read no row.

    A revision that follows validates it, so nothing for a downgrade: what follows has not got the
    constraint. Nothing either where the statement does more than that.
    """
    called = statement.directive
    own = called and called.name in ("create_foreign_key", "create_check_constraint")
    alone = len(statement.operations) == 1 and not (statement.in_sql_file or statement.repeated)
    name = add.constraint.name
    if statement.direction == "downgrade" or not name:
        return ()
    if called is None or not own or called.batch or not alone or not always_runs(statement):
        return ()
    later = in_autocommit_block(validate(add.table, name, statement))
    return (Argument("postgresql_not_valid", "True"), Afterwards(later, f"validate {name}"))


def always_runs(statement: Statement) -> bool:
    """Return whether it runs wherever its revision does: one that follows may build on it."""
    return statement.condition is None and statement.dialects is None and not statement.repeated


def made_key_by_index(add: AddConstraint, statement: Statement) -> Rewrite:
    """Return what the call becomes to add a named UNIQUE of PostgreSQL while writes go on.

    Nothing where the statement does more than that, or has no transaction to leave.
    """
    called = statement.directive
    alone = len(statement.operations) == 1 and statement.in_transaction
    if called is None or called.name != "create_unique_constraint" or called.batch or not alone:
        return ()
    if statement.repeated or not add.constraint.name or not add.constraint.columns:
        return ()
    return (Instead(key_by_index(add, "UNIQUE", statement)),)


def constraint_sql(constraint: Constraint, dialect: str | None = "postgresql") -> str:
    """Return a CHECK or a foreign key as it is written after its name."""
    if constraint.type == "check":
        return f"CHECK ({condition_of(constraint)})"
    target = table_sql(constraint.target, dialect) if constraint.target else "<table>"
    targets = f" ({columns_sql(constraint.target_columns, dialect)})"
    actions = [
        f" ON {change} {action}"
        for change, action in (("DELETE", constraint.on_delete), ("UPDATE", constraint.on_update))
        if action
    ]
    return (
        f"FOREIGN KEY ({columns_sql(constraint.columns, dialect)}) REFERENCES {target}"
        f"{targets if constraint.target_columns else ''}{''.join(actions)}"
    )


def condition_of(constraint: Constraint) -> str:
    """Return the SQL of a CHECK; values that could not be read are dots."""
    return (constraint.sql or "<condition>").replace("IN ()", "IN (...)")


def add_foreign_key(add: AddConstraint) -> str:
    """Return the Alembic code that adds the foreign key as it is."""
    return _operation(add, label_of(add.table, add.constraint))


def add_unchecked(add: AddConstraint, statement: Statement) -> str:
    """Return the code for MySQL that adds the foreign key without looking at the rows."""
    code = add_foreign_key(add)
    if statement.in_sql_file:
        name, key = label_of(add.table, add.constraint), constraint_sql(add.constraint, "mysql")
        where = f"ALTER TABLE {table_sql(add.table, 'mysql')} ADD CONSTRAINT"
        code = f"{where} {quoted(name, 'mysql')} {key};"
    off, on = (executed(f"SET SESSION foreign_key_checks = {n}", statement) for n in (0, 1))
    return f"{off}\n{code}\n{on}"


def _operation(add: AddConstraint, label: str, options: str = "") -> str:
    table, constraint = add.table, add.constraint
    if constraint.type == "check":
        schema = f", schema={table.schema!r}" if table.schema else ""
        condition = condition_of(constraint)
        return (
            f"op.create_check_constraint({label!r}, {table.name!r}, {condition!r}{schema}{options})"
        )
    target = constraint.target or Name("<table>")
    words = (
        ("source_schema", table.schema),
        ("referent_schema", target.schema),
        ("ondelete", constraint.on_delete),
        ("onupdate", constraint.on_update),
    )
    given = "".join(f", {word}={value!r}" for word, value in words if value)
    targets = list(constraint.target_columns or ["<its key>"])
    return (
        f"op.create_foreign_key({label!r}, {table.name!r}, {target.name!r}, "
        f"{list(constraint.columns)}, {targets}{given}{options})"
    )


def validate(table: Name, label: str, statement: Statement) -> str:
    """Return the code, for a sentence, that validates a constraint of PostgreSQL."""
    sql = f"ALTER TABLE {table_sql(table, 'postgresql')} VALIDATE CONSTRAINT"
    return executed(f"{sql} {quoted(label, 'postgresql')}", statement).rstrip(";")


def in_autocommit_block(*code: str) -> str:
    """Return the Alembic code that runs outside the transaction, each line by itself."""
    return "\n".join(
        ["with op.get_context().autocommit_block():", *(f"    {line}" for line in code)]
    )


def while_they_go_on(statement: Statement) -> str:
    """Return the words for a build that needs to be outside of a transaction."""
    return "in a file that runs in no transaction" if statement.in_sql_file else "while they go on"


def key_by_index(
    add: AddConstraint, kind: str, statement: Statement, ready: str | None = None
) -> str:
    """Return the code that makes a key of PostgreSQL of an index that is built while writes go on.

    `kind` is UNIQUE or PRIMARY KEY, `ready` the index where there is one already.
    """
    label = label_of(add.table, add.constraint)
    index = ready or label
    where, name = table_sql(add.table, "postgresql"), quoted(label, "postgresql")
    options = " DEFERRABLE" if add.constraint.deferrable else ""
    options += " INITIALLY DEFERRED" if add.constraint.initially_deferred else ""
    using = quoted(index, "postgresql")
    sql = f"ALTER TABLE {where} ADD CONSTRAINT {name} {kind} USING INDEX {using}{options}"
    last = executed(sql, statement)
    if ready:
        return last
    columns, include = add.constraint.columns, add.constraint.include
    alike = add.constraint.nulls_not_distinct
    if statement.in_sql_file:
        listed = columns_sql(columns, "postgresql")
        more = f" INCLUDE ({columns_sql(include, 'postgresql')})" if include else ""
        more += " NULLS NOT DISTINCT" if alike else ""
        return f"CREATE UNIQUE INDEX CONCURRENTLY {using} ON {where} ({listed}){more};\n{last}"
    schema = f", schema={add.table.schema!r}" if add.table.schema else ""
    more = f", postgresql_include={list(include)}" if include else ""
    more += ", postgresql_nulls_not_distinct=True" if alike else ""
    made = (
        f"op.create_index({index!r}, {add.table.name!r}, {list(columns)}{schema}, unique=True"
        f"{more}, postgresql_concurrently=True)"
    )
    return f"{in_autocommit_block(made)}\n{last}"
