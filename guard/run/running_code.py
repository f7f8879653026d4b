"""What the code that is running maps: the models of the base, beside those of the change."""

from __future__ import annotations

from functools import cached_property

from guard.context import Mapped
from guard.models.read import Models
from guard.operations import Name
from guard.run.histories import ChangedHistory
from guard.run.models import models_now, models_then, python_before
from guard.run.released import Released
from guard.run.scope import Scope
from guard.server import fold


class RunningCode:
    """The models of a history; none is read before the first question.

    `released` is None where nothing is compared with a base: nobody knows then what is running.
    """

    def __init__(self, scope: Scope, history: ChangedHistory, released: Released | None) -> None:
        self._scope = scope
        self._history = history
        self._released = released

    def mapped(self, table: Name, column: str | None) -> Mapped | None:
        """Return whether the base maps the table, or the column; None where that is not known."""
        if self._sides is None:
            return None
        then, now = self._sides
        found = self._place(then, table, column)
        if found is None:
            return None
        return Mapped(by=found or None, still=bool(self._place(now, table, column)))

    @cached_property
    def _sides(self) -> tuple[Models, Models] | None:
        """The models of the base and those of the change; None where the base has none."""
        if self._released is None or self._history.environment.kind != "alembic":
            return None
        before = python_before(self._scope, self._released)
        then = models_then(self._scope, self._history, before)
        if not then.models:
            return None
        return then, models_now(self._scope, self._history) if before else then

    def _place(self, models: Models, table: Name, column: str | None) -> str | None:
        """Return `app/models.py:7`, "" where nothing maps it, None where that is not known."""
        described = models.table(table)
        model = models.models.get(str(described.name)) if described else None
        if model is None:
            return ""
        place = model.place
        if column is not None:
            name = fold(column, self._scope.dialect)
            places = {fold(n, self._scope.dialect): p for n, p in model.columns.items()}
            if name not in places:
                return "" if model.create.complete else None
            place = places[name]
        return f"{place.span.path}:{place.span.line}"
