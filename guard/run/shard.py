"""Which part of the round trip a run is asked for."""

from __future__ import annotations

import re

import msgspec

from guard.errors import GuardError

_WRITTEN = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


class Shard(msgspec.Struct, frozen=True):
    """One part of several, counted from 1 on."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_shard(text: str) -> Shard:
    """Return the shard that `2/8` is; raise GuardError for anything else."""
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise GuardError(f"--shard {text}: write which part of how many, as in --shard 2/8")
    shard = Shard(int(written[1]), int(written[2]))
    if not 1 <= shard.number <= shard.of:
        last = f"{shard.of}/{shard.of}"
        raise GuardError(
            f"--shard {text}: there is no such part, they are counted from 1/{shard.of} to {last}"
            if shard.of
            else f"--shard {text}: there is at least one part, 1/1"
        )
    return shard
