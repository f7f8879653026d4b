"""What a rule says of a problem besides its message, and when it has had its say."""

from __future__ import annotations

from pathlib import Path

import pytest
from ask_rules import judge

from guard.facts import Fact, HistoryFact, RoundTripFact, SourceFact, SuppressionFact
from guard.finding import Edit, Related
from guard.statement import Span

FIXED = '''
    """A table that should be called otherwise."""

    from guard.operations import DropTable
    from guard.rule import Edit, Problem, Related, rule


    @rule(DropTable, unsafe=(), safe=())
    def fixed(drop, context):
        here = context.statement.span
        made = [s for s in context.before if drop.table in [o.table for o in s.operations]]
        yield Problem(
            message="-",
            remedy="-",
            at=context.statement.span,
            fix=(Edit(here, "pass"),),
            related=tuple(Related(s.span, "it was made here") for s in made),
        )
'''


def test_a_fix_and_related_places_are_handed_on(tmp_path: Path) -> None:
    step = "op.create_table('t')\nop.drop_table('t')"
    (found,) = judge(tmp_path, {"style/fixed": FIXED}, step)
    path = "migrations/versions/r1.py"
    assert found.fix == (Edit(Span(path, 10, 5, 10, 23), "pass"),)
    assert found.related == (Related(Span(path, 9, 5, 9, 25), "it was made here"),)


# A suppression is unused where its rule had its say, whatever group that is in

SILENT = '''
    """A rule that never says anything."""

    from guard.facts import {fact}
    from guard.operations import DropTable
    from guard.rule import rule


    @rule({on}, unsafe=(), safe=())
    def silent(fact, context):
        return iter(())
'''
UNUSED = '''
    """A suppression that silences nothing."""

    from guard.facts import UnusedSuppression
    from guard.rule import Problem, rule


    @rule(UnusedSuppression, unsafe=(), safe=())
    def unused(suppression, context):
        yield Problem(message=suppression.why, remedy="-")
'''
COMMENTED = "# guard: ignore[silent] we know\nop.drop_table('t')"


@pytest.mark.parametrize(
    ("fact", "on", "had_its_say"),
    [
        ("Migration", "DropTable", True),
        ("Migration", "Migration", True),
        ("BuiltSql", "BuiltSql", True),
        ("EditedRevision", "EditedRevision", False),
        ("RowsLost", "RowsLost", False),
        ("RowsLost", "RowsLost, DropTable", False),
    ],
)
def test_a_rule_that_was_not_asked_proves_nothing_unused(
    fact: str, on: str, had_its_say: bool, tmp_path: Path
) -> None:
    rules = {"brand_new/silent": SILENT.format(fact=fact, on=on), "suppression/unused": UNUSED}
    found = [finding.message for finding in judge(tmp_path, rules, COMMENTED)]
    assert found == (["there is no silent finding here"] if had_its_say else [])


def test_each_fact_is_found_by_one_part_of_a_run() -> None:
    parts = {HistoryFact, SourceFact, RoundTripFact, SuppressionFact}
    assert set(Fact.__subclasses__()) == parts
    assert all(part.__subclasses__() for part in parts)
