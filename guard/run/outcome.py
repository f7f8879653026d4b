"""What of the findings of a service stays open, after its approvals and its comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.facts import (
    HistoryFact,
    ModelChanged,
    ModelsDiffer,
    RoundTripFact,
    SourceFact,
    SuppressionFact,
)
from guard.finding import Finding
from guard.history.base import refs_of
from guard.judge.statements import comments_of
from guard.note import Note
from guard.operations import Operation
from guard.paths import read_text, relative
from guard.run.causes import once, told_before
from guard.run.part import Part
from guard.run.proofs import proven, with_way_back
from guard.run.scope import Scope
from guard.run.services import Service
from guard.statement import Span
from guard.suppression.approvals import Approval, load_approvals
from guard.suppression.baseline import Baseline, load_baseline, set_aside, unused
from guard.suppression.decide import Covered, Suppressions, decide

UNTRACKED = "{0} is not tracked by git, so what it says does not count here: git add {0}"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a service; `unchanged` are the open findings that the base had as well.

    `baseline` is its file with what became of each entry.
    """

    service: Service
    part: Part
    findings: tuple[Finding, ...]
    unchanged: tuple[Finding, ...]
    baseline: Baseline
    notes: tuple[Note, ...]
    texts: dict[str, str]
    approvals: tuple[Approval, ...] = ()
    ran: frozenset[str] = frozenset()  # the rules that had their say


def outcome_of(service: Service, part: Part) -> Outcome:
    """Return the outcome.

    Raises GuardError for bad approvals, and for a baseline that cannot be read.
    """
    scope, judge = service.scope, service.judge
    here, before = (
        tuple(with_way_back(once(findings), part.restored))
        for findings in (part.findings, part.known)
    )
    predicts = {rule.name: rule.predicts for rule in service.rules}
    fixed = {rule.name for rule in service.rules if rule.severity_is_set}
    told, facts, foretold = proven((*here, *before), part.facts, predicts, fixed)
    wanted = _wanted(service)
    about_models = {rule.name for rule in service.rules if ModelChanged in rule.on}
    drops = {rule.name for rule in service.rules if ModelsDiffer in rule.predicts}
    facts, seen = told_before(told, facts, about_models, drops)
    by_run = (*judge.facts(facts), *only_said(judge.facts((*seen, *foretold))))
    found = once((*filter(wanted, (*told[: len(here)], *by_run)), *part.about_gate))
    base_had = tuple(filter(wanted, told[len(here) :]))
    text, notes = _text(scope, scope.approvals, "approvals")
    texts = part.texts if text is None else part.texts | {scope.approvals: text}
    written = Suppressions(
        comments=comments_of(texts),
        approvals=_approvals(scope, text),
        approvers=_approvers(service),
    )
    covered = _covered(service, part)
    decided, facts = decide((*found, *base_had), written, covered, scope.request.today)
    new, known = decided[: len(found)], decided[len(found) :]
    beside = [fact for fact in facts if fact.span.path in part.unchanged]
    brought = judge.facts([fact for fact in facts if fact not in beside])
    outcome = Outcome(
        service=service,
        part=part,
        findings=(*new, *filter(wanted, brought)),
        unchanged=(*known, *filter(wanted, judge.facts(beside))),
        baseline=Baseline(),
        notes=(*part.notes, *notes),
        texts=texts,
        approvals=tuple(written.approvals),
        ran=frozenset(covered.ran),
    )
    return _without_baseline(outcome, covered)


def _without_baseline(found: Outcome, covered: Covered) -> Outcome:
    """Return the outcome with what the baseline holds set aside, and what is wrong with that."""
    service, part = found.service, found.part
    scope, name = service.scope, service.scope.baseline
    text, notes = _text(scope, name, "baseline")
    entries = load_baseline(*_in_force(scope, name, text))
    both = (*found.findings, *found.unchanged)
    decided, baseline = set_aside(both, entries, found.texts, covered, part.new)
    # Only a run over all that was released can tell that something is gone, if it came to its end.
    certain = scope.request.everything and not part.errors
    gone = unused(name, text or "", baseline) if certain else ()
    count = len(found.findings)
    return msgspec.structs.replace(
        found,
        findings=(*decided[:count], *filter(_wanted(service), service.judge.facts(gone))),
        unchanged=tuple(finding for finding in decided[count:] if finding.status == "open"),
        baseline=baseline,
        notes=(*found.notes, *notes),
        texts=found.texts if text is None else found.texts | {name: text},
    )


