"""Records approvals: finds a revision's destructive operations, and writes down who agreed."""

from __future__ import annotations

import datetime

import msgspec

from guard.config import Config
from guard.errors import GuardError
from guard.finding import Finding
from guard.history.git import user_name
from guard.paths import relative
from guard.project.environments import project_root
from guard.run.check import run
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


def approve(request: Request, config: Config, agreed: Agreement) -> list[str]:
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
    findings = run(request, config).report.findings
    named = request.start / agreed.revision
    owner = relative(named.resolve(), root) if named.is_file() else agreed.revision
    chosen = _chosen(findings, owner, agreed)
    path = root / config.approvals
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    said = []
    for finding in chosen:
        approval = approval_of(finding, reason=reason, approver=who, expires=expires)
        text = add_approval(text, approval, replaces=_replaced(text, config, finding))
        said.append(f"approved {finding.rule} of {finding.object} in {owner}, by {who}")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GuardError(f"{config.approvals} cannot be written: {error.strerror}") from None
    return [*said, f"written to {config.approvals}: commit it, and let somebody else review it"]


def _chosen(findings: tuple[Finding, ...], revision: str, agreed: Agreement) -> list[Finding]:
    """Return one open finding for each operation that matches."""
    needing = [f for f in findings if f.approvable and f.status == "open"]
    here = [f for f in needing if revision in (f.revision, f.span.path)]
    chosen = [
        f for f in here if agreed.rule in (None, f.rule) and agreed.object in (None, f.object)
    ]
    if chosen:
        return list({(f.rule, f.object, f.fingerprint): f for f in chosen}.values())
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


def _replaced(text: str, config: Config, finding: Finding) -> Approval | None:
    """Return the approval of the operation as it was before it was edited."""
    for approval in outdated(load_approvals(config.approvals, text), [finding]):
        same = (approval.revision, approval.rule, approval.object)
        if same == (finding.revision or finding.span.path, finding.rule, finding.object):
            return approval
    return None
