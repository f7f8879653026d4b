"""JUnit's XML, which Jenkins, GitLab and most CI services show as tests."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from guard.finding import Finding, Report
from guard.reporters import summary
from guard.reporters.background import NOTHING, Background
from guard.reporters.escape import xml


def junit(report: Report, background: Background = NOTHING) -> str:
    """Return one suite, in ASCII: a test for each finding, which fails if that stops the gate.

    What is silenced is skipped, what could not be done is an error, and what was checked stands in
    a test that passes. A test keeps its name when its lines move.
    """
    suite = ET.Element("testsuite", name="guard")
    for error in report.errors:
        case = ET.SubElement(suite, "testcase", classname="guard", name="could not be done")
        ET.SubElement(case, "error", type="error", message=xml(error))
    checked = ET.SubElement(suite, "testcase", classname="guard", name="checked")
    told = [
        *summary.checked(report),
        *(note.text for note in report.notes),
        summary.verdict(report),
    ]
    ET.SubElement(checked, "system-out").text = xml("\n".join(told))
    seen: Counter[tuple[str, str]] = Counter()
    for finding in summary.ordered(report.findings):
        _case(suite, finding, seen, fails=report.fails(finding))
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(suite)))
    for name, kind in counts.items():
        suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))
    root = ET.Element("testsuites", name="guard")
    root.append(suite)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode() + "\n"


def _case(
    suite: ET.Element, finding: Finding, seen: Counter[tuple[str, str]], *, fails: bool
) -> None:
    named = f"{finding.rule} of {finding.object}" if finding.object else finding.rule
    seen[finding.span.path, named] += 1
    count = seen[finding.span.path, named]
    case = ET.SubElement(
        suite,
        "testcase",
        classname=xml(finding.span.path),
        name=xml(named if count == 1 else f"{named} ({count})"),
    )
    place = f"{finding.span.path}:{finding.span.line}:{finding.span.column}"
    text = xml(f"{place}\n{summary.told(finding)}")
    if finding.status != "open":
        reason = f"{finding.status}: {finding.reason or ''}"
        ET.SubElement(case, "skipped", message=xml(reason))
    elif fails:
        failure = ET.SubElement(
            case, "failure", type=finding.severity, message=xml(finding.message)
        )
        failure.text = text
    else:
        ET.SubElement(case, "system-out").text = f"{finding.severity}: {text}"
