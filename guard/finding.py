"""The answers of guard: a finding, complete when born, and the report that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from guard.effects.effect import Effect
from guard.note import Note
from guard.rewrite import Rewrite
from guard.statement import Span

Severity = Literal["error", "warning", "info", "off"]
Status = Literal["open", "approved", "ignored", "baseline"]
SEVERITY_ORDER: tuple[Severity, ...] = ("error", "warning", "info")


class Edit(msgspec.Struct, frozen=True):
    """One piece of a file to replace, so that the problem is gone; `text` may be empty."""

    span: Span
    text: str


class Related(msgspec.Struct, frozen=True):
    """Another place that belongs to the problem, and how."""

    span: Span
    message: str


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """What a run shows of a problem that is real: that this is otherwise than it was before.

    A part of a `table` may have no `name`, and a key or an index has `columns`; kind "rows": rows
    of the table are gone. `everything`: whatever is left over. "raises": the downgrade.
    """

    how: Literal["left over", "missing", "changed", "raises"]
    kind: str = ""
    name: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    everything: bool = False


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One problem at one place.

    An approval of it names its `object` and `fingerprint`, and `deed` is what of that does not
    depend on when it is done; `approvable`: no comment can
    silence it, only an approval; `reason` is the comment's or the approval's. `url` is the rule's
    page of the reference. `effect` is what
    the statement does to a running server, where that is the problem. `foretells` is what a
    run will show of it, `evidence` how one proved it; `if_restored` is the message where one shows
    that the downgrade brings everything back. All edits of a `fix` are made together, or
    none; it is made of the `rewrite`, what the rule wants to stand there.
    """

    rule: str
    severity: Severity
    message: str
    remedy: str
    span: Span
    fix: tuple[Edit, ...] = ()
    rewrite: Rewrite = ()
    related: tuple[Related, ...] = ()
    statement_span: Span | None = None  # the whole statement: a comment on any of its lines counts
    batch_span: Span | None = None  # the batch around it, which sends its statements
    effect: Effect | None = None
    foretells: tuple[Foretold, ...] = ()
    evidence: tuple[str, ...] = ()
    if_restored: str = ""
    revision: str | None = None
    direction: str | None = None
    object: str = ""
    fingerprint: str = ""
    deed: str = ""
    approvable: bool = False
    status: Status = "open"
    reason: str | None = None
    approvers: tuple[str, ...] = ()  # who approved it, where that counts
    url: str | None = None


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much was read: counts of revisions, statements and opaque statements."""

    revisions: int = 0
    statements: int = 0
    opaque: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            revisions=self.revisions + other.revisions,
            statements=self.statements + other.statements,
            opaque=self.opaque + other.opaque,
        )


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one service among several; its name is a folder, mostly.

    `new` revisions are not on the base; `judged` are those and what was edited, or all. `findings`
    are counts of the open ones by severity, and `unchanged` counts more in unchanged code.
    """

    name: str
    new: int = 0
    judged: int = 0
    findings: dict[Severity, int] = {}
    unchanged: int = 0


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How long the steps of a revision took in the round trip, in seconds; None: it was not run.

    Of several databases it is the slowest.
    """

    revision: str
    path: str
    up: float | None = None
    down: float | None = None
    up_again: float | None = None

    @property
    def seconds(self) -> float:
        """The time of all of its steps."""
        return (self.up or 0) + (self.down or 0) + (self.up_again or 0)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one run found.

    `notes` are what the user should read once; `checked` names what was done, for the summary.
    `errors` are parts of the work that could not be done: the report is true, and not all of it.
    `unchanged` is how many open findings more stand in code that is as the base has it. `services`
    is empty where the project is one. `timings` are of the revisions that ran, in their order.
    `judged` are the files of the revisions whose statements were judged, `runs` those that a round
    trip runs, whether this was one or not. All paths are relative to `root`. `shard`, such as
    "2/8": it is of that part alone. `nothing_ran`: a round trip could run none of its revisions
    whole.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    coverage: Coverage = Coverage()
    checked: tuple[str, ...] = ()
    unchanged: int = 0
    fail_on: Literal["error", "warning"] = "error"
    errors: tuple[str, ...] = ()
    services: tuple[Tally, ...] = ()
    timings: tuple[Timing, ...] = ()
    judged: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    root: Path = Path()
    shard: str = ""
    nothing_ran: bool = False

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nothing silences."""
        return tuple(f for f in self.findings if f.status == "open")

    @property
    def failed(self) -> bool:
        """Whether an open finding is severe enough to stop the gate."""
        return any(map(self.fails, self.findings))

    def fails(self, finding: Finding) -> bool:
        """Whether this finding stops the gate."""
        failing = {"error"} if self.fail_on == "error" else {"error", "warning"}
        return finding.status == "open" and finding.severity in failing