def _covered(service: Service, part: Part) -> Covered:
    return Covered(
        known={rule.name for rule in service.all_rules},
        ran=_ran(service),
        paths=part.paths,
        revisions=part.revisions,
    )


def only_said(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings as such that do not stop the gate."""
    return tuple(msgspec.structs.replace(finding, severity="info") for finding in findings)


def _approvers(service: Service) -> dict[str, int]:
    """How many have to approve a finding of each rule: a rule counts more than its group."""
    wanted = service.scope.config.approvers
    return {rule.name: wanted.get(rule.name, wanted.get(rule.group, 1)) for rule in service.rules}


def _wanted(service: Service) -> Callable[[Finding], bool]:
    """Whether `per-file-ignores` lets a finding be."""
    scope = service.scope
    ignores = scope.config.per_file_ignores
    groups = {rule.name: rule.group for rule in service.rules}

    def wanted(finding: Finding) -> bool:
        meant = {finding.rule, groups.get(finding.rule)}
        globs = [glob for glob, names in ignores.items() if meant & {*names}]
        path = scope.root / finding.span.path
        return not scope.all_settings.match(scope.settings, globs, path)

    return wanted


def _ran(service: Service) -> set[str]:
    """Return the rules that had their say: only they can prove a suppression unused.

    A shard does not know what others run.
    """
    scope = service.scope
    found: list[type] = [SuppressionFact]
    if scope.request.statements:
        found += (Operation, SourceFact)
    if scope.request.history:
        found.append(HistoryFact)
    if scope.roundtrip and scope.request.shard is None:
        found.append(RoundTripFact)
    return {r.name for r in service.rules if all(issubclass(fact, tuple(found)) for fact in r.on)}


def _is_nobodys(scope: Scope, path: str) -> bool:
    """Whether git does not track the file, in a hook or in CI: nobody can review it."""
    if scope.repo is None or not (scope.request.source != "working tree" or scope.is_ci):
        return False
    return path not in scope.repo.staged_files()


def approvals_file(scope: Scope) -> Path:
    """Return where the approvals are; raise GuardError for a place that reviewers do not see."""
    return _reviewed(scope, scope.approvals, f"approvals = {scope.config.approvals!r}")


def _reviewed(scope: Scope, name: str, said: str) -> Path:
    """Return where a file is that silences findings, as the settings `said`, or GuardError."""
    path = scope.root / name
    if not path.is_relative_to(scope.root):
        raise GuardError(
            f"{said} leads out of {scope.root}, where nobody who reviews the change sees the file: "
            "keep it in the repository"
        )
    inside = (one for one in (path, *path.parents) if scope.root in one.parents)
    if link := next((one for one in inside if one.is_symlink()), None):
        raise GuardError(
            f"{relative(link, scope.root)} is a link, so who reviews {name} does not see what it "
            "holds: make it a file of its own"
        )
    return path


def _text(scope: Scope, name: str, setting: str) -> tuple[str | None, tuple[Note, ...]]:
    """The text of the file of a setting that silences findings, if there is one; and notes."""
    path = _reviewed(scope, name, f"{setting} = {getattr(scope.config, setting)!r}")
    if not path.is_file():
        return None, ()
    if _is_nobodys(scope, name):
        return None, (Note("untracked-file", UNTRACKED.format(name), Span(name, 1)),)
    try:
        return read_text(path), ()
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{name} cannot be read: {error}") from None


def _approvals(scope: Scope, text: str | None) -> tuple[Approval, ...]:
    return load_approvals(*_in_force(scope, scope.approvals, text))


def _in_force(scope: Scope, name: str, text: str | None) -> tuple[str, str]:
    """What to call the file, and its text here or on the ref of `--approvals-from`; may be empty.

    There it is on that ref already, so that nobody approves their own.
    """
    ref = scope.request.approvals_from
    if ref is None:
        return name, text or ""
    found = scope.repo.resolve_all(refs_of(ref)) if scope.repo else {}
    commit = next((found[name] for name in refs_of(ref) if name in found), None)
    if scope.repo is None or commit is None:
        raise GuardError(f"--approvals-from {ref}: there is no such ref here; fetch it first")
    blob = scope.repo.list_files(commit).get(name)
    if blob is None:
        return name, ""
    return f"{name} at {ref}", scope.repo.read_blobs([blob])[blob].decode("utf-8", errors="replace")
