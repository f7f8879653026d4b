"""The SQL that the steps of a revision send, as far as reading them tells."""

from __future__ import annotations

from collections.abc import Iterator

from guard.operations import (
    AddColumn,
    AddConstraint,
    ChangeColumnType,
    Column,
    CreateEnum,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropTable,
    ModifyColumn,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    is_known,
)
from guard.printable import one_line
from guard.schema import Index, Schema, Table
from guard.schema.model import StoredColumn
from guard.server import is_mysql
from guard.show.ddl import Ddl
from guard.show.operations import operation_text
from guard.statement import Statement, Steps


def sql_of(steps: Steps, dialect: str | None) -> str:
    """Return the statements, in the words of the dialect, empty where there are none.

    SQL that the revision holds stands as it is. What is not known well enough is a comment that
    says what is done; conditions, and dialects of which a statement is, are comments too.
    """
    return "\n\n".join(_statement(statement, dialect) for statement in steps.statements)


def _statement(statement: Statement, dialect: str | None) -> str:
    remarks = [
        f"if {statement.condition}" if statement.condition else "",
        f"on {', '.join(statement.dialects)}" if statement.dialects else "",
        f"in database {statement.database}" if statement.database else "",
        "in a loop" if statement.repeated else "",
        "" if statement.in_transaction else "outside the transaction",
    ]
    said = [f"line {statement.span.line}", *map(one_line, filter(None, remarks))]
    return "\n".join([f"-- {', '.join(said)}", *_lines(statement, dialect)])


def _lines(statement: Statement, dialect: str | None) -> Iterator[str]:
    if statement.sql is not None:
        yield statement.sql.strip().rstrip(";") + ";"
        return
    if statement.batch is not None and dialect == "sqlite":
        yield "-- SQLite copies the table for this, as Alembic does it:"
    writer = Ddl(Schema.empty(dialect=dialect), dialect)
    for operation in statement.operations:
        yield _written(operation, writer) or f"-- {_in_words(operation)}"


def _in_words(operation: Operation) -> str:
    return one_line(f"{operation.kind} {operation.subject} {operation_text(operation)}")


def _written(operation: Operation, writer: Ddl) -> str | None:
    if not _is_read(operation):
        return None
    return _whole(operation, writer) or _part(operation, writer)


def _is_read(operation: Operation) -> bool:
    """Return whether each name and each default in it was read in full."""
    parts = (getattr(operation, "column", None), *getattr(operation, "columns", ()))
    columns = [part for part in parts if isinstance(part, Column)]
    names = [operation.subject, *(part for part in parts if isinstance(part, str))]
    names += [str(getattr(operation, "new", None)), *(column.name for column in columns)]
    defaults = [column.default for column in columns if column.default is not None]
    return all(map(is_known, names)) and all(default.sql is not None for default in defaults)


def _whole(operation: Operation, writer: Ddl) -> str | None:
    """Of a table, an index or a type, which is made, dropped or called otherwise."""
    match operation:
        case CreateTable(filled=False, like=None, partition_of=None, complete=True):
            # Of no dialect, which would give names to what is written without one.
            made = Schema.empty().apply(operation).table(operation.table)
            if isinstance(made, Table) and made.columns:
                return writer.table(made, made.constraints)
        case DropTable(table=table, cascade=cascade):
            return f"DROP TABLE {writer.name(table)}{' CASCADE' if cascade else ''};"
        case RenameTable(table=table, new=new):
            return f"ALTER TABLE {writer.name(table)} RENAME TO {writer.quoted(new.name)};"
        case CreateIndex(table=table, columns=columns, detail=None) if columns:
            index = Index(
                name=operation.name,
                columns=columns,
                unique=operation.unique,
                where=operation.where,
                method=operation.method,
            )
            named = tuple(StoredColumn(name=part) for part in columns if part.isidentifier())
            text = writer.index(Table(name=table, columns=named), index)
            how = "INDEX CONCURRENTLY" if operation.concurrently else "INDEX"
            return text.replace("INDEX", how, 1)
        case DropIndex(name=name, table=on):
            said = " CONCURRENTLY" if operation.concurrently else ""
            where = f" ON {writer.name(on)}" if on and is_mysql(writer.dialect) else ""
            return f"DROP INDEX{said} {writer.name(name)}{where};"
        case CreateEnum(name=name) if operation.values and writer.dialect == "postgresql":
            return writer.enum(name, operation.values)
    return None


def _part(operation: Operation, writer: Ddl) -> str | None:
    """Of a column or a constraint: an ALTER TABLE."""
    action = _column(operation, writer) or _constraint(operation, writer)
    table = getattr(operation, "table", None)
    return f"ALTER TABLE {writer.name(table)} {action};" if action and table else None


def _column(operation: Operation, writer: Ddl) -> str | None:
    match operation:
        case AddColumn(column=column) if column.type is not None:
            more = "".join(
                f", ADD {writer.constraint(constraint)}" for constraint in column.constraints
            )
            return f"ADD COLUMN {writer.column(column)}{more}"
        case DropColumn(column=name, cascade=cascade):
            return f"DROP COLUMN {writer.quoted(name)}{' CASCADE' if cascade else ''}"
        case RenameColumn(column=name, new=new):
            return f"RENAME COLUMN {writer.quoted(name)} TO {writer.quoted(new)}"
        case ModifyColumn(column=column, new=None) if column.type is not None:
            return f"MODIFY {writer.column(column)}"
    if writer.dialect in (None, "postgresql"):
        return _altered(operation, writer)
    return None


def _altered(operation: Operation, writer: Ddl) -> str | None:
    """In PostgreSQL's words; MySQL writes a column anew, SQLite copies the table."""
    match operation:
        case ChangeColumnType(column=name, type=type_) if type_ is not None:
            using = f" USING {operation.using}" if operation.using else ""
            return f"ALTER COLUMN {writer.quoted(name)} TYPE {writer.type(type_)}{using}"
        case SetNotNull(column=name):
            return f"ALTER COLUMN {writer.quoted(name)} SET NOT NULL"
        case DropNotNull(column=name):
            return f"ALTER COLUMN {writer.quoted(name)} DROP NOT NULL"
        case SetDefault(column=name, default=default) if default.sql is not None:
            return f"ALTER COLUMN {writer.quoted(name)} SET DEFAULT {default.sql}"
        case DropDefault(column=name):
            return f"ALTER COLUMN {writer.quoted(name)} DROP DEFAULT"
    return None


def _constraint(operation: Operation, writer: Ddl) -> str | None:
    match operation:
        case AddConstraint(constraint=constraint, using_index=None):
            known = constraint.sql if constraint.type in ("check", "exclude") else True
            return f"ADD {writer.constraint(constraint)}" if known else None
        case DropConstraint(constraint=str(name), cascade=cascade):
            if is_mysql(writer.dialect) and operation.type == "foreign key":
                return f"DROP FOREIGN KEY {writer.quoted(name)}"
            return f"DROP CONSTRAINT {writer.quoted(name)}{' CASCADE' if cascade else ''}"
    return None
