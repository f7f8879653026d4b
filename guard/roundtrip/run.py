"""One round trip: the request to the worker, the meaning of its events, and the limits it keeps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from guard.config import Config
from guard.facts import (
    DeclaredIrreversible,
    DowngradeFailed,
    Fact,
    ModelsDiffer,
    RowsLost,
    RowsReachable,
    RunFailure,
    SchemaDrift,
    SchemaNotRepeatable,
    SchemaNotRestored,
    SecondUpgradeFailed,
    UpgradeFailed,
    UpgradeFailedWithRows,
)
from guard.finding import Timing
from guard.newer_python import NewerPythons
from guard.note import Note
from guard.paths import relative
from guard.project.env_urls import asked_by_env
from guard.project.environments import Environment
from guard.project.settings import Settings
from guard.roundtrip import backend, databases, given
from guard.roundtrip.errors import RoundTripError
from guard.roundtrip.interpreter import Interpreter, find_interpreter
from guard.roundtrip.notes import (
    MadeUp,
    Met,
    Unrun,
    made_up_notes,
    met_notes,
    unrun_notes,
)
from guard.roundtrip.places import Frame, is_own, span_at, stack_in
from guard.roundtrip.process import Fence, TimeLimitError, Worker
from guard.roundtrip.remedies import remedy_for, too_old, withheld_remedy
from guard.roundtrip.scratch import scratch_folder
from guard.roundtrip.share import EVERYTHING, Counts, Share
from guard.roundtrip.timings import Timings
from guard.roundtrip.variables import confined, withheld
from guard.statement import Span

Progress = Callable[[str, int, int], None]
STACK_LINES = 200  # of a process whose time was over: the stacks of its threads
# Facts by the stage at which the worker met them.
FAILURES: dict[str, type[RunFailure]] = {
    "upgrade": UpgradeFailed,
    "upgrade-with-rows": UpgradeFailedWithRows,
    "downgrade": DowngradeFailed,
    "second-upgrade": SecondUpgradeFailed,
}
DRIFTS: dict[str, type[SchemaDrift]] = {
    "downgrade": SchemaNotRestored,
    "second-upgrade": SchemaNotRepeatable,
    "models": ModelsDiffer,
}
# All kinds of fact that a round trip brings.
KINDS: tuple[type[Fact], ...] = (
    *FAILURES.values(),
    *DRIFTS.values(),
    DeclaredIrreversible,
    RowsLost,
    RowsReachable,
)


class RanStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that an upgrade ran; `lines` of its `file` were running, the inner one last.

    `path` is how that file is shown.
    """

    revision: str
    sql: str
    file: Path
    path: str
    lines: tuple[int, ...]

    def span(self, newer: NewerPythons | None) -> Span:
        """Return the place of the call, for which the file is read."""
        return span_at(self.file, self.path, self.lines[-1], newer)


class SeenSchema(msgspec.Struct, frozen=True, kw_only=True):
    """What the scratch database held after a step: of each table its lines, by what they mean."""

    revision: str
    stage: Literal["upgrade", "downgrade", "second-upgrade"]
    tables: dict[str, dict[str, str]]


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a round trip; counts are of steps.

    `about_server` and `said` are notes as they came. What could not be run whole is `unrun`,
    `absent` the tables that no revision makes, `made_up` where rows of guard's own were to blame,
    `met` what else was tested on less.
    `held`: what the kernel's fence held, of "files", "network" and "signals".
    `interrupted` says where somebody ended it, "" where nobody did. `ran` are the statements of
    upgrades that may take something away, `restored` what an upgrade took away and its downgrade
    brought back with all its values: the revision, and the table or the column.
    """

    facts: tuple[Fact, ...] = ()
    about_server: tuple[Note, ...] = ()
    unrun: tuple[Unrun, ...] = ()
    absent: tuple[str, ...] = ()
    made_up: tuple[MadeUp, ...] = ()
    said: tuple[Note, ...] = ()
    met: tuple[Met, ...] = ()
    upgraded: int = 0
    downgraded: int = 0
    seeded_rows: int = 0
    seconds: float = 0.0
    server: str = "SQLite"
    held: tuple[str, ...] = ()
    interrupted: str = ""
    ran: tuple[RanStatement, ...] = ()
    restored: tuple[tuple[str, str], ...] = ()
    timings: tuple[Timing, ...] = ()
    schemas: tuple[SeenSchema, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the user should know of it."""
        return (
            *self.about_server,
            *unrun_notes(self.unrun, self.absent),
            *made_up_notes(self.made_up),
            *self.said,
            *met_notes(self.met),
        )

    @property
    def dialect(self) -> str:
        """The dialect of the server that it ran on."""
        return self.server.partition(" ")[0].lower()

    @property
    def fence(self) -> str:
        """Whose fence stood, in words."""
        if {"files", "network"} <= set(self.held):
            return "fenced by the kernel"
        if self.held:
            return f"fenced by the kernel for {' and '.join(self.held)} alone"
        return "fenced by Python alone"


