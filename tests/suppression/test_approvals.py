"""The approvals file: read strictly, written without losing what people put there."""

from __future__ import annotations

import datetime

import pytest

from guard.errors import GuardError
from guard.finding import Finding
from guard.statement import Span
from guard.suppression.approvals import (
    Approval,
    add_approval,
    approval_of,
    load_approvals,
    outdated,
)

PATH = "guard-approvals.toml"
ENTRY = """\
[[approval]]
revision = "4f5e"
rule = "drop-table"
object = "orders"
fingerprint = "abc123"
reason = "archived in May"
approver = "ann"
"""


def approval(**changes: object) -> Approval:
    fields: dict[str, object] = {
        "revision": "4f5e",
        "rule": "drop-table",
        "object": "orders",
        "fingerprint": "abc123",
        "reason": "archived in May",
        "approver": "ann",
    }
    return Approval(**(fields | changes))  # type: ignore[arg-type]


def finding(**changes: object) -> Finding:
    fields: dict[str, object] = {
        "rule": "drop-table",
        "severity": "error",
        "message": "m",
        "remedy": "r",
        "span": Span("versions/0004.py", 21),
        "revision": "4f5e",
        "object": "orders",
        "fingerprint": "abc123",
        "approvable": True,
    }
    return Finding(**(fields | changes))  # type: ignore[arg-type]


def load(text: str) -> tuple[Approval, ...]:
    return load_approvals(PATH, text)


def test_every_field_is_read() -> None:
    text = f"# who agreed\n\n{ENTRY}expires = 2027-01-31\n"
    assert load(text) == (approval(expires=datetime.date(2027, 1, 31), span=Span(PATH, 3)),)


def test_an_empty_file_holds_no_approvals() -> None:
    assert load("") == load("# none yet\n") == ()


