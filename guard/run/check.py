"""One run of guard: find, read, compare, judge, run, decide. Returns a report; prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from guard.config import Config
from guard.errors import GuardError
from guard.facts import (
    Fact,
    HistoryFact,
    ModelsDiffer,
    RoundTripFact,
    SourceFact,
    SuppressionFact,
)
from guard.finding import Coverage, Finding, Report
from guard.history.read import ParsedHistory
from guard.judge.judge import Judge
from guard.judge.load_rules import load_rules
from guard.judge.select_rules import select_rules
from guard.judge.statements import (
    Judged,
    comments_of,
    coverage,
    judge_history,
    reason_without_way_back,
)
from guard.operations import Operation
from guard.project.table_sizes import read_sizes
from guard.roundtrip import RoundTripError, run_roundtrip
from guard.rule import Rule
from guard.run.causes import as_declared, once
from guard.run.histories import ChangedHistory, open_histories
from guard.run.known import told_apart
from guard.run.proofs import proven
from guard.run.scope import Request, Scope, open_scope
from guard.run.sources import read_sources
from guard.suppression.approvals import Approval, load_approvals
from guard.suppression.decide import Covered, Suppressions, decide

UNTRACKED = "{0} is not tracked by git, so its approvals do not count here: git add {0}"

Progress = Callable[[str, int, int], None]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The report, and the texts of the files that it speaks of."""

    report: Report
    texts: dict[str, str]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of the run adds; `paths` and `revisions` are what it covered.

    `known` are the findings that the base had already, `unchanged` the paths that are as it has
    them.
    """

    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    texts: dict[str, str] = {}
    paths: frozenset[str] = frozenset()
    unchanged: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()
    coverage: Coverage = Coverage()
    errors: tuple[str, ...] = ()

    def __add__(self, other: Part) -> Part:
        return Part(
            facts=self.facts + other.facts,
            findings=self.findings + other.findings,
            known=self.known + other.known,
            notes=self.notes + other.notes,
            checked=self.checked + other.checked,
            texts=self.texts | other.texts,
            paths=self.paths | other.paths,
            unchanged=self.unchanged | other.unchanged,
            revisions=self.revisions | other.revisions,
            coverage=self.coverage + other.coverage,
            errors=self.errors + other.errors,
        )


def run(
    request: Request,
    config: Config,
    on_progress: Progress | None = None,
    rules: Sequence[Rule] | None = None,
) -> Result:
    """Return what guard has to say; raise GuardError where it cannot say anything reliable.

    `rules` are those to judge by, None: the built-in ones.
    """
    rules = load_rules() if rules is None else rules
    chosen = select_rules(config, rules)
    scope = open_scope(request, config)
    judge = Judge(chosen, config.server, read_sizes(scope.root, config.stats))
    histories = open_histories(scope)
    found = Part(notes=scope.base.notes)
    for history in histories:
        found += Part(notes=(*history.graph.notes, *history.change.notes))
        if request.history:
            found += _compared(scope, history)
        if request.statements:
            found += _judge_history(scope, history, judge)
        if scope.roundtrip and history.environment.kind == "alembic":
            found += _round_trip(scope, history, judge, on_progress)
    if request.statements:
        found += _read_sources(scope, histories, judge)
    new, known = once(found.findings), once(found.known)
    told, facts = proven((*new, *known), found.facts, {r.name: r.predicts for r in chosen})
    found = msgspec.structs.replace(
        found,
        findings=once((*told[: len(new)], *judge.facts(facts))),
        known=told[len(new) :],
    )
    return _report(scope, rules, chosen, judge, found)


# The histories


def _compared(scope: Scope, history: ChangedHistory) -> Part:
    count = len(history.graph.revisions)
    done = f"history of {count} revision{'s' if count != 1 else ''} against {scope.base.ref}"
    return Part(
        facts=history.facts,
        texts=history.parsed.texts,
        checked=(done,) if scope.base.commit else (),
    )


def _judge_history(scope: Scope, history: ChangedHistory, judge: Judge) -> Part:
    """Judge the statements of the revisions that are new or edited, or of all."""
    parsed, before, revisions = history.parsed, history.before, history.judged
    chosen = [one for id_, one in parsed.revisions.items() if id_ in revisions]
    edited = revisions & before.revisions.keys()
    then = msgspec.structs.replace(
        parsed,
        revisions={id_: before.revisions.get(id_, one) for id_, one in parsed.revisions.items()},
        texts=parsed.texts | before.texts,
        literals=parsed.literals | before.literals,
    )
    new, known = told_apart(
        _findings(scope, history, judge, parsed, revisions),
        parsed.texts,
        _findings(scope, history, judge, then, edited) if edited else (),
        before.texts,
    )
    released = len(history.graph.revisions)
    quiet = released and not revisions and not history.change.new
    all_of_them = f"all {released} revisions are" if released > 1 else "its one revision is"
    note = (
        f"{history.environment.name}: {all_of_them} released already, so no statement was judged "
        "(--all judges them)."
    )
    return Part(
        findings=new,
        known=known,
        notes=(note,) if quiet else (),
        texts=parsed.texts,
        paths=frozenset(one.path for one in chosen),
        revisions=revisions,
        coverage=coverage(chosen),
    )


def _findings(
    scope: Scope,
    history: ChangedHistory,
    judge: Judge,
    parsed: ParsedHistory,
    revisions: frozenset[str],
) -> Iterator[Finding]:
    """Yield what the rules say of those revisions: of their statements, and of the code around."""
    chosen = [one for id_, one in parsed.revisions.items() if id_ in revisions]
    judged = Judged(
        tool=history.environment.kind,
        revisions=revisions,
        # Where nobody knows what is released, each revision may have been deployed by itself.
        new=history.change.new if scope.base.commit else frozenset(),
        dialect=scope.dialect,
        comments=comments_of({one.path: parsed.texts[one.path] for one in chosen}),
    )
    yield from judge_history(parsed, history.graph, judge, judged)
    for one in chosen:
        yield from judge.facts((*one.built, *parsed.literals.get(one.revision or "", ())))


def _round_trip(
    scope: Scope, history: ChangedHistory, judge: Judge, on_progress: Progress | None
) -> Part:
    """Run the judged revisions up, down and up again; all of them where none is new."""
    name, graph = history.environment.name, history.graph
    if graph.problems:
        return Part(notes=(f"{name}: the round trip was skipped, since the chain is broken.",))
    if not graph.revisions:
        return Part(notes=(f"{name}: there are no revisions to run.",))
    chosen = [id_ for id_ in graph.order if id_ in history.judged] or None
    try:
        trip = run_roundtrip(
            history.environment,
            root=scope.root,
            revisions=chosen,
            config=scope.config,
            on_progress=on_progress,
        )
    except RoundTripError as error:
        return Part(errors=(str(error),))
    done = (
        f"round trip of {trip.upgraded} up, {trip.downgraded} down "
        f"with {trip.seeded_rows} rows in {trip.seconds:.1f} s"
    )
    facts = [*as_declared(trip.facts, _reasons_without_way_back(history))]
    brought = [fact for fact in facts if chosen or _is_brought(scope, fact)]
    shown = [
        msgspec.structs.replace(finding, severity="info")
        for finding in judge.facts([fact for fact in facts if fact not in brought])
    ]
    note = (
        f"{name}: no revision is new, so all were run, and what goes wrong in them does not stop "
        "the gate (with --all it does)."
    )
    return Part(
        facts=tuple(brought),
        findings=tuple(shown),
        notes=(*trip.notes, note) if shown else trip.notes,
        checked=(done,),
        texts=history.parsed.texts,
        revisions=frozenset(chosen or graph.revisions),
    )


def _reasons_without_way_back(history: ChangedHistory) -> dict[str, str]:
    """Why revisions have no way back, by id, of those that say so in a comment."""
    comments = comments_of(history.parsed.texts)
    reasons = {
        id_: reason_without_way_back(one.downgrade, comments.get(one.path, ()))
        for id_, one in history.parsed.revisions.items()
    }
    return {id_: reason for id_, reason in reasons.items() if reason is not None}


def _is_brought(scope: Scope, fact: Fact) -> bool:
    """Whether the change can have brought what a run of released revisions met.

    Their own failures it cannot; that the models differ from them it can, if it touches any code.
    """
    if not scope.compares or scope.repo is None or scope.base.commit is None:
        return True
    changed = scope.repo.changed_files(scope.base.commit)
    return isinstance(fact, ModelsDiffer) and any(name.endswith(".py") for name in changed)


# Source code and configuration


def _read_sources(scope: Scope, histories: Sequence[ChangedHistory], judge: Judge) -> Part:
    found = read_sources(scope, histories)
    count = len(found.paths)
    new, known = told_apart(
        judge.facts(found.facts), found.texts, judge.facts(found.before), found.texts_before
    )
    return Part(
        findings=new,
        known=(*known, *judge.facts(found.known)),
        unchanged=found.unchanged,
        checked=(f"{count} source file{'s' if count > 1 else ''}",) if count else (),
        texts=found.texts,
        paths=frozenset(found.paths),
    )


# The report


def _report(
    scope: Scope, rules: Sequence[Rule], chosen: Sequence[Rule], judge: Judge, found: Part
) -> Result:
    texts = dict(found.texts)
    path = scope.config.approvals
    text = _approvals_text(scope)
    untracked = text is not None and _is_nobodys(scope, path)
    if untracked:
        text = None
    if text is not None:
        texts[path] = text
    written = Suppressions(comments=comments_of(texts), approvals=_approvals(scope, text))
    covered = Covered(
        known={rule.name for rule in rules},
        ran=_ran(scope, chosen),
        paths=found.paths,
        revisions=found.revisions,
    )
    both = (*found.findings, *found.known)
    decided, facts = decide(both, written, covered, scope.request.today)
    new, known = decided[: len(found.findings)], decided[len(found.findings) :]
    beside = [fact for fact in facts if fact.span.path in found.unchanged]
    report = Report(
        findings=(*new, *judge.facts([fact for fact in facts if fact not in beside])),
        unchanged=sum(f.status == "open" for f in (*known, *judge.facts(beside))),
        notes=tuple(dict.fromkeys((*found.notes, *[UNTRACKED.format(path)] * untracked))),
        coverage=found.coverage,
        checked=found.checked,
        fail_on=scope.config.fail_on,
        errors=found.errors,
    )
    return Result(report=report, texts=texts)


def _ran(scope: Scope, chosen: Sequence[Rule]) -> set[str]:
    """Return the rules that had their say: only they can prove a suppression unused."""
    found: list[type] = [SuppressionFact]
    if scope.request.statements:
        found += (Operation, SourceFact)
    if scope.request.history:
        found.append(HistoryFact)
    if scope.roundtrip:
        found.append(RoundTripFact)
    return {r.name for r in chosen if all(issubclass(fact, tuple(found)) for fact in r.on)}


def _is_nobodys(scope: Scope, path: str) -> bool:
    """Whether git does not track the approvals file, in a hook or in CI: nobody can review it."""
    if scope.repo is None or not (scope.request.source != "working tree" or scope.is_ci):
        return False
    return path not in scope.repo.staged_files()


def _approvals_text(scope: Scope) -> str | None:
    """Return the text of the approvals file here, None where there is none."""
    path = scope.root / scope.config.approvals
    if not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{scope.config.approvals} cannot be read: {error}") from None


def _approvals(scope: Scope, text: str | None) -> tuple[Approval, ...]:
    name, ref = scope.config.approvals, scope.request.approvals_from
    if ref is None:
        return load_approvals(name, text) if text is not None else ()
    # Only those that are on that ref already, so that nobody approves their own.
    commit = scope.repo.resolve(ref) if scope.repo else None
    if scope.repo is None or commit is None:
        raise GuardError(f"--approvals-from {ref}: there is no such ref here; fetch it first")
    blob = scope.repo.list_files(commit).get(name)
    if blob is None:
        return ()
    text = scope.repo.read_blobs([blob])[blob].decode("utf-8", errors="replace")
    return load_approvals(f"{name} at {ref}", text)