def run_roundtrip(
    environment: Environment,
    *,
    root: Path,
    revisions: Sequence[str] | None,
    settings: Settings,
    on_progress: Progress | None = None,
    newer: NewerPythons | None = None,
    url: str | None = None,
    keep: bool = False,
    verify: bool = False,
    passed: Collection[str] = (),
    whole: bool = True,
) -> RoundTrip:
    """Run the stairway of `revisions` (None: of all) and return the results.

    `root` is the repository: spans are relative to it, and its database files are proven to stay
    as they are. `on_progress` is given "upgrade 4f2a...", revisions done, revisions in all; `newer`
    parse what our own Python cannot; `url` is a server of the user's for the scratch databases;
    `keep`: these stay, and a note says where; `verify`: tell the schema after each step. `passed`
    are those of the revisions that another run proves: this one only goes up over them, and tells
    nothing of them. Where it is not `whole`, it ends with the last one of its own.
    Raises RoundTripError.
    """
    started = time.monotonic()
    config_path = environment.config_path
    if config_path is None:
        raise RoundTripError(
            f"{environment.name}: no alembic.ini points at it, so its revisions cannot be run: "
            "name one with alembic-config in [tool.guard], or leave the round trip out with "
            "--no-roundtrip"
        )
    config = settings.config
    python = find_interpreter(settings, root, config_path.parent)
    before = databases.fingerprints(root)
    with scratch_folder() as folder, backend.server_for(config, url, keep=keep) as server:
        request = request_for(environment, root, folder, revisions, settings, server)
        request |= {"verify": verify, "passed": [*passed], "whole": whole}
        share = Share(passed=passed, own=None if whole else revisions)
        secrets, scheme = withheld(config.pass_env), partial(_scheme, environment, root, config)
        log = Log(root, on_progress, python, config_path, newer, secrets, share, scheme)
        listen(log, start_worker(python.path, config_path.parent, request, config), config)
        kept = [backend.kept(server, folder)] if keep else []
    changed = databases.changes(before, databases.fingerprints(root))
    if changed:
        raise RoundTripError(
            f"{', '.join(changed)} changed while the migrations ran on the scratch database: "
            "stop what else writes to it, or find what in env.py or the revisions opens it, "
            "and restore it from a copy" + "".join(f"\n{note.text}" for note in kept)
        )
    return log.result(time.monotonic() - started, server, [*backend.notes(config, server), *kept])


def _scheme(environment: Environment, root: Path, config: Config) -> str:
    env_py = environment.script_location / "env.py"
    search = (*environment.sys_path, environment.script_location)
    return asked_by_env(env_py, search, root, config.server.dialect).scheme


