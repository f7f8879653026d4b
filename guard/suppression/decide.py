"""Which findings a comment or an approval silences, and what is wrong with those.

Pure decisions over values that others read; nothing here opens a file or knows the day.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from guard.config import nearest
from guard.facts import Fact, MissingReason, UnknownRuleName, UnusedSuppression
from guard.finding import Finding
from guard.suppression.approvals import Approval, Key, finding_key, same_person
from guard.suppression.comments import KINDS, Comment

TOLD = 10  # unknown names of one comment


class Suppressions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that may silence a finding; the comments are by path.

    `approvers` is how many have to approve a finding of a rule, where one is not enough.
    """

    comments: Mapping[str, Sequence[Comment]]
    approvals: Sequence[Approval]
    approvers: Mapping[str, int] = {}


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run went: where it did not go, nothing can prove a suppression unused.

    `known` are the names of all rules, `ran` of those that judged. `paths` and `revisions` are None
    for all of them.
    """

    known: Collection[str]
    ran: Collection[str]
    paths: Collection[str] | None = None
    revisions: Collection[str] | None = None

    def has_path(self, path: str) -> bool:
        """Return whether the run covered the file."""
        return self.paths is None or path in self.paths

    def has_revision(self, revision: str) -> bool:
        """Return whether the run covered the revision."""
        return self.revisions is None or revision in self.revisions


def decide(
    findings: Iterable[Finding], written: Suppressions, covered: Covered, today: datetime.date
) -> tuple[tuple[Finding, ...], tuple[Fact, ...]]:
    """Return the findings with status and reason, and what is wrong with the suppressions."""
    decided, used_approvals = _approve(tuple(findings), written, today)
    decided, used_comments = _ignore(decided, written.comments)
    comments = (
        comment
        for path in sorted(written.comments)
        if covered.has_path(path)
        for comment in written.comments[path]
    )
    facts = [
        *(fact for comment in comments for fact in _judge(comment, used_comments, covered)),
        *(f for approval in written.approvals if (f := _unknown_rule(approval, covered.known))),
        *(
            _unused_approval(approval)
            for approval in written.approvals
            if approval not in used_approvals
            and approval.rule in covered.ran
            and covered.has_revision(approval.revision)
        ),
    ]
    return decided, tuple(facts)


def _approve(
    findings: tuple[Finding, ...], written: Suppressions, today: datetime.date
) -> tuple[tuple[Finding, ...], set[Approval]]:
    """Return the findings, judged by the approvals, and the approvals that met one."""
    present = {finding_key(finding) for finding in findings}
    exact: dict[Key, list[Approval]] = defaultdict(list)
    changed: dict[tuple[str, ...], list[Approval]] = defaultdict(list)
    for approval in written.approvals:
        exact[approval.key].append(approval)
        if approval.key not in present:
            changed[approval.key[:3]].append(approval)
    decided = []
    used: set[Approval] = set()
    for finding in findings:
        key = finding_key(finding)
        meant = exact.get(key) or changed.get(key[:3]) or []
        used.update(meant)
        needed = written.approvers.get(finding.rule, 1)
        decided.append(_approved(finding, meant, needed, today) if meant else finding)
    return tuple(decided), used


def _approved(
    finding: Finding, meant: Sequence[Approval], needed: int, today: datetime.date
) -> Finding:
    if meant[-1].fingerprint != finding.fingerprint:
        return _still_open(
            finding,
            f"{meant[-1].approver} approved it before, but the operation was changed after that: "
            f"its fingerprint was {meant[-1].fingerprint or 'not given'} "
            f"and is now {finding.fingerprint or 'none'}.",
        )
    valid = [approval for approval in meant if not approval.expired(today)]
    names = tuple({same_person(one.approver): one.approver for one in valid}.values())
    if not valid:
        last = meant[-1]
        return _still_open(finding, f"The approval by {last.approver} expired on {last.expires}.")
    if len(names) < needed:
        return _still_open(
            finding,
            f"{' and '.join(names)} approved it, and {finding.rule} takes {needed} approvers: "
            f"{needed - len(names)} more to go.",
        )
    reason = "; ".join(f"{one.reason} (approved by {one.approver})" for one in valid)
    return msgspec.structs.replace(finding, status="approved", reason=reason, approvers=names)


def _ignore(
    findings: tuple[Finding, ...], comments: Mapping[str, Sequence[Comment]]
) -> tuple[tuple[Finding, ...], set[tuple[Comment, str]]]:
    """Return the findings, judged by the comments, and each comment and rule that met one."""
    decided = []
    used: set[tuple[Comment, str]] = set()
    for finding in findings:
        meant = [comment for comment in _beside(finding, comments) if finding.rule in comment.rules]
        used.update((comment, finding.rule) for comment in meant)
        decided.append(_ignored(finding, meant) if finding.status == "open" else finding)
    return tuple(decided), used


def _ignored(finding: Finding, meant: Sequence[Comment]) -> Finding:
    if meant and finding.approvable:
        return _still_open(
            finding,
            f"The comment on line {meant[0].span.line} does not silence it: "
            f"{finding.rule} needs an approval.",
        )
    reason = next((comment.reason for comment in meant if comment.reason), None)
    return msgspec.structs.replace(finding, status="ignored", reason=reason) if reason else finding


def _beside(finding: Finding, comments: Mapping[str, Sequence[Comment]]) -> Iterator[Comment]:
    """Yield the comments that speak of the finding's file, its statement or the place in it."""
    for span in dict.fromkeys((finding.statement_span or finding.span, finding.span)):
        for comment in comments.get(span.path, ()):
            silences = comment.kind in {"ignore", "ignore-file"}
            if silences and comment.covers(span.line, span.end_line):
                yield comment


