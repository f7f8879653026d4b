"""The report for programs: its shape is a contract, and has a schema."""

from __future__ import annotations

import json as stdlib_json
from pathlib import Path
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from reports import LOCKED, PATH, REPORT, UNFINISHED, URL, finding, place

import guard
from guard.effects.effect import Effect, TableEffect
from guard.finding import Edit, Report, Tally, Timing
from guard.note import NoteKind
from guard.operations import Name
from guard.reporters.background import Background, JudgedFor
from guard.reporters.json import json
from guard.server import Server
from guard.statement import Span


def test_json_is_the_contract() -> None:
    data = stdlib_json.loads(json(REPORT))
    assert data["version"] == 1
    assert data["findings"][0] == {
        "rule": "backfill",
        "severity": "error",
        "message": "Dropping table orders deletes its rows.",
        "remedy": "Keep a copy.",
        "path": PATH,
        "line": 5,
        "column": 5,
        "end_line": 5,
        "end_column": 28,
        "revision": "4f5e",
        "status": "ignored",
        "direction": "upgrade",
        "reason": "small, postgresql://a:***@h knows",
    }
    assert data["notes"] == [
        {"kind": "base", "text": "The base is origin/main."},
        {
            "kind": "not-run",
            "text": "From postgresql://a:***@h/x.",
            "path": PATH,
            "line": 3,
            "column": 1,
            "end_line": 3,
            "end_column": 1,
        },
    ]
    assert data["summary"] == {
        "errors": 2,
        "warnings": 1,
        "infos": 0,
        "approved": 1,
        "ignored": 1,
        "baseline": 0,
        "unchanged": 0,
        "revisions": 2,
        "statements": 5,
        "opaque": 1,
        "checked": ["history against origin/main", "round trip on SQLite"],
        "notes": ["The base is origin/main.", "From postgresql://a:***@h/x."],
        "failed": True,
    }


def test_what_could_not_be_done_is_in_the_json_and_fails_it() -> None:
    data = stdlib_json.loads(json(UNFINISHED))
    assert data["errors"] == ["env.py cannot run: postgresql://a:***@h/x. Remedy:\n  x = 1"]
    assert data["summary"]["failed"] is True
    assert stdlib_json.loads(json(REPORT))["errors"] == []


def test_json_of_an_open_finding_has_no_reason() -> None:
    (data,) = stdlib_json.loads(json(Report(findings=(URL,))))["findings"]
    assert "reason" not in data
    assert data["status"] == "open"
    assert data["revision"] is None


def test_json_survives_every_name() -> None:
    odd = finding(span=Span("ver\udcffsions/é.py", 1), message="名前 \udcff \x1b")
    output = json(Report(findings=(odd,)))
    assert output.isascii()
    data = msgspec.json.decode(output)
    assert data["findings"][0]["path"] == "ver?sions/é.py"


def test_json_tells_the_fix_and_the_related_places() -> None:
    (data,) = stdlib_json.loads(json(Report(findings=(LOCKED,))))["findings"]
    first, second = data["fix"]
    assert first == {
        "path": PATH,
        "line": 5,
        "column": 19,
        "end_line": 5,
        "end_column": 27,
        "text": '"invoices"',
    }
    assert second["text"] == ""
    assert data["related"] == [
        {
            "path": "app/models.py",
            "line": 3,
            "column": 1,
            "end_line": 3,
            "end_column": 1,
            "message": "Order is mapped to it: postgresql://a:***@h",
        }
    ]


TIMINGS = (
    Timing(revision="a1", path="a1.py", up=3.21, down=0.04, up_again=3.0),
    Timing(revision="c3", path="c3.py", up=1.5),
)


def test_json_has_the_times_of_each_revision() -> None:
    assert stdlib_json.loads(json(Report(timings=TIMINGS)))["timings"] == [
        {"revision": "a1", "path": "a1.py", "up": 3.21, "down": 0.04, "up_again": 3.0},
        {"revision": "c3", "path": "c3.py", "up": 1.5, "down": None, "up_again": None},
    ]


