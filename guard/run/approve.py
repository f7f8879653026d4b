"""Records approvals: finds a revision's destructive operations, and writes down who agreed."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.finding import Finding
from guard.history.git import user_name
from guard.paths import read_text, relative
from guard.project.environments import project_root
from guard.project.settings import SettingsFiles
from guard.run.check import Result, run
from guard.run.outcome import Outcome, approvals_file
from guard.run.scope import Request
from guard.suppression.approvals import (
    Approval,
    add_approval,
    approval_of,
    finding_key,
    load_approvals,
    outdated,
)


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement to all that a revision destroys, or to the part that rule and object name.

    `revision` is its id or its file, empty where the findings are chosen one by one; without an
    `approver` it is git's user.
    """

    revision: str = ""
    rule: str | None = None
    object: str | None = None
    reason: str
    approver: str | None = None
    expires: datetime.date | None = None


class Approving(msgspec.Struct, frozen=True, kw_only=True):
    """What of a project can be approved now: the run that found it, and the top of the checkout."""

    result: Result
    root: Path
    today: datetime.date

    @property
    def open(self) -> list[Finding]:
        """One open finding for each operation that needs an approval."""
        needing = (f for f in self.result.report.findings if f.approvable and f.status == "open")
        return _once(needing)

    def record(self, findings: Sequence[Finding], agreed: Agreement) -> list[str]:
        """Write an approval of each; return lines for the user.

        Raises GuardError for an agreement that says too little, and where the file cannot be
        written.
        """
        agreed = _complete(agreed, self.root, self.today)
        who, said = agreed.approver or "", []
        for outcome, own in _owned(self.result, findings, agreed.revision):
            approvals = [
                approval_of(f, reason=agreed.reason, approver=who, expires=agreed.expires)
                for f in own
            ]
            for finding, approval in zip(own, approvals, strict=True):
                _refuse_again(outcome.approvals, approval, self.today)
                said.append(
                    f"approved {approval.rule} of {approval.object} in "
                    f"{finding.revision or finding.span.path}{_around(finding)}, by {who}"
                )
            said.append(_write(outcome, own, approvals, self.today))
        return said


def open_approving(request: Request, settings: SettingsFiles) -> Approving:
    """Return what can be approved; raise GuardError where a part of it cannot be judged."""
    result = run(request, settings)
    if result.report.errors:
        raise GuardError(result.report.errors[0])
    return Approving(result=result, root=project_root(request.start), today=request.today)


def approve(request: Request, settings: SettingsFiles, agreed: Agreement) -> list[str]:
    """Write an approval for each open finding that is agreed to; return lines for the user.

    Raises GuardError where nothing matches, nobody says who approves, the last day is past, or the
    file cannot be written.
    """
    agreed = _complete(agreed, project_root(request.start), request.today)
    approving = open_approving(request, settings)
    result = approving.result
    named = request.start / agreed.revision
    owner = relative(named.resolve(), approving.root) if named.is_file() else agreed.revision
    agreed = msgspec.structs.replace(agreed, revision=owner)
    known = {id_ for history in result.histories for id_ in history.graph.revisions}
    known |= {finding.revision or "" for finding in result.report.findings}
    if not named.is_file() and owner not in known | {f.span.path for f in result.report.findings}:
        raise GuardError(f"no revision is called {owner}")
    return approving.record(_chosen(result.report.findings, owner, agreed), agreed)


def _complete(agreed: Agreement, root: Path, today: datetime.date) -> Agreement:
    """The agreement with its approver; GuardError where it says too little to count."""
    reason, expires = agreed.reason.strip(), agreed.expires
    if not reason:
        raise GuardError("--reason: say why this is right, in a few words")
    if expires and expires < today:
        raise GuardError(f"--expires {expires}: that day is past, so it would approve nothing")
    who = agreed.approver or user_name(root)
    if not who:
        raise GuardError("--approver: git has no user.name, so say who agreed")
    return msgspec.structs.replace(agreed, reason=reason, approver=who)


