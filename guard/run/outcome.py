"""What of the findings of a service stays open, after its approvals and its comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from guard.errors import GuardError
from guard.facts import HistoryFact, ModelChanged, RoundTripFact, SourceFact, SuppressionFact
from guard.finding import Finding
from guard.judge.statements import comments_of
from guard.operations import Operation
from guard.paths import read_text
from guard.rule import Rule
from guard.run.causes import once, told_before
from guard.run.part import Part
from guard.run.proofs import proven
from guard.run.scope import Scope
from guard.run.services import Service
from guard.suppression.approvals import Approval, load_approvals
from guard.suppression.decide import Covered, Suppressions, decide

UNTRACKED = "{0} is not tracked by git, so its approvals do not count here: git add {0}"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a service; `unchanged` are the open findings that the base had as well."""

    service: Service
    part: Part
    findings: tuple[Finding, ...]
    unchanged: tuple[Finding, ...]
    notes: tuple[str, ...]
    texts: dict[str, str]


def outcome_of(service: Service, part: Part, rules: Sequence[Rule]) -> Outcome:
    """Return the outcome, `rules` being all that there are; raise GuardError for bad approvals."""
    scope, judge = service.scope, service.judge
    here, before = once(part.findings), once(part.known)
    predicts = {rule.name: rule.predicts for rule in service.rules}
    told, facts = proven((*here, *before), part.facts, predicts)
    wanted = _wanted(service)
    about_models = {rule.name for rule in service.rules if ModelChanged in rule.on}
    facts, seen = told_before(told, facts, about_models)
    by_run = (*judge.facts(facts), *only_said(judge.facts(seen)))
    found = once(filter(wanted, (*told[: len(here)], *by_run)))
    base_had = tuple(filter(wanted, told[len(here) :]))
    text, notes = _approvals_text(scope)
    texts = part.texts if text is None else part.texts | {scope.approvals: text}
    written = Suppressions(comments=comments_of(texts), approvals=_approvals(scope, text))
    covered = Covered(
        known={rule.name for rule in rules},
        ran=_ran(service),
        paths=part.paths,
        revisions=part.revisions,
    )
    decided, facts = decide((*found, *base_had), written, covered, scope.request.today)
    new, known = decided[: len(found)], decided[len(found) :]
    beside = [fact for fact in facts if fact.span.path in part.unchanged]
    brought = judge.facts([fact for fact in facts if fact not in beside])
    had = (*known, *filter(wanted, judge.facts(beside)))
    return Outcome(
        service=service,
        part=part,
        findings=(*new, *filter(wanted, brought)),
        unchanged=tuple(finding for finding in had if finding.status == "open"),
        notes=(*part.notes, *notes),
        texts=texts,
    )


def only_said(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings as such that do not stop the gate."""
    return tuple(msgspec.structs.replace(finding, severity="info") for finding in findings)


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
    """Return the rules that had their say: only they can prove a suppression unused."""
    scope = service.scope
    found: list[type] = [SuppressionFact]
    if scope.request.statements:
        found += (Operation, SourceFact)
    if scope.request.history:
        found.append(HistoryFact)
    if scope.roundtrip:
        found.append(RoundTripFact)
    return {r.name for r in service.rules if all(issubclass(fact, tuple(found)) for fact in r.on)}


def _is_nobodys(scope: Scope, path: str) -> bool:
    """Whether git does not track the approvals file, in a hook or in CI: nobody can review it."""
    if scope.repo is None or not (scope.request.source != "working tree" or scope.is_ci):
        return False
    return path not in scope.repo.staged_files()


def _approvals_text(scope: Scope) -> tuple[str | None, tuple[str, ...]]:
    """The text of the approvals file here, None where there is none that counts; and notes."""
    path = scope.root / scope.approvals
    if not path.is_file():
        return None, ()
    if _is_nobodys(scope, scope.approvals):
        return None, (UNTRACKED.format(scope.approvals),)
    try:
        return read_text(path), ()
    except (OSError, UnicodeDecodeError) as error:
        raise GuardError(f"{scope.approvals} cannot be read: {error}") from None


def _approvals(scope: Scope, text: str | None) -> tuple[Approval, ...]:
    name, ref = scope.approvals, scope.request.approvals_from
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
