"""The mapping that a schema is kept in: what one is unlike another in, however they came about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guard.schema.persistent_map import WAITING, Shared

CHANGES = st.lists(
    st.dictionaries(st.integers(0, 2 * WAITING), st.integers(0, 3), max_size=WAITING), max_size=6
)


def made_of(changes: list[dict[int, int]], start: Shared[int, int]) -> Shared[int, int]:
    for change in changes:
        start = start.updated(change)
    return start


@given(CHANGES, CHANGES, CHANGES)
def test_it_tells_the_keys_of_other_values(
    common: list[dict[int, int]], mine: list[dict[int, int]], others: list[dict[int, int]]
) -> None:
    start = made_of(common, Shared.empty())
    one, other = made_of(mine, start), made_of(others, start)
    values, others_values = dict(one.items()), dict(other.items())
    assert sorted(one.unlike(other)) == sorted(
        key for key, value in values.items() if others_values.get(key) is not value
    )
