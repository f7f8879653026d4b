"""A run that could test nothing of what it was asked for does not simply say that it passed."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import INI, chain, guard, write

STEP = (
    "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))",
    "op.drop_table('t')",
)
ARRAY = (
    "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True),"
    " sa.Column('tags', sa.ARRAY(sa.Integer())))",
    "op.drop_table('t')",
)
FOR_POSTGRESQL = INI.replace("sqlite://", "postgresql://shop:shop-dev@localhost/shop")
ALONE = "Passed by reading alone: the round trip could run no revision whole."


@pytest.mark.parametrize(
    ("steps", "arguments", "expected"),
    [
        ((ARRAY,), [], ALONE),
        ((STEP,), [], "Passed."),
        ((ARRAY,), ["--no-roundtrip"], "Passed."),
    ],
)
def test_the_verdict(
    steps: tuple[tuple[str, str], ...], arguments: list[str], expected: str, tmp_path: Path
) -> None:
    write(tmp_path, {**chain(*steps), "alembic.ini": FOR_POSTGRESQL})
    backend = [] if arguments else ["--backend", "sqlite"]
    done = guard(tmp_path, "check", "--all", *backend, *arguments, "--ignore", "drop-table",
                 "--ignore", "credentials-in-url")  # fmt: skip
    assert done.output.rstrip().endswith(expected)
    assert done.code == 0