def test_entries_keep_their_order_and_know_their_line() -> None:
    text = ENTRY + "\n" + ENTRY.replace("orders", "invoices")
    assert [(a.object, a.span.line) for a in load(text)] == [("orders", 1), ("invoices", 9)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            ENTRY.replace("approver", "aprover"),
            f"{PATH}:7: unknown key 'aprover' in an approval: did you mean 'approver'?",
            id="misspelt key",
        ),
        pytest.param(
            ENTRY + "zzz = 1\n",
            f"{PATH}:8: unknown key 'zzz' in an approval: known are revision, rule, object, "
            "fingerprint, reason, approver, expires",
            id="unknown key",
        ),
        pytest.param(
            ENTRY + '\n[[approval]]\nrevision = "x"\n',
            f"{PATH}:9: the approval has no 'rule': every one needs it",
            id="missing field",
        ),
        pytest.param(
            ENTRY.replace("archived in May", " "),
            f"{PATH}:6: 'reason' is empty: every approval needs it",
            id="empty reason",
        ),
        pytest.param(
            ENTRY.replace('"ann"', "7"), f"{PATH}:7: 'approver' must be a string", id="type"
        ),
        *(
            pytest.param(
                f"{ENTRY}expires = {value}\n",
                f"{PATH}:8: 'expires' must be a date without quotes and time, "
                "as in expires = 2030-12-31",
                id=f"expires {value}",
            )
            for value in ('"2027-01-31"', "2027-01-31T10:00:00", "7")
        ),
        pytest.param(
            f"{ENTRY}\n{ENTRY}",
            f"{PATH}:9: drop-table of orders is approved already by ann on line 1: "
            "keep one of the two",
            id="duplicate",
        ),
        pytest.param(
            "[[aproval]]\n",
            f"{PATH}: unknown key 'aproval': approvals stand in tables named [[approval]]",
            id="another table",
        ),
        pytest.param(
            "[approval]\n",
            f"{PATH}: write each approval as a table of its own: [[approval]]",
            id="one bracket",
        ),
        pytest.param(
            "approval = [{ revision = 'x' }]\n",
            f"{PATH}:1: the approval has no 'rule': every one needs it",
            id="inline array",
        ),
        pytest.param(
            "approval = [\n",
            f"{PATH}: not valid TOML: Invalid value (at end of document)",
            id="not TOML",
        ),
        pytest.param(
            "expires = 2027-02-31\n",
            f"{PATH}: not valid TOML: Invalid date or datetime (at line 1, column 11)",
            id="no such day",
        ),
        pytest.param(
            f"x = {'[' * 5000}{']' * 5000}\n",
            f"{PATH}: not valid TOML: it is nested too deeply",
            id="nested too deeply",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(GuardError) as refused:
        load(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("day", "expired"),
    [("2027-01-30", False), ("2027-01-31", False), ("2027-02-01", True)],
)
def test_expiry_is_the_last_good_day(day: str, expired: bool) -> None:
    until = approval(expires=datetime.date(2027, 1, 31))
    assert until.expired(datetime.date.fromisoformat(day)) is expired


def test_without_expiry_it_holds_for_good() -> None:
    assert not approval().expired(datetime.date.max)


def test_what_is_added_is_read_back() -> None:
    added = approval(
        reason='said "yes" \\ ünïcode\nin two lines', expires=datetime.date(2027, 1, 31)
    )
    (read,) = load(add_approval("", added))
    assert read == approval(
        reason=added.reason, expires=added.expires, span=Span(PATH, read.span.line)
    )


def test_adding_keeps_comments_and_order() -> None:
    text = f"# who agreed\n\n# an old one\n{ENTRY}# the end\n"
    added = add_approval(text, approval(revision="77aa", fingerprint=""))
    assert added == (
        f'{text}\n[[approval]]\nrevision = "77aa"\nrule = "drop-table"\nobject = "orders"\n'
        'reason = "archived in May"\napprover = "ann"\n'
    )


def test_adding_keeps_line_ends() -> None:
    text = ENTRY.replace("\n", "\r\n")
    added = add_approval(text, approval(revision="77aa"))
    assert added.count("\n") == added.count("\r\n") == 2 * ENTRY.count("\n") + 1


def test_the_same_operation_is_renewed_in_place() -> None:
    text = f"# an old one\n{ENTRY}expires = 2020-01-01\n"
    (old,) = load(text)
    renewed = add_approval(text, approval(approver="bob"), replaces=old)
    assert renewed == "# an old one\n" + ENTRY.replace("ann", "bob")
    assert add_approval(text, approval()) == f"# an old one\n{ENTRY}"
    assert len(load(add_approval(text, approval(approver="bob")))) == 2


def test_an_outdated_approval_is_replaced_in_place() -> None:
    text = f"{ENTRY}# next\n{ENTRY.replace('orders', 'invoices')}"
    changed = approval_of(finding(fingerprint="def456"), reason="still", approver="bob")
    (old,) = outdated(load(text), [finding(fingerprint="def456")])
    read = load(add_approval(text, changed, replaces=old))
    assert [(a.object, a.fingerprint) for a in read] == [
        ("orders", "def456"),
        ("invoices", "abc123"),
    ]


@pytest.mark.parametrize("text", ["approval = [\n", "approval = []\n"], ids=["broken", "inline"])
def test_adding_to_what_cannot_be_extended(text: str) -> None:
    with pytest.raises(GuardError, match=PATH):
        add_approval(text, approval())


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param([finding()], [], id="as approved"),
        pytest.param([finding(fingerprint="def456")], ["orders"], id="changed"),
        pytest.param([finding(), finding(fingerprint="def456")], [], id="one of two"),
        pytest.param([], [], id="gone"),
        pytest.param([finding(revision="77aa", fingerprint="x")], [], id="another revision"),
    ],
)
def test_outdated(findings: list[Finding], expected: list[str]) -> None:
    assert [a.object for a in outdated([approval()], findings)] == expected


def test_a_finding_without_revision_is_approved_by_its_path() -> None:
    made = approval_of(finding(revision=None), reason="r", approver="ann")
    assert made.revision == "versions/0004.py"
