"""Records approvals: finds a revision's destructive operations, and writes down who agreed."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import msgspec

from guard.errors import GuardError
from guard.finding import Finding
from guard.history.git import user_name
from guard.paths import read_text, relative
from guard.project.environments import project_root
from guard.project.settings import SettingsFiles
from guard.run.check import Result, run
from guard.run.scope import Request
from guard.suppression.approvals import (
    Approval,
    add_approval,
    approval_of,
    load_approvals,
    outdated,
)


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement to all that a revision destroys, or to the part that rule and object name.

    `revision` is its id or its file; without an `approver` it is git's user.
    """

    revision: str
    rule: str | None = None
    object: str | None = None
    reason: str
    approver: str | None = None
    expires: datetime.date | None = None


def approve(request: Request, settings: SettingsFiles, agreed: Agreement) -> list[str]:
    """Write an approval for each open finding that is agreed to; return lines for the user.

    Raises GuardError where nothing matches, nobody says who approves, the last day is past, or the
    file cannot be written.
    """
    reason, expires = agreed.reason.strip(), agreed.expires
    if not reason:
        raise GuardError("--reason: say why this is right, in a few words")
    if expires and expires < request.today:
        raise GuardError(f"--expires {expires}: that day is past, so it would approve nothing")
    root = project_root(request.start)
    who = agreed.approver or user_name(root)
    if not who:
        raise GuardError("--approver: git has no user.name, so say who agreed")
    result = run(request, settings)
    if result.report.errors:
        raise GuardError(result.report.errors[0])
    named = request.start / agreed.revision
    owner = relative(named.resolve(), root) if named.is_file() else agreed.revision
    chosen = _chosen(result.report.findings, owner, agreed)
    said = []
    for name, own in _owned(result, chosen, owner):
        approvals = [approval_of(f, reason=reason, approver=who, expires=expires) for f in own]
        said += [f"approved {a.rule} of {a.object} in {owner}, by {who}" for a in approvals]
        said.append(_record(root, name, own, approvals))
    return said


def _owned(
    result: Result, chosen: Sequence[Finding], owner: str
) -> list[tuple[str, list[Finding]]]:
    """The findings by the approvals file of their service."""
    owned = [
        (outcome.service.scope.approvals, [one for one in chosen if one in outcome.findings])
        for outcome in result.outcomes
    ]
    owned = [(name, own) for name, own in owned if own]
    files = sorted({finding.span.path for finding in chosen})
    if len(owned) > 1 and len(files) > 1:
        raise GuardError(f"{owner} stands in several services: name its file: {', '.join(files)}")
    return owned


def _record(
    root: Path, name: str, findings: Sequence[Finding], approvals: Sequence[Approval]
) -> str:
    """Write the approvals of the findings into the file, and return what is said of that."""
    path = root / name
    text = read_text(path) if path.is_file() else ""
    for finding, approval in zip(findings, approvals, strict=True):
        text = add_approval(text, approval, replaces=_replaced(text, name, finding))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GuardError(f"{name} cannot be written: {error.strerror}") from None
    return f"written to {name}: commit it, and let somebody else review it"


def _chosen(findings: tuple[Finding, ...], revision: str, agreed: Agreement) -> list[Finding]:
    """Return one open finding for each operation that matches."""
    needing = [f for f in findings if f.approvable and f.status == "open"]
    here = [f for f in needing if revision in (f.revision, f.span.path)]
    chosen = [
        f for f in here if agreed.rule in (None, f.rule) and agreed.object in (None, f.object)
    ]
    if chosen:
        return list({(f.span.path, f.rule, f.object, f.fingerprint): f for f in chosen}.values())
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


def _replaced(text: str, name: str, finding: Finding) -> Approval | None:
    """Return the approval of the operation as it was before it was edited."""
    for approval in outdated(load_approvals(name, text), [finding]):
        same = (approval.revision, approval.rule, approval.object)
        if same == (finding.revision or finding.span.path, finding.rule, finding.object):
            return approval
    return None