def test_json_is_silent_where_there_is_none() -> None:
    (data,) = stdlib_json.loads(json(Report(findings=(URL,))))["findings"]
    assert not {"fix", "related"} & data.keys()


def test_a_fix_that_would_show_a_password_is_left_out() -> None:
    edits = (Edit(place('"orders"'), ""), Edit(place('"orders"'), '"postgresql://a:pw@h/d"'))
    output = json(Report(findings=(finding(fix=edits),)))
    assert "fix" not in stdlib_json.loads(output)["findings"][0]
    assert "pw" not in output


# Its schema, which others read: it says what there is, and there is all that it says.

SCHEMA = stdlib_json.loads((Path(guard.__file__).parent / "report.schema.json").read_text())
LOCKS = Effect(
    table=Name("orders"),
    lock="SHARE",
    blocks=frozenset({"writes"}),
    scans=True,
    rewrites=False,
    source="https://manual.example",
    related=(
        TableEffect(table=Name("users"), lock="X", blocks=frozenset(), scans=False, rewrites=False),
    ),
)
WHOLE = Report(
    findings=(
        *REPORT.findings,
        msgspec.structs.replace(LOCKED, effect=LOCKS, evidence=("It failed.",), url="https://x"),
        finding(approvable=True, object="orders", approvers=("ann",)),
    ),
    notes=REPORT.notes,
    errors=UNFINISHED.errors,
    timings=TIMINGS,
    services=(Tally(name="shop", findings={"error": 1, "warning": 0, "info": 0}),),
)


SHARD = {
    "number": 2,
    "of": 8,
    "command": "check",
    "options": {},
    "state": {},
    "trips": [],
    "interrupted": False,
}


SERVERS = (
    JudgedFor(environment="alembic"),
    JudgedFor(
        environment="jobs",
        server=Server("mariadb", (10, 6)),
        reason="compose.yaml:4 names the image mariadb:10.6",
    ),
)


def told_by(report: Report) -> Any:
    background = Background(base="main", commit="4f5e", shard=SHARD, servers=SERVERS)
    return stdlib_json.loads(json(report, background))


def closed(schema: Any) -> Any:
    """The schema with no room for fields that it does not name."""
    if isinstance(schema, dict):
        shut = {key: closed(value) for key, value in schema.items()}
        return shut | {"unevaluatedProperties": False} if "required" in schema else shut
    return [closed(each) for each in schema] if isinstance(schema, list) else schema


def valid(data: Any, schema: Any) -> None:
    jsonschema.validate(data, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("report", [WHOLE, REPORT, UNFINISHED, Report()], ids=lambda _: "report")
def test_the_schema_holds(report: Report) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    valid(told_by(report), SCHEMA)
    # Those that others build upon one another say it of themselves and are left open.
    strict = closed(SCHEMA)
    del strict["$defs"]["table_effect"]["unevaluatedProperties"]
    valid(told_by(report), strict)
    valid(stdlib_json.loads(json(report)), strict)


def test_json_tells_the_servers_and_what_tells_them() -> None:
    assert told_by(REPORT)["servers"] == [
        {"environment": "alembic", "dialect": None, "version": None, "reason": None},
        {
            "environment": "jobs",
            "dialect": "mariadb",
            "version": "10.6",
            "reason": "compose.yaml:4 names the image mariadb:10.6",
        },
    ]


def test_the_schema_lists_the_kinds_of_notes() -> None:
    assert SCHEMA["$defs"]["note_kind"]["enum"] == [*get_args(NoteKind)]
    assert get_args(NoteKind) == tuple(sorted(get_args(NoteKind)))


def named(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for each in schema for name in named(each)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own | {name for value in schema.values() for name in named(value)}


def keys(data: Any) -> set[str]:
    if isinstance(data, list):
        return {name for each in data for name in keys(each)}
    if not isinstance(data, dict):
        return set()
    return set(data) | {name for value in data.values() for name in keys(value)}


def test_the_schema_names_what_there_is() -> None:
    assert named(SCHEMA) == keys(told_by(WHOLE))
