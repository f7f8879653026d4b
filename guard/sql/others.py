"""ALTER of anything but a table, REINDEX and upkeep, sessions, transactions, permissions."""

from __future__ import annotations

from typing import Literal

from guard.operations import (
    AddEnumValue,
    AlterDomain,
    AlterObject,
    AlterSystem,
    LockTable,
    Maintenance,
    Name,
    Operation,
    Permission,
    Query,
    RefreshMaterializedView,
    Reindex,
    RenameEnumValue,
    RenameIndex,
    RenameObject,
    RenameTable,
    SetComment,
    SetOption,
    TransactionControl,
    Truncate,
)
from guard.sql.alter import read_alter_table
from guard.sql.cursor import Cursor
from guard.sql.names import choose_object_type
from guard.sql.tokens import words


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
        return [AlterObject(object_type=object_type, name=Name(c.rest()), action="alter")]
    account = c.peek().kind == "string"  # MySQL: 'user'@'host'
    name = Name(c.string()) if account else c.qualified(f"a {object_type} name")
    return [_read_object_change(c, object_type, name)]


def _read_object_change(c: Cursor, object_type: str, name: Name) -> Operation:
    if c.word == "(":  # a function's arguments
        c.parens()
    table = c.qualified("a table name") if c.take("ON") else None
    if object_type == "type" and (change := _read_enum_change(c, name)):
        return change
    if c.take("RENAME", "TO"):
        new = c.name("a name")
        if object_type == "index":
            return RenameIndex(name=name, new=new)
        return RenameObject(object_type=object_type, name=name, new=Name(new, name.schema))
    if c.take("SET", "SCHEMA"):
        return RenameObject(
            object_type=object_type, name=name, new=Name(name.name, c.name("a schema"))
        )
    if c.take("OWNER", "TO"):
        c.name("a role")
        return Permission(command="owner", target=str(name))
    action = _action(c)
    return AlterObject(object_type=object_type, name=name, action=action, table=table)


def _action(c: Cursor) -> str:
    """Return the first words of a clause in kebab case, and move to the end."""
    if c.at_end():
        raise c.fail("what to change")
    spelled: list[str] = []
    while len(spelled) < 2 and c.peek().kind == "word" and not c.at_hole():
        spelled.append(c.next().word.lower())
    c.finish()
    first, second = [*spelled, "", ""][:2]
    if first == "set" and second not in ("tablespace", "logged", "unlogged"):
        return "set-option"
    if first in ("with", "reset"):
        return "reset-option" if first == "reset" else "set-option"
    return "-".join(spelled) or "alter"


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
    for clause in _DOMAIN_ACTIONS:
        if c.take(*clause):
            if clause[-1] in ("CONSTRAINT", "DEFAULT"):
                c.finish()
            return AlterDomain(name=name, action="-".join(clause).lower())
    raise c.fail("ADD, SET, DROP, VALIDATE or RENAME")


_DOMAIN_ACTIONS: tuple[tuple[str, ...], ...] = (
    ("SET", "NOT", "NULL"),
    ("DROP", "NOT", "NULL"),
    ("SET", "DEFAULT"),
    ("DROP", "DEFAULT"),
    ("DROP", "CONSTRAINT"),
    ("VALIDATE", "CONSTRAINT"),
    ("RENAME", "CONSTRAINT"),
)


# Upkeep


def read_truncate(c: Cursor) -> list[Operation]:
    c.expect("TRUNCATE")
    c.take("TABLE")

    def table() -> Name:
        c.take("ONLY")
        name = c.qualified("a table name")
        c.take("*")
        return name

    tables = c.list_of(table)
    if not c.take("RESTART", "IDENTITY"):
        c.take("CONTINUE", "IDENTITY")
    cascade = c.choose("CASCADE", "RESTRICT") == "CASCADE"
    if c.source.mysql and c.choose("WAIT", "NOWAIT"):
        c.integer()
    return [Truncate(table=name, cascade=cascade) for name in tables]


def read_reindex(c: Cursor) -> list[Operation]:
    c.expect("REINDEX")
    concurrently = False
    if c.word == "(":
        concurrently = "CONCURRENTLY" in [
            token.word for token in c.tokens[c.index : c.stop] if token.kind == "word"
        ]
        c.parens()
    kinds: dict[str, Literal["index", "table", "schema", "database", "system"]] = {
        "INDEX": "index",
        "TABLE": "table",
        "SCHEMA": "schema",
        "DATABASE": "database",
        "SYSTEM": "system",
    }
    word = c.choose(*kinds)
    if word is None and c.source.postgres:
        raise c.fail("INDEX, TABLE, SCHEMA, DATABASE or SYSTEM")
    concurrently = c.take("CONCURRENTLY") or concurrently
    target = kinds[word] if word else "index"
    optional = not c.source.postgres or target in ("database", "system")
    name = None if c.at_end() and optional else c.qualified("a name")
    return [Reindex(target=target, name=name, concurrently=concurrently)]


