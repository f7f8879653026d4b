"""A model that uses a name which nothing defines cannot be imported.

Its class is made when the module is imported, and so the application, env.py and every test stop
with a NameError there. A default that calls a function of SQLAlchemy's without the import
(`default=func.now()`) is how it happens mostly.
"""

from collections.abc import Iterator

from guard.facts import UnboundName
from guard.rule import Context, Example, Problem, rule


@rule(
    UnboundName,
    instructs=("ALWAYS import every name that a model uses",),
    unsafe=(
        Example(
            source="""
            from sqlalchemy import Column, DateTime, Integer
            from sqlalchemy.orm import declarative_base

            Base = declarative_base()

            class BacktestResult(Base):
                __tablename__ = "backtest_results"

                id = Column(Integer, primary_key=True)
                created_at = Column(DateTime, default=func.now())
            """,
            says="Nothing defines `func`, which BacktestResult uses: importing the module fails "
            "with a NameError.",
            help="Add the line\nfrom sqlalchemy import func",
            at="func.now()",
        ),
        Example(
            source="""
            from sqlalchemy import Column, Integer, MetaData, Table

            metadata = MetaData()
            orders = Table("orders", metadata, Column("id", Integer), Column("note", Text))
            """,
            says="Nothing defines `Text`, which table orders uses",
            help="from sqlalchemy import Text",
            at="Text)",
        ),
        Example(
            source="""
            from sqlalchemy import Column, Integer
            from sqlalchemy.orm import DeclarativeBase

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"

                id = Column(Integer, primary_key=True)
                state = Column(Integer, default=OPEN)

            OPEN = 1
            """,
            says="`OPEN`, which Order uses, is defined in line 13 only, after the class is made",
            help="Move its definition above Order",
            at="OPEN)",
        ),
        Example(
            source="""
            from sqlalchemy import Column, Integer
            from sqlalchemy.orm import DeclarativeBase

            class Base(DeclarativeBase):
                pass

            class Order(Base):
                __tablename__ = "orders"

                id = Column(Integer, primary_key=True, default=next_id)
            """,
            says="Nothing defines `next_id`, which Order uses",
            help="Import or define next_id above Order",
            at="next_id",
        ),
    ),
    safe=(
        """
        from __future__ import annotations

        from typing import TYPE_CHECKING

        from sqlalchemy import ForeignKey, func
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

        if TYPE_CHECKING:
            from app.customers import Customer

        class Base(DeclarativeBase):
            pass

        class Order(Base):
            __tablename__ = "orders"

            id: Mapped[int] = mapped_column(primary_key=True)
            made_at: Mapped[str] = mapped_column(server_default=func.now())
            customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
            customer: Mapped[Customer] = relationship("Customer", order_by=lambda: Customer.id)
        """,
    ),
)
def undefined_name_in_model(unbound: UnboundName, context: Context) -> Iterator[Problem]:
    name, model = unbound.name, unbound.model
    if unbound.later is not None:
        yield Problem(
            message=f"`{name}`, which {model} uses, is defined in line {unbound.later} only, after "
            f"the class is made: importing the module fails with a NameError.",
            remedy=f"Move its definition above {model}",
            object=f"{model}.{name}",
        )
        return
    yield Problem(
        message=f"Nothing defines `{name}`, which {model} uses: importing the module fails with a "
        "NameError.",
        remedy=f"Add the line\n{unbound.imported}"
        if unbound.imported
        else f"Import or define {name} above {model}",
        object=f"{model}.{name}",
    )
