"""What the steps of a run find, and how it adds up."""

from __future__ import annotations

import msgspec

from guard.facts import Fact
from guard.finding import Coverage, Finding, Timing
from guard.note import Note
from guard.run.trip import Trip


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of the run adds; `paths` and `revisions` are what it covered.

    `known` are the findings that the base had already, `unchanged` the paths that are as it has
    them, `new` the revisions that it does not have. `restored` is what RoundTrip has of it. No
    setting of the change silences those `about_gate`.
    """

    facts: tuple[Fact, ...] = ()
    restored: frozenset[tuple[str, str]] = frozenset()
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    about_gate: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    checked: tuple[str, ...] = ()
    texts: dict[str, str] = {}
    paths: frozenset[str] = frozenset()
    unchanged: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    coverage: Coverage = Coverage()
    timings: tuple[Timing, ...] = ()
    trips: tuple[Trip, ...] = ()
    errors: tuple[str, ...] = ()
    interrupted: bool = False

    def __add__(self, other: Part) -> Part:
        return Part(
            facts=self.facts + other.facts,
            restored=self.restored | other.restored,
            findings=self.findings + other.findings,
            known=self.known + other.known,
            about_gate=self.about_gate + other.about_gate,
            notes=self.notes + other.notes,
            checked=self.checked + other.checked,
            texts=self.texts | other.texts,
            paths=self.paths | other.paths,
            unchanged=self.unchanged | other.unchanged,
            revisions=self.revisions | other.revisions,
            new=self.new | other.new,
            coverage=self.coverage + other.coverage,
            timings=self.timings + other.timings,
            trips=self.trips + other.trips,
            errors=self.errors + other.errors,
            interrupted=self.interrupted or other.interrupted,
        )

    def of(self, name: str, environment: str) -> Part:
        """Return the same with its sentences begun by a name; some begin with the `environment`."""

        known = tuple(f"{known}: " for known in (name, environment))

        def begun(text: str) -> str:
            return text if text.startswith(known) else f"{name}: {text}"

        return msgspec.structs.replace(
            self,
            notes=tuple(note.told(begun) for note in self.notes),
            checked=tuple(map(begun, self.checked)),
            errors=tuple(map(begun, self.errors)),
        )
