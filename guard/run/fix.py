"""Makes the fixes that findings offer: all is judged again, and what does not help is not kept."""

from __future__ import annotations

import datetime
import tokenize
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import msgspec
from msgspec.structs import replace

from guard.errors import GuardError
from guard.finding import SEVERITY_ORDER, Edit, Finding, Report
from guard.fixing import apply_edits, layout, overlap
from guard.fixing.follow_up import follow_up
from guard.paths import read_bytes
from guard.project.environments import Environment
from guard.project.settings import SettingsFiles
from guard.python_source import PythonSource
from guard.rewrite import Afterwards
from guard.run.check import Result, run
from guard.run.histories import ChangedHistory
from guard.run.round_trip import Progress
from guard.run.scope import Request

Key = tuple[str, str, str, str]


class Refused(msgspec.Struct, frozen=True):
    """A fix that was tried and not kept, and why, as a sentence's end."""

    finding: Finding
    why: str


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """What was `made` and `refused`; `files` hold it, None: there was none `before`.

    `kept`: revisions have fixes that were not tried, since nobody knows which are released.
    `result` is what guard says of them. `proven`: the revisions among them were run, too; else
    `unproven` may tell why not.
    """

    result: Result
    made: tuple[Finding, ...] = ()
    refused: tuple[Refused, ...] = ()
    kept: bool = False
    before: Mapping[Path, bytes | None] = {}
    files: Mapping[Path, bytes] = {}
    proven: bool = False
    unproven: str = ""


def fix(request: Request, settings: SettingsFiles, now: datetime.datetime) -> Fixed:
    """Return what becomes of the files; nothing is written. Raises GuardError as a run does.

    What is written is said to be made `now`. Released revisions stay as they are, and where nobody
    knows what is released, all revisions.
    """
    bench = _Bench(request, settings, now)
    while batch := bench.next_batch():
        bench.attempt(batch)
    files = dict(bench.files)
    return Fixed(
        result=bench.result,
        made=tuple(bench.made),
        refused=tuple(bench.refused),
        kept=not bench.result.compared and any(map(_offers, bench.result.report.open)),
        before={path: bench.before.get(path) for path in files},
        files=files,
    )


