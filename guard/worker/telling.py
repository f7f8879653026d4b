"""What a track tells of its revisions: facts for guard to judge, and notes for the user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from alembic.runtime.migration import MigrationContext
from alembic.script import Script

from .backends.protocol import Database, State
from .channel import Channel
from .compare import schema_difference
from .enums import Members
from .failure import Failure, place_of
from .models import Models, Schema, models_difference, touched_tables
from .partial import Partial

NO_MODELS = (
    "The models were not compared with the schema, since the metadata that env.py gives Alembic "
    "holds no table: import there the modules of the models."
)
TOUCHED = (
    "Not compared with the schema: {}, which a revision reflected or made in the metadata of the "
    "models as it ran. In a revision, use a sa.MetaData() of its own."
)
NOT_ALL_RAN = "The models were not compared with the schema, since not every revision could be run."


class Teller:
    """Sends what is so over the channel; `server`: what the database stands in for, if anything."""

    def __init__(
        self, channel: Channel, partial: Partial, server: Callable[[], str | None]
    ) -> None:
        self._channel = channel
        self._partial = partial
        self._server = server

    def fact(self, kind: str, script: Script, direction: str, **fields: Any) -> None:
        """Tell something of one direction of a revision."""
        place = place_of(script, direction)
        self._channel.send("fact", kind=kind, revision=script.revision, **{**place, **fields})

    def failure(self, stage: str, failure: Failure) -> None:
        """Tell that a step failed, unless that is no fault of the revision's."""
        if stage != "upgrade-with-rows" and self._partial.excuses(failure, self._server()):
            return
        self._channel.send(
            "fact",
            kind="failure",
            stage=stage,
            error=failure.error,
            sql=failure.sql,
            refused=failure.refused,
            **failure.where(),
        )

    def declared(self, failure: Failure) -> None:
        """Tell that a downgrade says of itself that there is no way back."""
        self._channel.send("fact", kind="irreversible", message=failure.error, **failure.where())

    def made_up(self, failure: Failure, rows: str) -> None:
        """Tell that a step failed over `rows` that guard made up."""
        self._channel.send(
            "made-up",
            revision=failure.revision,
            step=failure.step,
            reason=failure.error,
            rows=rows,
        )

    def losses(self, script: Script, causes: Iterable[dict[str, Any]]) -> None:
        """Tell the rows and values that are lost, by what lost them."""
        for cause in causes:
            self.fact("rows", script, cause["stage"], **cause)

    def difference(self, stage: str, script: Script, old: State, new: State) -> bool:
        """Tell where two schemas differ that should be the same; return whether they are."""
        lines = schema_difference(old, new)
        direction = "downgrade" if stage == "downgrade" else "upgrade"
        own = self._partial.of_its_own(script, direction, lines)
        if own:
            self.fact("schema", script, direction, stage=stage, difference=own)
        return not lines

    def models(
        self,
        context: MigrationContext,
        database: Database,
        members: Members,
        script: Script,
        models: Models,
        *,
        all_ran: bool,
    ) -> None:
        """Tell where the models differ from the schema after the last `script`, or why not.

        `models`: as they were before any revision ran.
        """
        given = context.opts.get("target_metadata") is not None
        if given and not models:
            self._channel.send("note", kind="models-not-compared", text=NO_MODELS)
        elif not all_ran:
            if given:
                self._channel.send("note", kind="models-not-compared", text=NOT_ALL_RAN)
        else:
            known = {**members.known, **database.members()}
            batch = context.dialect.name == "sqlite" and not self._server()
            tables = database.snapshot().tables
            schema = Schema(tables, known, batch=batch, as_made=database.as_made)
            touched = touched_tables(context, models)
            if touched:
                text = TOUCHED.format(", ".join(touched))
                self._channel.send("note", kind="models-not-compared", text=text)
            lines = models_difference(context, schema, touched)
            if lines:
                self.fact("schema", script, "upgrade", stage="models", difference=lines)
