"""ALTER of anything but a table, RENAME and COMMENT."""

from __future__ import annotations

from guard.action_words import DomainAction, ObjectAction, ObjectType
from guard.operations import (
    AddEnumValue,
    AlterDomain,
    AlterObject,
    AlterSystem,
    CreateView,
    Name,
    Operation,
    Permission,
    RenameEnumValue,
    RenameIndex,
    RenameObject,
    RenameTable,
    SetComment,
)
from guard.sql.alter import read_alter_table
from guard.sql.cursor import Cursor
from guard.sql.names import choose_object_type
from guard.sql.tokens import words

_WITH_ARGUMENTS = ("aggregate", "function", "procedure", "routine")
_WITH_COLUMNS = ("view", "materialized view")


_OPTIONS_OF_DATABASE = words("DEFAULT CHARACTER CHARSET COLLATE READ")


def read_alter(c: Cursor) -> list[Operation]:
    """Read a statement that begins with ALTER."""
    c.expect("ALTER")
    if c.word in ("TABLE", "ONLINE", "OFFLINE", "IGNORE"):
        return read_alter_table(c)
    if c.take("SYSTEM"):
        return [AlterSystem(detail=c.rest())]
    if c.take("DEFAULT", "PRIVILEGES"):
        return [Permission(command="default-privileges", target=c.rest())]
    object_type = choose_object_type(c)
    if object_type is None:
        raise c.fail("what to alter")
    if object_type == "domain":
        return [_read_domain(c)]
    if object_type == "foreign table":
        c.index -= 1
        return read_alter_table(c)
    c.take("IF", "EXISTS")
    if object_type in ("operator", "cast", "large object", "user mapping"):
        return [AlterObject(object_type=object_type, name=Name(c.rest()), action="other")]
    account = c.peek().kind == "string"  # MySQL: 'user'@'host'
    if c.source.mysql and object_type in ("database", "schema") and c.word in _OPTIONS_OF_DATABASE:
        name = Name("DATABASE()")  # the one that the session uses
    else:
        name = Name(c.string()) if account else c.qualified(f"a {object_type} name")
    return [_read_object_change(c, object_type, name)]


def _read_object_change(c: Cursor, object_type: ObjectType, name: Name) -> Operation:
    if object_type in _WITH_ARGUMENTS and c.word == "(":
        c.parens()
    table = c.qualified("a table name") if c.take("ON") else None
    if object_type == "type" and (change := _read_enum_change(c, name)):
        return change
    if c.take("RENAME", "TO"):
        new = c.name("a name")
        if object_type == "index":
            return RenameIndex(name=name, new=new)
        return RenameObject(object_type=object_type, name=name, new=Name(new, name.schema))
    if object_type in _WITH_COLUMNS and c.take("RENAME"):
        c.take("COLUMN")
        column = c.name("a column name")
        c.expect("TO")
        return AlterObject(
            object_type=object_type,
            name=name,
            action="rename-column",
            detail=f"{column} to {c.name('a column name')}",
        )
    if c.take("SET", "SCHEMA"):
        return RenameObject(
            object_type=object_type, name=name, new=Name(name.name, c.name("a schema"))
        )
    if c.take("OWNER", "TO"):
        c.name("a role")
        return Permission(command="owner", target=str(name))
    if object_type == "view" and c.source.mysql and c.has("AS"):
        c.finish()
        return CreateView(name=name, replace=True)
    if object_type == "index" and c.take("ATTACH", "PARTITION"):
        attached = str(c.qualified("an index name"))
        return AlterObject(
            object_type="index", name=name, action="attach-partition", detail=attached
        )
    action, detail = _action(c)
    return AlterObject(
        object_type=object_type, name=name, action=action, table=table, detail=detail
    )


# Clauses by the words that they begin with; the first that fits counts.
_CLAUSES: dict[tuple[str, ...], ObjectAction] = {
    ("ADD", "ATTRIBUTE"): "add-attribute",
    ("DROP", "ATTRIBUTE"): "drop-attribute",
    ("ALTER", "ATTRIBUTE"): "alter-attribute",
    ("RENAME", "ATTRIBUTE"): "rename-attribute",
    ("RENAME", "COLUMN"): "rename-column",
    ("ALTER", "COLUMN"): "alter-column",
    ("SET", "TABLESPACE"): "set-tablespace",
    ("SET", "LOGGED"): "set-logged",
    ("SET", "UNLOGGED"): "set-unlogged",
    ("SET",): "set-option",
    ("WITH", "CHECK"): "with-check",
    ("WITH",): "set-option",
    ("RESET",): "reset-option",
    ("ADD",): "add",
    ("DROP",): "drop",
    ("ENABLE",): "enable",
    ("DISABLE",): "disable",
    ("REFRESH",): "refresh",
    ("UPDATE",): "update",
    ("TO",): "to",
    ("USING",): "using",
    ("OWNED", "BY"): "owned-by",
    ("AS",): "change-type",
    ("RESTART",): "restart",
    ("START",): "start",
    ("INCREMENT",): "increment",
    ("MINVALUE",): "minvalue",
    ("NO", "MINVALUE"): "no-minvalue",
    ("MAXVALUE",): "maxvalue",
    ("NO", "MAXVALUE"): "no-maxvalue",
    ("CACHE",): "cache",
    ("CYCLE",): "cycle",
    ("NO", "CYCLE"): "no-cycle",
    ("IDENTIFIED",): "set-password",
    ("PASSWORD",): "set-password",
    ("CHARACTER", "SET"): "character-set",
    ("DEFAULT", "CHARACTER", "SET"): "character-set",
    ("COLLATE",): "collate",
    ("DEFAULT", "COLLATE"): "collate",
}