class _Bench:
    """The files as they are becoming, and what guard says of them."""

    def __init__(self, request: Request, settings: SettingsFiles, now: datetime.datetime) -> None:
        self.request = request
        self._now = now
        self.settings = settings
        self.files: dict[Path, bytes] = {}
        self.before: dict[Path, bytes] = {}  # as they were read
        self.result = self._judge(self.files)
        self.made: list[Finding] = []
        self.refused: list[Refused] = []
        self._root = self.result.report.root
        self._alone: set[Key] = set()  # those that did no good together with others

    def next_batch(self) -> list[Finding]:
        """Return the findings to mend next: all that can be mended together, or one by itself."""
        done = {_key(one.finding) for one in self.refused}
        fixed_ones = self._fixed_ones()
        offered = [
            finding
            for finding in sorted(self.result.report.open, key=_order)
            if _key(finding) not in done and self._may(finding, fixed_ones)
        ]
        together: list[Finding] = []
        for finding in offered:
            if _key(finding) not in self._alone and not _collides(finding, together):
                together.append(finding)
        return together or offered[:1]

    def attempt(self, batch: Sequence[Finding]) -> None:
        """Mend these; where that brings something else, none of them."""
        files = self.files | self._mended(batch)
        after = self._judge(files)
        worse = _worse(self.result.report, after.report, batch)
        if worse is None:
            self.files, self.result = files, after
            self.made += batch
        elif len(batch) == 1:
            self.refused.append(Refused(batch[0], worse))
        else:
            self._alone |= {_key(finding) for finding in batch}

    def _judge(self, files: Mapping[Path, bytes]) -> Result:
        return run(replace(self.request, unsaved=files), self.settings)

    def _fixed_ones(self) -> frozenset[str]:
        """Return the paths of the revisions that are not to be changed."""
        return frozenset(
            path
            for history in self.result.histories
            for path, header in history.graph.files.items()
            if not self.result.compared or header.revision not in history.change.new
        )

    def _may(self, finding: Finding, fixed_ones: Collection[str]) -> bool:
        paths = {edit.span.path for edit in finding.fix}
        return _offers(finding) and paths.isdisjoint(fixed_ones)

    def _mended(self, batch: Sequence[Finding]) -> dict[Path, bytes]:
        edits: dict[Path, list[Edit]] = {}
        added: dict[Path, bytes] = {}
        for finding in batch:
            afterwards = _follow_up_of(finding)
            history = self._history_of(finding) if afterwards else None
            follows = self._revision(finding, afterwards, history) if afterwards and history else {}
            added |= follows
            for edit in finding.fix if follows or not afterwards else ():
                edits.setdefault(self._root / edit.span.path, []).append(edit)
        return {path: _edited(self._content(path), made) for path, made in edits.items()} | added

    def _revision(
        self, finding: Finding, afterwards: Afterwards, history: ChangedHistory
    ) -> dict[Path, bytes]:
        graph = history.graph
        parents = afterwards.parents or _heads_above(history, finding.revision or "")
        beside = self._root / finding.span.path
        source = PythonSource(finding.span.path, self._content(beside))
        if (len(parents) != 1 and not afterwards.parents) or layout.takes_arguments(source):
            return {}
        environment = history.environment
        made = follow_up(parents, afterwards, environment.file_names, self._now)
        path = _folder_of(environment, beside) / made.path
        known = {header.revision for header in graph.files.values()}
        return {} if path.exists() or made.revision in known else {path: made.text.encode()}

    def _history_of(self, finding: Finding) -> ChangedHistory | None:
        holding = (h for h in self.result.histories if finding.span.path in h.graph.files)
        return next(holding, None)

    def _content(self, path: Path) -> bytes:
        if path in self.files:
            return self.files[path]
        if path not in self.before:
            self.before[path] = read_bytes(path)
        return self.before[path]


def _folder_of(environment: Environment, path: Path) -> Path:
    """Return the folder that Alembic begins the path of a new file with, beside that revision."""
    above = [folder for folder in environment.version_locations if path.is_relative_to(folder)]
    return max(above, key=lambda folder: len(folder.parts), default=path.parent)


def _heads_above(history: ChangedHistory, revision: str) -> list[str]:
    graph = history.graph
    return [head for head in graph.heads if revision in {head, *graph.ancestors(head)}]


def _offers(finding: Finding) -> bool:
    """Return whether something mends it, in its file or beside it."""
    return bool(finding.fix) or _follow_up_of(finding) is not None


def _follow_up_of(finding: Finding) -> Afterwards | None:
    return next((change for change in finding.rewrite if isinstance(change, Afterwards)), None)


def _collides(finding: Finding, others: Sequence[Finding]) -> bool:
    """Return whether it cannot be mended with the others: two at one place, or two new heads."""
    both_follow = _follow_up_of(finding) and any(map(_follow_up_of, others))
    return bool(both_follow) or any(
        overlap(edit, made) for other in others for made in other.fix for edit in finding.fix
    )


def _worse(before: Report, after: Report, batch: Sequence[Finding]) -> str | None:
    """Return what speaks against a fix, None for nothing."""
    for error in after.errors:
        if error not in before.errors:
            return f"guard could not judge the result: {error}"
    if brought := _brought(before, after):
        return f"it would bring {brought.rule} in {brought.span.path}: {brought.message}"
    had, has = _counted(before), _counted(after)
    mended = Counter((finding.rule, finding.span.path) for finding in batch)
    for (rule, path), count in mended.items():
        if has[rule, path] > had[rule, path] - count:
            left = next(f.span for f in after.open if (f.rule, f.span.path) == (rule, path))
            return f"{rule} would still be found at {path}:{left.line}"
    return None


