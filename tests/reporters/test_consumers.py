"""Each format holds to the schema of those who read it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
import xmlschema
from reports import LOCKED, PATH, REPORT, SOURCE, UNFINISHED, finding, place, rendered

from guard.finding import Edit, Report
from guard.judge.load_rules import load_rules
from guard.statement import Span

SCHEMAS = Path(__file__).parent / "schemas"
ALL = msgspec.structs.replace(REPORT, findings=(*REPORT.findings, LOCKED))
REPORTS = {"findings": ALL, "unfinished": UNFINISHED, "nothing": Report()}
RULES = {rule.name: rule for rule in load_rules()}
POSITION = {
    "type": "object",
    "required": ["line", "column"],
    "properties": {"line": {"minimum": 1}, "column": {"minimum": 1}},
    "additionalProperties": False,
}
RANGE = {
    "type": "object",
    "required": ["start"],
    "properties": {"start": POSITION, "end": POSITION},
    "additionalProperties": False,
}
LOCATION = {
    "type": "object",
    "required": ["path"],
    "properties": {"path": {"type": "string"}, "range": RANGE},
    "additionalProperties": False,
}
TEXT = {"type": "string", "minLength": 1}
# After message Diagnostic of reviewdog.proto.
DIAGNOSTIC = {
    "type": "object",
    "required": ["message", "severity"],
    "properties": {
        "message": TEXT,
        "location": LOCATION,
        "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
        "source": {"properties": {"name": TEXT, "url": TEXT}, "additionalProperties": False},
        "code": {"properties": {"value": TEXT, "url": TEXT}, "additionalProperties": False},
        "suggestions": {
            "type": "array",
            "items": {
                "required": ["range", "text"],
                "properties": {"range": RANGE, "text": {"type": "string"}},
                "additionalProperties": False,
            },
        },
        "related_locations": {
            "type": "array",
            "items": {
                "properties": {"message": TEXT, "location": LOCATION},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
RDJSON = {
    "type": "object",
    "required": ["diagnostics"],
    "properties": {
        "source": {"type": "object"},
        "diagnostics": {"type": "array", "items": DIAGNOSTIC},
    },
    "additionalProperties": False,
}
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": TEXT,
            "fingerprint": TEXT,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "required": ["path", "lines"],
                "properties": {
                    "path": TEXT,
                    "lines": {"required": ["begin"], "properties": {"begin": {"minimum": 1}}},
                },
            },
        },
    },
}


@cache
def schema(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def of_reports(*formats: str) -> pytest.MarkDecorator:
    cases = [(name, REPORTS[report]) for name in formats for report in REPORTS]
    ids = [f"{name}-{report}" for name in formats for report in REPORTS]
    return pytest.mark.parametrize(("name", "report"), cases, ids=ids)


def data_of(name: str, report: Report = ALL, **more: Any) -> Any:
    return json.loads(rendered(name, report, **more))


@of_reports("sarif", "gitlab", "rdjson")
def test_json_that_its_reader_takes(name: str, report: Report) -> None:
    asked = {"sarif": schema("sarif-2.1.0.json"), "gitlab": GITLAB, "rdjson": RDJSON}[name]
    jsonschema.validate(data_of(name, report, rules=RULES), asked)


@of_reports("junit")
def test_xml_that_jenkins_takes(name: str, report: Report) -> None:
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(rendered(name, report))


def test_rdjsonl_is_a_diagnostic_a_line() -> None:
    lines = rendered("rdjsonl", ALL).splitlines()
    assert len(lines) == len(ALL.open)
    for line in lines:
        jsonschema.validate(json.loads(line), DIAGNOSTIC)


# SARIF


def results(report: Report = ALL, **more: Any) -> list[Any]:
    (run,) = data_of("sarif", report, **more)["runs"]
    return list(run["results"])


def test_sarif_places_are_those_of_the_repository() -> None:
    odd = finding(span=Span("db/é b#1%.py", 3, 5, 3, 9))
    (result,) = results(Report(findings=(odd,)))
    (location,) = result["locations"]
    assert location["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 5,
        "endLine": 3,
        "endColumn": 9,
    }
    file = location["physicalLocation"]["artifactLocation"]
    assert file == {"uri": "db/%C3%A9%20b%231%25.py", "uriBaseId": "%SRCROOT%"}
    assert unquote(file["uri"]) == "db/é b#1%.py"
    assert "%SRCROOT%" in data_of("sarif")["runs"][0]["originalUriBaseIds"]


@pytest.mark.parametrize("name", ["sarif", "gitlab"])
def test_fingerprints_survive_what_moves_lines(name: str) -> None:
    def prints(report: Report, text: str) -> list[str]:
        data = data_of(name, report, texts={PATH: text})
        found = data["runs"][0]["results"] if name == "sarif" else data
        return [
            one["partialFingerprints"]["primaryLocationLineHash"]
            if name == "sarif"
            else one["fingerprint"]
            for one in found
        ]

    twice = "    op.drop_table('orders')\n" * 2
    spans = [Span(PATH, line, 5, line, 29) for line in (1, 2)]
    report = Report(findings=tuple(finding(span=span) for span in spans))
    moved = Report(
        findings=tuple(
            finding(span=Span(PATH, span.line + 2, 5, span.line + 2, 29)) for span in spans
        )
    )
    here = prints(report, twice)
    assert len(set(here)) == 2
    assert prints(moved, "# one\n# two\n" + twice) == here
    other = finding(span=spans[0], rule="drop-column")
    assert prints(Report(findings=(other,)), twice)[0] not in here


def test_sarif_suppresses_what_somebody_silenced() -> None:
    silenced = {
        status: finding(status=status, reason=f"{status} so")
        for status in ("approved", "ignored", "baseline")
    }
    told = {
        result["suppressions"][0]["justification"]: result["suppressions"][0]["kind"]
        for result in results(Report(findings=tuple(silenced.values())))
    }
    assert told == {
        "approved so": "external",
        "ignored so": "inSource",
        "baseline so": "external",
    }
    assert [result["suppressions"] for result in results(Report(findings=(finding(),)))] == [[]]


def test_sarif_holds_the_page_of_each_rule_that_found_something() -> None:
    report = Report(findings=(finding(), finding(rule="somebody-elses")))
    (run,) = data_of("sarif", report, rules=RULES)["runs"]
    known, unknown = run["tool"]["driver"]["rules"]
    assert known["helpUri"] == RULES["drop-table"].url
    assert known["help"]["markdown"].startswith("# drop-table\n")
    assert unknown == {"id": "somebody-elses"}
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1]


def test_sarif_offers_a_fix_and_shows_related_places() -> None:
    (result,) = results(Report(findings=(LOCKED,)))
    (change,) = result["fixes"][0]["artifactChanges"]
    assert [one["insertedContent"]["text"] for one in change["replacements"]] == ['"invoices"', ""]
    (related,) = result["relatedLocations"]
    assert related["message"]["text"] == "Order is mapped to it: postgresql://a:***@h"


def test_sarif_tells_how_the_run_ended() -> None:
    (run,) = data_of("sarif", UNFINISHED, exit_code=2)["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 2
    told = [(n["level"], n["message"]["text"]) for n in invocation["toolExecutionNotifications"]]
    assert told == [
        ("error", "env.py cannot run: postgresql://a:***@h/x. Remedy:\n  x = 1"),
        ("note", "The base is origin/main."),
        ("note", "From postgresql://a:***@h/x."),
    ]
    base, not_run = invocation["toolExecutionNotifications"][1:]
    assert (base["descriptor"], "locations" in base) == ({"id": "base"}, False)
    (location,) = not_run["locations"]
    assert not_run["descriptor"] == {"id": "not-run"}
    assert location["physicalLocation"]["region"]["startLine"] == 3


# The others


def test_gitlab_is_told_how_bad_it_is() -> None:
    told = [(one["check_name"], one["severity"]) for one in data_of("gitlab", REPORT)]
    assert told == [
        ("drop-table", "critical"),
        ("backfill", "minor"),
        ("credentials-in-url", "critical"),
    ]
    assert [one["severity"] for one in data_of("gitlab", UNFINISHED)] == ["blocker"]


def test_junit_fails_where_the_gate_does() -> None:
    def suite(report: Report) -> dict[str, str]:
        found = ET.fromstring(rendered("junit", report)).find("testsuite")
        assert found is not None
        return dict(found.attrib)

    assert suite(REPORT) == {
        "name": "guard",
        "tests": "6",
        "failures": "2",
        "errors": "0",
        "skipped": "2",
    }
    strict = msgspec.structs.replace(REPORT, fail_on="warning")
    assert suite(strict)["failures"] == "3"
    assert suite(UNFINISHED)["errors"] == "1"


def test_reviewdog_counts_bytes() -> None:
    source = "x = '名é'; op.drop_table('a')\n"
    found = finding(span=place("op.drop_table('a')", source), severity="info")
    data = data_of("rdjson", Report(findings=(found,)), texts={PATH: source})
    (diagnostic,) = data["diagnostics"]
    before, code = source.encode().split(b"op.")[0], b"op.drop_table('a')"
    assert diagnostic["location"]["range"] == {
        "start": {"line": 1, "column": len(before) + 1},
        "end": {"line": 1, "column": len(before) + len(code) + 1},
    }
    assert diagnostic["severity"] == "INFO"


def test_reviewdog_suggests_only_what_stands_alone() -> None:
    one = finding(fix=(Edit(place('"orders"', SOURCE), "x"),))
    first, second = data_of("rdjson", Report(findings=(one, LOCKED)))["diagnostics"]
    assert [s["text"] for s in first["suggestions"]] == ["x"]
    assert "suggestions" not in second


def test_azure_commands() -> None:
    report = msgspec.structs.replace(REPORT, findings=(*REPORT.open, finding(severity="info")))
    lines = rendered("azure", report).splitlines()
    assert lines[0] == (
        f"##vso[task.logissue type=error;sourcepath={PATH};linenumber=5;columnnumber=5;"
        "code=drop-table;]Dropping table orders deletes its rows.%0Ahelp: Keep a copy."
    )
    assert lines[2].startswith("##vso[task.logissue type=warning;")
    assert lines[3] == (f"info: {PATH}:5:5: drop-table: Dropping table orders deletes its rows.")
    assert lines[-1] == "guard: Refused: 2 errors."
    assert rendered("azure", UNFINISHED).startswith(
        "##vso[task.logissue type=error;]env.py cannot run"
    )


def test_azure_escapes() -> None:
    odd = finding(span=Span("a;b]c%.py", 1), message="100% sure\nof it")
    line = rendered("azure", Report(findings=(odd,))).splitlines()[0]
    assert ";sourcepath=a%3Bb%5Dc%AZP25.py;" in line
    assert "]100%AZP25 sure%0Aof it%0A" in line
