"""The code of remedies that build indexes while writes go on: Alembic's in a revision, else SQL."""

from __future__ import annotations

from guard.constraint_code import executed, in_autocommit_block, quoted, table_sql
from guard.operations import CreateIndex, DropIndex, Name
from guard.patterns import lazy_re
from guard.rewrite import AfterBatch, Argument, Instead, Outside, Rewrite
from guard.schema.model import ReadOnlySchema
from guard.statement import Statement

_COLUMN = lazy_re(r"[A-Za-z_]\w*")
MOST_PARTITIONS = 4  # that are written out one by one
OUTSIDE = "a migration that runs without a transaction"


def label_of(create: CreateIndex) -> str:
    """Return the index's name, or the one that SQLAlchemy would give it."""
    columns = filter(_COLUMN.fullmatch, create.columns)
    return create.name or "_".join(["ix", create.table.name, *columns])


def no_key_of(table: Name, name: str, schema: ReadOnlySchema) -> str:
    """Return why PostgreSQL makes no key of an index, in words after its name; "" where it may."""
    found = schema.table(table)
    if found and found.partitioned and found.certain:
        return f"is one of {table}, which is partitioned"
    index = next((i for i in schema.indexes(table) if i.name == name), None)
    if index is None or not index.certain:
        return ""
    if not index.unique:
        return "is not unique"
    if index.where:
        return "is partial"
    if any("(" in key for key in index.columns):
        return "is on an expression"
    return "is not a B-tree" if index.method not in (None, "btree") else ""


def create_concurrently(create: CreateIndex) -> str | None:
    """Return the Alembic call that builds the index while writes go on.

    None where the index says more than is known in words of Alembic.
    """
    if create.detail:
        return None
    columns = ", ".join(map(_column, create.columns))
    options = [f"schema={create.table.schema!r}"] if create.table.schema else []
    options += ["unique=True"] if create.unique else []
    options += [f"postgresql_using={create.method!r}"] if create.method else []
    options += [f"postgresql_where=sa.text({create.where!r})"] if create.where else []
    given = ", ".join([repr(label_of(create)), repr(create.table.name), f"[{columns}]", *options])
    return f"op.create_index({given}, postgresql_concurrently=True)"


def _column(key: str) -> str:
    return repr(key) if _COLUMN.fullmatch(key) else f"sa.text({key!r})"


def create_concurrently_sql(create: CreateIndex, *, clause: str = " CONCURRENTLY") -> str | None:
    """Return the same as SQL; None where the index says more than guard has read."""
    if create.detail:
        return None
    unique = " UNIQUE" if create.unique else ""
    using = f" USING {create.method}" if create.method else ""
    where = f" WHERE {create.where}" if create.where else ""
    table = table_sql(create.table, "postgresql")
    only = "ONLY " if create.only else ""
    keys = ", ".join(
        quoted(key, "postgresql") if _COLUMN.fullmatch(key) else f"({key})"
        for key in create.columns
    )
    name = quoted(label_of(create), "postgresql")
    return f"CREATE{unique} INDEX{clause} {name} ON {only}{table}{using} ({keys}){where}"


def drop_concurrently(drop: DropIndex) -> str:
    """Return the Alembic call that drops the index while reads and writes go on."""
    given = [repr(drop.name.name)]
    given += [repr(drop.table.name)] if drop.table else []
    schema = (drop.table.schema if drop.table else None) or drop.name.schema
    given += [f"schema={schema!r}"] if schema else []
    exists = ", if_exists=True" if drop.if_exists else ""
    return f"op.drop_index({', '.join(given)}, postgresql_concurrently=True{exists})"


def drop_concurrently_sql(drop: DropIndex) -> str:
    """Return the same as SQL."""
    exists = " IF EXISTS" if drop.if_exists else ""
    return f"DROP INDEX CONCURRENTLY{exists} {table_sql(drop.name, 'postgresql')}"


