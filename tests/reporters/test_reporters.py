"""What reports look like: the frame around a place, each format, and no password in any of them."""

from __future__ import annotations

import json as stdlib_json
import re
from typing import Any

import click
import msgspec
import pytest

from guard.credentials import mask_credentials
from guard.finding import Coverage, Edit, Finding, Related, Report, Timing
from guard.reporters import REPORTERS
from guard.reporters.frame import frame, split_lines
from guard.reporters.github import github
from guard.reporters.json import json
from guard.reporters.text import text
from guard.statement import Span

PATH = "alembic/versions/0004_drop_orders.py"
SOURCE = """\
revision = "4f5e"


def upgrade() -> None:
    op.drop_table("orders")
    op.execute(
        '''
        UPDATE customers
        SET a = 1,
            b = 2
        '''
    )
    engine = create_engine("postgresql://app:s3cret@db/prod")
"""


def place(fragment: str, source: str = SOURCE) -> Span:
    """The span of the fragment in the source."""
    start = source.index(fragment)
    end = start + len(fragment)

    def position(offset: int) -> tuple[int, int]:
        return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)

    return Span(PATH, *position(start), *position(end))


def finding(fragment: str = 'op.drop_table("orders")', **changes: object) -> Finding:
    fields: dict[str, object] = {
        "rule": "drop-table",
        "severity": "error",
        "message": "Dropping table orders deletes its rows.",
        "remedy": "Keep a copy.",
        "span": place(fragment),
        "revision": "4f5e",
        "direction": "upgrade",
    }
    return Finding(**(fields | changes))  # type: ignore[arg-type]


UPDATE = finding(
    "op.execute(\n        '''\n        UPDATE customers\n        SET a = 1,\n"
    "            b = 2\n        '''\n    )",
    rule="backfill",
    severity="warning",
    message="UPDATE customers changes every row.",
    remedy="Use batches:\n    for start in range(9): ...",
)
URL = finding(
    '"postgresql://app:s3cret@db/prod"',
    rule="credentials-in-url",
    message="postgresql://app:s3cret@db/prod holds a password.",
    remedy="Read it from the environment.",
    revision=None,
    direction=None,
)
APPROVED = finding(rule="drop-column", status="approved", reason="archived (approved by ann)")
IGNORED = finding(rule="backfill", status="ignored", reason="small, postgresql://a:pw@h knows")
REPORT = Report(
    findings=(URL, IGNORED, UPDATE, APPROVED, finding()),
    notes=("The base is origin/main.", "From postgresql://a:notes@h/x."),
    coverage=Coverage(revisions=2, statements=5, opaque=1),
    checked=("history against origin/main", "round trip on SQLite"),
)

# Text


def shown(report: Report, **options: Any) -> str:
    return text(report, sources={PATH: SOURCE}, **options)


SLOW = Timing(revision="a1", path="a1.py", up=3.21, down=0.04, up_again=3.0)
QUICK = Timing(revision="b2", path="b2.py", up=0.01, down=0.01, up_again=0.01)
OTHER = Timing(revision="c3", path="c3.py", up=1.5)


@pytest.mark.parametrize(
    ("timings", "said"),
    [
        ((SLOW, QUICK), "slowest: a1 (3.2 s up, 0.0 s down, 3.0 s up again)"),
        ((OTHER, SLOW), "slowest: a1 (3.2 s up, 0.0 s down, 3.0 s up again), c3 (1.5 s up)"),
        ((QUICK, QUICK), ""),
        ((SLOW,), ""),  # the time of the round trip itself
    ],
)
def test_the_slowest_revisions(timings: tuple[Timing, ...], said: str) -> None:
    lines = text(Report(checked=("round trip",), timings=timings)).splitlines()
    assert [line.strip() for line in lines if "slowest" in line] == [said] * bool(said)


