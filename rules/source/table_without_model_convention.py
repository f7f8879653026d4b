"""A model does not keep the conventions that the project has for its tables.

Which ones there are is the project's choice, so the rule is off until it is selected. A column that
does not say whether it is nullable is nullable, mostly by accident; a table without a primary key
cannot be mapped; a foreign key without an index makes each delete of what it references read the
whole table (MySQL and MariaDB make that index themselves).
"""

import re
from collections.abc import Iterator
from typing import Annotated

from guard.facts import WrittenColumn, WrittenTable
from guard.rule import Context, Example, Options, Problem, rule

SETTINGS = {
    "select": ["table-without-model-convention"],
    "rules": {"table-without-model-convention": {"table-name": "[a-z][a-z0-9_]*s"}},
}
HEAD = """
            from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

            class Base(DeclarativeBase):
                pass
"""


class ModelConventions(Options, frozen=True):
    """What is asked of a model."""

    table_name: Annotated[str, "a regular expression that the whole table name matches"] = ""
    explicit_nullable: Annotated[bool, "each column says whether it is nullable"] = True
    primary_key: Annotated[bool, "each table has a primary key"] = True
    indexed_foreign_keys: Annotated[bool, "each foreign key begins an index"] = True

    def __post_init__(self) -> None:
        try:
            re.compile(self.table_name)
        except re.error as error:
            raise ValueError(f"table-name is no regular expression: {error}") from None


@rule(
    WrittenTable,
    severity="off",
    options=ModelConventions,
    unsafe=(
        Example(
            config=SETTINGS,
            source=f"""{HEAD}
            class Order(Base):
                __tablename__ = "Order"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
            says="The table of Order is called Order, which does not match [a-z][a-z0-9_]*s.",
            help="Rename the table, in a revision too: op.rename_table",
            at="Order(Base)",
        ),
        Example(
            config=SETTINGS,
            source=f"""{HEAD}
            class Order(Base):
                __tablename__ = "orders"

                id = Column(Integer, primary_key=True)
                note = Column(String)
            """,
            says="orders.note does not say whether it is nullable, so it is.",
            help="Write nullable=False or nullable=True",
            at="Column(String)",
        ),
        Example(
            config=SETTINGS,
            source=f"""{HEAD}
            lines = Table("lines", MetaData(), Column("id", Integer, nullable=False))
            """,
            says="Table lines has no primary key.",
            help="Give one of its columns primary_key=True",
            at='"lines"',
        ),
        Example(
            config=SETTINGS,
            source=f"""{HEAD}
            class Line(Base):
                __tablename__ = "lines"

                id: Mapped[int] = mapped_column(primary_key=True)
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
            """,
            says="The foreign key lines.order_id has no index: deleting what it references reads "
            "all of lines.",
            help="Write index=True, and make the index in a revision",
            at="mapped_column(ForeignKey",
        ),
    ),
    safe=(
        Example(
            config=SETTINGS,
            source="""
            from sqlalchemy import Column, ForeignKey, Index, Integer
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

            class Base(DeclarativeBase):
                pass

            class Line(Base):
                __tablename__ = "lines"
                __table_args__ = (Index("ix_lines_order", "order_id", "id"),)

                id: Mapped[int] = mapped_column(primary_key=True)
                note: Mapped[str | None] = mapped_column()
                order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
                product_id = Column(Integer, ForeignKey("products.id"), nullable=False, index=True)
            """,
        ),
    ),
)
def table_without_model_convention(table: WrittenTable, context: Context) -> Iterator[Problem]:
    wanted = context.options(ModelConventions)
    name, pattern = table.table, wanted.table_name
    if pattern and not re.fullmatch(pattern, name):
        yield Problem(
            message=f"The table of {table.model} is called {name}, which does not match {pattern}.",
            remedy="Rename the table, in a revision too: op.rename_table",
            object=name,
        )
    if wanted.primary_key and table.whole and not table.keyed:
        yield Problem(
            message=f"Table {name} has no primary key.",
            remedy="Give one of its columns primary_key=True",
            object=name,
        )
    for column in table.columns:
        yield from _column(table, column, wanted, context)


def _column(
    table: WrittenTable, column: WrittenColumn, wanted: ModelConventions, context: Context
) -> Iterator[Problem]:
    label = f"{table.table}.{column.name}"
    if wanted.explicit_nullable and column.nullable is None:
        yield Problem(
            message=f"{label} does not say whether it is nullable, so it is.",
            remedy="Write nullable=False or nullable=True",
            at=column.span,
            object=label,
        )
    makes_one = context.server.dialect in ("mysql", "mariadb")
    indexed = column.indexed or column.name in table.indexed or _is_first_key(table, column)
    if wanted.indexed_foreign_keys and column.foreign_key and not (indexed or makes_one):
        yield Problem(
            message=f"The foreign key {label} has no index: deleting what it references reads all "
            f"of {table.table}.",
            remedy="Write index=True, and make the index in a revision",
            at=column.span,
            object=label,
        )


def _is_first_key(table: WrittenTable, column: WrittenColumn) -> bool:
    """Whether the primary key's own index begins with the column."""
    return next((c for c in table.columns if c.primary_key), None) == column
