"""The report for people: each finding with its source, then what was checked and the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from guard.finding import Finding, Report, Status
from guard.patterns import lazy_re
from guard.printable import safe
from guard.reporters import summary
from guard.reporters.frame import Row, frame, split_lines

_COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
_CHANGES = {"- ": "red", "+ ": "green"}
APPROVED: tuple[Status, ...] = ("approved",)
_LINK = "\x1b]8;;{}\x1b\\{}\x1b]8;;\x1b\\"  # OSC 8: the second text leads to the first
_NARROWEST = 40
_WIDEST = 500


def text(
    report: Report,
    *,
    sources: Mapping[str, str] | None = None,
    color: bool = False,
    width: int = 100,
    links: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> str:
    """Return the report as text that ends with a line end, or empty where there is nothing to say.

    `sources` are the texts of the files by path, for the frames. `links`: the name of a rule leads
    to its page, on a terminal that shows links. What was approved is listed, and what was ignored
    if `verbose`; `quiet` leaves out everything but the findings, and the verdict if it fails.
    """
    page = _Page(
        click.style if color else _plain,
        min(max(width, _NARROWEST), _WIDEST),
        by_file=bool(report.services),
        links=links,
    )
    paths = {finding.span.path for finding in report.open}
    files = {path: split_lines(text) for path, text in (sources or {}).items() if path in paths}
    blocks = [
        page.finding(finding, files.get(finding.span.path, ()))
        for finding in summary.ordered(report.open)
    ]
    if not quiet:
        blocks.append(
            page.silenced(report, ("approved", "ignored", "baseline") if verbose else APPROVED)
        )
    if not quiet:
        blocks += [page.notes(report), page.summary(report)]
    if report.failed or not quiet:
        blocks.append(page.verdict(report))
    return "\n".join("\n".join(block) + "\n" for block in blocks if block)


def _plain(text: str, **_style: Any) -> str:
    return text


class _Page:
    """Lays out one report for a width, with or without colour.

    `by_file`: ids of revisions do not tell them apart.
    """

    def __init__(
        self, paint: Callable[..., str], width: int, *, by_file: bool, links: bool
    ) -> None:
        self.paint = paint
        self.width = width
        self.by_file = by_file
        self.links = links

    def finding(self, finding: Finding, file: Sequence[str]) -> list[str]:
        color = _COLORS[finding.severity]
        gutter = len(str(finding.span.end_line))
        head = self.paint(f"{finding.severity}[{finding.rule}]", fg=color, bold=True)
        if self.links and finding.url:
            head = _LINK.format(finding.url, head)
        lines = [f"{head} {_place(finding)}"]
        rows = frame(finding.span, file, self.width - gutter - 3)
        lines += self._frame(rows, gutter, color)
        lines += self._entry(gutter, "", finding.message, bold=True)
        lines += self._entry(gutter, "help: ", finding.remedy, fg="green")
        for evidence in finding.evidence:
            lines += self._entry(gutter, "note: ", evidence, fg="cyan")
        for related in finding.related:
            place = f"{related.span.path}:{related.span.line}"
            lines += self._entry(gutter, "note: ", f"{place}: {related.message}", fg="cyan")
        if finding.effect is not None:
            lines.append(self._head(gutter, "see: ", "cyan") + finding.effect.source)
        if finding.approvable:  # in one line however long, so that it can be copied
            lines.append(
                self._head(gutter, "approve: ", "green")
                + safe(summary.approve_command(finding, by_file=self.by_file))
            )
        if finding.revision:
            direction = f", {finding.direction}" if finding.direction else ""
            lines += self._entry(gutter, "revision: ", finding.revision + direction, fg="cyan")
        return lines

    def _frame(self, rows: Sequence[Row], gutter: int, color: str) -> Iterator[str]:
        if not rows:
            return
        edge = self.paint(" " * gutter + " |", fg="blue")
        yield edge
        for row in rows:
            number = self.paint(f"{row.number:>{gutter}} |", fg="blue") if row.number else edge
            code = self.paint(row.text, fg=color, bold=True) if row.mark else row.text
            yield f"{number} {code}".rstrip()
        yield edge

    def _entry(
        self,
        gutter: int,
        label: str,
        words: str,
        *,
        bold: bool | None = None,
        fg: str | None = None,
    ) -> Iterator[str]:
        """One ` = label: words` below a frame, wrapped under its own beginning."""
        indent = " " * (gutter + len(" = " + label))
        first, *rest = _wrapped(safe(words), self.width - len(indent))
        yield self._head(gutter, label, fg) + self.paint(first, bold=bold)
        for line in rest:
            change = _CHANGES.get(line[:2])  # of a schema or of rows
            yield indent + self.paint(line, fg=change, bold=None if change else bold)

    def _head(self, gutter: int, label: str, fg: str | None) -> str:
        margin = self.paint(" " * gutter + " = ", fg="blue")
        return margin + (self.paint(label, fg=fg, bold=True) if label else "")

    def silenced(self, report: Report, statuses: tuple[Status, ...]) -> list[str]:
        lines = []
        for finding in summary.ordered(report.findings):
            if finding.status in statuses:
                head = self.paint(f"{finding.status}[{finding.rule}]", fg="green", bold=True)
                lines.append(f"{head} {_place(finding)}")
                lines += (
                    f"  {line}" for line in _wrapped(safe(finding.reason or ""), self.width - 2)
                )
        return lines

    def notes(self, report: Report) -> list[str]:
        lines = []
        for note in report.notes:
            first, *rest = _wrapped(safe(note), self.width - len("note: "))
            lines.append(self.paint("note: ", fg="cyan", bold=True) + first)
            lines += (" " * len("note: ") + line for line in rest)
        return lines

    def summary(self, report: Report) -> list[str]:
        """`Checked` and what, line by line, then `Found` and how many."""
        lines = []
        for part in summary.checked(report):
            lines += _wrapped(part, self.width - len("Checked  "))
        labels = ["Checked", *[""] * (len(lines) - 1)] if lines else []
        if not lines and not report.findings:
            return []
        rows = [*zip(labels, lines, strict=True), ("Found", summary.found(report))]
        rows += [("", service) for service in summary.services(report)]
        if unchanged := summary.unchanged(report):
            rows.append(("", unchanged))
        return [f"{self.paint(f'{label:<7}', bold=True)}  {line}" for label, line in rows]

    def verdict(self, report: Report) -> list[str]:
        color = "red" if report.failed else "green"
        return [self.paint(summary.verdict(report), fg=color, bold=True)]


def _place(finding: Finding) -> str:
    span = finding.span
    return f"{safe(span.path)}:{span.line}:{span.column}"


# A line of code in a remedy: wrapped, it would not work when it is pasted.
_CODE = lazy_re(
    r"\s|(?:op|batch_op|config|context|connection)\.|with op\.|(?:import|from) \w|#|--"
    r"|(?:ALTER|CREATE|DROP|UPDATE|SET|SELECT|COMMENT) .*;$"
)


def _wrapped(words: str, width: int) -> list[str]:
    """Return the lines of a text; each of its own lines begins a new one, and code stays whole."""
    return [
        line
        for paragraph in words.splitlines() or [""]
        for line in ([paragraph] if _CODE.match(paragraph) else _filled(paragraph, width))
    ]


def _filled(paragraph: str, width: int) -> list[str]:
    found = textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
    return found or [""]