def _around(finding: Finding) -> str:
    return " (downgrade)" if finding.direction == "downgrade" else ""


def _refuse_again(approvals: Sequence[Approval], approval: Approval, today: datetime.date) -> None:
    """Refuse a second approval by the same person, where somebody else has to approve."""
    if any(one.entry == approval.entry and not one.expired(today) for one in approvals):
        raise GuardError(
            f"{approval.approver} has approved {approval.rule} of {approval.object} already, and "
            "somebody else has to as well: --approver"
        )


def _owned(
    result: Result, chosen: Sequence[Finding], owner: str
) -> list[tuple[Outcome, list[Finding]]]:
    """The findings by their service, which has the approvals file."""
    owned = [
        (outcome, [one for one in chosen if one in outcome.findings]) for outcome in result.outcomes
    ]
    owned = [(outcome, own) for outcome, own in owned if own]
    files = sorted({finding.span.path for finding in chosen})
    if owner and len(owned) > 1 and len(files) > 1:
        raise GuardError(f"{owner} stands in several services: name its file: {', '.join(files)}")
    return owned


def _write(
    outcome: Outcome,
    findings: Sequence[Finding],
    approvals: Sequence[Approval],
    today: datetime.date,
) -> str:
    """Write the approvals of the findings into the file, and return what is said of that."""
    name, path = outcome.service.scope.approvals, approvals_file(outcome.service.scope)
    text = read_text(path) if path.is_file() else ""
    for finding, approval in zip(findings, approvals, strict=True):
        text = add_approval(text, approval, replaces=_replaced(text, name, finding, today))
    write_approvals(path, name, text)
    return f"written to {name}: commit it, and let somebody else review it"


def write_approvals(path: Path, name: str, text: str) -> None:
    """Write the text of an approvals file; raise GuardError, which names it, where that fails."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GuardError(f"{name} cannot be written: {error.strerror}") from None


def _chosen(findings: tuple[Finding, ...], revision: str, agreed: Agreement) -> list[Finding]:
    """Return one open finding for each operation that matches."""
    needing = [f for f in findings if f.approvable and f.status == "open"]
    here = [f for f in needing if revision in (f.revision, f.span.path)]
    chosen = [
        f for f in here if agreed.rule in (None, f.rule) and agreed.object in (None, f.object)
    ]
    if chosen:
        return _once(chosen)
    ordinary = [
        f for f in findings if revision in (f.revision, f.span.path) and f.rule == agreed.rule
    ]
    if ordinary and not any(f.approvable for f in ordinary):
        place = f"{ordinary[0].span.path}:{ordinary[0].span.line}"
        raise GuardError(
            f"{agreed.rule} needs no approval: mend it, or let it be by a comment in {place}: "
            f"# guard: ignore[{agreed.rule}] {agreed.reason}"
        )
    if here:
        there = ", ".join(f"--rule {f.rule} --object {f.object}" for f in here)
        raise GuardError(f"revision {revision} needs another approval: {there}")
    if any(f.status == "approved" and revision in (f.revision, f.span.path) for f in findings):
        raise GuardError(f"everything in revision {revision} that needs an approval has one")
    elsewhere = sorted({f.revision or f.span.path for f in needing})
    raise GuardError(
        f"nothing in revision {revision} needs an approval"
        + (f"; in {', '.join(elsewhere)} something does" if elsewhere else "")
    )


def _once(findings: Iterable[Finding]) -> list[Finding]:
    return list({(f.span.path, f.rule, f.object, f.fingerprint): f for f in findings}.values())


def _replaced(text: str, name: str, finding: Finding, today: datetime.date) -> Approval | None:
    """Return an approval that no longer counts: of the operation before it was edited, or past."""
    approvals = load_approvals(name, text)
    key = finding_key(finding)
    past = (one for one in approvals if one.key == key and one.expired(today))
    old = (one for one in outdated(approvals, [finding]) if one.key[:3] == key[:3])
    return next(itertools.chain(past, old), None)
