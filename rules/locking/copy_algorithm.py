"""ALGORITHM=COPY or LOCK=SHARED asks MySQL or MariaDB for a slow or a blocking way of altering.

Without them the server takes the best way that it has. COPY writes every row into a new table,
LOCK=SHARED makes writes wait, LOCK=EXCLUSIVE reads as well, where most changes need none of that.
The other way round the clauses are useful: with ALGORITHM=INPLACE, LOCK=NONE, or ALGORITHM=INSTANT,
the server refuses what it cannot do in that way. MySQL knows no LOCK= beside ALGORITHM=INSTANT.
"""

from collections.abc import Iterator

from guard.operations import AlterTable, CreateIndex, DropIndex, Name, Operation
from guard.phrases import what_waits
from guard.rule import Context, Example, Problem, rule

BLOCKING = ("shared", "exclusive")


@rule(
    AlterTable,
    CreateIndex,
    DropIndex,
    severity="warning",
    dialects=("mysql", "mariadb"),
    unsafe=(
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD INDEX ix (total), ALGORITHM=COPY')",
            dialect="mysql",
            says="ALGORITHM=COPY copies orders with LOCK=SHARED: writes wait.",
            help="Leave it out, or write ALGORITHM=INPLACE, LOCK=NONE, so that the server refuses "
            "what it cannot do while writes go on",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('CREATE INDEX ix ON orders (total) LOCK=SHARED')",
            dialect="mariadb",
            says="LOCK=SHARED reads orders with LOCK=SHARED: writes wait.",
            at="CREATE INDEX",
        ),
        Example(
            upgrade="op.execute('DROP INDEX ix ON orders LOCK = EXCLUSIVE')",
            dialect="mysql",
            says="LOCK=EXCLUSIVE",
            at="DROP INDEX",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ALTER total SET DEFAULT 1, LOCK=EXCLUSIVE')",
            dialect="mysql",
            says="LOCK=EXCLUSIVE changes orders with LOCK=EXCLUSIVE: reads and writes wait.",
            at="ALTER TABLE",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD note text, ALGORITHM=INSTANT, LOCK=NONE')",
            dialect="mysql",
            says="MySQL refuses LOCK=NONE beside ALGORITHM=INSTANT (error 1221).",
            help="Write ALGORITHM=INSTANT alone: reads and writes go on with it anyway",
            at="ALTER TABLE",
        ),
    ),
    safe=(
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD INDEX ix (total), ALGORITHM=INPLACE, "
            "LOCK=NONE')",
            dialect="mysql",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD COLUMN note text, ALGORITHM=INSTANT')",
            dialect="mysql",
        ),
        Example(
            upgrade="op.execute('ALTER TABLE orders ADD note text, ALGORITHM=INSTANT, LOCK=NONE')",
            dialect="mariadb",
        ),
    ),
)
def copy_algorithm(operation: Operation, context: Context) -> Iterator[Problem]:
    table = getattr(operation, "table", None)
    if not isinstance(table, Name) or context.is_unreleased(table):
        return
    algorithm, lock = _asked(operation, context)
    if algorithm == "instant" and lock not in (None, "default"):
        if context.server.dialect == "mysql":
            yield Problem(
                message=f"MySQL refuses LOCK={lock.upper()} beside ALGORITHM=INSTANT (error 1221).",
                remedy="Write ALGORITHM=INSTANT alone: reads and writes go on with it anyway",
                severity="error",
            )
        return
    if algorithm != "copy" and lock not in BLOCKING:
        return
    effect = context.effect(operation)
    if effect is None or _anyway(operation, context):
        return
    clause = "ALGORITHM=COPY" if algorithm == "copy" else f"LOCK={(lock or '').upper()}"
    yield Problem(
        message=f"{clause} {what_waits(effect, context.size(table))}.",
        remedy="Leave it out, or write ALGORITHM=INPLACE, LOCK=NONE, so that the server refuses "
        "what it cannot do while writes go on",
        effect=effect,
    )


def _asked(operation: Operation, context: Context) -> tuple[str | None, str | None]:
    """Return the algorithm and the lock that the statement asks for, told by one operation of it.

    Of ALTER TABLE that is the clause itself, and the first of two.
    """
    clauses = [
        o
        for o in context.statement.operations
        if isinstance(o, AlterTable) and o.action in ("algorithm", "lock")
    ]
    if not clauses and isinstance(operation, CreateIndex | DropIndex):
        return operation.algorithm, operation.lock
    asked = {o.action: (o.detail or "").lower() for o in clauses}
    chief = "algorithm" if asked.get("algorithm") in ("copy", "instant") else "lock"
    if isinstance(operation, AlterTable) and operation.action == chief:
        return asked.get("algorithm"), asked.get("lock")
    return None, None


def _anyway(operation: Operation, context: Context) -> bool:
    """Return whether something else in the statement makes writes wait without being asked to."""
    for other in context.statement.operations:
        if other is operation or isinstance(other, CreateIndex | DropIndex):
            continue
        if isinstance(other, AlterTable) and other.action in ("algorithm", "lock"):
            continue
        effect = context.effect(other)
        if effect is not None and "writes" in effect.blocks:
            return True
    return isinstance(operation, CreateIndex) and operation.method in ("fulltext", "spatial")
