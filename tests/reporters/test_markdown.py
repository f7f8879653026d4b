"""The comment on a pull request, and the summary of a job."""

from __future__ import annotations

import pytest
from reports import APPROVED, PATH, REPORT, SOURCE, UNFINISHED, finding, rendered

from guard.finding import Report
from guard.operations import DropTable, Name
from guard.reader import ParsedRevision
from guard.reporters.background import Change
from guard.reporters.markdown import MARKER
from guard.statement import Span, Statement, Steps

BOTH = pytest.mark.parametrize("name", ["markdown", "github-summary"])


def headings(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("#")]


@BOTH
def test_it_says_the_verdict_and_the_worst_first(name: str) -> None:
    assert headings(rendered(name)) == [
        "### ❌ guard: Refused: 2 errors.",
        f"#### ❌ error `drop-table` in `{PATH}:5`",
        f"#### ❌ error `credentials-in-url` in `{PATH}:13`",
        f"#### ⚠️ warning `backfill` in `{PATH}:6`",
    ]
    assert headings(rendered(name, Report())) == [
        "### ✅ guard: Passed: there was nothing to check."
    ]
    assert "**Could not be done:** env.py cannot run" in rendered(name, UNFINISHED)


def test_a_comment_can_be_found_again_and_a_summary_is_none() -> None:
    assert rendered("markdown").startswith(f"{MARKER}\n### ")
    assert MARKER not in rendered("github-summary")


def test_a_finding_says_what_to_do() -> None:
    found = finding(
        remedy="Keep a copy:\nop.rename_table('orders', 'old')",
        evidence=("It failed.",),
        approvable=True,
        object="orders",
        url="https://rules.example/drop-table.md",
    )
    output = rendered("markdown", Report(findings=(found,)))
    assert "error [`drop-table`](https://rules.example/drop-table.md) in" in output
    assert "**Help:** Keep a copy:\n\n```\nop.rename_table('orders', 'old')\n```\n" in output
    assert "**Note:** It failed." in output
    assert (
        '**Approve:** `guard approve 4f5e --rule drop-table --object orders --reason "..."`'
    ) in output


def test_what_was_checked_and_approved_is_folded_away() -> None:
    folded = rendered("markdown").partition("<summary>What was checked</summary>")[2]
    for line in (
        f"- Approved: drop-column in {PATH}:5: archived (approved by ann)",
        "- Checked: history against origin/main",
        "- Found: 2 errors, 1 warning; 1 approved, 1 ignored",
    ):
        assert line in folded.replace("\\_", "_")
    assert APPROVED.reason is not None


def revision(id_: str, sql: str) -> Change:
    drop = Statement(
        operations=(DropTable(table=Name("orders")),),
        span=Span(PATH, 5),
        direction="upgrade",
        revision=id_,
        sql=sql,
    )
    upgrade = Steps(direction="upgrade", statements=(drop,), span=Span(PATH, 4))
    downgrade = Steps(direction="downgrade", span=Span(PATH, 9))
    parsed = ParsedRevision(path=PATH, revision=id_, upgrade=upgrade, downgrade=downgrade)
    return Change(revision=parsed, dialect="postgresql")


def test_what_the_change_does_is_folded_with_its_sql() -> None:
    output = rendered("markdown", changes=(revision("4f5e", "DROP TABLE orders"),))
    folded = output.partition("<summary>The SQL of 4f5e</summary>")[2].partition("</details>")[0]
    assert f"As `{PATH}` reads for postgresql:" in folded
    assert "**upgrade**:\n\n```sql\n-- line 5\nDROP TABLE orders;\n```" in folded
    assert "**downgrade**: does nothing" in folded


@pytest.mark.parametrize(("name", "most"), [("markdown", 65_536), ("github-summary", 1_048_576)])
def test_it_is_never_longer_than_github_takes_and_says_what_is_left_out(
    name: str, most: int
) -> None:
    many = Report(
        findings=tuple(
            finding(span=Span(PATH, line), message="é" * 300) for line in range(1, 3000)
        ),
        notes=REPORT.notes,
    )
    output = rendered(name, many, changes=(revision("4f5e", "DROP TABLE orders"),))
    assert most * 0.9 < len(output.encode()) <= most
    shown = output.count("#### ")
    assert f"{2999 - shown} findings and the SQL of 1 revision" in output
    assert output.startswith(rendered(name, many)[:1000])
    assert "- Found: 2999 errors" in output
    assert output.count("<details>") == output.count("</details>")


def test_a_large_change_is_left_out_before_a_finding() -> None:
    large = revision("4f5e", "SELECT '" + "x" * 70_000 + "'")
    output = rendered("markdown", changes=(large,))
    assert len(headings(output)) == 4
    assert "**Not shown here:** the SQL of 1 revision" in output
    assert "x" * 100 not in output
    assert SOURCE not in output