def build_concurrently(create: CreateIndex, statement: Statement) -> str | None:
    """Return the code that builds the index outside of a transaction, None for none."""
    if statement.in_sql_file:
        sql = create_concurrently_sql(create)
        return f"{sql};" if sql else None
    code = create_concurrently(create)
    return in_autocommit_block(code) if code else None


def made_concurrent(operation: CreateIndex | DropIndex, statement: Statement) -> Rewrite:
    """Return what the statement becomes to build or drop the index while writes go on.

    Nothing where that is not sure to be all that the statement does.
    """
    called = statement.directive
    alone = not (statement.joined or statement.in_sql_file or statement.repeated)
    if called is None or not alone or len(statement.operations) > 1:
        return ()
    if called.batch:
        return _made_after_batch(operation) if isinstance(operation, CreateIndex) else ()
    if called.name in ("create_index", "drop_index"):
        return (Argument("postgresql_concurrently", "True"), Outside())
    if called.name != "execute" or statement.pieces:
        return ()
    if isinstance(operation, CreateIndex) and operation.if_not_exists:
        return ()  # an index that a build left invalid is there, too
    if isinstance(operation, CreateIndex):
        code = create_concurrently(operation)
    else:
        code = drop_concurrently(operation)
    return (Instead(code, outside=True),) if code else ()


def _made_after_batch(create: CreateIndex) -> Rewrite:
    """Return the same for an index that a batch makes: it is made by `op`, once the batch is over.

    What is partial may be so on another database.
    """
    named = (create.name or "", create.table.name, *create.columns)
    plain = not create.where and all(map(_COLUMN.fullmatch, named))
    code = create_concurrently(create) if plain else None
    return (AfterBatch(code),) if code else ()


def partition_wise(create: CreateIndex, schema: ReadOnlySchema, statement: Statement) -> str:
    """Return how to index a partitioned table while writes go on, with code where that is short."""
    partitions = schema.partitions_of(create.table)
    leaves = not any(map(schema.partitions_of, partitions))
    code = _by_partition(create, partitions, statement) if leaves else None
    steps = (
        "Make it for the parent alone, build it on each partition while writes go on, and attach "
        "those"
    )
    if code:
        return f"{steps}:\n{code}"
    index, table = label_of(create), create.table
    return (
        f"{steps}: CREATE INDEX {index} ON ONLY {table}, then one CONCURRENTLY on each partition, "
        f"then ALTER INDEX {index} ATTACH PARTITION for each of those"
    )


def _by_partition(
    create: CreateIndex, partitions: tuple[Name, ...], statement: Statement
) -> str | None:
    """Return the code for that; None for too many to write."""
    parent = create_concurrently_sql(
        _of(create, create.table, label_of(create), only=True), clause=""
    )
    if create.detail or parent is None or not 0 < len(partitions) <= MOST_PARTITIONS:
        return None
    parts = [_of(create, p, f"{label_of(create)}_{p.name}", only=False) for p in partitions]
    built = [build_concurrently(part, statement) for part in parts]
    index = table_sql(Name(label_of(create), create.table.schema), "postgresql")
    attached = [
        executed(
            f"ALTER INDEX {index} ATTACH PARTITION "
            f"{table_sql(Name(label_of(part), part.table.schema), 'postgresql')}",
            statement,
        )
        for part in parts
    ]
    if not statement.in_sql_file:
        calls = [code for code in map(create_concurrently, parts) if code]
        built = [in_autocommit_block(*calls)]
    return "\n".join([executed(parent, statement), *filter(None, built), *attached])


def _of(create: CreateIndex, table: Name, name: str, *, only: bool) -> CreateIndex:
    """Return the same index of another table."""
    return CreateIndex(
        table=table,
        name=name,
        columns=create.columns,
        unique=create.unique,
        where=create.where,
        method=create.method,
        only=only,
    )
