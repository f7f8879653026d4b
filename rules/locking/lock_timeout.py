"""Without a short lock timeout, a migration that waits for its lock makes all traffic wait with it.

An ALTER TABLE needs its lock for a moment, and has to wait for each open transaction that uses the
table: a report of ten minutes is enough. Every later query of the table stands in line behind it.
With a lock timeout the migration fails instead, and can run again. PostgreSQL's `lock_timeout` is
off by default, MySQL's and MariaDB's `lock_wait_timeout` is a day or a year; `statement_timeout` is
no substitute, since it also ends the work itself. This is said once, at the first statement that
needs it. `SET LOCAL` ends with the transaction, so it does not reach over an autocommit block. What
env.py sets or opens its connections with counts; what the role, the server or other code sets is
told by `lock-timeout = "elsewhere"`, or a time, in the settings of guard.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

from guard.effects.effect import Effect, TableEffect
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ChangeColumnType,
    CreateIndex,
    CreateObject,
    CreateTable,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropNotNull,
    DropObject,
    DropTable,
    LockTable,
    ModifyColumn,
    Name,
    Operation,
    RefreshMaterializedView,
    Reindex,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    SetOption,
    Truncate,
)
from guard.patterns import lazy_re
from guard.rewrite import Before
from guard.rule import Context, Example, Options, Problem, rule

ALTERS = (
    AddColumn, AddConstraint, AlterColumn, AlterConstraint, AlterTable, ChangeColumnType,
    DropColumn, DropConstraint, DropDefault, DropNotNull, DropTable, ModifyColumn, RenameColumn,
    RenameTable, SetDefault, SetNotNull, Truncate,
)  # fmt: skip
OTHERS = (
    AttachPartition, CreateIndex, CreateObject, CreateTable, DetachPartition, DropIndex, DropObject,
    LockTable, RefreshMaterializedView, Reindex,
)  # fmt: skip
UNSET: dict[str, object] = {"lock-timeout": None}
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
TIME = lazy_re(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)
NOTE = "op.add_column('orders', sa.Column('note', sa.Text()))"


class LockTimeout(Options, frozen=True):
    """How long a migration may wait for a lock."""

    limit: Annotated[float, "the longest lock timeout, in seconds"] = 10


@rule(
    SetOption,
    *ALTERS,
    *OTHERS,
    severity="warning",
    dialects=("postgresql", "mysql", "mariadb"),
    options=LockTimeout,
    instructs=(
        "ALWAYS set a lock timeout of a few seconds before a statement that locks a table: "
        "`SET LOCAL lock_timeout = '5s'`, on MySQL `SET lock_wait_timeout = 5`",
    ),
    unsafe=(
        Example(
            upgrade=NOTE,
            dialect="postgresql",
            config=UNSET,
            says="No lock_timeout is set, so this waits for each open transaction that uses "
            "orders, for as long as that takes, and every later query of orders waits behind it.",
            help='or say in guard\'s settings what sets one: lock-timeout = "elsewhere". Here, '
            "before it:\nop.execute(\"SET LOCAL lock_timeout = '5s'\")",
            at="op.add_column",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade=f"{NOTE}\nop.execute(\"SET LOCAL lock_timeout = '5s'\")",
            dialect="postgresql",
            config=UNSET,
            says="No lock_timeout is set",
            at="op.add_column",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade=f"op.execute(\"SET statement_timeout = '5s'\")\n{NOTE}",
            dialect="postgresql",
            config=UNSET,
            says="No lock_timeout is set",
            at="op.add_column",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade=f"""
            op.execute("SET lock_timeout = '5s'")
            op.execute('RESET lock_timeout')
            {NOTE}
            """,
            dialect="postgresql",
            config=UNSET,
            says="No lock_timeout is set",
            at="op.add_column",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade="""
            op.execute("SET LOCAL lock_timeout = '5s'")
            with op.get_context().autocommit_block():
                op.execute('ANALYZE orders')
                op.execute('ALTER TABLE orders ALTER state DROP NOT NULL')
            """,
            dialect="postgresql",
            config=UNSET,
            says="No lock_timeout is set",
            help="op.execute(\"SET lock_timeout = '5s'\")",
            at="ALTER TABLE",
            fixed="""
            with op.get_context().autocommit_block():
                op.execute("SET lock_timeout = '5s'")
                op.execute('ALTER TABLE orders ALTER state DROP NOT NULL')
            """,
        ),
        Example(
            upgrade=f"op.execute('SET lock_timeout = 0')\n{NOTE}",
            dialect="postgresql",
            says="lock_timeout = 0 switches the timeout off: what follows waits for its locks for "
            "as long as that takes, and all traffic behind it.",
            help="Set a few seconds:\nop.execute(\"SET LOCAL lock_timeout = '5s'\")",
            at="SET lock_timeout",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade=f"op.execute(\"SET LOCAL lock_timeout = '5min'\")\n{NOTE}",
            dialect="postgresql",
            says="lock_timeout = 5min is more than 10 s: for so long all traffic waits behind what "
            "follows.",
            at="SET LOCAL lock_timeout",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade=NOTE,
            dialect="postgresql",
            config={"lock-timeout": "10min"},
            says="lock_timeout is 10min here, more than 10 s, so this waits",
            at="op.add_column",
            fixed=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
        ),
        Example(
            upgrade=NOTE,
            dialect="mysql",
            config=UNSET,
            says="No lock_wait_timeout is set, so this waits for each open transaction that uses "
            "orders, for up to a year, and every later query of orders waits behind it.",
            help='op.execute("SET lock_wait_timeout = 5")',
            at="op.add_column",
            fixed=f'op.execute("SET lock_wait_timeout = 5")\n{NOTE}',
        ),
        Example(
            upgrade=NOTE,
            dialect="mariadb",
            config=UNSET,
            says="for up to a day",
            at="op.add_column",
            fixed=f'op.execute("SET lock_wait_timeout = 5")\n{NOTE}',
        ),
        Example(
            upgrade=f"op.execute('SET lock_wait_timeout = 3600')\n{NOTE}",
            dialect="mysql",
            says="lock_wait_timeout = 3600 is more than 10 s",
            help='Set a few seconds:\nop.execute("SET lock_wait_timeout = 5")',
            at="SET lock_wait_timeout",
            fixed=f'op.execute("SET lock_wait_timeout = 5")\n{NOTE}',
        ),
    ),
    safe=(
        Example(
            upgrade=f"op.execute(\"SET LOCAL lock_timeout = '5s'\")\n{NOTE}",
            dialect="postgresql",
            config=UNSET,
        ),
        Example(
            upgrade=f"op.execute(\"SELECT set_config('lock_timeout', '5s', true)\")\n{NOTE}",
            dialect="postgresql",
            config=UNSET,
        ),
        Example(
            upgrade="""
            op.execute('''DO $$ BEGIN
                SET LOCAL lock_timeout = '5s';
                ALTER TABLE orders ADD COLUMN note text;
            END $$''')
            """,
            dialect="postgresql",
            config=UNSET,
        ),
        Example(upgrade=NOTE, dialect="postgresql", config={"lock-timeout": "5s"}),
        Example(
            upgrade=f"op.execute(\"SET lock_timeout = '5s'\")\n{NOTE}\n"
            "op.execute('SET lock_timeout = 0')",
            dialect="postgresql",
            config=UNSET,
        ),
        Example(
            upgrade="""
            op.create_table('notes', sa.Column('id', sa.Integer(), primary_key=True))
            op.add_column('notes', sa.Column('note', sa.Text()))
            """,
            dialect="postgresql",
            config=UNSET,
        ),
        Example(
            upgrade="""
            with op.get_context().autocommit_block():
                op.execute('CREATE INDEX CONCURRENTLY ix ON orders (state)')
            """,
            dialect="postgresql",
            config=UNSET,
        ),
        Example(
            upgrade=f"op.execute('SET SESSION lock_wait_timeout = 5')\n{NOTE}",
            dialect="mysql",
            config=UNSET,
        ),
        Example(
            upgrade="op.execute('SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE orders ADD n "
            "int')",
            dialect="mariadb",
            config=UNSET,
        ),
        Example(upgrade=NOTE, dialect="sqlite", config=UNSET),
    ),
)
def lock_timeout(operation: Operation, context: Context) -> Iterator[Problem]:
    if isinstance(operation, SetOption):
        yield from _badly_set(operation, context)
    elif context.statement.direction == "upgrade":
        yield from _missing(operation, context)


def _missing(operation: Operation, context: Context) -> Iterator[Problem]:
    table = _waited_for(operation, context)
    if table is None:
        return
    name = _name(context)
    own = _set_within(operation, context)
    if own is not None and own.value is not None:
        return  # what is wrong with it is said of itself
    setting = context.settings.get(name) if own is None else None
    if setting is None:
        cause, long = f"No {name} is set", _default(context)
    elif not _is_too_long(setting.value, context) or _is_set_before(context):
        return
    else:
        cause, long = f"{name} is {setting.value} here, more than {_limit(context)}", "for so long"
    yield Problem(
        message=f"{cause}, so this waits for each open transaction that uses {table}, {long}, and "
        f"every later query of {table} waits behind it.",
        remedy=f"Set one {_for_all(context)}, or say in guard's settings what sets one: "
        f'lock-timeout = "elsewhere". Here, before it:\n{_code(context)}',
        rewrite=(Before(_code(context)),),
        effect=context.effect(operation),
        once=True,
    )


def _for_all(context: Context) -> str:
    """Return where a timeout is set for all migrations."""
    if context.statement.in_sql_file:
        return "for the role or the connection that runs the migrations"
    return "in env.py for all revisions"


def _badly_set(option: SetOption, context: Context) -> Iterator[Problem]:
    """Say where a timeout is no limit to what follows."""
    if option.name.lower() != _name(context) or option.value is None:
        return
    if not _is_too_long(option.value, context) or not _is_needed(option, context):
        return
    what = f"{_name(context)} = {option.value}"
    if _seconds(option.value, _unit(context)):
        effect = (
            f"is more than {_limit(context)}: for so long all traffic waits behind what follows"
        )
    else:
        effect = (
            "switches the timeout off: what follows waits for its locks for as long as that takes, "
            "and all traffic behind it"
        )
    yield Problem(message=f"{what} {effect}.", remedy=f"Set a few seconds:\n{_code(context)}")


def _is_needed(option: SetOption, context: Context) -> bool:
    """Return whether something waits for a lock before the setting is another one."""
    for statement in (context.statement, *context.after):
        begun = statement is not context.statement
        for operation in statement.operations:
            begun = begun or operation is option
            same = isinstance(operation, SetOption) and operation.name.lower() == option.name
            if begun and same and operation is not option:
                return False
            if begun and isinstance(operation, ALTERS + OTHERS) and _waited_for(operation, context):
                return True
    return False


def _set_within(operation: Operation, context: Context) -> SetOption | None:
    """Return what sets it before the operation in the same statement, as a block of code does."""
    found = None
    for other in context.statement.operations:
        if other is operation:
            break
        if isinstance(other, SetOption) and other.name.lower() == _name(context):
            found = other
    return found


def _is_set_before(context: Context) -> bool:
    """Return whether a revision has set it, so that a finding stands there."""
    return any(
        isinstance(operation, SetOption) and operation.name.lower() == _name(context)
        for statement in (*context.transaction.before, *context.before)
        for operation in statement.operations
    )


def _waited_for(operation: Operation, context: Context) -> Name | None:
    """Return a table that others use and that the operation has to have for itself."""
    effect = context.effect(operation)
    found: Iterable[Name] = ()
    if effect is not None:
        found = (one.table for one in _locks(effect) if _blocks(one, context))
    elif isinstance(operation, ALTERS):
        found = (operation.table,)
    return next((table for table in found if not context.is_unreleased(table)), None)


def _locks(effect: Effect) -> tuple[TableEffect, ...]:
    return (effect, *effect.related)


def _blocks(effect: TableEffect, context: Context) -> bool:
    """Return whether traffic stands behind it; MySQL takes each table for itself at the end."""
    return context.server.is_mysql or bool(effect.blocks & {"reads", "writes"})


def _is_too_long(value: str, context: Context) -> bool:
    seconds = _seconds(value, _unit(context))
    if seconds == 0:
        return not context.server.is_mysql  # where 0 is no wait at all, and not for ever
    return seconds is not None and not 0 < seconds <= context.options(LockTimeout).limit


def _limit(context: Context) -> str:
    return f"{context.options(LockTimeout).limit:g} s"


def _seconds(value: str, unit: float) -> float | None:
    """Return the time in seconds, None where it cannot be read; `unit` where it says none."""
    found = TIME.fullmatch(value)
    if found is None or (found[2] and found[2].lower() not in UNITS):
        return None
    return float(found[1]) * (UNITS[found[2].lower()] if found[2] else unit)


def _name(context: Context) -> str:
    return "lock_wait_timeout" if context.server.is_mysql else "lock_timeout"


def _unit(context: Context) -> float:
    return 1.0 if context.server.is_mysql else 1e-3


def _default(context: Context) -> str:
    limits = {"mysql": "for up to a year", "mariadb": "for up to a day"}
    return limits.get(context.server.dialect or "", "for as long as that takes")


def _code(context: Context) -> str:
    """Return what sets it where the statement stands."""
    if context.server.is_mysql:
        sql = "SET lock_wait_timeout = 5"
    else:
        local = "LOCAL " if context.statement.in_transaction else ""
        sql = f"SET {local}lock_timeout = '5s'"
    return f"{sql};" if context.statement.in_sql_file else f'op.execute("{sql}")'