def test_json_has_the_times_of_each_revision() -> None:
    assert stdlib_json.loads(json(Report(timings=(SLOW, OTHER))))["timings"] == [
        {"revision": "a1", "path": "a1.py", "up": 3.21, "down": 0.04, "up_again": 3.0},
        {"revision": "c3", "path": "c3.py", "up": 1.5, "down": None, "up_again": None},
    ]


CODE = "with op.get_context().autocommit_block():\n    op.create_index('ix_orders_total', 'orders')"


@pytest.mark.parametrize(
    "code",
    [
        CODE,
        "op.execute('ALTER TABLE orders ADD COLUMN total int')",
        "ALTER TABLE orders ADD COLUMN total integer DEFAULT 0;",
    ],
)
def test_code_is_never_wrapped(code: str) -> None:
    report = Report(findings=(finding(remedy=f"It is {'long ' * 30}and says:\n{code}"),))
    lines = [line.strip() for line in text(report, width=50).splitlines()]
    assert [line.strip() for line in code.splitlines() if line.strip() not in lines] == []
    assert "= help: It is long long long long long long long" in lines


INLINE = (
    'op.alter_column("orders", "state", existing_type=sa.String(length=20))',
    'text("UPDATE t SET a = :a").bindparams(a=TOTAL)',
    "`ALTER TABLE orders ADD total integer`",
    "guard approve --rule drop-table",
)


@pytest.mark.parametrize("code", INLINE)
@pytest.mark.parametrize("before", range(1, 60, 7))
def test_code_inside_a_sentence_is_never_broken(code: str, before: int) -> None:
    said = f"{'x' * before} then {code} in a later revision, and so on."
    lines = text(Report(findings=(finding(remedy=said, message=said),)), width=80).splitlines()
    assert sum(code in line for line in lines) == 2
    assert max(map(len, lines)) <= 90


def test_text_report() -> None:
    assert shown(REPORT) == (
        """\
error[drop-table] Dropping table orders deletes its rows.
 --> alembic/versions/0004_drop_orders.py:5:5
  |
5 |     op.drop_table("orders")
  |     ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: Keep a copy.
  = revision: 4f5e, upgrade

warning[backfill] UPDATE customers changes every row.
  --> alembic/versions/0004_drop_orders.py:6:5
   |
 6 | /     op.execute(
 7 | |         '''
 8 | |         UPDATE customers
   | | ...
12 | |     )
   | |_____^
   |
   = help: Use batches:
               for start in range(9): ...
   = revision: 4f5e, upgrade

error[credentials-in-url] postgresql://app:***@db/prod holds a password.
  --> alembic/versions/0004_drop_orders.py:13:28
   |
13 |     engine = create_engine("postgresql://app:***@db/prod")
   |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: Read it from the environment.

approved[drop-column] alembic/versions/0004_drop_orders.py:5:5
  archived (approved by ann)

note: The base is origin/main.
note: From postgresql://a:***@h/x.

Checked  2 revisions, 5 statements, 1 of them not understood
         history against origin/main
         round trip on SQLite
Found    2 errors, 1 warning; 1 approved, 1 ignored

Refused: 2 errors.
"""
    )


def test_what_was_approved_is_listed_and_verbose_lists_what_was_ignored() -> None:
    listed = (
        "ignored[backfill] alembic/versions/0004_drop_orders.py:5:5\n"
        "  small, postgresql://a:***@h knows\n"
        "approved[drop-column] alembic/versions/0004_drop_orders.py:5:5\n"
        "  archived (approved by ann)\n"
    )
    assert listed in shown(REPORT, verbose=True)
    assert "ignored[" not in shown(REPORT)
    assert listed[listed.index("approved[") :] in shown(REPORT)


def test_concise_is_a_line_for_each_finding() -> None:
    assert shown(REPORT, form="concise") == (
        f"{PATH}:5:5: error drop-table Dropping table orders deletes its rows.\n"
        f"{PATH}:6:5: warning backfill UPDATE customers changes every row.\n"
        f"{PATH}:13:28: error credentials-in-url postgresql://app:***@db/prod holds a password.\n"
        "\n"
        f"{PATH}:5:5: approved drop-column archived (approved by ann)\n"
        + shown(REPORT)[shown(REPORT).index("\nnote:") :]
    )