def _action(c: Cursor) -> tuple[ObjectAction, str | None]:
    """Return what a clause does, with its text where it is none of those known, and pass it."""
    if c.at_end():
        raise c.fail("what to change")
    action: ObjectAction = next((a for words, a in _CLAUSES.items() if c.at(*words)), "other")
    text = c.rest()
    return action, text if action == "other" else None


def _read_enum_change(c: Cursor, name: Name) -> Operation | None:
    if c.take("ADD", "VALUE"):
        c.take("IF", "NOT", "EXISTS")
        value = c.string("the new value")
        side = c.choose("BEFORE", "AFTER")
        position = f"{side.lower()} {c.string('a value')}" if side else None
        return AddEnumValue(name=name, value=value, position=position)
    if c.take("RENAME", "VALUE"):
        value = c.string("a value")
        c.expect("TO")
        return RenameEnumValue(name=name, value=value, new=c.string("the new value"))
    if c.at("ADD") and c.peek(1).word != "ATTRIBUTE":
        c.next()
        raise c.fail("VALUE or ATTRIBUTE")
    return None


def _read_domain(c: Cursor) -> Operation:
    c.take("IF", "EXISTS")
    name = c.qualified("a domain name")
    if c.take("OWNER", "TO"):
        c.name("a role")
        return Permission(command="owner", target=str(name))
    if c.take("RENAME", "TO"):
        new = Name(c.name("a name"), name.schema)
        return RenameObject(object_type="domain", name=name, new=new)
    if c.take("SET", "SCHEMA"):
        new = Name(name.name, c.name("a schema"))
        return RenameObject(object_type="domain", name=name, new=new)
    if c.take("ADD"):
        spelled = [token.word for token in c.tokens[c.index : c.stop]]
        c.finish()
        not_valid = spelled[-2:] == ["NOT", "VALID"]
        return AlterDomain(name=name, action="add-constraint", not_valid=not_valid)
    for clause, action in _DOMAIN_ACTIONS.items():
        if c.take(*clause):
            if clause[-1] in ("CONSTRAINT", "DEFAULT"):
                c.finish()
            return AlterDomain(name=name, action=action)
    raise c.fail("ADD, SET, DROP, VALIDATE or RENAME")


_DOMAIN_ACTIONS: dict[tuple[str, ...], DomainAction] = {
    ("SET", "NOT", "NULL"): "set-not-null",
    ("DROP", "NOT", "NULL"): "drop-not-null",
    ("SET", "DEFAULT"): "set-default",
    ("DROP", "DEFAULT"): "drop-default",
    ("DROP", "CONSTRAINT"): "drop-constraint",
    ("VALIDATE", "CONSTRAINT"): "validate-constraint",
    ("RENAME", "CONSTRAINT"): "rename-constraint",
}


def read_rename(c: Cursor) -> list[Operation]:
    """MySQL's RENAME TABLE a TO b, c TO d."""
    c.expect("RENAME")
    if c.take("USER"):
        name = c.rest()
        return [AlterObject(object_type="user", name=Name(name), action="rename")]
    if not c.choose("TABLE", "TABLES"):
        raise c.fail("TABLE")
    c.take("IF", "EXISTS")

    def pair() -> Operation:
        table = c.qualified("a table name")
        c.expect("TO")
        new = c.qualified("a table name")
        return RenameTable(table=table, new=new if new.schema else Name(new.name, table.schema))

    return c.list_of(pair)


def read_comment(c: Cursor) -> list[Operation]:
    c.expect("COMMENT", "ON")
    object_type = choose_object_type(c)
    if object_type is None:
        raise c.fail("what to comment on")
    column = None
    if object_type in ("operator", "cast", "transform", "large object"):
        name = Name(c.skip_to("IS").sql)
    else:
        name = c.qualified(f"a {object_type} name")
        if object_type == "column":
            column, name = name.name, _table_of(c, name)
    c.skip_to("IS")
    c.expect("IS")
    comment = None if c.take("NULL") else c.string("a comment")
    return [SetComment(object_type=object_type, name=name, column=column, comment=comment)]


def _table_of(c: Cursor, column: Name) -> Name:
    """Return the table of `schema.table.column`, whose schema `qualified` leaves out."""
    if column.schema is None:
        raise c.fail("a table and its column, table.column")
    if c.peek(-4).word == ".":
        return Name(column.schema, c.source.identifier(c.peek(-5)))
    return Name(column.schema)
