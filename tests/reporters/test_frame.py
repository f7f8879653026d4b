"""The frame around a place: the lines, and a mark under them."""

from __future__ import annotations

import pytest
from reports import PATH, finding

from guard.finding import Report
from guard.reporters.frame import frame, split_lines
from guard.reporters.text import text
from guard.statement import Span


@pytest.mark.parametrize(
    ("source", "span", "expected"),
    [
        pytest.param("drop(a)", (1, 6, 1, 7), ["drop(a)", "     ^"], id="ascii"),
        pytest.param("drop(a)", (1, 6), ["drop(a)", "     ^"], id="a point"),
        pytest.param("drop(a)", (1, 1, 1, 99), ["drop(a)", "^^^^^^^"], id="past the end"),
        pytest.param("\tdrop(a)", (1, 7, 1, 8), ["    drop(a)", "         ^"], id="tab"),
        pytest.param("a\tb", (1, 3), ["a   b", "    ^"], id="tab stop"),
        pytest.param("'名前' b", (1, 6), ["'名前' b", "       ^"], id="wide before"),
        pytest.param("'名前' b", (1, 2, 1, 4), ["'名前' b", " ^^^^"], id="wide under"),
        pytest.param("e\u0301 b", (1, 4), ["e\u0301 b", "  ^"], id="combining"),
        pytest.param("a\x1b[2Jb", (1, 6), ["a\ufffd[2Jb", "     ^"], id="escape sequence"),
        pytest.param("a\u202eb", (1, 3), ["a\ufffdb", "  ^"], id="text turned around"),
        pytest.param("\ufeffdrop", (1, 1, 1, 5), ["drop", "^^^^"], id="byte-order mark"),
        pytest.param("a\r\nb\r\n", (2, 1), ["b", "^"], id="CRLF"),
        pytest.param("a\x0cb\nc", (2, 1), ["c", "^"], id="form feed is no line end"),
        pytest.param(
            "'x://u:pa@h' b", (1, 14), ["'x://u:***@h' b", "              ^"], id="after a password"
        ),
        pytest.param(
            "'x://u:pa@h'", (1, 1, 1, 13), ["'x://u:***@h'", "^^^^^^^^^^^^^"], id="over a password"
        ),
        pytest.param("a(\n  b\n)", (1, 1, 3, 2), ["/ a(", "|   b", "| )", "|_^"], id="three lines"),
        pytest.param("a(\n  b)\n", (1, 1, 2, 5), ["/ a(", "|   b)", "|____^"], id="two lines"),
        pytest.param("a", (7, 1), [], id="no such line"),
        pytest.param("\n\nb", (1, 1), [], id="an empty line"),
        pytest.param("", (1, 1), [], id="an empty file"),
    ],
)
def test_frame(source: str, span: tuple[int, ...], expected: list[str]) -> None:
    assert [row.text for row in frame(Span(PATH, *span), split_lines(source), 80)] == expected


LONG = "x" * 60 + "HERE" + "y" * 60


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((1, 61, 1, 65), ["..." + "x" * 7 + "HERE" + "y" * 23 + "...", " " * 10 + "^^^^"]),
        ((1, 1, 1, 5), ["x" * 37 + "...", "^^^^"]),
        ((1, 121, 1, 125), ["..." + "y" * 37, " " * 36 + "^^^^"]),
        ((1, 1, 1, 125), ["x" * 37 + "...", "^" * 40]),
    ],
    ids=["middle", "begin", "end", "all"],
)
def test_a_long_line_is_cut_where_its_mark_stays_in_sight(
    span: tuple[int, ...], expected: list[str]
) -> None:
    assert [row.text for row in frame(Span(PATH, *span), [LONG], 40)] == expected


@pytest.mark.parametrize("before", range(3), ids=lambda count: f"{count} before")
@pytest.mark.parametrize("after", range(3), ids=lambda count: f"{count} after")
def test_a_cut_through_a_wide_character_keeps_the_mark_in_place(before: int, after: int) -> None:
    line = "x" * before + "名" * 40 + "HERE" + "x" * after + "前" * 40
    column = line.index("HERE") + 1
    text_row, mark_row = frame(Span(PATH, 1, column, 1, column + 4), [line], 40)
    widths = [2 if character in "名前" else 1 for character in text_row.text]
    assert sum(widths) <= 40
    assert sum(widths[: text_row.text.index("HERE")]) == mark_row.text.index("^^^^")


def test_messages_cannot_steer_the_terminal() -> None:
    report = Report(findings=(finding(message="Dropping \x1b[2Jtable\u202e\tx."),))
    assert "Dropping \ufffd[2Jtable\ufffd    x.\n" in text(report)


def test_a_place_far_along_a_line_of_megabytes() -> None:
    line = "x" * 3_000_000 + "HERE"
    rows = frame(Span(PATH, 1, 3_000_001, 1, 3_000_005), [line], 40)
    assert [row.text for row in rows] == ["..." + "x" * 33 + "HERE", " " * 36 + "^^^^"]
