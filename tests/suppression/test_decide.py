"""Which rules judge, and which findings comments and approvals silence."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

import pytest

from guard.config import Config
from guard.errors import GuardError
from guard.facts import Fact, MissingReason, UnknownRuleName, UnusedSuppression
from guard.finding import Finding
from guard.judge.select_rules import select_rules
from guard.operations import DropTable
from guard.rule import Context, Problem, Rule
from guard.statement import Span
from guard.suppression.approvals import Approval
from guard.suppression.comments import read_comments
from guard.suppression.decide import Covered, Suppressions, decide

PATH = "versions/0004.py"
TODAY = datetime.date(2026, 11, 23)
KNOWN = ("drop-table", "drop-column", "backfill", "lock-timeout")

# Which rules judge


def nothing(_operation: DropTable, _context: Context) -> Iterator[Problem]:
    yield from ()


def rule(name: str, group: str, severity: str = "error") -> Rule:
    return Rule(
        name=name,
        group=group,
        doc="",
        on=(DropTable,),
        severity=severity,  # type: ignore[arg-type]
        approvable=False,
        dialects=None,
        unsafe=(),
        safe=(),
        check=nothing,
    )


RULES = (
    rule("drop-table", "destructive"),
    rule("drop-column", "destructive"),
    rule("unlogged-table", "destructive", "warning"),
    rule("rename-column", "compatibility"),
    rule("drop-not-null", "compatibility", "off"),
    rule("char-type", "style", "off"),
    rule("money-type", "style", "off"),
)
DESTRUCTIVE = {"drop-table": "error", "drop-column": "error", "unlogged-table": "warning"}
DEFAULT = {**DESTRUCTIVE, "rename-column": "error"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({}, DEFAULT, id="default"),
        pytest.param({"select": ["drop-table"]}, {"drop-table": "error"}, id="one rule"),
        pytest.param({"select": ["destructive"]}, DESTRUCTIVE, id="one group"),
        pytest.param(
            {"select": ["compatibility"]}, {"rename-column": "error"}, id="group without its off"
        ),
        pytest.param({"select": ["drop-not-null"]}, {"drop-not-null": "warning"}, id="off by name"),
        pytest.param(
            {"select": ["style"]}, {"char-type": "warning", "money-type": "warning"}, id="opt-in"
        ),
        pytest.param(
            {"select": ["style"], "ignore": ["char-type"]},
            {"money-type": "warning"},
            id="group without one rule",
        ),
        pytest.param({"ignore": ["destructive"]}, {"rename-column": "error"}, id="ignore group"),
        pytest.param(
            {"select": ["drop-table"], "ignore": ["destructive"]},
            {"drop-table": "error"},
            id="a rule counts more than its group",
        ),
        pytest.param(
            {"select": ["drop-table"], "ignore": ["drop-table"]}, {}, id="ignore counts more"
        ),
        pytest.param(
            {"severity": {"drop-table": "info"}}, DEFAULT | {"drop-table": "info"}, id="severity"
        ),
        pytest.param(
            {"severity": {"destructive": "warning", "drop-table": "error"}},
            {**dict.fromkeys(DESTRUCTIVE, "warning"), "drop-table": "error"}
            | {"rename-column": "error"},
            id="severity of a group",
        ),
        pytest.param(
            {"severity": {"destructive": "off"}}, {"rename-column": "error"}, id="switched off"
        ),
        pytest.param(
            {"severity": {"drop-not-null": "error"}},
            DEFAULT | {"drop-not-null": "error"},
            id="switched on by severity",
        ),
        pytest.param(
            {"select": ["drop-not-null"], "severity": {"drop-not-null": "error"}},
            {"drop-not-null": "error"},
            id="off by name with severity",
        ),
    ],
)
def test_selected_rules(settings: dict[str, object], expected: dict[str, str]) -> None:
    config = Config(**settings)  # type: ignore[arg-type]
    assert {r.name: r.severity for r in select_rules(config, RULES)} == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"select": ["drop_table"]},
            "select: no rule or group is called 'drop_table': did you mean 'drop-table'?",
        ),
        (
            {"ignore": ["destructiv"]},
            "ignore: no rule or group is called 'destructiv': did you mean 'destructive'?",
        ),
        (
            {"severity": {"qqq": "error"}},
            "severity: no rule or group is called 'qqq': `guard rules` lists them",
        ),
    ],
)
def test_unknown_names_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(GuardError) as refused:
        select_rules(Config(**settings), RULES)  # type: ignore[arg-type]
    assert str(refused.value) == message


# Which findings are silenced


def finding(
    rule: str = "backfill",
    lines: tuple[int, int] = (10, 10),
    *,
    statement: tuple[int, int] | None = None,
    **changes: object,
) -> Finding:
    fields: dict[str, object] = {
        "rule": rule,
        "span": Span(PATH, lines[0], 1, lines[1], 2),
        "severity": "error",
        "message": "It locks.",
        "remedy": "Wait.",
        "revision": "4f5e",
        "object": "orders",
        "fingerprint": "abc",
        "approvable": rule == "drop-table",
        "statement_span": Span(PATH, statement[0], 1, statement[1], 2) if statement else None,
    }
    return Finding(**(fields | changes))  # type: ignore[arg-type]


def source(*lines: tuple[int, str]) -> str:
    """A file of twenty lines of code, some of them replaced."""
    code = ["run()"] * 20
    for number, text in lines:
        code[number - 1] = text
    return "\n".join(code)


def decided(
    findings: Sequence[Finding],
    text: str = "",
    approvals: Sequence[Approval] = (),
    /,
    **covered: Sequence[str],
) -> tuple[tuple[Finding, ...], tuple[Fact, ...]]:
    comments = {PATH: read_comments(PATH, text)}
    written = Suppressions(comments=comments, approvals=tuple(approvals))
    return decide(findings, written, Covered(**{"known": KNOWN, "ran": KNOWN, **covered}), TODAY)


ABOVE = "# guard: ignore[backfill] small table"
TRAILING = f"run()  {ABOVE}"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        pytest.param(finding(), source((10, TRAILING)), id="same line"),
        pytest.param(finding(), source((9, ABOVE)), id="line above"),
        pytest.param(finding(), source((8, ABOVE), (9, "# and more")), id="comments above"),
        pytest.param(finding(lines=(10, 13)), source((12, TRAILING)), id="inside the statement"),
        pytest.param(finding(lines=(10, 13)), source((13, TRAILING)), id="its last line"),
        pytest.param(
            finding(statement=(7, 12)), source((7, TRAILING)), id="statement's first line"
        ),
        pytest.param(finding(statement=(7, 12)), source((6, ABOVE)), id="above the statement"),
        pytest.param(
            finding(), source((1, "# guard: ignore-file[backfill] small table")), id="file"
        ),
        pytest.param(
            finding(),
            source((10, "run()  # guard: ignore[drop-column, backfill] small table")),
            id="two rules",
        ),
    ],
)
def test_ignored(found: Finding, text: str) -> None:
    ((result,), _) = decided([found], text)
    assert (result.status, result.reason) == ("ignored", "small table")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(source(), id="no comment"),
        pytest.param(source((9, TRAILING)), id="trailing on the line above"),
        pytest.param(source((11, ABOVE)), id="line below"),
        pytest.param(source((8, ABOVE)), id="two lines above"),
        pytest.param(source((8, ABOVE), (9, "")), id="empty line between"),
        pytest.param(source((10, "run()  # guard: ignore[backfill]")), id="no reason"),
        pytest.param(source((10, "run()  # guard: ignore[lock-timeout] x")), id="another rule"),
        pytest.param(source((10, "run()  # guard: ingore[backfill] x")), id="misspelt"),
        pytest.param(source((10, "run()  # guard: ignore small table")), id="no rule"),
        pytest.param(source((10, "run()  # guard: irreversible x")), id="another kind"),
    ],
)
def test_not_ignored(text: str) -> None:
    ((result,), _) = decided([finding()], text)
    assert result == finding()


def test_one_comment_silences_every_finding_of_its_rule_in_the_statement() -> None:
    found = [finding(), finding(object="invoices"), finding("drop-column")]
    results, facts = decided(found, source((10, TRAILING)))
    assert [r.status for r in results] == ["ignored", "ignored", "open"]
    assert facts == ()


def test_a_comment_in_another_file_counts_for_nothing() -> None:
    elsewhere = finding(span=Span("versions/0005.py", 10))
    ((result,), _) = decided([elsewhere], source((10, TRAILING)))
    assert result.status == "open"


def test_a_comment_cannot_silence_what_takes_an_approval() -> None:
    text = source((9, "# guard: ignore[drop-table] sure"))
    ((result,), facts) = decided([finding("drop-table")], text)
    assert result.status == "open"
    assert result.message == (
        "It locks. The comment on line 9 does not silence it: drop-table needs an approval."
    )
    assert result.remedy == "Wait. Or approve it: guard approve"
    assert facts == ()


# Approvals


def approval(**changes: object) -> Approval:
    fields: dict[str, object] = {
        "revision": "4f5e",
        "rule": "drop-table",
        "object": "orders",
        "fingerprint": "abc",
        "reason": "archived",
        "approver": "ann",
        "span": Span("guard-approvals.toml", 3),
    }
    return Approval(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "given"),
    [
        pytest.param(finding("drop-table"), approval(), id="approvable"),
        pytest.param(finding("backfill"), approval(rule="backfill"), id="ordinary"),
        pytest.param(finding("drop-table"), approval(expires=TODAY), id="last day"),
        pytest.param(finding("drop-table", revision=None), approval(revision=PATH), id="by path"),
        pytest.param(
            finding("drop-table", fingerprint=""), approval(fingerprint=""), id="no fingerprint"
        ),
    ],
)
def test_approved(found: Finding, given: Approval) -> None:
    ((result,), facts) = decided([found], "", [given])
    assert (result.status, result.reason) == ("approved", "archived (approved by ann)")
    assert facts == ()


@pytest.mark.parametrize(
    "given",
    [
        approval(revision="77aa"),
        approval(rule="drop-column"),
        approval(object="invoices"),
    ],
    ids=["revision", "rule", "object"],
)
def test_an_approval_of_something_else_is_none(given: Approval) -> None:
    ((result,), _) = decided([finding("drop-table")], "", [given])
    assert result == finding("drop-table")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param(
            approval(fingerprint="old"),
            "ann approved it before, but the operation was changed after that: "
            "its fingerprint was old and is now abc.",
            id="changed since",
        ),
        pytest.param(
            approval(fingerprint=""),
            "ann approved it before, but the operation was changed after that: "
            "its fingerprint was not given and is now abc.",
            id="no fingerprint",
        ),
        pytest.param(
            approval(expires=datetime.date(2026, 11, 22)),
            "The approval by ann expired on 2026-11-22.",
            id="expired",
        ),
    ],
)
def test_an_approval_that_no_longer_counts(given: Approval, why: str) -> None:
    ((result,), facts) = decided([finding("drop-table")], "", [given])
    assert (result.status, result.message) == ("open", f"It locks. {why}")
    assert result.remedy == "Wait. Or approve it: guard approve"
    assert facts == ()


def test_of_two_operations_on_one_object_only_the_approved_one_passes() -> None:
    found = [finding("drop-table"), finding("drop-table", fingerprint="other")]
    results, facts = decided(found, "", [approval()])
    assert [(r.status, r.message) for r in results] == [
        ("approved", "It locks."),
        ("open", "It locks."),
    ]
    assert facts == ()


def test_the_remedy_names_guard_approve_once() -> None:
    found = finding("drop-table", remedy="Ask, then: guard approve")
    ((result,), _) = decided([found], "", [approval(fingerprint="old")])
    assert result.remedy == "Ask, then: guard approve"


# What is wrong with the suppressions


def said(facts: Sequence[Fact]) -> list[tuple[object, ...]]:
    """Each fact as its type, its line and its words."""
    rows: list[tuple[object, ...]] = []
    for fact in facts:
        if isinstance(fact, UnknownRuleName):
            rows.append(("unknown", fact.span.line, fact.where, fact.name, fact.suggestion))
        elif isinstance(fact, UnusedSuppression):
            rows.append(("unused", fact.span.line, fact.what, fact.why))
        elif isinstance(fact, MissingReason):
            rows.append(("reason", fact.span.line, fact.what))
    return rows


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        pytest.param(ABOVE, [], id="used"),
        pytest.param(
            "# guard: ignore[lock-timeout] x",
            [
                (
                    "unused",
                    9,
                    "The comment `guard: ignore[lock-timeout]`",
                    "there is no lock-timeout finding here",
                )
            ],
            id="unused",
        ),
        pytest.param(
            "# guard: ignore[backfill, lock-timeout] x",
            [
                (
                    "unused",
                    9,
                    "The comment `guard: ignore[backfill, lock-timeout]`",
                    "there is no lock-timeout finding here",
                )
            ],
            id="half used",
        ),
        pytest.param(
            "# guard: ignore-file[lock-timeout] x",
            [
                (
                    "unused",
                    9,
                    "The comment `guard: ignore-file[lock-timeout]`",
                    "there is no lock-timeout finding in this file",
                )
            ],
            id="unused in the file",
        ),
        pytest.param(
            "# guard: ignore[drop-tabel] x",
            [
                (
                    "unknown",
                    9,
                    "The comment `guard: ignore[drop-tabel]`",
                    "drop-tabel",
                    "drop-table",
                )
            ],
            id="unknown",
        ),
        pytest.param(
            "# guard: ignore[zzzz] x",
            [("unknown", 9, "The comment `guard: ignore[zzzz]`", "zzzz", None)],
            id="unknown and like nothing",
        ),
        pytest.param(
            "# guard: ignore[lock-timeout]",
            [("reason", 9, "The comment `guard: ignore[lock-timeout]`")],
            id="no reason",
        ),
        pytest.param(
            "# guard: ignore[zzzz]",
            [("unknown", 9, "The comment `guard: ignore[zzzz]`", "zzzz", None)],
            id="unknown and no reason",
        ),
        pytest.param(
            "# guard: irreversible",
            [("reason", 9, "The comment `guard: irreversible`")],
            id="irreversible without reason",
        ),
        pytest.param("# guard: irreversible rows are gone", [], id="irreversible"),
        pytest.param(
            "# guard: ignore nothing in particular",
            [("unused", 9, "The comment `guard: ignore`", "it names no rule")],
            id="no rule",
        ),
        pytest.param(
            "# guard: ingore[backfill] x",
            [
                (
                    "unused",
                    9,
                    "The comment `guard: ingore[backfill]`",
                    "guard knows no comment 'ingore', it may be meant as 'ignore'",
                )
            ],
            id="misspelt",
        ),
    ],
)
def test_comment_facts(comment: str, expected: list[tuple[object, ...]]) -> None:
    _, facts = decided([finding()], source((9, comment)))
    assert said(facts) == expected


UNUSED = source((9, "# guard: ignore[lock-timeout] x"))


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param({}, 1, id="everything was covered"),
        pytest.param({"ran": ["lock-timeout"]}, 1, id="its rule ran"),
        pytest.param({"ran": ["backfill"]}, 0, id="its rule did not run"),
        pytest.param({"paths": [PATH]}, 1, id="its file was covered"),
        pytest.param({"paths": ["other.py"]}, 0, id="its file was not covered"),
    ],
)
def test_what_was_not_covered_proves_no_comment_unused(
    options: dict[str, Sequence[str]], count: int
) -> None:
    _, facts = decided([], UNUSED, **options)
    assert len(facts) == count


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param({}, 1, id="everything was covered"),
        pytest.param({"revisions": ["4f5e"]}, 1, id="its revision was covered"),
        pytest.param({"revisions": ["77aa"]}, 0, id="its revision was not covered"),
        pytest.param({"ran": ["backfill"]}, 0, id="its rule did not run"),
    ],
)
def test_what_was_not_covered_proves_no_approval_unused(
    options: dict[str, Sequence[str]], count: int
) -> None:
    _, facts = decided([], "", [approval()], **options)
    assert len(facts) == count


def test_approval_facts() -> None:
    _, facts = decided([], "", [approval(), approval(rule="drop-tabel")])
    assert said(facts) == [
        ("unknown", 3, "The approval of orders by ann", "drop-tabel", "drop-table"),
        (
            "unused",
            3,
            "The approval of orders by ann",
            "revision 4f5e has no drop-table finding that it matches",
        ),
    ]
