"""One history of revisions on one scratch database: up, down and up again, step by step.

A `Track` knows where its database stands. Alembic asks it for steps through a generator; a step
that fails ends the run of env.py, the track puts the database file back and says whether another
run is needed. All of it therefore lies in the track, nothing in the generator.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import Script
from sqlalchemy.engine import Connection

from .backends.protocol import AFTER, EMPTY, ROW_LIMIT, Scratch, State
from .cascades import Drops
from .channel import FatalError
from .course import Course, Progress
from .failure import Failure, failure_of, place_of
from .fresh import Fresh
from .from_project import make_tables
from .json_shapes import shapes_in
from .lenient import Lenient
from .models import models_columns
from .partial import Partial
from .ran import Ran
from .row_losses import brought_back, losses
from .seed import ALL_ROWS, NO_ROWS, PLAIN_ROWS, Seeder
from .telling import Teller
from .written import Written


class _Refusal(NamedTuple):
    """A downgrade that other rows may well pass, and what its upgrade lost of these."""

    failure: Failure
    causes: list[dict[str, Any]]


class Track:
    """The stairway of one database."""

    def __init__(
        self, course: Course, scratch: Scratch, lenient: Lenient, progress: Progress
    ) -> None:
        self._scripts, self._plan, self._tested, self._dialect, self._members = course[:5]
        self._course, self._end = course, course.end
        self._verify = course.verify
        self._initial, self._own_rows = course.initial, course.rows
        self._scratch = scratch
        self._progress = progress
        self._channel = progress.channel
        self._partial = Partial(lenient, self._plan, self._tested, self._channel)
        self._fresh = Fresh()
        self._tell = Teller(self._channel, self._partial, lambda: self._server)
        tested = [script for script in self._plan if script.revision in self._tested]
        self._seeder = Seeder(shapes_in(str(script.path) for script in tested))
        self._database = scratch.database()
        self._database.hear = self._take_down
        self._written, self._ran = Written(self._database.rows_of), Ran("")
        self._drops = Drops(self._database)
        self._impl: DefaultImpl
        self._connection: Connection
        self._running: tuple[Script, str] | None = None
        self._began = 0.0  # that, by the clock
        self._reached: set[tuple[str, str]] = set()  # steps of which it was said
        self._failure: Failure | None = None
        self._failed_with_rows: Failure | None = None
        self._refused: _Refusal | None = None
        self._broken: dict[str, None] = {}  # do not run
        self._skipped: dict[str, None] = {}  # not even in part
        self._no_way_back: list[str] = []
        self._applied = 0  # revisions of the plan that the database has
        self._position = 0  # the revision at hand
        self._seeded_at = -1  # how many were applied when the database last got rows
        self._phase = "upgrade"
        self._rows = ALL_ROWS  # of ours, that the database may hold
        self._bare = False  # whether it may hold none of the project's own either
        self._before = self._after = State({}, {}, {})
        self._same = True  # whether the downgrade brought the schema back
        self._starts_again = False  # from what the first upgrade made
        self._notes_statements = False  # since they are those of a first upgrade
        self._proven = False
        self.finished = False

    # What the worker asks

    def climb(self, context: MigrationContext) -> Iterator[MigrationStep]:
        """Yield the steps from where the database stands; runs between them what they need."""
        self._database.open(context)
        self._impl = context.impl
        assert context.connection is not None
        self._connection = context.connection
        models = models_columns(context)
        self._partial.models = {table.lower() for table in models}
        self._begin()
        while self._position < self._end:
            script = self._plan[self._position]
            if self._applied < self._position:
                yield from self._catch_up()
            if script.revision in self._skipped or script.revision not in self._tested:
                yield self._up(script)
                self._settle()
                self._applied += 1
                self._prove(script)
            elif not self._course.tests(script.revision):
                yield from self._first_upgrade(script)
                self._with_full_rows()
            else:
                yield from self._round_trip(script)
            self._position += 1
            self._progress.done += 1
        self._channel.send("rest")
        if self._members is not None and self._plan and self._course.whole:
            if self._applied < self._position:  # the last revision's way back has emptied it
                yield from self._catch_up()
            self._tell.models(
                context,
                self._database,
                self._members,
                self._plan[-1],
                models,
                all_ran=not (
                    self._skipped or self._partial.revisions or self._partial.starts_elsewhere
                ),
            )
        self.finished = True

    def _begin(self) -> None:
        """Make the tables that the first revision finds, where a setting says how."""
        if self._initial and not self._applied and not self._database.snapshot().tables:
            self._database.listen()
            make_tables(self._initial, self._connection)
            self._database.settle()

    def recover(self, error: BaseException) -> bool:
        """Put the database back after a failed step; False where `error` came from no step."""
        self._channel.send("rest")
        self._notes_statements = False
        if self._starts_again:
            self._starts_again = False
            self._go_on_after()
            return True
        failure, self._failure = self._failure, None
        running, self._running = self._running, None
        if failure is None and running is not None:  # it failed when it was committed
            failure = failure_of(error, *running, server=self._server)
        if failure is None:
            return False
        if failure.step == "downgrade":
            self._downgrade_failed(failure)
        elif self._phase == "second-upgrade":
            if self._same:  # else the downgrade is to blame, and that is said already
                self._tell.failure("second-upgrade", failure)
            self._go_on_after()
        else:
            self._upgrade_failed(failure)
        return True

    def met(self) -> Iterator[tuple[str, str, str]]:
        """Yield what the user should know of this track: what was met, where, and why if known."""
        last = self._plan[-1].revision if self._plan else None  # after which nothing comes
        yield from (("no way back", revision, "") for revision in self._no_way_back)
        yield from (("unseeded", table, why) for table, why in self._seeder.notes.items())
        yield from (("long", table, str(ROW_LIMIT)) for table in self._database.longer)
        yield from (("skipped", revision, "") for revision in self._skipped if revision != last)
        yield from (("broken", revision, "") for revision in self._broken if revision != last)

    # The steps

    def _round_trip(self, script: Script) -> Iterator[MigrationStep]:
        if self._phase == "upgrade":
            yield from self._first_upgrade(script)
            if script.revision in self._partial.revisions:
                self._with_full_rows()
                return
            self._phase = "downgrade"
        if not hasattr(script.module, "downgrade"):
            self._no_way_back.append(script.revision)
            self._losses(script, None)
        else:
            yield from self._back_and_again(script)
        self._phase = "upgrade"
        self._with_full_rows()

    def _first_upgrade(self, script: Script) -> Iterator[MigrationStep]:
        database = self._database
        if self._rows is NO_ROWS or EMPTY not in database.saved:
            database.save(EMPTY, self._applied)
        self._put_own_rows(script)
        self._before = database.snapshot()
        if self._rows is not NO_ROWS:
            self._before = self._seed()
            self._seeded_at = self._applied
        self._written, self._ran = Written(database.rows_of), Ran(str(script.path))
        self._drops = Drops(database)
        self._notes_statements = True
        yield self._up(script)
        self._settle()
        self._written.close()
        self._applied += 1
        if statements := self._ran.statements():
            where = place_of(script, "upgrade")
            self._channel.send("ran", revision=script.revision, statements=statements, **where)
        self._passed_with_other_rows()
        self._prove(script)
        if not self._course.tests(script.revision):  # the rows of the next one stand in for it
            self._after = self._before
            return
        self._after = database.snapshot()
        self._partial.there.update(table.lower() for table in self._after.tables)
        if self._rows is not NO_ROWS and script.revision not in self._partial.revisions:
            self._after = self._seed(new=True)
        database.save(AFTER, self._applied)

    def _back_and_again(self, script: Script) -> Iterator[MigrationStep]:
        database = self._database
        yield self._step(script, up=False)
        self._settle()
        self._progress.downgraded += 1
        if self._refused:
            self._tell.made_up(self._refused.failure, self._rows)
            self._refused = None
        restored = database.snapshot()
        self._phase = "second-upgrade"
        kept = self._losses(script, restored)
        if objects := brought_back(self._before, self._after, restored):
            self._channel.send("restored", revision=script.revision, objects=objects)
        self._same = self._tell.difference("downgrade", script, self._before, restored)
        yield self._up(script)
        self._settle()
        if self._same:
            again = database.snapshot()
            kept = self._tell.difference("second-upgrade", script, self._after, again) and kept
        if not (kept and self._same):  # the next one starts from what the first upgrade made
            self._starts_again = True
            raise _StartAgainError

    def _put_own_rows(self, script: Script) -> None:
        """Put in what the project has for this revision; ours go where none are."""
        if self._own_rows is not None and not self._bare:
            self._database.listen()
            self._own_rows.put(script.revision, self._connection)
            self._database.settle()

    def _seed(self, new: bool = False) -> State:
        """Give rows to tables that need some, and return what the database holds then.

        `new`: only to those that the upgrade made, and left empty.
        """
        rows = self._seeder.rows
        only = None
        if new:
            only = {
                name
                for name in self._after.tables.keys() - self._before.tables.keys()
                if not self._after.rows.get(name) and self._written.is_new(name)
            }
        state = self._seeder.seed(self._database, only)
        self._progress.seeded += self._seeder.rows - rows
        return state

    def _with_full_rows(self) -> None:
        """Have the next revision start over rows of all kinds."""
        self._bare = False
        self._refused = None
        if self._rows is not ALL_ROWS:
            self._rows = self._seeder.kind = ALL_ROWS
            self._seeder.forget()
            self._database.unsettled |= self._after.tables.keys()

    def _catch_up(self) -> Iterator[MigrationStep]:
        """Bring a database without rows to the revision at hand, and keep it for the next time."""
        while self._applied < self._position:
            yield self._up(self._plan[self._applied])
            self._settle()
            self._applied += 1
        self._database.save(EMPTY, self._applied)

    def _up(self, script: Script) -> MigrationStep:
        return self._step(script, up=True)

    def _step(self, script: Script, up: bool) -> MigrationStep:
        """Return Alembic's step for just this revision, watched and with its failure kept."""
        revisions = self._scripts.revision_map
        direction = "upgrade" if up else "downgrade"
        if up and script.revision in self._skipped:
            step = _Step(revisions, script, True)
            step.migration_fn = _nothing
            return step
        if not hasattr(script.module, direction):
            raise FatalError(
                f"Revision {script.revision} has no {direction}(), so Alembic cannot run it.",
                f"add `def {direction}():` to the revision",
                path=str(script.path),
            )
        self._fresh.prepare(script)
        step = _Step(revisions, script, up)
        step.migration_fn = self._watched(step.migration_fn, script, direction)
        self._database.listen()
        self._channel.send(
            "step",
            revision=script.revision,
            direction=direction,
            stage=self._phase,
            # for whose sake it runs: behind the last one for that of the models
            at=self._plan[min(self._position, self._end - 1)].revision,
            **self._progress.counts(),
            **place_of(script, direction),
        )
        return step

    def _watched(
        self, run: Callable[..., None], script: Script, direction: str
    ) -> Callable[..., None]:
        def migrate(*arguments: Any, **named: Any) -> None:
            self._running, self._began = (script, direction), time.monotonic()
            try:
                self._attempt(script, direction, lambda: run(*arguments, **named))
            finally:
                self._notes_statements = False  # what follows is Alembic's own

        migrate.__name__ = direction
        return migrate

    def _attempt(self, script: Script, direction: str, run: Callable[[], None]) -> None:
        """Run a step; where it fails for no fault of its own, as much of it as there can be."""
        up = direction == "upgrade"
        if up and script.revision in self._partial.revisions:
            self._partial.run(script, run)
            return
        try:
            run()
        except BaseException as error:
            failure = failure_of(
                error, script, direction, self._server, self._scratch.fence.explain(error)
            )
            if up and self._phase == "upgrade" and self._partial.excuses(failure, self._server):
                self._database.undo()
                wrong = self._partial.run(script, run)
                if wrong:
                    self._tell.failure("upgrade", wrong)
                return
            self._failure = failure
            raise
        if up:
            self._progress.upgraded += 1

    @property
    def _server(self) -> str | None:
        """The server that the database stands in for, "" where nobody said; None: for none."""
        return self._database.stands_in_for(self._dialect)

    def heard(self, sql: str) -> None:
        """Take down a statement that SQLAlchemy runs."""
        self._database.heard(sql)

    def heard_of_column(self, table: str, column: str, new: str | None) -> None:
        """Take down a column that a batch drops, or calls `new`."""
        if self._notes_statements:
            self._written.hear_of_column(table, column, new)
            if new is None:
                self._ran.hear_of_column(table, column)

    def _take_down(self, sql: str) -> None:
        if self._notes_statements:
            self._written.hear(sql)
            self._ran.hear(sql)
        if self._phase != "second-upgrade":
            self._drops.hear(sql, self._phase)

    # Between the steps

    def _settle(self) -> None:
        if self._running and self._applied >= self._position:  # and not on the way back to it
            self._channel.send("took", seconds=time.monotonic() - self._began)
            self._tell_reached(self._running[0])
            if self._verify and not (self._skipped or self._partial.revisions):
                tables = self._database.snapshot().tables
                lines = {name: table.lines for name, table in tables.items()}
                self._channel.send("schema", tables=lines)
        self._running = None
        self._impl.memo.clear()  # of enums made so far: no deployment goes up, down and up again
        self._notes_statements = False
        self._database.settle()

    def _tell_reached(self, script: Script) -> None:
        """Say what the step at hand would have done where foreign keys are enforced."""
        step = script.revision, self._phase
        if self._server is not None or self._phase == "second-upgrade" or step in self._reached:
            return
        for one in self._database.reached() if script.revision in self._tested else ():
            self._reached.add(step)
            self._tell.fact(
                "reached",
                script,
                self._phase,
                stage=self._phase,
                difference=one.difference,
                table=one.table,
                error=one.error,
            )

    def _prove(self, script: Script) -> None:
        """Raise FatalError unless the scratch database itself says that the revision is applied."""
        if self._proven or script.revision in self._skipped:
            return
        if script.revision not in self._database.versions():
            raise FatalError(
                "The scratch database was not migrated: its version table did not move "
                f"when {script.revision} ran.",
                "let env.py run its migrations on the connection it configures, "
                'or set env = "none"',
                **place_of(script, "upgrade"),
            )
        self._proven = True

    def _losses(self, script: Script, restored: State | None) -> bool:
        """Report the rows and values that are lost; None: there is no way back.

        Return whether the downgrade kept all.
        """
        found = losses(self._before, self._after, restored, self._written)
        causes = self._drops.causes(found, self._before, self._after)
        self._tell.losses(script, causes)
        return all(stage == "upgrade" for _, stage in found)

    # After a failure

    def _upgrade_failed(self, failure: Failure) -> None:
        seeded = self._rows is not NO_ROWS and self._seeded_at == self._applied
        script = self._plan[self._applied]
        if seeded:
            first = self._failed_with_rows
            if first is None or not failure.of_made_up_rows:
                self._failed_with_rows = failure
            self._with_other_rows(failure)
            return
        if self._own_rows is not None and not self._bare and self._applied == self._position:
            self._failed_with_rows = failure
            self._bare = True
            self._restore(EMPTY)
            return
        if script.revision in self._partial.revisions:  # nothing of it runs
            self._skipped[script.revision] = self._broken.pop(script.revision, None)
            self._with_full_rows()
        else:
            self._tell.failure("upgrade", failure)
            self._partial.without(script)
            self._partial.revisions.add(script.revision)
            self._broken[script.revision] = None
        self._failed_with_rows = None
        self._restore(EMPTY)

    def _with_other_rows(self, failure: Failure) -> None:
        """Try the same revision again: with plainer rows where code trips over them, else without.

        Whether an upgrade that failed is right on empty tables, is to be known as well.
        """
        plainer = self._rows is ALL_ROWS and failure.of_made_up_rows
        self._rows = PLAIN_ROWS if plainer else NO_ROWS
        self._seeder.kind = self._rows
        self._phase = "upgrade"
        self._restore(EMPTY)
        self._seeder.forget()

    def _passed_with_other_rows(self) -> None:
        """Say what the rows were to blame for, now that the same upgrade ran without them."""
        failure, self._failed_with_rows = self._failed_with_rows, None
        if failure is None:
            return
        if failure.of_made_up_rows and not self._bare:
            self._tell.made_up(failure, self._rows)
        else:
            self._tell.failure("upgrade-with-rows", failure)

    def _downgrade_failed(self, failure: Failure) -> None:
        if failure.of_made_up_rows and not failure.outright and self._rows is not NO_ROWS:
            if self._refused is None:
                found = losses(self._before, self._after, None, self._written)
                causes = self._drops.causes(found, self._before, self._after)
                self._refused = _Refusal(failure, causes)
            self._with_other_rows(failure)
            return
        refused, self._refused = self._refused, None
        if refused and failure.declared:  # whatever the rows
            self._tell.losses(self._plan[self._position], refused.causes)
        else:
            self._losses(self._plan[self._position], None)
        if failure.declared:
            self._tell.declared(failure)
        else:
            self._tell.failure("downgrade", failure)
        self._go_on_after()

    def _go_on_after(self) -> None:
        self._restore(AFTER)
        self._phase = "upgrade"
        self._with_full_rows()
        self._position += 1
        self._progress.done += 1

    def _restore(self, name: str) -> None:
        self._applied = self._database.restore(name)


class _Step(RevisionStep):
    """Alembic's step, without its walk over all ancestors at each downgrade of a plain chain."""

    def _unmerge_to_revisions(self, heads: set[str]) -> tuple[str, ...]:
        parents = self.revision._versioned_down_revisions
        if len(parents) == 1 and not set(heads) - {self.revision.revision}:
            return tuple(parents)
        return tuple(super()._unmerge_to_revisions(heads))


class _StartAgainError(Exception):
    """Ends a run of env.py, so that the database can be put back."""


def _nothing(*_: Any, **__: Any) -> None:
    """Stand in for an upgrade that cannot run."""
