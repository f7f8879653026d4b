"""A constraint that is dropped protects the data no more, and may not come back.

From then on rows get in that it forbade; adding it again later fails at the first of them. What
goes together with its column or table, comes back in the same revision (NOT VALID, with another
name or action), or only proved to PostgreSQL that a column has no NULL, is not meant; nor is a
downgrade that takes back what its upgrade added. A unique index is a constraint as well.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from guard.absence import drops_nothing
from guard.action_words import ConstraintType
from guard.constraint_code import same_table
from guard.operations import (
    AddColumn,
    AddConstraint,
    Column,
    Constraint,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    ModifyColumn,
    Name,
    Operation,
    RenameColumn,
    RenameTable,
    SetNotNull,
    is_known,
)
from guard.phrases import say_so
from guard.rule import Context, Example, Problem, rule

ORDERS = """
op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))
op.create_table(
    'orders',
    sa.Column('id', sa.Integer(), primary_key=True),
    sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id', name='fk_user')),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('code', sa.Integer(), nullable=True),
    sa.CheckConstraint('number > 0', name='ck_number'),
    sa.CheckConstraint('user_id IS NOT NULL', name='ck_null'),
    sa.UniqueConstraint('number', name='uq_number'),
)
op.create_index('ix_both', 'orders', ['code', 'user_id'], unique=True)
"""
DROP_KEY = "op.drop_constraint('fk_user', 'orders', type_='foreignkey')"
DROP_CHECK = "op.drop_constraint('ck_number', 'orders', type_='check')"
DROP_UNIQUE = "op.drop_constraint('uq_number', 'orders', type_='unique')"


@rule(
    DropConstraint,
    DropIndex,
    severity="warning",
    unsafe=(
        Example(
            released=(ORDERS,),
            upgrade=DROP_KEY,
            says="Without foreign key fk_user rows of orders may refer to rows of users that do "
            "not exist, and it cannot come back before they are gone.",
            help="Add what replaces it in the same revision, or say why nothing has to: "
            "# guard: ignore[drop-constraint] <why nothing needs it>",
            at="op.drop_constraint",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.execute('ALTER TABLE orders DROP CONSTRAINT ck_number')",
            dialect="postgresql",
            says="Without CHECK ck_number rows of orders may break `number > 0`",
            at="ALTER TABLE",
        ),
        Example(
            released=(ORDERS,),
            upgrade=DROP_UNIQUE,
            says="Without unique constraint uq_number several rows of orders may have the same "
            "number",
            at="op.drop_constraint",
        ),
        Example(
            released=(ORDERS,),
            upgrade="op.drop_index('ix_both', 'orders')",
            dialect="mysql",
            says="Without unique index ix_both several rows of orders may have the same code, "
            "user_id",
            at="op.drop_index",
        ),
        Example(
            upgrade="op.drop_constraint('pk', 'orders', type_='primary')",
            says="Without its primary key nothing tells the rows of orders apart",
            at="op.drop_constraint",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders DROP CONSTRAINT IF EXISTS apart')",
            dialect="postgresql",
            says="Without constraint apart rows of orders may break what it asked for",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            released=(ORDERS,),
            upgrade=f"""
            {DROP_KEY}
            op.create_foreign_key('fk_owner', 'orders', 'users', ['user_id'], ['id'], \
ondelete='CASCADE', postgresql_not_valid=True)
            """,
            dialect="postgresql",
        ),
        Example(
            released=(ORDERS,),
            upgrade=f"""
            {DROP_CHECK}
            op.create_check_constraint('ck_number', 'orders', 'number > 1', \
postgresql_not_valid=True)
            """,
            dialect="postgresql",
        ),
        Example(
            released=(ORDERS,),
            upgrade="""
            op.alter_column('orders', 'user_id', nullable=False)
            op.drop_constraint('ck_null', 'orders', type_='check')
            """,
            dialect="postgresql",
        ),
        Example(
            upgrade="op.create_check_constraint('ck', 'orders', 'a > 0', "
            "postgresql_not_valid=True)",
            downgrade="op.drop_constraint('ck', 'orders', type_='check')",
            dialect="postgresql",
        ),
        f"{ORDERS}{DROP_UNIQUE}",
    ),
)
def drop_constraint(drop: Operation, context: Context) -> Iterator[Problem]:
    dropped = _dropped(drop, context)
    if dropped is None or context.is_unreleased(dropped.table) or context.undoes_upgrade(drop):
        return
    if isinstance(drop, DropConstraint) and drops_nothing(drop, context):
        return
    around = [o for s in (*context.before, *context.after) for o in s.operations]
    around += [o for o in context.statement.operations if o is not drop]
    if _only_proved(dropped, around, context) or any(
        _goes_too(one, other) or _comes_back(one, other, context)
        for one in _also_called(dropped, around)
        for other in around
    ):
        return
    if dropped.kind == "unique" and _still_unique(dropped, context):
        return
    why = say_so(context.statement, "drop-constraint", "why nothing needs it")
    yield Problem(
        message=f"Without {_label(drop, dropped)} {_allowed(dropped)}, and it cannot come back "
        "before they are gone.",
        remedy="Add what replaces it in the same revision, or say why nothing has to: " + why,
    )


class Dropped(NamedTuple):
    """What is dropped; `kind` is None where nobody says."""

    table: Name
    name: str | None
    kind: ConstraintType | None
    columns: tuple[str, ...] = ()
    sql: str | None = None
    target: Name | None = None


def _dropped(drop: Operation, context: Context) -> Dropped | None:
    """Return what goes; of an index only one that is known to be unique."""
    if isinstance(drop, DropIndex):
        for table in context.schema.tables():
            for index in table.indexes if drop.table in (None, table.name) else ():
                if index.name == drop.name.name and index.unique and index.certain:
                    return Dropped(table.name, index.name, "unique", index.columns)
        return None
    if not isinstance(drop, DropConstraint):
        return None
    if drop.constraint is None and drop.type != "primary key":  # Alembic raises: it has no name
        return None
    found = context.schema.table(drop.table)
    for known in found.constraints if found else ():
        same_key = drop.type == "primary key" == known.type
        if same_key or (known.name is not None and known.name == drop.constraint):
            return Dropped(
                drop.table, known.name, known.type, known.columns, known.sql, known.target
            )
    return Dropped(drop.table, drop.constraint, drop.type)


def _also_called(dropped: Dropped, around: Iterable[Operation]) -> Iterator[Dropped]:
    """Yield it with the names that its table and columns have in the same revision."""
    tables, columns = [dropped.table], list(dropped.columns)
    for other in around:
        match other:
            case RenameTable(table=old, new=new):
                tables += [new] if same_table(old, dropped.table) else []
                tables += [old] if same_table(new, dropped.table) else []
            case (
                RenameColumn(column=name, new=later)
                | ModifyColumn(column=Column(name=name), new=str(later))
            ):
                columns += [later] if name in dropped.columns else []
    yield from (dropped._replace(table=table, columns=tuple(columns)) for table in tables)


def _goes_too(dropped: Dropped, other: Operation) -> bool:
    """Return whether the other operation drops the table, a column, or what a key leads to."""
    match other:
        case DropTable(table=table):
            to = dropped.target
            return same_table(table, dropped.table) or (to is not None and same_table(table, to))
        case DropColumn(table=table, column=column) if same_table(table, dropped.table):
            named = not dropped.columns and column in (dropped.name or "")
            return named or column in dropped.columns
    return False


def _comes_back(dropped: Dropped, other: Operation, context: Context) -> bool:
    """Return whether the other operation makes it, or one of its kind on one of its columns."""
    if isinstance(other, CreateIndex) and other.unique and dropped.kind in ("unique", None):
        made = Constraint(type="unique", name=other.name, columns=other.columns)
    elif isinstance(other, AddConstraint):
        made = other.constraint
    elif isinstance(other, AddColumn) and other.column.primary_key:
        made = Constraint(type="primary key")
    else:
        return False
    table = getattr(other, "table", None)
    same_name = made.name is not None and made.name.lower() == (dropped.name or "").lower()
    if not isinstance(table, Name) or not same_table(table, dropped.table):
        return same_name and not is_known(dropped.table)
    if same_name:
        return True
    if made.type == dropped.kind == "primary key":  # there is but one
        return True
    kinds = {"unique", "primary key"} if dropped.kind in ("unique", "primary key") else ()
    if dropped.kind is not None and made.type != dropped.kind and made.type not in kinds:
        return False
    columns = made.columns or (context.expression(made.sql).columns if made.sql else ())
    return not dropped.columns or not columns or bool(set(columns) & set(dropped.columns))


def _only_proved(dropped: Dropped, around: Iterable[Operation], context: Context) -> bool:
    """Return whether it is a CHECK for NULL alone, of columns that are NOT NULL by now.

    Of a CHECK that no revision shows, that one is made so in the same revision is taken for it.
    """
    if dropped.kind not in ("check", None):
        return False
    if not dropped.sql:
        return any(isinstance(o, SetNotNull) and o.table == dropped.table for o in around)
    condition = context.expression(dropped.sql)
    forbidden = set(condition.not_null)
    return (
        bool(forbidden)
        and set(condition.columns) == forbidden
        and all(context.is_never_null(dropped.table, column) for column in forbidden)
    )


def _still_unique(dropped: Dropped, context: Context) -> bool:
    """Return whether another key or index lets no two rows have the same there."""
    return any(
        index.unique
        and index.certain
        and index.name != dropped.name
        and not index.where
        and bool(index.columns)
        and set(index.columns) <= set(dropped.columns)
        for index in context.schema.indexes(dropped.table)
    )


LABELS: dict[ConstraintType | None, str] = {
    "check": "CHECK",
    "exclude": "exclusion constraint",
    "foreign key": "foreign key",
    "not null": "NOT NULL constraint",
    "unique": "unique constraint",
    None: "constraint",
}


def _label(drop: Operation, dropped: Dropped) -> str:
    if dropped.kind == "primary key":
        return "its primary key"
    what = "unique index" if isinstance(drop, DropIndex) else LABELS[dropped.kind]
    return f"{what} {dropped.name or f'of {dropped.table}'}"


def _allowed(dropped: Dropped) -> str:
    """Return what rows may be like from then on."""
    table, columns = dropped.table, ", ".join(dropped.columns)
    match dropped.kind:
        case "foreign key":
            return (
                f"rows of {table} may refer to rows of {dropped.target or 'the other table'} that "
                "do not exist"
            )
        case "unique" if columns:
            return f"several rows of {table} may have the same {columns}"
        case "primary key":
            return f"nothing tells the rows of {table} apart: several may have the same values"
        case "check" if dropped.sql:
            return f"rows of {table} may break `{dropped.sql}`"
    return f"rows of {table} may break what it asked for"