def request_for(
    environment: Environment,
    root: Path,
    folder: Path,
    revisions: Sequence[str] | None,
    settings: Settings,
    server: backend.Server | None,
) -> dict[str, Any]:
    config, drivers = settings.config, folder / "drivers"
    if server is not None:
        backend.lay_out_driver(server.kind, drivers)
    return {
        "config": str(environment.config_path),
        "section": environment.section,
        "script_location": str(environment.script_location),
        "root": str(root.resolve()),
        "databases": list(environment.databases),
        "env": config.env,
        "metadata": config.metadata,
        "initial": given.initial_schema(settings),
        "rows": given.rows(settings),
        "dialect": config.server.dialect,
        "revisions": None if revisions is None else list(revisions),
        "passed": [],
        "whole": True,
        "goal": None,
        "folder": str(folder),
        "server": server and {**server.request(), "drivers": str(drivers), "made": []},
        "writable": [str(path) for path in given.writable(settings, root)],
        "variables": given.variables(settings),
        "ports": [] if server is None else [server.address.port],  # that TCP may connect to
        "until": time.time() + config.timeout,
    }


def start_worker(python: str, project: Path, request: dict[str, Any], config: Config) -> Worker:
    folder = Path(request["folder"])
    variables = confined(folder, request["variables"], config.pass_env)
    fence = Fence(
        folder=folder,
        writable=tuple(map(Path, request["writable"])),
        ports=tuple(request["ports"]),
        memory=config.memory * 1024 * 1024,
    )
    try:
        return Worker(python, project, request, variables, fence)
    except OSError as error:
        raise RoundTripError(
            f"The interpreter {python} cannot be run ({error.strerror}): "
            "correct --python or python = in [tool.guard]"
        ) from None


def listen(log: Log, worker: Worker, config: Config) -> None:
    seconds = config.timeout
    with worker:
        try:
            for event in worker.events(seconds):
                if not log.hears(event):
                    continue
                if event["event"] == "memory":
                    log.stop(
                        f"stopped as it held more than {config.memory} MB of memory",
                        "find what grows there, or give it more with memory = in [tool.guard]",
                    )
                    return
                log.take(event, worker)
        except TimeLimitError:
            log.stop(
                f"still running when the {seconds:g} s of the round trip were over",
                "find what waits there, or give it more time with timeout = in [tool.guard]",
                worker.output(STACK_LINES),
            )
            return
        except KeyboardInterrupt:
            log.interrupt()
            return
        if not log.complete:
            log.stop(
                f"the process {worker.ended()}",
                "a migration must not end the process it runs in" + _quoted(worker.output()),
            )


