"""MODIFY and CHANGE write the whole column anew: what they do not repeat is lost, silently.

op.alter_column() writes a MODIFY on MySQL and MariaDB, and knows of the column only what it is
given as existing_type, existing_nullable, existing_server_default, existing_comment and
existing_autoincrement. A column that was NOT NULL takes NULL afterwards, its default, its ON UPDATE
(which Alembic takes as the end of the default), its comment and its AUTO_INCREMENT are gone. What
is said against is what the revisions made of the column; of a column that they do not show, only
what op.alter_column() should have been told. Without any type, Alembic refuses the call.
"""

from collections.abc import Iterator

from guard.operations import Column, ModifyColumn
from guard.rewrite import Argument, Rewrite
from guard.rule import Context, Example, Problem, rule
from guard.schema.model import Missing, StoredColumn
from guard.statement import Directive
from guard.type_code import sqlalchemy_type

TELL_IT = "Tell it what the column is"
TELL_IT_OF_RENAMED = "If it has to be renamed at once, tell it what the column is"
EXPECTED = ("existing_type", "existing_nullable", "existing_server_default")
ORDERS = """
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('state', sa.String(20), nullable=False, server_default='new', comment='of work'),
    sa.Column('total', sa.Integer()),
)
"""


@rule(
    ModifyColumn,
    dialects=("mysql", "mariadb"),
    instructs=(
        "ALWAYS give op.alter_column() existing_type, existing_nullable, existing_server_default "
        "and existing_comment on MySQL and MariaDB",
    ),
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', type_=sa.String(30), "
            "existing_type=sa.String(20))",
            dialect="mysql",
            says="orders.state loses NOT NULL, its default 'new' and its comment, since the MODIFY "
            "that alter_column() sends does not repeat them.",
            help="Tell it what the column is:\nop.alter_column('orders', 'state', "
            "type_=sa.String(30), existing_type=sa.String(20), existing_nullable=False, "
            "existing_server_default=sa.text(\"'new'\"), existing_comment='of work')",
            at="op.alter_column",
            fixed="op.alter_column('orders', 'state', type_=sa.String(30), "
            "existing_type=sa.String(20), existing_nullable=False, "
            "existing_server_default=sa.text(\"'new'\"), existing_comment='of work')",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY COLUMN state VARCHAR(30) NOT NULL')",
            dialect="mariadb",
            says="orders.state loses its default 'new' and its comment, since the MODIFY does not "
            "repeat them.",
            help="Repeat them: DEFAULT 'new' COMMENT 'of work'",
            at="ALTER TABLE orders",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders CHANGE state state VARCHAR(20) DEFAULT "
            "\\'new\\' COMMENT \\'of work\\'')",
            dialect="mysql",
            says="orders.state loses NOT NULL, since the MODIFY does not repeat it.",
            help="Repeat it: NOT NULL",
            at="ALTER TABLE orders",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders MODIFY id INTEGER')",
            dialect="mysql",
            says="orders.id loses AUTO_INCREMENT",
            at="ALTER TABLE orders",
        ),
        Example(
            released=(
                "op.execute('CREATE TABLE codes (code varchar(9) COLLATE utf8mb4_bin "
                "PRIMARY KEY)')",
            ),
            upgrade="op.execute('ALTER TABLE codes MODIFY code varchar(9) NOT NULL')",
            dialect="mysql",
            says="codes.code loses its collation utf8mb4_bin",
            help="Repeat it: COLLATE utf8mb4_bin",
            at="ALTER TABLE codes",
        ),
        Example(
            upgrade="op.alter_column('users', 'name', comment='of birth', "
            "existing_type=sa.String(80))",
            dialect="mysql",
            says="users.name takes NULL and has no default afterwards, whatever it is now: the "
            "MODIFY that alter_column() sends knows no better.",
            help="Give it existing_nullable and existing_server_default",
            at="op.alter_column",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', comment='in cents')",
            dialect="mysql",
            says="op.alter_column() fails: the MODIFY that it sends writes orders.total anew, and "
            "nothing tells it the type.",
            help="Tell it what the column is:\nop.alter_column('orders', 'total', "
            "comment='in cents', existing_type=sa.Integer(), existing_nullable=True)",
            at="op.alter_column",
            fixed="op.alter_column('orders', 'total', comment='in cents', "
            "existing_type=sa.Integer(), existing_nullable=True)",
        ),
        Example(
            upgrade="op.alter_column('users', 'name', comment='of birth')",
            dialect="mariadb",
            says="op.alter_column() fails: the MODIFY that it sends writes users.name anew",
            help="Give it existing_type, existing_nullable and existing_server_default",
            at="op.alter_column",
        ),
    ),
    safe=(
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', existing_type=sa.String(20), "
            "nullable=False, existing_server_default='new', comment='of work')",
            dialect="mysql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'total', comment='in cents', "
            "existing_type=sa.Integer())",
            dialect="mysql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', server_default='open')",
            dialect="mysql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute(\"ALTER TABLE orders MODIFY state VARCHAR(20) NULL DEFAULT 'new' "
            "COMMENT 'of work'\")",
            dialect="mysql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.alter_column('orders', 'state', type_=sa.Text(), "
            "existing_type=sa.String(20))",
            dialect="postgresql",
        ),
    ),
)
def alter_column_loses_attributes(change: ModifyColumn, context: Context) -> Iterator[Problem]:
    name = change.column.name
    before = context.schema.column(change.table, name)
    if _lacks_type(change, context):
        yield _refused(change, before, context)
        return
    if context.is_unreleased(change.table) or context.is_new_column(change.table, name):
        return
    if not before:
        yield from _unknown(change, context)
        return
    lost = list(_lost(change, before, context))
    if not lost:
        return
    called = _called(context) is not None
    verb = "CHANGE" if change.new else "MODIFY"
    sent = f"the {verb} that alter_column() sends" if called else f"the {verb}"
    it = "it" if len(lost) == 1 else "them"
    yield Problem(
        message=f"{change.table}.{name} loses {_listed([word for word, _ in lost])}, since {sent} "
        f"does not repeat {it}.",
        remedy=_told(change, before, context)
        if called
        else f"Repeat {it}: {' '.join(sql for _, sql in lost)}",
        rewrite=_rewrite(change, before, context) if called else (),
        severity="warning" if _is_mild(lost, context) else None,
    )


