"""The approvals of a project: which of them count, and which can go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from guard.errors import GuardError
from guard.paths import read_text
from guard.project.settings import SettingsFiles
from guard.run.approve import write_approvals
from guard.run.check import run
from guard.run.outcome import Outcome, approvals_file
from guard.run.scope import Request
from guard.suppression.approvals import Approval, finding_key, without_approvals

State = Literal["in force", "waiting", "expired", "changed", "unused", "not judged"]
NEEDLESS: tuple[State, ...] = ("expired", "changed", "unused")  # they let nothing pass any more


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An approval and its state.

    `waiting`: others have to approve as well. `changed`: the operation is not what it was.
    `not judged`: its rule does not run here, so nothing is known of it.
    """

    approval: Approval
    state: State


def review(request: Request, settings: SettingsFiles) -> tuple[list[Standing], list[Outcome]]:
    """Return the approvals of all services with their states, and the outcomes they are of.

    Raises GuardError where a part of the project cannot be judged: then nothing proves one unused.
    """
    result = run(request, settings)
    if result.report.errors:
        raise GuardError(result.report.errors[0])
    outcomes = [*{outcome.service.scope.approvals: outcome for outcome in result.outcomes}.values()]
    standings = [
        Standing(approval=approval, state=_state(approval, result.outcomes, request))
        for outcome in outcomes
        for approval in outcome.approvals
    ]
    return standings, outcomes


def prune(standings: Sequence[Standing], outcomes: Sequence[Outcome]) -> list[Approval]:
    """Take the approvals that are needless out of their files; return them. Raises GuardError."""
    gone = [one.approval for one in standings if one.state in NEEDLESS]
    for outcome in outcomes:
        own = [approval for approval in gone if approval in outcome.approvals]
        if own:
            path = approvals_file(outcome.service.scope)
            text = without_approvals(read_text(path), own)
            write_approvals(path, outcome.service.scope.approvals, text)
    return gone


def _state(approval: Approval, outcomes: Sequence[Outcome], request: Request) -> State:
    own = [outcome for outcome in outcomes if approval in outcome.approvals]
    findings = [finding for outcome in own for finding in outcome.findings]
    meant = [finding for finding in findings if finding_key(finding) == approval.key]
    if approval.expired(request.today):
        return "expired"
    if meant:
        return "in force" if all(f.status == "approved" for f in meant) else "waiting"
    if any(finding_key(finding)[:3] == approval.key[:3] for finding in findings):
        return "changed"
    judged = any(approval.rule in outcome.ran for outcome in own)
    return "unused" if judged else "not judged"
