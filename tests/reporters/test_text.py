"""The report for people: what is said, in which order, how wide."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
from reports import APPROVED, LOCKED, PATH, REPORT, SOURCE, UPDATE, URL, finding

from guard.finding import Coverage, Report, Timing
from guard.note import Note
from guard.reporters.text import text
from guard.statement import Span


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
    "# guard: ignore[empty-revision] <why>",
    "await asyncio.to_thread(load, await body(request))",
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
Dropping table orders deletes its rows.
error[drop-table] alembic/versions/0004_drop_orders.py:5:5
  |
5 |     op.drop_table("orders")
  |     ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: Keep a copy.
  = revision: 4f5e, upgrade

UPDATE customers changes every row.
warning[backfill] alembic/versions/0004_drop_orders.py:6:5
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

postgresql://app:***@db/prod holds a password.
error[credentials-in-url] alembic/versions/0004_drop_orders.py:13:28
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
    [
        Report(),
        Report(findings=(APPROVED,)),
        Report(notes=(Note("base", "n"),), coverage=Coverage(revisions=1)),
    ],
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
        "Dropping table orders deletes its rows.\n"
        "error[drop-table] alembic/versions/0004_drop_orders.py:5:5\n"
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
        "Two lines:",
        "- id INTEGER",
        "+ id TEXT",
        "error[drop-table] alembic/versions/0004_drop_orders.py:5:5",
        "  = help: word word word word word word",
        "          word word word word word word",
        "          word word word",
    ]


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_no_line_is_wider_than_asked(width: int) -> None:
    source = f"op.drop_table('{'x' * 300}')  # 名前 {'名' * 50}\n"
    found = finding(span=Span(PATH, 1, 15, 1, 40), message="word " * 60)
    report = Report(findings=(found,), notes=(Note("base", "note " * 60),), checked=("part " * 60,))
    lines = text(report, sources={PATH: source}, width=width).splitlines()
    lines.remove(f"error[drop-table] {PATH}:1:15")  # whole, so that a terminal can open it
    assert max(len(line) for line in lines) <= width


def test_colour_changes_nothing_but_colour() -> None:
    colored = shown(REPORT, color=True, verbose=True)
    assert "\x1b[31m" in colored
    assert click.unstyle(colored) == shown(REPORT, verbose=True)


def test_text_notes_the_related_places_below_the_help() -> None:
    lines = text(Report(findings=(LOCKED,))).splitlines()
    below = lines.index("  = help: Keep a copy.") + 1
    assert lines[below] == (
        "  = note: app/models.py:3: Order is mapped to it: postgresql://a:***@h"
    )