def _called(context: Context) -> Directive | None:
    """Return the call of alter_column() behind the statement, None where it is SQL."""
    directive = context.statement.directive
    return directive if directive and directive.name == "alter_column" else None


def _lacks_type(change: ModifyColumn, context: Context) -> bool:
    """Return whether Alembic is told no type, neither the one that is nor the one to be."""
    called, batch = _called(context), context.statement.batch
    anew = batch is not None and batch.recreate == "always"
    return (
        called is not None
        and not anew
        and "existing_type" in called.missing
        and "type" not in change.meant
    )


def _refused(change: ModifyColumn, before: StoredColumn | Missing, context: Context) -> Problem:
    verb, called = "CHANGE" if change.new else "MODIFY", _called(context)
    missing = [word for word in called.missing if word in EXPECTED] if called else []
    return Problem(
        message=f"op.alter_column() fails: the {verb} that it sends writes {change.table}."
        f"{change.column.name} anew, and nothing tells it the type.",
        remedy=_told(change, before, context) if before else f"Give it {_listed(missing)}",
        rewrite=_rewrite(change, before, context) if before else (),
    )


def _told(change: ModifyColumn, before: StoredColumn, context: Context) -> str:
    words = TELL_IT_OF_RENAMED if change.new else TELL_IT
    return f"{words}:\n{_call(change, before, context)}"