class Log:
    """The sum of the worker's events."""

    def __init__(
        self,
        root: Path,
        on_progress: Progress | None,
        python: Interpreter,
        config_path: Path,
        newer: NewerPythons | None,
        withheld: list[str],
        share: Share = EVERYTHING,
        scheme: Callable[[], str] = lambda: "postgresql",
    ) -> None:
        self._scheme = scheme
        self._withheld = withheld
        self._held: tuple[str, ...] = ()
        self._root = root
        self._on_progress = on_progress
        self._python = python
        self._config_path = config_path
        self._newer = newer
        self._facts: list[Fact] = []
        self._ran: list[RanStatement] = []
        self._restored: list[tuple[str, str]] = []
        self._notes: dict[Note, None] = {}
        self._unrun: list[Unrun] = []
        self._met: dict[Met, None] = {}
        self._absent: dict[str, None] = {}  # tables that no revision makes
        self._made_up: dict[tuple[str, str], MadeUp] = {}  # by revision and step
        self._step: dict[str, Any] | None = None  # of a revision that is running
        self._step_began = 0.0
        self._timings = Timings()
        self._schemas: list[SeenSchema] = []
        self._share, self._counts = share, Counts(share)
        self.complete = False
        self._begun = False
        self._interrupted = ""

    def hears(self, event: dict[str, Any]) -> bool:
        """Return whether the event is none that the run of another share tells."""
        return self._share.hears(event)

    def take(self, event: dict[str, Any], worker: Worker) -> None:
        """Take one event in; raises RoundTripError for a fatal one."""
        self._begun = True
        match event["event"]:
            case "step":
                self._begin(event)
            case "took" | "schema" if (step := self._step) is not None:
                self._end(step, event)
            case "fact":
                self._facts.append(self._fact(event))
                if names := self._secrets_in(event.get("error", "")):
                    raise RoundTripError(
                        f"{self._facts[-1].span.path}:{self._facts[-1].span.line}: "
                        f"revision {event['revision']} cannot run: {event['error']}. "
                        f"Remedy: {withheld_remedy(names, self._scheme())}"
                    )
            case "ran":
                self._ran += self._statements(event)
            case "restored":
                self._restored += [(event["revision"], name.lower()) for name in event["objects"]]
            case "fence":
                self._held = tuple(event["held"])
            case "note":
                self._notes[msgspec.convert(event, Note)] = None
            case "absent":
                self._absent.update(dict.fromkeys(event["tables"]))
            case "unrun" | "made-up" | "met" as kind:
                self._take_down(kind, event)
            case "done":
                self._counts.add(event, None)
                self.complete = True
            case "rest":
                self._step = None
            case "fatal":
                raise RoundTripError(self._fatal(event, worker))

    def _take_down(self, kind: str, event: dict[str, Any]) -> None:
        """Keep what was not tested, or otherwise than it should be: notes are made of it."""
        if kind == "unrun":
            self._unrun.append(msgspec.convert({**event, "span": self._span(event)}, Unrun))
        elif kind == "made-up":
            self._made_up[event["revision"], event["step"]] = msgspec.convert(event, MadeUp)
        else:
            self._met[msgspec.convert(event, Met)] = None

    def _begin(self, step: dict[str, Any]) -> None:
        self._counts.add(step, step["at"])
        self._step, self._step_began = step, time.monotonic()
        if self._on_progress:
            label = f"{step['direction']} {step['revision']}"
            self._on_progress(label, step["done"], step["total"])

    def _end(self, step: dict[str, Any], event: dict[str, Any]) -> None:
        if event["event"] == "schema":
            self._schemas.append(msgspec.convert({**step, **event}, SeenSchema))
            return
        if step["revision"] in self._share.passed:
            return
        _, path = self._file(step)
        self._timings.add(step["revision"], path, step["stage"], event["seconds"])

    def stop(self, why: str, remedy: str, output: str = "") -> None:
        """The worker was stopped: a fact about the revision that ran, else RoundTripError.

        `output` is what it wrote, its stack at the end.
        """
        step = self._step
        printed, frames = stack_in(output)
        if step is None:
            if old := too_old(self._python):
                raise RoundTripError(old)
            if not self._begun:
                raise RoundTripError(
                    f"{self._python.path} ({self._python.chosen}) cannot run the migrations: {why} "
                    "before anything ran. Name the project's Python: --python, or python = in "
                    f"[tool.guard].{_quoted(output)}"
                )
            raise RoundTripError(self._outside(why, remedy, printed, frames))
        own = [line for file, line, _ in frames if Path(file) == Path(step["path"])]
        step = {**step, "line": own[0]} if own else step
        self._facts.append(
            FAILURES[step["stage"]](
                span=self._span(step), revision=step["revision"], error=why, stopped=True
            )
        )
        seconds = time.monotonic() - self._step_began
        note = Note(
            "round-trip-stopped",
            f"The round trip stopped {seconds:.1f} s after the {step['direction']} of "
            f"{step['revision']} began, so nothing after it was tested: {remedy}",
            self._facts[-1].span,
        )
        self._notes[note] = None

    def interrupt(self) -> None:
        """Somebody ended the run: what was found so far stays."""
        step = self._step
        where = f" in the {step['direction']} of {step['revision']}" if step else ""
        self._interrupted = (
            f"interrupted: the round trip ended{where}, so nothing after that was tested"
        )

    def _outside(self, why: str, remedy: str, printed: str, frames: Sequence[Frame]) -> str:
        """Return what to say of a run that came to its end outside the revisions."""
        root = self._root.resolve()
        where = next((f for f in frames if is_own(Path(f[0]), root)), None)
        if where is None:
            return f"The round trip stopped outside the revisions, {why}: {remedy}"
        file, line, function = where
        place = f"{relative(Path(file).resolve(), root)}:{line}"
        what = function if function.startswith("<") else f"{function}()"
        return (
            f"{place}: the round trip stopped outside the revisions, in {what}, {why}: {remedy}. "
            'What env.py waits for is left out with env = "none" in [tool.guard].'
            f"{_quoted(printed)}"
        )

    def result(
        self, seconds: float, server: backend.Server | None, notes: Iterable[Note]
    ) -> RoundTrip:
        """Return the results so far, and `notes` on the server."""
        return RoundTrip(
            facts=tuple(self._facts),
            about_server=tuple(notes),
            unrun=tuple(self._unrun),
            absent=tuple(self._absent),
            made_up=tuple(self._made_up.values()),
            said=tuple(self._notes),
            met=tuple(self._met),
            server="SQLite" if server is None else server.label,
            upgraded=self._counts["upgraded"],
            downgraded=self._counts["downgraded"],
            seeded_rows=self._counts["seeded"],
            seconds=seconds,
            held=self._held,
            interrupted=self._interrupted,
            ran=tuple(self._ran),
            restored=tuple(self._restored),
            timings=self._timings.all(),
            schemas=tuple(self._schemas),
        )

    def _secrets_in(self, error: str) -> list[str]:
        """Return the variables that an error names and that were withheld."""
        words = set(re.findall(r"\w+", error))
        return [name for name in self._withheld if name in words]

    def _statements(self, event: dict[str, Any]) -> Iterator[RanStatement]:
        file, path = self._file(event)
        for one in event["statements"]:
            yield RanStatement(
                revision=event["revision"],
                sql=one["sql"],
                file=file,
                path=path,
                lines=tuple(one["lines"]),
            )

    def _span(self, event: dict[str, Any]) -> Span:
        return span_at(*self._file(event), event.get("line") or 1, self._newer)

    def _file(self, event: dict[str, Any]) -> tuple[Path, str]:
        """Return the file that an event is about, and how it is shown."""
        file = Path(event["path"]).resolve()
        return file, relative(file, self._root.resolve())

    def _fact(self, event: dict[str, Any]) -> Fact:
        span, revision = self._span(event), event["revision"]
        match event["kind"]:
            case "failure":
                failed = FAILURES[event["stage"]]
                return failed(
                    span=span,
                    revision=revision,
                    error=event["error"],
                    sql=event["sql"],
                    refused=event["refused"],
                )
            case "schema":
                drifted = DRIFTS[event["stage"]]
                return drifted(span=span, revision=revision, difference=tuple(event["difference"]))
            case "rows":
                return RowsLost(
                    span=span,
                    revision=revision,
                    stage=event["stage"],
                    difference=tuple(event["difference"]),
                    dropped=tuple(event["dropped"]),
                )
            case "reached":
                return RowsReachable(
                    span=span,
                    revision=revision,
                    stage=event["stage"],
                    table=event["table"],
                    difference=tuple(event["difference"]),
                    error=event["error"],
                )
            case "irreversible":
                return DeclaredIrreversible(span=span, revision=revision, message=event["message"])
        raise AssertionError(event)

    def _fatal(self, event: dict[str, Any], worker: Worker) -> str:
        if old := too_old(self._python):
            return old
        place = ""
        if event.get("path"):
            span = self._span(event)
            place = f"{span.path}:{span.line}: "
        lacking = event.get("lacking") or {}
        secrets = self._secrets_in(" ".join(lacking.get("settings", [])) or event["text"])
        remedy = withheld_remedy(secrets, self._scheme()) if secrets else ""
        remedy = remedy or remedy_for(
            lacking, self._python, self._config_path, self._root, self._scheme()
        )
        remedy = remedy or event["remedy"]
        text: str = event["text"]
        return place + text + (f" Remedy: {remedy}" if remedy else _quoted(worker.output()))


def _quoted(output: str) -> str:
    """Return the project's last output as a paragraph of an error message."""
    return f"\nIts last output:\n{output}" if output.strip() else ""
