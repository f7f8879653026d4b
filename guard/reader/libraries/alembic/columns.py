"""Alembic's operations on columns, with all that is added, dropped and altered besides."""

from __future__ import annotations

import msgspec

from guard.action_words import ColumnAction, ColumnPart
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    ChangeColumnType,
    Column,
    Constraint,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropNotNull,
    Generated,
    ModifyColumn,
    Name,
    Opaque,
    Operation,
    RenameColumn,
    SetComment,
    SetDefault,
    SetNotNull,
    Type,
    unknown_name,
)
from guard.reader.evaluate.run import Run
from guard.reader.evaluate.state import Call
from guard.reader.evaluate.values import FALSE, NONE, Const, Construct, Unknown, Value, truth
from guard.reader.libraries.alembic.arguments import Arguments, table_of
from guard.reader.libraries.alembic.directive import misspelt
from guard.reader.libraries.sqlalchemy import clauses, columns, constraints, execution, types
from guard.reader.libraries.sqlalchemy.clauses import flag, string


def add_column(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Record the column, and in statements of their own the things that Alembic makes after it."""
    table = table_of(given)
    read = columns.read_column(run, given.get("column") or Unknown("column"))
    if read is None:
        label = clauses.code_of(given.get("column") or Unknown("column"))
        column = Column(name=unknown_name(label))
        return [AddColumn(table=table, column=column)]
    # Alembic writes a CHECK into the column, and leaves the primary key out unless it is asked to.
    inline = [*read.checks]
    foreign_keys = list(read.foreign_keys)
    if flag(given.get("inline_references")) and len(foreign_keys) == 1:
        inline.append(foreign_keys.pop())
    column = msgspec.structs.replace(
        read.column,
        primary_key=read.column.primary_key and flag(given.get("inline_primary_key")),
        unique=False,
        constraints=tuple(inline),
    )
    operations: list[Operation] = [
        AddColumn(table=table, column=column, if_not_exists=flag(given.get("if_not_exists")))
    ]
    operations += [AddConstraint(table=table, constraint=c) for c in foreign_keys]
    if read.index:
        operations.append(constraints.column_index(table, read.column, run.dialect))
    elif read.column.unique:
        unique = Constraint(type="unique", columns=(column.name,))
        operations.append(AddConstraint(table=table, constraint=unique))
    run.emit(operations, call.node, call.frame)
    if read.type_check is not None:
        added = AddConstraint(table=table, constraint=read.type_check.constraint)
        execution.emit_on(run, _altered(given, read.type_check), [added], call)
    if column.comment is not None:
        comment = SetComment(
            object_type="column", name=table, column=column.name, comment=column.comment
        )
        execution.emit_on(run, ("postgresql",), [comment], call)
    return []


def _altered(given: Arguments, check: types.TypeCheck) -> tuple[str, ...]:
    """Return the dialects that add the CHECK of a type later; on SQLite only a copied table can."""
    return check.dialects if "in_batch" in given else _without(check.dialects, "sqlite")


def _without(dialects: tuple[str, ...], *others: str) -> tuple[str, ...]:
    return tuple(d for d in dialects if d not in others)


def drop_column(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Return the drop of the column."""
    label = string(given.get("column_name")) or unknown_name("column")
    return [DropColumn(table=table_of(given), column=label, if_exists=flag(given.get("if_exists")))]


def alter_column(run: Run, given: Arguments, call: Call) -> list[Operation]:
    """Record the alterations, between the drop and the making of the CHECKs of its types."""
    table, column = table_of(given), string(given.get("column_name")) or unknown_name("column")
    kind, existing = given.get("type_", NONE), given.get("existing_type", NONE)
    old = types.type_check(existing, column)
    if old is not None and old.constraint.name is not None and kind != NONE:
        drop = DropConstraint(table=table, constraint=old.constraint.name, type="check")
        dialects = _without(_altered(given, old), *execution.MYSQLS)  # those leave it in place
        execution.emit_on(run, dialects, [drop], call)
    modified = _modify(run, table, column, given) if run.dialect in execution.MYSQLS else None
    operations = [modified] if modified else _alterations(run, table, column, given)
    if operations:
        run.emit(operations, call.node, call.frame)
    elif unknown := [*misspelt(given)]:
        reason = f"alter_column has no argument {unknown[0]}, leaves it out and changes nothing"
        run.emit([Opaque(reason=reason, code=call.code)], call.node, call.frame)
    if (new := types.type_check(kind, column)) is not None:
        added = AddConstraint(table=table, constraint=new.constraint)
        execution.emit_on(run, _altered(given, new), [added], call)
    return []


def _alterations(run: Run, table: Name, column: str, given: Arguments) -> list[Operation]:
    """Return one operation for each part of the column that is altered."""
    operations: list[Operation] = []
    if given.get("type_", NONE) != NONE:
        operations.append(
            ChangeColumnType(
                table=table,
                column=column,
                type=types.read_type(run, given["type_"]),
                using=string(given.get("postgresql_using")),
                existing_type=_existing_type(run, given),
            )
        )
    operations += _nullability(table, column, given)
    if given.get("server_default", FALSE) != FALSE:
        operations.append(_changed_default(table, column, given))
    if given.get("comment", FALSE) != FALSE:
        comment = string(given["comment"])
        operations.append(
            SetComment(object_type="column", name=table, column=column, comment=comment)
        )
    new = string(given.get("new_column_name"))
    if new is not None:
        operations.append(RenameColumn(table=table, column=column, new=new))
    return operations


def _changed_default(table: Name, column: str, given: Arguments) -> Operation:
    """Return the change of the default, or of the identity that stands in its place."""
    new, old = (_is_identity(given.get(k)) for k in ("server_default", "existing_server_default"))
    if new or old:
        action: ColumnAction = (
            "set-identity" if new and old else "add-identity" if new else "drop-identity"
        )
        return AlterColumn(table=table, column=column, action=action)
    default = columns.read_default(given["server_default"])
    if default is None:
        return DropDefault(table=table, column=column)
    return SetDefault(table=table, column=column, default=default)


def _is_identity(value: Value | None) -> bool:
    return isinstance(value, Construct) and clauses.last(value.path) == "Identity"


def _nullability(table: Name, column: str, given: Arguments) -> list[Operation]:
    nullable = given.get("nullable")
    if nullable is None or nullable == Const(None):
        return []
    settled = truth(nullable)
    if settled is None:  # not known: the dangerous one is assumed
        return [SetNotNull(table=table, column=column)]
    kind = DropNotNull if settled else SetNotNull
    return [kind(table=table, column=column)]


def _modify(run: Run, table: Name, column: str, given: Arguments) -> Operation | None:
    """MySQL: any change but a lone default writes the column anew, as the call describes it.

    Of a column of dates and times, a change of its default does too.
    """
    meant = tuple(part for part, word in _PARTS.items() if _is_asked(given, word))
    asked = set(meant) - {"default"} or _given(given, "new_column_name")
    kind = _given(given, "type_") or _given(given, "existing_type")
    type_ = types.read_type(run, kind) if kind else None
    moment = type_ is not None and type_.name in {"timestamp", "datetime"}
    if not asked and not (moment and _given(given, "server_default")):
        return None
    nullable = _given(given, "nullable") or _given(given, "existing_nullable")
    default = given.get("server_default", FALSE)
    default = given.get("existing_server_default", FALSE) if default == FALSE else default
    counted = flag(_given(given, "autoincrement") or _given(given, "existing_autoincrement"))
    comment = given.get("comment", FALSE)
    comment = given.get("existing_comment", NONE) if comment == FALSE else comment
    written, on_update = columns.apart(columns.read_default(default) if default != FALSE else None)
    return ModifyColumn(
        table=table,
        column=Column(
            name=column,
            type=type_,
            nullable=truth(nullable) is not False if nullable is not None else True,
            default=written,
            on_update=on_update,
            generated=Generated(by="autoincrement") if counted else None,
            comment=string(comment),
        ),
        new=string(given.get("new_column_name")),
        meant=meant,
        existing_type=_existing_type(run, given),
    )


_PARTS: dict[ColumnPart, str] = {
    "type": "type_",
    "nullable": "nullable",
    "default": "server_default",
    "autoincrement": "autoincrement",
    "comment": "comment",
}


def _is_asked(given: Arguments, word: str) -> bool:
    unset = FALSE if word in ("server_default", "comment") else NONE
    return given.get(word, unset) != unset


def _existing_type(run: Run, given: Arguments) -> Type | None:
    """Return the type that the call says the column has, None where it does not."""
    existing = _given(given, "existing_type")
    return types.read_type(run, existing) if existing else None


def _given(given: Arguments, word: str) -> Value | None:
    value = given.get(word)
    return None if value == NONE else value