def test_concise_stays_in_one_line_whatever_is_said() -> None:
    span = Span("a\nerror b.py", 1)
    found = finding(message="The difference:\n- id INTEGER\n+ id TEXT", span=span)
    output = text(Report(findings=(found,)), form="concise", quiet=True, width=40)
    said = "a error b.py:1:1: error drop-table The difference: - id INTEGER + id TEXT"
    assert output.splitlines()[0] == said


MANY = Report(
    findings=(*[UPDATE] * 10, finding(), *[finding(rule="drop-column")] * 2, APPROVED, URL)
)
COUNTS = [
    " 2  error    drop-column",
    " 1  error    credentials-in-url",
    " 1  error    drop-table",
    "10  warning  backfill",
]


def test_statistics_count_by_rule_instead_of_findings() -> None:
    assert shown(MANY, form="statistics").splitlines()[:5] == [*COUNTS, ""]
    assert "Found    4 errors, 10 warnings; 1 approved" in shown(MANY, form="statistics")
    assert shown(Report(), form="statistics") == "Passed: there was nothing to check.\n"


def test_many_findings_are_counted_by_rule_at_the_end() -> None:
    lines = shown(MANY).splitlines()
    found = lines.index("Found    4 errors, 10 warnings; 1 approved")
    assert [line.removeprefix(" " * 9) for line in lines[found + 1 : found + 5]] == COUNTS
    assert COUNTS[0] not in shown(REPORT)


@pytest.mark.parametrize("form", ["full", "concise"])
def test_the_name_of_a_rule_leads_to_its_page(form: Any) -> None:
    report = Report(findings=(finding(url="https://example.org/drop-table.md"), UPDATE))
    linked = shown(report, links=True, form=form)
    assert linked.count("\x1b]8;;https://example.org/drop-table.md\x1b\\") == 1
    assert linked.count("\x1b]8;;\x1b\\") == 1
    assert re.sub(r"\x1b]8;;[^\x1b]*\x1b\\", "", linked) == shown(report, form=form)


def test_quiet_shows_findings_and_a_refusal_only() -> None:
    whole, quiet = shown(REPORT), shown(REPORT, quiet=True)
    assert quiet == whole[: whole.index("approved[")] + "Refused: 2 errors.\n"


@pytest.mark.parametrize(
    "report",
    [Report(), Report(findings=(APPROVED,)), Report(notes=("n",), coverage=Coverage(revisions=1))],
    ids=["empty", "approved", "notes"],
)
def test_quiet_says_nothing_where_nothing_is_wrong(report: Report) -> None:
    assert shown(report, quiet=True) == ""


READ = Coverage(revisions=1, statements=1)


@pytest.mark.parametrize(
    ("report", "end"),
    [
        pytest.param(Report(), "Passed: there was nothing to check.\n", id="nothing"),
        pytest.param(
            Report(coverage=READ),
            "Checked  1 revision, 1 statement\nFound    no problems\n\nPassed.\n",
            id="clean",
        ),
        pytest.param(
            Report(coverage=READ, findings=(APPROVED,)),
            "Found    no open problems; 1 approved\n\nPassed.\n",
            id="approved",
        ),
        pytest.param(
            Report(coverage=READ, findings=(UPDATE,)),
            "Found    1 warning\n\nPassed, with 1 warning.\n",
            id="warning",
        ),
        pytest.param(
            Report(coverage=READ, findings=(UPDATE,), fail_on="warning"),
            "Refused: 1 warning.\n",
            id="strict",
        ),
        pytest.param(
            Report(coverage=READ, findings=(UPDATE, finding()), fail_on="warning"),
            "Refused: 1 error and 1 warning.\n",
            id="strict with error",
        ),
        pytest.param(
            Report(coverage=READ, findings=(finding(severity="info"),)),
            "Found    1 info\n\nPassed.\n",
            id="info",
        ),
    ],
)
def test_end_of_text(report: Report, end: str) -> None:
    assert shown(report).endswith(end)


