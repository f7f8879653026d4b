"""A report with one finding of each kind, for the tests of what is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.finding import Coverage, Edit, Finding, Related, Report
from guard.note import Note
from guard.reporters import reporter
from guard.reporters.background import Background
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
    notes=(
        Note("base", "The base is origin/main."),
        Note("not-run", "From postgresql://a:notes@h/x.", Span(PATH, 3)),
    ),
    coverage=Coverage(revisions=2, statements=5, opaque=1),
    checked=("history against origin/main", "round trip on SQLite"),
)
UNFINISHED = Report(
    notes=REPORT.notes,
    coverage=REPORT.coverage,
    checked=REPORT.checked,
    errors=("env.py cannot run: postgresql://a:secret@h/x. Remedy:\n  x = 1",),
)
LOCKED = finding(
    fix=(Edit(place('"orders"'), '"invoices"'), Edit(Span(PATH, 14), "")),
    related=(Related(Span("app/models.py", 3), "Order is mapped to it: postgresql://a:pw@h"),),
)
SOURCES: Mapping[str, str] = {PATH: SOURCE}


def rendered(name: str, report: Report = REPORT, **more: Any) -> str:
    """The report in that format, with the sources known."""
    return reporter(name)(report, Background(**({"texts": SOURCES} | more)))