def read_maintenance(c: Cursor) -> list[Operation]:
    """VACUUM, ANALYZE, CLUSTER, OPTIMIZE, CHECK, REPAIR: an operation for each table named."""
    command = c.next().word.lower().replace("analyse", "analyze")
    full = False
    if c.word == "(":
        options = [token.word for token in c.tokens[c.index : c.stop]]
        c.parens()
        at = options.index("FULL") if "FULL" in options else -1
        full = at >= 0 and options[at + 1] not in ("FALSE", "OFF")
    while option := c.choose(
        "FULL", "FREEZE", "VERBOSE", "ANALYZE", "LOCAL", "NO_WRITE_TO_BINLOG", "TABLE"
    ):
        full = full or option == "FULL"
    if command == "vacuum" and c.at("INTO"):
        c.finish()
    if c.at_end():
        return [Maintenance(command=command, full=full)]

    def table() -> Name:
        c.take("ONLY")
        name = c.qualified("a table name")
        if c.word == "(":
            c.parens()
        return name

    tables = c.list_of(table)
    if command == "cluster":
        if c.take("USING"):
            c.name("an index name")
        elif c.take("ON"):  # the old form: CLUSTER index ON table
            tables = [c.qualified("a table name")]
    elif c.source.mysql:
        c.finish()
    return [Maintenance(command=command, table=name, full=full) for name in tables]


def read_refresh(c: Cursor) -> list[Operation]:
    c.expect("REFRESH", "MATERIALIZED", "VIEW")
    concurrently = c.take("CONCURRENTLY")
    name = c.qualified("a view name")
    with_data = not c.take("WITH", "NO", "DATA")
    c.take("WITH", "DATA")
    return [RefreshMaterializedView(name=name, concurrently=concurrently, with_data=with_data)]


def read_lock(c: Cursor) -> list[Operation]:
    c.expect("LOCK")
    if c.source.mysql:
        if not c.choose("TABLES", "TABLE"):
            raise c.fail("TABLES")
        return [_mysql_lock(item) for item in c.items()]
    c.take("TABLE")

    def table() -> Name:
        c.take("ONLY")
        name = c.qualified("a table name")
        c.take("*")
        return name

    tables = c.list_of(table)
    mode = None
    if c.take("IN"):
        mode = " ".join(c.skip_to("MODE").sql.lower().split())
        c.expect("MODE")
    c.take("NOWAIT")
    return [LockTable(table=name, mode=mode) for name in tables]


def _mysql_lock(c: Cursor) -> Operation:
    table = c.qualified("a table name")
    if c.take("AS") or c.word not in ("READ", "WRITE", "LOW_PRIORITY"):
        c.name("an alias")
    return LockTable(table=table, mode=c.rest().lower())


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


# Session


def read_set(c: Cursor) -> list[Operation]:
    c.expect("SET")
    if c.at("TRANSACTION") or c.at("SESSION", "CHARACTERISTICS"):
        return [TransactionControl(command="set-transaction")] if c.rest() else []
    if c.take("CONSTRAINTS"):
        c.finish()
        return [TransactionControl(command="set-constraints")]
    if c.source.mysql:
        if c.has("TRANSACTION"):
            c.finish()
            return [TransactionControl(command="set-transaction")]
        if c.word == "PASSWORD":
            return [AlterObject(object_type="user", name=Name(c.rest()), action="set-password")]
        return [_read_setting(item) for item in c.items()]
    return [_read_setting(c)]


def _read_setting(c: Cursor) -> Operation:
    scope: Literal["session", "local", "global"] = "session"
    if word := c.choose("SESSION", "LOCAL", "GLOBAL", "PERSIST"):
        if word == "LOCAL" and not c.source.mysql:  # in MySQL, LOCAL is another word for SESSION
            scope = "local"
        elif word in ("GLOBAL", "PERSIST"):
            scope = "global"
    if c.take("TIME", "ZONE"):
        return SetOption(name="timezone", value=_value(c), scope=scope)
    if c.take("SESSION", "AUTHORIZATION") or (scope == "session" and c.take("AUTHORIZATION")):
        return SetOption(name="session_authorization", value=_value(c), scope=scope)
    token = c.peek()
    if token.kind == "param":  # MySQL: @@session.x, @x
        c.next()
        name = c.source.text[token.start : token.end].lower()
        scope = "global" if name.startswith("@@global.") else scope
        name = name.removeprefix("@@").removeprefix("session.").removeprefix("global.")
    else:
        name = str(c.qualified("a setting")).lower() if "{" not in c.sql else str(c.qualified())
    if not (c.choose("=", "TO", ":=") or c.at_end()):
        pass  # SET NAMES utf8, SET ROLE x
    return SetOption(name=name, value=_value(c), scope=scope)


