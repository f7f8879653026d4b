"""A comment on a pull request: the verdict, the findings, and what the change does, folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from guard.finding import Finding, Report
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background, Change
from guard.reporters.escape import block, code, html, prose
from guard.show.revisions import ends_of
from guard.show.sql import sql_of

# By this line the comment of an earlier run is found, so that it is replaced.
MARKER = "<!-- migration-guard: report -->"
_MOST = 65_536  # characters that GitHub takes as one comment
_FOLDED = 3  # findings whose remedy is unfolded
_MARKS = {"error": "❌", "warning": "⚠️", "info": "ℹ️"}


def markdown(report: Report, background: Background = NOTHING) -> str:
    """Return the comment, with the marker by which it is found; never longer than GitHub takes."""
    return page(report, background, _MOST, begin=f"{MARKER}\n")


def page(report: Report, background: Background, most: int, *, begin: str = "") -> str:
    """Return the report as Markdown of at most `most` bytes; what is left out is said.

    Nothing that comes from the repository is more than text in it.
    """
    head, end = [*_head(report)], [*_end(report)]
    findings = (
        _finding(finding, folded=number >= _FOLDED, by_file=bool(report.services))
        for number, finding in enumerate(summary.worst_first(report.open))
    )
    room = most - sum(map(_size, (begin, *head, *end))) - 300  # for the line about what is left out
    shown = _fitting(findings, room)
    left_findings = len(report.open) - len(shown)
    room -= sum(map(_size, shown))
    unfolded = [] if left_findings else _fitting(_changes(background.changes), room)
    left = _left_out(left_findings, len(background.changes) - len(unfolded), most)
    return begin + "\n\n".join([*head, *shown, *unfolded, *left, *end]) + "\n"


def _size(text: str) -> int:
    return len(text.encode()) + 2


def _fitting(blocks: Iterable[str], room: int) -> list[str]:
    """The first blocks, as many as there is room for; the others are not made."""
    fitting = []
    for text in blocks:
        room -= _size(text)
        if room < 0:
            break
        fitting.append(text)
    return fitting


def _left_out(findings: int, revisions: int, most: int) -> Iterator[str]:
    parts = [summary.plural(findings, "finding")] * bool(findings)
    parts += [f"the SQL of {summary.plural(revisions, 'revision')}"] * bool(revisions)
    if parts:
        yield (
            f"**Not shown here:** {' and '.join(parts)}, since GitHub takes no more than {most:,} "
            "characters. `guard check` shows all of it."
        )


def _head(report: Report) -> Iterator[str]:
    mark = "❌" if report.failed or report.errors else "✅"
    yield f"### {mark} guard: {prose(summary.verdict(report))}"
    for error in report.errors:
        yield f"**Could not be done:** {_sentence(error)}"


def _finding(finding: Finding, *, folded: bool, by_file: bool) -> str:
    name = code(finding.rule)
    linked = f"[{name}]({finding.url})" if finding.url else name
    place = code(f"{finding.span.path}:{finding.span.line}")
    lines = [f"#### {_MARKS[finding.severity]} {finding.severity} {linked} in {place}", ""]
    lines += [_sentence(finding.message)]
    details = [f"**Help:** {_sentence(finding.remedy)}"]
    details += [f"**Note:** {_sentence(evidence)}" for evidence in finding.evidence]
    for related in finding.related:
        where = code(f"{related.span.path}:{related.span.line}")
        details.append(f"**Note:** {where}: {_sentence(related.message)}")
    if finding.approvable:
        command = summary.approve_command(finding, by_file=by_file)
        details.append(f"**Approve:** {code(command)}")
    if folded:
        return "\n".join([*lines, "", *_fold("What to do", details)])
    return "\n\n".join(["\n".join(lines), *details])


def _sentence(text: str) -> str:
    """A sentence, and the code below it."""
    first, *more = text.splitlines() or [""]
    return prose(first) + (f"\n\n{block(chr(10).join(more))}" if more else "")


def _fold(title: str, blocks: Sequence[str]) -> list[str]:
    return ["<details>", f"<summary>{title}</summary>", "", "\n\n".join(blocks), "", "</details>"]


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    """The SQL of each revision, both ways, folded."""
    for change in changes:
        revision = change.revision
        server = f" for {change.dialect}" if change.dialect else ""
        blocks = [f"As {code(revision.path)} reads{server}:"]
        for steps in (revision.upgrade, revision.downgrade):
            sql = sql_of(steps, change.dialect)
            said = f":\n\n{block(sql, 'sql')}" if sql else prose(ends_of(steps))
            blocks.append(f"**{steps.direction}**{said}")
        yield "\n".join(_fold(f"The SQL of {html(revision.revision or revision.path)}", blocks))


def _end(report: Report) -> Iterator[str]:
    told = [("Approved", text) for text in summary.approved(report)]
    told += [("Note", note.text) for note in report.notes]
    told += [("Checked", part) for part in summary.checked(report)]
    found = [summary.found(report), *summary.services(report), summary.unchanged(report)]
    told += [("Found", text) for text in found if text]
    lines = [f"- {label}: {prose(text)}" for label, text in told]
    yield "\n".join(_fold("What was checked", ["\n".join(lines)]))
