"""A name that is too long is cut off by PostgreSQL and refused by MySQL and MariaDB.

PostgreSQL keeps the first 63 bytes of a name and says so in a notice: two names with one beginning
clash, and what later looks for the whole name in the catalogue finds nothing. MySQL and MariaDB
refuse names of more than 64 characters. SQLAlchemy shortens the names that it makes itself, and
those in op.f(); other long names of indexes and constraints it refuses on PostgreSQL.
"""

from collections.abc import Iterator

from guard.facts import UpgradeFailed
from guard.operations import (
    AddColumn,
    AddConstraint,
    AlterConstraint,
    CreateEnum,
    CreateIndex,
    CreateObject,
    CreateTable,
    CreateView,
    ModifyColumn,
    Operation,
    RenameColumn,
    RenameIndex,
    RenameObject,
    RenameTable,
    is_known,
)
from guard.rule import Context, Example, Problem, rule

LONG = "ix_customer_subscription_invoices_customer_subscription_period_id"  # 65
GREEK = "δείκτης_παραγγελιών_πελατών_ανά_μήνα"  # 36 letters, 68 bytes


@rule(
    CreateTable,
    RenameTable,
    AddColumn,
    RenameColumn,
    ModifyColumn,
    AddConstraint,
    AlterConstraint,
    CreateIndex,
    RenameIndex,
    CreateView,
    CreateEnum,
    CreateObject,
    RenameObject,
    dialects=("postgresql", "mysql", "mariadb"),
    predicts=(UpgradeFailed,),
    unsafe=(
        Example(
            upgrade=f"op.execute('ALTER INDEX ix RENAME TO {LONG}')",
            dialect="postgresql",
            says=f"The name {LONG} has 65 bytes, and PostgreSQL cuts it off after 63: it becomes "
            "ix_customer_subscription_invoices_customer_subscription_period_.",
            help="Give it a name of up to 63 bytes",
            at="ALTER INDEX",
        ),
        Example(
            upgrade=f"""
            op.create_table('logs', sa.Column('id', sa.Integer(), primary_key=True))
            op.create_index('{LONG}', 'logs', ['id'])
            """,
            dialect="mysql",
            says=f"The name {LONG} has 65 characters, and MySQL refuses more than 64.",
            help="Give it a name of up to 64 characters",
            at="op.create_index",
        ),
        Example(
            upgrade=f"op.execute('CREATE TABLE \"{GREEK}\" (id int PRIMARY KEY)')",
            dialect="postgresql",
            says=f"The name {GREEK} has 68 bytes, and PostgreSQL cuts it off after 63",
            at="CREATE TABLE",
        ),
        Example(
            upgrade=f"op.create_unique_constraint('{LONG}', 'logs', ['id'])",
            released=("op.create_table('logs', sa.Column('id', sa.Integer(), primary_key=True))",),
            dialect="mysql",
            says=f"The name {LONG} has 65 characters, and MySQL refuses more than 64.",
            at="op.create_unique_constraint",
        ),
        Example(
            upgrade=f"""
            with op.get_context().autocommit_block():
                op.create_index('{LONG}', 'logs', ['id'], postgresql_concurrently=True)
            """,
            dialect="postgresql",
            says=f"The name {LONG} has 65 bytes, and SQLAlchemy refuses more than 63.",
            at="op.create_index",
        ),
    ),
    safe=(
        Example(
            upgrade=f"""
            with op.get_context().autocommit_block():
                op.create_index(op.f('{LONG}'), 'logs', ['id'], postgresql_concurrently=True)
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade=f"op.execute('CREATE TABLE `{GREEK}` (id int PRIMARY KEY)')", dialect="mysql"
        ),
        Example(
            upgrade=f"op.execute('CREATE TABLE {'t' * 63} (id int PRIMARY KEY)')",
            dialect="postgresql",
        ),
        Example(
            upgrade=f"op.execute('CREATE TABLE {'t' * 100} (id int PRIMARY KEY)')",
            dialect="sqlite",
        ),
    ),
)
def identifier_too_long(operation: Operation, context: Context) -> Iterator[Problem]:
    postgres = context.server.dialect == "postgresql"
    limit, unit = (63, "bytes") if postgres else (64, "characters")
    for name in dict.fromkeys(_given(operation)):
        length = len(name.encode()) if postgres else len(name)
        if length <= limit or not is_known(name):
            continue
        server = {"mysql": "MySQL", "mariadb": "MariaDB"}.get(context.server.dialect or "")
        cut = name.encode()[:limit].decode(errors="ignore")
        if server:
            what = f"{server} refuses more than {limit}"
        elif _is_refused(name, operation, context):
            what = f"SQLAlchemy refuses more than {limit}"
        else:
            what = f"PostgreSQL cuts it off after {limit}: it becomes {cut}"
        yield Problem(
            message=f"The name {name} has {length} {unit}, and {what}.",
            remedy=f"Give it a name of up to {limit} {unit}",
        )


def _is_refused(name: str, operation: Operation, context: Context) -> bool:
    """Return whether SQLAlchemy looks at its length: of an index or a constraint."""
    of_op = context.statement.directive is not None and context.statement.sql is None
    if isinstance(operation, CreateTable):
        return of_op and any(name == constraint.name for constraint in operation.constraints)
    return of_op and isinstance(operation, CreateIndex | AddConstraint)


def _given(operation: Operation) -> Iterator[str]:
    """Yield the names that the operation gives to things."""
    match operation:
        case CreateTable(table=table, columns=columns, constraints=constraints):
            yield table.name
            yield from (column.name for column in columns)
            yield from (constraint.name for constraint in constraints if constraint.name)
        case AddColumn(column=column):
            yield column.name
        case AddConstraint(constraint=constraint) if constraint.name:
            yield constraint.name
        case RenameTable(new=new) | RenameObject(new=new):
            yield new.name
        case RenameColumn(new=new) | RenameIndex(new=new):
            yield new
        case ModifyColumn(new=str(new)):
            yield new
        case AlterConstraint(action="rename", detail=str(new)):
            yield new
        case CreateIndex(name=str(name)):
            yield name
        case CreateView(name=label) | CreateEnum(name=label):
            yield label.name
        case CreateObject(object_type=kind, name=label) if kind not in ("grant", "cast"):
            yield label.name
