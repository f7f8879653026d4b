"""Annotations of GitHub: as many as it shows, the worst first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from reports import PATH, REPORT, UNFINISHED, finding

from guard.finding import Report
from guard.note import Note
from guard.reporters.github import github
from guard.statement import Span


def test_github_report() -> None:
    assert github(REPORT) == (
        f"::error file={PATH},line=5,endLine=5,col=5,endColumn=28,title=guard drop-table"
        "::Dropping table orders deletes its rows.%0A%0Ahelp: Keep a copy.\n"
        f"::error file={PATH},line=13,endLine=13,col=28,endColumn=61,title=guard credentials-in-url"
        "::postgresql://app:***@db/prod holds a password.%0A%0A"
        "help: Read it from the environment.\n"
        f"::warning file={PATH},line=6,endLine=12,title=guard backfill"
        "::UPDATE customers changes every row.%0A%0A"
        "help: Use batches:%0A    for start in range(9): ...\n"
        f"approved: drop-column in {PATH}:5: archived (approved by ann)\n"
        "note: The base is origin/main.\n"
        "note: From postgresql://a:***@h/x.\n"
        "checked: 2 revisions, 5 statements, 1 of them not understood\n"
        "checked: history against origin/main\n"
        "checked: round trip on SQLite\n"
        "found: 2 errors, 1 warning; 1 approved, 1 ignored\n"
        "guard: Refused: 2 errors.\n"
    )


def test_what_could_not_be_done_is_an_annotation() -> None:
    lines = github(UNFINISHED).splitlines()
    assert lines[0] == (
        "::error title=guard::env.py cannot run: postgresql://a:***@h/x. Remedy:%0A  x = 1"
    )
    assert lines[-1] == "guard: Not finished: nothing is proven by what was not done."


def test_github_notice() -> None:
    assert github(Report(findings=(finding(severity="info"),))).startswith("::notice file=")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"message": "100% sure"}, "::100%25 sure%0A"),
        ({"message": "a\r\nb"}, "::a%0Ab%0A"),
        ({"message": "a::b, c"}, "::a::b, c%0A"),
        ({"span": Span("a,b:c%/d.py", 1)}, "file=a%2Cb%3Ac%25/d.py,"),
        ({"span": Span("a\nb.py", 1)}, "file=a%0Ab.py,"),
    ],
    ids=["percent", "line end", "colon in the message", "path", "line end in the path"],
)
def test_github_escapes(changes: dict[str, Any], expected: str) -> None:
    first = github(Report(findings=(finding(**changes),))).splitlines()[0]
    assert expected in first


@pytest.mark.parametrize("note", ["x\n::error::y", "::error::y", "##[error]y"])
def test_no_note_becomes_a_workflow_command(note: str) -> None:
    lines = github(Report(notes=(Note("base", note),))).splitlines()
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)


MANY = Report(
    findings=tuple(
        finding(severity=severity, span=Span(PATH, line), message=f"This is {line}.")
        for severity, lines in (("warning", range(1, 13)), ("error", range(20, 34)))
        for line in lines
    )
)


def test_github_gets_as_many_as_it_shows_and_the_worst_first() -> None:
    lines = github(MANY).splitlines()
    assert [line.partition(" ")[0] for line in lines[:20]] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[20:26] == [
        *[f"error: {PATH}:{line}:1: drop-table: This is {line}." for line in range(30, 34)],
        *[f"warning: {PATH}:{line}:1: drop-table: This is {line}." for line in (11, 12)],
    ]
    assert lines[-1].startswith("6 findings more without an annotation")
    assert "without an annotation" not in github(REPORT)


def test_what_could_not_be_done_counts_as_an_annotation() -> None:
    lines = github(msgspec.structs.replace(MANY, errors=("one", "two"))).splitlines()
    assert sum(line.startswith("::error") for line in lines) == 10
    assert lines[0] == "::error title=guard::one"
