"""Facts and the rules that judge them: what has no rule of its own is found for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from guard.facts import Fact
from guard.judge.load_rules import load_rules


def leaves(kind: type[Fact]) -> Iterator[type[Fact]]:
    """Yield the facts that are made; those above them only hold what several have in common."""
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)


def test_each_fact_has_a_rule_and_no_rule_judges_what_is_never_made() -> None:
    judged = {kind for rule in load_rules() for kind in rule.on if issubclass(kind, Fact)}
    assert judged == {*leaves(Fact)}