def _lost(
    change: ModifyColumn, before: StoredColumn, context: Context
) -> Iterator[tuple[str, str]]:
    """Yield what the column has now and not afterwards, in words and as SQL."""
    column, meant = change.column, change.meant
    table = context.schema.table(change.table)
    in_key = table and column.name.lower() in map(str.lower, table.primary_key)
    if not (before.nullable or in_key or "nullable" in meant) and column.nullable:
        yield "NOT NULL", "NOT NULL"
    sql = before.default.sql if before.default else None
    kept = column.default or "default" in meant
    if sql and not kept and not context.expression(sql).is_null:
        yield f"its default {sql}", f"DEFAULT {sql}"
    if before.on_update and not column.on_update:
        yield "its ON UPDATE", f"ON UPDATE {before.on_update}"
    old, new = before.type, column.type
    if old and new and old.collation and not (new.collation or new.charset) and _is_text(new.name):
        yield f"its collation {old.collation}", f"COLLATE {old.collation}"
    counts = before.generated is not None and before.generated.by == "autoincrement"
    if counts and column.generated is None and "autoincrement" not in meant:
        yield "AUTO_INCREMENT", "AUTO_INCREMENT"
    if before.comment and column.comment is None and "comment" not in meant:
        yield "its comment", f"COMMENT {before.comment!r}"


def _is_text(name: str) -> bool:
    return name.endswith(("char", "text")) or name in ("enum", "set")


def _is_mild(lost: list[tuple[str, str]], context: Context) -> bool:
    """Return whether nothing breaks at once: only a comment goes, or it is the way back."""
    only_comment = all(word == "its comment" for word, _ in lost)
    return only_comment or context.statement.direction == "downgrade"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _call(change: ModifyColumn, before: StoredColumn, context: Context) -> str:
    """Return the call with all that the column is."""
    column, dialect = change.column, context.server.dialect
    given = {
        "type": ("type_", sqlalchemy_type(column.type, dialect)),
        "nullable": ("nullable", str(column.nullable)),
        "default": ("server_default", _text(column)),
        "comment": ("comment", repr(column.comment)),
        "autoincrement": ("autoincrement", str(column.generated is not None)),
    }
    words = [f"{word}={code}" for part, (word, code) in given.items() if part in change.meant]
    words += [f"new_column_name={change.new!r}"] if change.new else []
    words += [f"{word}={code}" for word, code in _existing(change, before, context)]
    words += [f"schema={change.table.schema!r}"] if change.table.schema else []
    return f"op.alter_column({change.table.name!r}, {column.name!r}, {', '.join(words)})"


def _existing(
    change: ModifyColumn, before: StoredColumn, context: Context
) -> Iterator[tuple[str, str]]:
    """Yield the arguments that tell the call what the column is, and that it leaves so."""
    yield "existing_type", sqlalchemy_type(before.type, context.server.dialect)
    if "nullable" not in change.meant:
        yield "existing_nullable", str(before.nullable)
    if "default" not in change.meant and (before.default or before.on_update):
        yield "existing_server_default", _text(before)
    if "comment" not in change.meant and before.comment:
        yield "existing_comment", repr(before.comment)
    if before.generated and before.generated.by == "autoincrement":
        yield "existing_autoincrement", "True"


def _rewrite(change: ModifyColumn, before: StoredColumn, context: Context) -> Rewrite:
    """Return the call with what the column is, as far as all of that is known."""
    told = [*_existing(change, before, context)]
    sure = before.certain and before.type and all("<" not in code for _, code in told)
    if not sure or context.statement.repeated:
        return ()
    return tuple(Argument(word, code) for word, code in told)


def _text(column: Column) -> str:
    if column.default is None and column.on_update is None:
        return "None"
    default = column.default.sql if column.default else "NULL"
    if default is None:
        return "<its default>"
    later = f" ON UPDATE {column.on_update}" if column.on_update else ""
    return f"sa.text({default + later!r})"


def _unknown(change: ModifyColumn, context: Context) -> Iterator[Problem]:
    """Say what a column may lose that no revision shows."""
    called = _called(context)
    missing = called.missing if called else ()
    if "existing_nullable" not in missing:
        return
    default = "existing_server_default" in missing
    also = " and existing_server_default" if default else ""
    yield Problem(
        message=f"{change.table}.{change.column.name} takes NULL{' and has no default' * default} "
        "afterwards, whatever it is now: the MODIFY that alter_column() sends knows no better.",
        remedy=f"Give it existing_nullable{also}",
        severity="warning",
    )
