"""A mapping that can be changed without changing the one it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# Changes wait beside the large part, and are copied into it this many at a time: ten thousand
# steps over ten thousand tables then copy 15 million entries instead of 50 million a map.
WAITING = 64


class Shared(Generic[K, V]):
    """An immutable mapping; `updated` is cheap, as the large part is shared with the new one."""

    __slots__ = ("_large", "_recent")

    def __init__(self, large: Mapping[K, V], recent: Mapping[K, V]) -> None:
        self._large = large
        self._recent = recent

    @classmethod
    def empty(cls) -> Shared[K, V]:
        """Return a mapping that holds nothing."""
        return cls({}, {})

    def get(self, key: K) -> V | None:
        """Return the value, None where there is none."""
        found = self._recent.get(key)
        return self._large.get(key) if found is None else found

    def updated(self, changes: Mapping[K, V]) -> Shared[K, V]:
        """Return a mapping with these entries in place of those under the same keys."""
        if not changes:
            return self
        recent = {**self._recent, **changes}
        if len(recent) > WAITING:
            return Shared({**self._large, **recent}, {})
        return Shared(self._large, recent)

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield every key and its value."""
        for key, value in self._large.items():
            if key not in self._recent:
                yield key, value
        yield from self._recent.items()

    def unlike(self, other: Shared[K, V]) -> Iterator[K]:
        """Yield the keys whose value is not the very same one in the other mapping.

        Asks those alone that changed since, as long as the two share their large part.
        """
        keys: Iterable[K]
        if self._large is other._large:
            newer = [k for k, value in self._recent.items() if other._recent.get(k) is not value]
            keys = (*newer, *(k for k in other._recent if k not in self._recent))
        else:
            keys = {**self._large, **self._recent}
        for key in keys:
            value = self.get(key)
            if value is not None and value is not other.get(key):
                yield key
