"""Settings, transactions, permissions."""

from __future__ import annotations

from typing import Literal

from guard.action_words import ObjectAction, TransactionCommand
from guard.operations import (
    AlterObject,
    AlterSystem,
    Name,
    Opaque,
    Operation,
    Permission,
    Query,
    SetOption,
    TransactionControl,
)
from guard.patterns import lazy_re
from guard.sql.cursor import Cursor
from guard.sql.tokens import words


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
            return [_read_password(c)]
        return [operation for item in c.items() for operation in _with_reach(_read_setting(item))]
    return _with_reach(_read_setting(c))


# Settings by which a server reads later text in another way than guard does.
_SQL_MODES = lazy_re(r"ANSI|BACKSLASH|ORACLE|DB2|MAXDB|MSSQL|POSTGRESQL")


def _with_reach(setting: SetOption) -> list[Operation]:
    """Return the setting, and that that what follows reads otherwise, where it does."""
    value = (setting.value or "").upper().strip("'\"")
    reads_otherwise = (
        _SQL_MODES.search(value)
        if setting.name == "sql_mode"
        else setting.name == "standard_conforming_strings" and value in ("OFF", "FALSE", "NO", "0")
    )
    if not reads_otherwise:
        return [setting]
    reason = f"it changes how the server reads what follows: {setting.name}"
    return [setting, Opaque(reason=reason, code=f"SET {setting.name} = {setting.value}")]


def _read_password(c: Cursor) -> Operation:
    c.expect("PASSWORD")
    user = c.skip_to("=", "TO").sql.removeprefix("FOR ")
    c.finish()
    return AlterObject(object_type="user", name=Name(user or "current"), action="set-password")


def _read_setting(c: Cursor) -> SetOption:
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
    what = c.name("what to discard").lower()
    return [SetOption(name="discard all" if what == "all" else what, value=None)]


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
    action: ObjectAction = "attach" if c.next().word == "ATTACH" else "detach"
    c.take("DATABASE")
    if action == "attach":
        c.skip_to("AS")
        c.expect("AS")
    name = c.qualified("a database")
    return [AlterObject(object_type="database", name=name, action=action)]


# Transactions and permissions

_TRANSACTION: dict[str, TransactionCommand] = {
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
        if c.source.mysql and c.word in ("SLAVE", "REPLICA", "GROUP_REPLICATION", "ALL"):
            return [AlterSystem(detail=f"START {c.rest()}")]
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
    grants = c.next().word == "GRANT"
    towards = "TO" if grants else "FROM"
    if c.peek(1).word == "OPTION" and c.peek(2).word == "FOR":  # REVOKE ADMIN OPTION FOR role
        c.skip_to("FOR")
        c.next()
    given = c.skip_to("ON", towards)
    target = None
    if c.take("ON"):
        target = c.skip_to(towards).sql
    elif any(item.stop - item.index > 2 for item in given.items()):  # GRANT role TO role
        raise c.fail("ON and what it is granted on")
    c.expect(towards)
    c.finish()
    return [Permission(command="grant" if grants else "revoke", target=target)]


def read_reassign(c: Cursor) -> list[Operation]:
    c.expect("REASSIGN", "OWNED", "BY")
    return [Permission(command="owner", target=c.rest())]