def test_without_a_source_there_is_no_frame() -> None:
    assert text(Report(findings=(finding(),)), quiet=True) == (
        "error[drop-table] Dropping table orders deletes its rows.\n"
        " --> alembic/versions/0004_drop_orders.py:5:5\n"
        "  = help: Keep a copy.\n"
        "  = revision: 4f5e, upgrade\n"
        "\n"
        "Refused: 1 error.\n"
    )


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({"object": "orders"}, "guard approve 4f5e --rule drop-table --object orders"),
        ({"object": "a b"}, "guard approve 4f5e --rule drop-table --object 'a b'"),
        ({"object": "x", "revision": None}, f"guard approve {PATH} --rule drop-table --object x"),
        ({"object": ""}, "guard approve 4f5e --rule drop-table"),
    ],
    ids=["plain", "quoted", "no revision", "no object"],
)
def test_what_takes_an_approval_shows_the_command_in_one_line(
    changes: dict[str, Any], command: str
) -> None:
    report = Report(findings=(finding(approvable=True, **changes),))
    assert f'  = approve: {command} --reason "..."\n' in text(report, width=40)


def test_long_sentences_are_wrapped_under_their_beginning() -> None:
    found = finding(remedy="word " * 15, message="Two lines:\n- id INTEGER\n+ id TEXT")
    assert text(Report(findings=(found,)), width=40, quiet=True).splitlines()[:7] == [
        "error[drop-table] Two lines:",
        "  - id INTEGER",
        "  + id TEXT",
        " --> alembic/versions/0004_drop_orders.py:5:5",
        "  = help: word word word word word word",
        "          word word word word word word",
        "          word word word",
    ]


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_no_line_is_wider_than_asked(width: int) -> None:
    source = f"op.drop_table('{'x' * 300}')  # 名前 {'名' * 50}\n"
    found = finding(span=Span(PATH, 1, 15, 1, 40), message="word " * 60)
    report = Report(findings=(found,), notes=("note " * 60,), checked=("part " * 60,))
    lines = text(report, sources={PATH: source}, width=width).splitlines()
    lines.remove(f" --> {PATH}:1:15")  # whole, so that a terminal can open it
    assert max(len(line) for line in lines) <= width


def test_colour_changes_nothing_but_colour() -> None:
    colored = shown(REPORT, color=True, verbose=True)
    assert "\x1b[31m" in colored
    assert click.unstyle(colored) == shown(REPORT, verbose=True)


# Frames


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
    assert "error[drop-table] Dropping \ufffd[2Jtable\ufffd    x.\n" in text(report)


def test_a_place_far_along_a_line_of_megabytes() -> None:
    line = "x" * 3_000_000 + "HERE"
    rows = frame(Span(PATH, 1, 3_000_001, 1, 3_000_005), [line], 40)
    assert [row.text for row in rows] == ["..." + "x" * 33 + "HERE", " " * 36 + "^^^^"]


# JSON


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
        "reason": "small, postgresql://a:***@h knows",
    }
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


UNFINISHED = msgspec.structs.replace(
    REPORT, findings=(), errors=("env.py cannot run: postgresql://a:secret@h/x. Remedy:\n  x = 1",)
)


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


@pytest.mark.parametrize("name", REPORTERS)
def test_the_order_does_not_depend_on_the_order_of_discovery(name: str) -> None:
    turned = msgspec.structs.replace(REPORT, findings=REPORT.findings[::-1])
    assert REPORTERS[name](turned) == REPORTERS[name](REPORT)


# GitHub


