"""A history brought to one revision, on a scratch database that stays for who asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from .backends.protocol import Scratch
from .channel import FatalError
from .failure import failure_of
from .from_project import Rows, make_tables
from .json_shapes import shapes_in
from .seed import Seeder


class Goal(NamedTuple):
    """The `target` in Alembic's words, and the `direction` in which it lies.

    `fill`: every table gets rows once it is there. `initial` says what makes the tables that the
    first revision finds, `rows` which the project has of its own.
    """

    scripts: ScriptDirectory
    target: str
    direction: str
    fill: bool
    initial: str | None
    rows: Rows | None


class Reach:
    """The way of one database to the goal."""

    def __init__(self, goal: Goal, scratch: Scratch) -> None:
        self._goal = goal
        self._scratch = scratch
        self._database = scratch.database()
        self._running: Any = None  # the step
        self.finished = False

    def climb(self, context: MigrationContext) -> Iterator[MigrationStep]:
        """Yield the steps from where the database stands, and put rows in at the end."""
        assert context.connection is not None
        self._database.open(context)
        heads = context.get_current_heads()
        self._begin(heads, context.connection)
        for step in self._steps(heads):
            script = step.revision
            if self._goal.fill and self._goal.rows is not None:
                self._put_own_rows(script.revision, context.connection)
            self._running = script
            self._database.listen()
            yield step
            self._database.settle()
            self._running = None
        if self._goal.fill:
            shapes = shapes_in(str(one.path) for one in self._goal.scripts.walk_revisions())
            Seeder(shapes).seed(self._database)
        self.finished = True

    def recover(self, error: BaseException) -> bool:
        """Raise FatalError for a step that failed; return False where `error` came from none."""
        if self._running is None:
            return False
        failure = failure_of(error, self._running, self._goal.direction, None)
        raise FatalError(
            f"The {failure.step} of {failure.revision} fails: {failure.error}.",
            "mend the revision, or name a server that it is for (backend = in [tool.guard])",
            path=failure.path,
            line=failure.line,
        ) from error

    def heard(self, sql: str) -> None:
        """Take down a statement that SQLAlchemy runs."""
        self._database.heard(sql)

    def heard_of_column(self, table: str, column: str, new: str | None) -> None:
        """Leave alone what a batch does to a column."""

    def met(self) -> tuple[tuple[str, str, str], ...]:
        """Return nothing: who asked looks at the database."""
        return ()

    def _steps(self, heads: Any) -> list[Any]:
        scripts, target = self._goal.scripts, self._goal.target
        find = (
            scripts._upgrade_revs if self._goal.direction == "upgrade" else scripts._downgrade_revs
        )
        try:
            return list(find(target, heads))
        except CommandError as error:
            raise FatalError(f"{error}.", "name a revision of the history") from None

    def _begin(self, heads: Any, connection: Connection) -> None:
        initial = self._goal.initial
        if initial and not heads and not self._database.snapshot().tables:
            self._database.listen()
            make_tables(initial, connection)
            self._database.settle()

    def _put_own_rows(self, revision: str, connection: Connection) -> None:
        assert self._goal.rows is not None
        self._database.listen()
        self._goal.rows.put(revision, connection)
        self._database.settle()