def _still_open(finding: Finding, why: str) -> Finding:
    """Return the finding with the reason why somebody's wish to silence it does not count."""
    how = "guard approve"
    remedy = finding.remedy if how in finding.remedy else f"{finding.remedy} Or approve it: {how}"
    return msgspec.structs.replace(finding, message=f"{finding.message} {why}", remedy=remedy)


# What is wrong with the suppressions


def _judge(
    comment: Comment, used: Collection[tuple[Comment, str]], covered: Covered
) -> Iterator[Fact]:
    what = f"The comment `{comment.written}`"
    if comment.kind == "unknown":
        guess = nearest(comment.word, KINDS)
        meant = f"it may be meant as {guess!r}" if guess else f"only {', '.join(KINDS)}"
        why = f"guard knows no comment {comment.word!r}, {meant}"
        yield UnusedSuppression(span=comment.span, what=what, why=why)
        return
    unknown = {name: None for name in comment.rules if name not in covered.known}
    told = [*unknown][:TOLD]
    known = tuple(sorted(covered.known))
    if not comment.reason and (not comment.rules or len(unknown) < len(comment.rules)):
        yield MissingReason(span=comment.span, what=what)
    if comment.kind == "irreversible":
        return
    if not comment.rules:
        yield UnusedSuppression(span=comment.span, what=what, why="it names no rule")
    for name in comment.rules:
        if name in unknown and name not in told:
            continue
        if name in unknown:
            yield UnknownRuleName(
                span=comment.span,
                name=name,
                where=what,
                suggestion=nearest(name, known),
            )
        elif comment.reason and name in covered.ran and (comment, name) not in used:
            where = "in this file" if comment.kind == "ignore-file" else "here"
            why = f"there is no {name} finding {where}"
            yield UnusedSuppression(span=comment.span, what=what, why=why)


def _unknown_rule(approval: Approval, known: Collection[str]) -> Fact | None:
    if approval.rule in known:
        return None
    return UnknownRuleName(
        span=approval.span,
        revision=approval.revision,
        name=approval.rule,
        where=_named(approval),
        suggestion=nearest(approval.rule, tuple(sorted(known))),
    )


def _unused_approval(approval: Approval) -> Fact:
    return UnusedSuppression(
        span=approval.span,
        revision=approval.revision,
        what=_named(approval),
        why=f"revision {approval.revision} has no {approval.rule} finding that it matches",
    )


def _named(approval: Approval) -> str:
    return f"The approval of {approval.object or approval.rule} by {approval.approver}"