def test_github_report() -> None:
    assert github(REPORT) == (
        f"::error file={PATH},line=5,endLine=5,col=5,endColumn=28,title=guard drop-table"
        "::Dropping table orders deletes its rows.%0A%0Ahelp: Keep a copy.\n"
        f"::warning file={PATH},line=6,endLine=12,title=guard backfill"
        "::UPDATE customers changes every row.%0A%0A"
        "help: Use batches:%0A    for start in range(9): ...\n"
        f"::error file={PATH},line=13,endLine=13,col=28,endColumn=61,title=guard credentials-in-url"
        "::postgresql://app:***@db/prod holds a password.%0A%0A"
        "help: Read it from the environment.\n"
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
    lines = github(Report(notes=(note,))).splitlines()
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)


# Passwords


@pytest.mark.parametrize("name", REPORTERS)
def test_no_format_prints_a_password(name: str) -> None:
    output = REPORTERS[name](REPORT) + shown(REPORT, verbose=True)
    assert not re.search("s3cret|pw@|notes@", output)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("postgresql://u:p@h/db", "postgresql://u:***@h/db"),
        ("mysql+pymysql://u:p@h:3306/db", "mysql+pymysql://u:***@h:3306/db"),
        ("redis://:p@h", "redis://:***@h"),
        ("x://u:p@ss/w:rd@h/db", "x://u:***@h/db"),
        ("x://u:it's@h/db", "x://u:***@h/db"),
        ("x://u:" + "p" * 2000 + "@h", "x://u:***@h"),
        ('e("x://u:p@h",to="a@b")', 'e("x://u:***@h",to="a@b")'),
        ("e('x://u:p@h','a@b')", "e('x://u:***@h','a@b')"),
        ("x://u:1?password=p@ss h", "x://u:*** h"),
        ("x://u:a@h and y://v:b@i", "x://u:***@h and y://v:***@i"),
        ("x://h/db?user=u&password=p&z=1", "x://h/db?user=u&password=***&z=1"),
        ("'host=h password=p dbname=d'", "'host=h password=*** dbname=d'"),
        ('connect(user="u", password="p q")', 'connect(user="u", password="***")'),
        ('{"password": "p"}', '{"password": "***"}'),
        ("ALTER ROLE u PASSWORD 'p'", "ALTER ROLE u PASSWORD '***'"),
        ("CREATE USER u IDENTIFIED BY 'p'", "CREATE USER u IDENTIFIED BY '***'"),
        ("x://u:***@h", "x://u:***@h"),
    ],
)
def test_password_is_masked(written: str, expected: str) -> None:
    assert mask_credentials(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "sqlite:///data.sqlite3",
        "postgresql://u@h:5432/db",
        "https://example.org:8080/path",
        "x://{user}:{password}@{host}/db",
        "x://$USER:${PASSWORD}@h",
        "x://%(user)s:%(password)s@h",
        "x://u:<password>@h",
        "connect(password=settings.password)",
        'sa.Column("password", sa.String(), comment="c")',
        "op.drop_column('users', 'password')",
        "",
    ],
)
def test_what_holds_no_password_is_left_alone(written: str) -> None:
    assert mask_credentials(written) == written


# A fix, and other places

LOCKED = finding(
    fix=(Edit(place('"orders"'), '"invoices"'), Edit(Span(PATH, 14), "")),
    related=(Related(Span("app/models.py", 3), "Order is mapped to it: postgresql://a:pw@h"),),
)


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


def test_json_is_silent_where_there_is_none() -> None:
    (data,) = stdlib_json.loads(json(Report(findings=(URL,))))["findings"]
    assert not {"fix", "related"} & data.keys()


def test_a_fix_that_would_show_a_password_is_left_out() -> None:
    edits = (Edit(place('"orders"'), ""), Edit(place('"orders"'), '"postgresql://a:pw@h/d"'))
    output = json(Report(findings=(finding(fix=edits),)))
    assert "fix" not in stdlib_json.loads(output)["findings"][0]
    assert "pw" not in output


def test_text_notes_the_related_places_below_the_help() -> None:
    lines = text(Report(findings=(LOCKED,))).splitlines()
    below = lines.index("  = help: Keep a copy.") + 1
    assert lines[below] == (
        "  = note: app/models.py:3: Order is mapped to it: postgresql://a:***@h"
    )
