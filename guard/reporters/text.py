"""The report for people: each finding with its source, then what was checked and the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import click

from guard.finding import Finding, Report, Status
from guard.note import Note
from guard.printable import one_line, safe
from guard.reporters import summary
from guard.reporters.frame import Row, frame, split_lines
from guard.reporters.wrap import wrapped

_COLORS = {"error": "red", "warning": "yellow", "info": "cyan"}
_EDGE = "bright_blue"  # plain blue cannot be read on black
_CHANGES = {"- ": "red", "+ ": "green"}
APPROVED: tuple[Status, ...] = ("approved",)
_SILENCED: tuple[Status, ...] = ("approved", "ignored", "baseline")
Form = Literal["full", "concise", "statistics"]
_MANY = 10  # findings; more than these are counted by rule as well
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
    form: Form = "full",
) -> str:
    """Return the report as text that ends with a line end, or empty where there is nothing to say.

    `sources` are the texts of the files by path, for the frames. `links`: the name of a rule leads
    to its page, on a terminal that shows links. What was approved is listed, and what was ignored
    if `verbose`; `quiet` leaves out everything but the findings, what was kept, and the verdict if
    it fails. `form`: each finding with its source, or in a line, or only how many there are of each
    rule.
    """
    page = _Page(
        click.style if color else _plain,
        min(max(width, _NARROWEST), _WIDEST),
        by_file=bool(report.services),
        links=links,
    )
    paths = {finding.span.path for finding in report.open}
    files = {path: split_lines(text) for path, text in (sources or {}).items() if path in paths}
    if form == "full":
        blocks = [
            page.finding(finding, files.get(finding.span.path, ()))
            for finding in summary.ordered(report.open)
        ]
    else:
        blocks = [page.concise(report) if form == "concise" else page.statistics(report)]
    if not quiet:
        statuses: tuple[Status, ...] = _SILENCED if verbose else APPROVED
        if form == "full":
            blocks.append(page.silenced(report, statuses))
        elif form == "concise":
            blocks.append(page.concise(report, statuses))
        many = form != "statistics" and len(report.open) > _MANY
        blocks += [page.notes(report.notes), page.summary(report, by_rule=many)]
    else:  # nothing else says where that lies
        blocks.append(page.notes(note for note in report.notes if note.kind == "kept"))
    if report.failed or not quiet:
        blocks.append(page.verdict(report))
    return "\n".join("\n".join(block) + "\n" for block in blocks if block)


def findings_text(
    findings: Sequence[Finding], sources: Mapping[str, str], *, width: int = 100
) -> str:
    """Return these findings as the report shows them, and nothing else of it."""
    report = Report(findings=tuple(findings))
    shown = text(report, sources=sources, width=width, quiet=True)
    return shown.removesuffix(summary.verdict(report) + "\n").rstrip("\n")


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
        """What is wrong, so that who skims reads that first; then how bad and where it is.

        `error[rule] path:line:column` is a line by itself, for programs that look for it.
        """
        color = _COLORS[finding.severity]
        gutter = len(str(finding.span.end_line))
        lines = [self._further(line, bold=True) for line in self._wrapped(finding.message)]
        head = self.paint(f"{finding.severity}[{finding.rule}]", fg=color, bold=True)
        lines.append(f"{self._linked(finding, head)} {_place(finding)}")
        rows = frame(finding.span, file, self.width - gutter - 3)
        lines += self._frame(rows, gutter, color)
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

    def _wrapped(self, message: str) -> list[str]:
        return wrapped(safe(message), self.width)

    def _further(self, line: str, *, bold: bool | None = None) -> str:
        change = _CHANGES.get(line[:2])  # of a schema or of rows
        return self.paint(line, fg=change, bold=None if change else bold)

    def _linked(self, finding: Finding, name: str) -> str:
        return _LINK.format(finding.url, name) if self.links and finding.url else name

    def concise(self, report: Report, statuses: tuple[Status, ...] = ("open",)) -> list[str]:
        """A line for each finding, or for each that something silences, with the reason."""
        lines = []
        for finding in summary.ordered(report.findings):
            if finding.status not in statuses:
                continue
            is_open = finding.status == "open"
            color = _COLORS[finding.severity] if is_open else "green"
            said = finding.message if is_open else finding.reason or ""
            rule = self._linked(finding, self.paint(finding.rule, bold=True))
            word = self.paint(finding.severity if is_open else finding.status, fg=color, bold=True)
            lines.append(f"{_place(finding)}: {word} {rule} {one_line(said)}".rstrip())
        return lines

    def statistics(self, report: Report) -> list[str]:
        """A line for each rule: how often, how severe, which."""
        counted = summary.by_rule(report)
        digits = len(str(max((each.count for each in counted), default=0)))
        return [
            f"{each.count:>{digits}}  "
            + self.paint(f"{each.severity:<7}", fg=_COLORS[each.severity], bold=True)
            + f"  {each.rule}"
            for each in counted
        ]

    def _frame(self, rows: Sequence[Row], gutter: int, color: str) -> Iterator[str]:
        if not rows:
            return
        edge = self.paint(" " * gutter + " |", fg=_EDGE)
        yield edge
        for row in rows:
            number = self.paint(f"{row.number:>{gutter}} |", fg=_EDGE) if row.number else edge
            code = self.paint(row.text, fg=color, bold=True) if row.mark else row.text
            yield f"{number} {code}".rstrip()
        yield edge

    def _entry(self, gutter: int, label: str, words: str, *, fg: str) -> Iterator[str]:
        """One ` = label: words` below a frame, wrapped under its own beginning."""
        indent = " " * (gutter + len(" = " + label))
        first, *rest = wrapped(safe(words), self.width - len(indent))
        yield self._head(gutter, label, fg) + first
        yield from (indent + self._further(line) for line in rest)

    def _head(self, gutter: int, label: str, fg: str) -> str:
        return self.paint(" " * gutter + " = ", fg=_EDGE) + self.paint(label, fg=fg, bold=True)

    def silenced(self, report: Report, statuses: tuple[Status, ...]) -> list[str]:
        lines = []
        for finding in summary.ordered(report.findings):
            if finding.status in statuses:
                head = self.paint(f"{finding.status}[{finding.rule}]", fg="green", bold=True)
                lines.append(f"{head} {_place(finding)}")
                lines += (
                    f"  {line}" for line in wrapped(safe(finding.reason or ""), self.width - 2)
                )
        return lines

    def notes(self, notes: Iterable[Note]) -> list[str]:
        lines = []
        for note in notes:
            first, *rest = wrapped(safe(note.text), self.width - len("note: "))
            lines.append(self.paint("note: ", fg="cyan", bold=True) + first)
            lines += (" " * len("note: ") + line for line in rest)
        return lines

    def summary(self, report: Report, *, by_rule: bool) -> list[str]:
        """`Checked` and what, line by line, then `Found` and how many."""
        lines = []
        for part in summary.checked(report):
            lines += wrapped(part, self.width - len("Checked  "))
        labels = ["Checked", *[""] * (len(lines) - 1)] if lines else []
        if not lines and not report.findings:
            return []
        rows = [*zip(labels, lines, strict=True), ("Found", summary.found(report))]
        rows += [("", line) for line in self.statistics(report) if by_rule]
        rows += [("", service) for service in summary.services(report)]
        if unchanged := summary.unchanged(report):
            rows.append(("", unchanged))
        return [f"{self.paint(f'{label:<7}', bold=True)}  {line}" for label, line in rows]

    def verdict(self, report: Report) -> list[str]:
        color = "red" if report.failed else "green"
        return [self.paint(summary.verdict(report), fg=color, bold=True)]


def _place(finding: Finding) -> str:
    span = finding.span
    return f"{one_line(span.path)}:{span.line}:{span.column}"
