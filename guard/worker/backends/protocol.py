"""What the walk knows of a scratch database, whichever server it lies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Protocol

from ..channel import FatalError
from ..fence import Fence
from ..json_shapes import Shape
from ..written import Rows

if TYPE_CHECKING:  # guard itself runs what reads SQLite, and has no need of them
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.engine.url import URL

ROW_LIMIT = 20_000  # rows of a table that are read and compared
# The states of a database that are saved for later.
EMPTY, AFTER = "empty", "after"
UNKNOWN = ("driver",)  # in the URL that `alembic init` writes
PLACEHOLDER = "sqlite:///guard-scratch"  # where the project names no database


class Column(NamedTuple):
    """`type` and `default` as the server writes them."""

    name: str
    type: str
    nullable: bool
    default: str | None
    generated: bool


class ForeignKey(NamedTuple):
    """`parent_columns` is empty where the parent's primary key is meant."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


def driver_connection(context: MigrationContext) -> Any:
    """Return the driver's own connection behind the one that env.py gives Alembic."""
    assert context.connection is not None
    fairy = context.connection.connection
    return getattr(fairy, "dbapi_connection", None) or getattr(fairy, "connection", None)


def leads_elsewhere(where: str) -> FatalError:
    """Return the error of an env.py whose connection leads there, and not to a scratch database."""
    return FatalError(
        f"env.py gives Alembic a connection {where}.",
        'make its engine with sqlalchemy.create_engine, or set env = "none"',
    )


class Table(NamedTuple):
    """`lines` describe it for a reader, by what must be equal for two tables to be the same."""

    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    uniques: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[str, ...]
    lines: dict[str, str]


class State(NamedTuple):
    """Tables by name, all other objects by (owner, name) as a line each, and rows by table."""

    tables: dict[str, Table]
    others: dict[tuple[str, str], str]
    rows: dict[str, list[tuple[Any, ...]]]


class Reached(NamedTuple):
    """What dropping a table would do to others, were keys enforced: lines, or how it fails."""

    table: str
    difference: list[str]
    error: str


class RowRefusedError(Exception):
    """The database does not take a row; `by_check`: other values may well pass."""

    def __init__(self, text: str, by_check: bool) -> None:
        super().__init__(text)
        self.by_check = by_check


class Database(Protocol):
    """One scratch database. Its connection is the one that env.py gives Alembic."""

    unsettled: set[str]  # tables that changed since rows were last put in
    saved: dict[str, int]  # how many revisions each saved state has
    puts_at_once: bool  # whether `put_all` is worth a try

    def stands_in_for(self, dialect: str | None) -> str | None:
        """Return the kind of server that it stands in for; "" where that is not known.

        None: it is of that kind. `dialect` is the configured one.
        """

    @property
    def longer(self) -> set[str]:
        """The tables of which no more than the first rows were read."""

    def open(self, context: MigrationContext) -> None:
        """Take a new connection of env.py; raise FatalError where it leads anywhere else."""

    hear: Callable[[str], None]  # is told each statement of a revision before it runs

    def rows_of(self, table: str) -> Rows | None:
        """Return the rows of a table at this moment, names in lower case; None without it."""

    def listen(self) -> None:
        """Hear, from now on, what the connection does."""

    def heard(self, sql: str) -> None:
        """Take down the statement that SQLAlchemy is about to run."""

    def drops_cascade(self) -> bool:
        """Return whether a table that is dropped now takes along the rows that refer to it."""

    def reached(self) -> list[Reached]:
        """Return what the step would have done to children of tables that it made anew.

        Nothing where keys were enforced, or always are.
        """

    def settle(self) -> None:
        """Make what a step did lasting, and forget what it set of the session."""

    def undo(self) -> None:
        """Make the connection usable again after a statement that failed."""

    def versions(self) -> set[str]:
        """Return the ids in Alembic's table, as another connection sees them."""

    def snapshot(self) -> State:
        """Return what the database holds; what did not change stays the very same object."""

    def save(self, name: str, applied: int) -> None:
        """Keep what the database holds now, with `applied` revisions, under `name`."""

    def restore(self, name: str) -> int:
        """Put back what was saved, else an empty database; return how many revisions it has."""

    def members(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the members of each column, by (table, column), that is an enum."""

    def as_made(self, name: str, create: str) -> Table | None:
        """Return the table that a CREATE TABLE of this name would make, and make none.

        None where the server keeps what is written, or does not take it.
        """

    def value(self, column: Column, number: int, used: Shape | None) -> Any:
        """Return a value that a column of this type may well hold, another for each number.

        `used` is the shape in which code takes it apart, as far as that is JSON.
        """

    def parent_keys(self, key: ForeignKey) -> list[tuple[Any, ...]]:
        """Return values that rows of the parent have in the columns that `key` refers to."""

    def holds(self, check: str, row: dict[str, Any]) -> bool | None:
        """Return whether a row passes the text of a CHECK; None where that cannot be asked."""

    def put(self, table: str, row: dict[str, Any]) -> None:
        """Insert a row of these columns; raise RowRefusedError."""

    def put_all(self, table: str, rows: list[dict[str, Any]]) -> bool:
        """Insert all the rows at once; False, and none is in, where any of them is refused."""

    def keep(self) -> None:
        """Make the rows lasting that were put in."""


class Scratch(Protocol):
    """All scratch databases of a run, one for each database that the project asks for."""

    product: str  # what its maker calls the server
    asked_for: dict[str, None]  # kinds of servers that they only stand in for, in order
    has_schemas: bool
    fence: Fence

    def engine(self, make: Callable[..., Any], url: URL, wait: bool, kept: dict[str, Any]) -> Any:
        """Return an engine, of SQLAlchemy's `make`, that leads to the one that stands for `url`.

        `wait`: it is for asyncio. `kept` are the settings of the project's engine.
        """

    def database(self) -> Database:
        """Return a database that is not open yet."""

    def expect_schema(self, name: str) -> None:
        """Prepare for a version table in a schema, which no revision can make."""

    def empty(self) -> None:
        """Remove what the databases hold so far."""

    def close_all(self) -> None:
        """Close what the project left open."""