def _brought(before: Report, after: Report) -> Finding | None:
    """Return a finding of a rule that has more of them in a file than before.

    Its words may be others: what was mended may have had a part in them.
    """
    more = _counted(after) - _counted(before)
    known = {_key(finding) for finding in before.open}
    found = [f for f in after.open if more[f.rule, f.span.path] and f.severity != "info"]
    return next((f for f in found if _key(f) not in known), next(iter(found), None))


def _counted(report: Report) -> Counter[tuple[str, str]]:
    return Counter((finding.rule, finding.span.path) for finding in report.open)


def _key(finding: Finding) -> Key:
    return finding.rule, finding.span.path, finding.object, finding.message


def _order(finding: Finding) -> tuple[int, str, int, int]:
    at = finding.span
    return SEVERITY_ORDER.index(finding.severity), at.path, at.line, at.column


def _edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
    return apply_edits(data.decode(encoding), edits).encode(encoding)


def _read(path: Path) -> bytes | None:
    return read_bytes(path) if path.exists() else None


# Written, and proven by running them


def write(fixed: Fixed) -> None:
    """Write the files; where one cannot be written, the others are as they were. GuardError.

    So they are where it is interrupted, and where one is not any more what was read.
    """
    for path in fixed.files:
        if _read(path) != fixed.before[path]:
            raise GuardError(f"{path} was changed meanwhile, so nothing is written: try again")
    begun: list[Path] = []
    try:
        for path, data in fixed.files.items():
            begun.append(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        take_back(fixed, begun)
        raise GuardError(f"{begun[-1]} cannot be written: {error.strerror}") from None
    except BaseException:
        take_back(fixed, begun)
        raise


def take_back(fixed: Fixed, paths: Collection[Path]) -> None:
    """Have these files hold what they held before."""
    for path in paths:
        data = fixed.before[path]
        if data is None:
            path.unlink(missing_ok=True)
            _remove_empty(path.parent)
        elif _read(path) != data:
            path.write_bytes(data)


def _remove_empty(folder: Path) -> None:
    """Remove a folder that was made for a file, and those above that were."""
    while folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _as_written(fixed: Fixed) -> list[Path]:
    """Return the files that nobody else has changed since."""
    return [path for path, data in fixed.files.items() if _read(path) == data]


def prove(
    fixed: Fixed, request: Request, settings: SettingsFiles, on_progress: Progress | None = None
) -> Fixed:
    """Run the written revisions up, down and up; take all back where the fixes make that fail."""
    revisions = {path for h in fixed.result.histories for path in h.graph.files}
    root = fixed.result.report.root
    changed = {path.relative_to(root).as_posix() for path in fixed.files}
    if not changed & revisions and not any(fixed.before[path] is None for path in fixed.files):
        return fixed
    trip = replace(request, roundtrip=True, statements=False)
    kept = False
    try:
        after = run(trip, settings, on_progress)
        if after.interrupted:
            raise KeyboardInterrupt
        kept = not after.report.failed
        if after.report.errors:
            kept = True  # as good as before: it cannot be run
            return replace(fixed, unproven=after.report.errors[0])
        if not kept:
            take_back(fixed, _as_written(fixed))
            brought = _brought(run(trip, settings, on_progress).report, after.report)
            if brought is not None:
                return _refused_by_run(fixed, brought)
            write(fixed)
            kept = True
        return replace(fixed, proven=True)
    finally:
        if not kept:
            take_back(fixed, _as_written(fixed))


def _refused_by_run(fixed: Fixed, brought: Finding) -> Fixed:
    why = f"it would bring {brought.rule} in {brought.span.path}: {brought.message}"
    refused = (Refused(finding, why) for finding in fixed.made)
    return replace(fixed, made=(), refused=(*fixed.refused, *refused), files={}, before={})