def _value(c: Cursor) -> str | None:
    """Return a setting's value without quotes; None for DEFAULT, which is a reset."""
    if c.at_end():
        raise c.fail("a value")
    if c.take("DEFAULT"):
        return None
    if c.peek().kind == "string" and c.peek(1).kind == "end":
        return c.string()
    return c.rest()


def read_reset(c: Cursor) -> list[Operation]:
    c.expect("RESET")
    name = "timezone" if c.take("TIME", "ZONE") else None
    if c.take("SESSION", "AUTHORIZATION"):
        name = "session_authorization"
    return [SetOption(name=name or str(c.qualified("a setting")), value=None)]


def read_discard(c: Cursor) -> list[Operation]:
    c.expect("DISCARD")
    return [SetOption(name=c.name("what to discard").lower(), value=None)]


def read_use(c: Cursor) -> list[Operation]:
    c.expect("USE")
    return [SetOption(name="database", value=c.name("a database"))]


# Pragmas that only answer.
_ASKING = words(
    "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list "
    "foreign_key_check integrity_check quick_check database_list collation_list "
    "compile_options function_list module_list pragma_list"
)


def read_pragma(c: Cursor) -> list[Operation]:
    c.expect("PRAGMA")
    name = c.qualified("a pragma").name.lower()
    if c.at_end() or name in _ASKING:
        c.finish()
        return [Query()]
    if c.word == "(":
        inner = c.parens()
        return [SetOption(name=name, value=_value(inner))]
    c.expect("=")
    return [SetOption(name=name, value=_value(c))]


def read_attach(c: Cursor) -> list[Operation]:
    """SQLite's ATTACH and DETACH."""
    action = c.next().word.lower()
    c.take("DATABASE")
    if action == "attach":
        c.skip_to("AS")
        c.expect("AS")
    name = c.qualified("a database")
    return [AlterObject(object_type="database", name=name, action=action)]


# Transactions and permissions

_TRANSACTION = {
    "BEGIN": "begin",
    "START": "begin",
    "COMMIT": "commit",
    "END": "commit",
    "ROLLBACK": "rollback",
    "ABORT": "rollback",
    "SAVEPOINT": "savepoint",
    "RELEASE": "release",
}


def read_transaction(c: Cursor) -> list[Operation]:
    word = c.next().word
    command = _TRANSACTION[word]
    if word == "START":
        c.expect("TRANSACTION")
        c.finish()
    elif word in ("SAVEPOINT", "RELEASE"):
        c.take("SAVEPOINT")
        c.name("a savepoint")
    elif c.choose("WORK", "TRANSACTION", "TRAN") and c.at_end():
        pass
    elif c.take("TO"):
        c.take("SAVEPOINT")
        c.name("a savepoint")
        command = "rollback-to"
    elif not c.at_end():  # BEGIN ISOLATION LEVEL ..., BEGIN IMMEDIATE, COMMIT AND CHAIN
        if c.word not in _TRANSACTION_WORDS:
            raise c.fail("the end of the statement")
        c.finish()
    return [TransactionControl(command=command)]


_TRANSACTION_WORDS = words(
    "ISOLATION READ NOT DEFERRABLE DEFERRED IMMEDIATE EXCLUSIVE CONCURRENT AND NO RELEASE "
    "PREPARED TRANSACTION"
)


def read_prepare(c: Cursor) -> list[Operation]:
    """PREPARE TRANSACTION; a prepared statement does nothing before it is executed."""
    c.expect("PREPARE")
    if c.take("TRANSACTION"):
        c.finish()
        return [TransactionControl(command="prepare-transaction")]
    c.name("a name")
    c.finish()
    return [Query()]


def read_unlock(c: Cursor) -> list[Operation]:
    c.expect("UNLOCK")
    if not c.choose("TABLES", "TABLE"):
        raise c.fail("TABLES")
    return [TransactionControl(command="unlock-tables")]


def read_permission(c: Cursor) -> list[Operation]:
    command = c.next().word.lower()
    towards = "TO" if command == "grant" else "FROM"
    given = c.skip_to("ON", towards)
    target = None
    if c.take("ON"):
        target = c.skip_to(towards).sql
    elif any(item.stop - item.index > 2 for item in given.items()):  # GRANT role TO role
        raise c.fail("ON and what it is granted on")
    c.expect(towards)
    c.finish()
    return [Permission(command=command, target=target)]


def read_reassign(c: Cursor) -> list[Operation]:
    c.expect("REASSIGN", "OWNED", "BY")
    return [Permission(command="owner", target=c.rest())]


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
    if not c.take("NULL"):
        c.string("a comment")
    return [SetComment(object_type=object_type, name=name, column=column)]


def _table_of(c: Cursor, column: Name) -> Name:
    """Return the table of `schema.table.column`, whose schema `qualified` leaves out."""
    if column.schema is None:
        raise c.fail("a table and its column, table.column")
    if c.peek(-4).word == ".":
        return Name(column.schema, c.source.identifier(c.peek(-5)))
    return Name(column.schema)
