"""An unsafe example as the fix leaves it that guard offers for it."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from examples import judge
from msgspec.structs import replace

from guard.fixing import apply_edits
from guard.rewrite import Afterwards
from guard.rule import Example, Rule


def mended(
    rule: Rule, example: Example, folder: Path
) -> tuple[Example, tuple[Afterwards, ...]] | None:
    """Return the example with what its revision is then, and what the one that follows does.

    None where no fix is offered for it.
    """
    fixed = [f for f in judge(example, folder) if f.rule == rule.name and f.fix]
    edits = [edit for f in fixed for edit in f.fix]
    if not edits:
        return None
    later = tuple(one for f in fixed for one in f.rewrite if isinstance(one, Afterwards))
    text = (folder / edits[0].span.path).read_text(encoding="utf-8")
    bodies = _bodies(apply_edits(text, edits))
    after = replace(example, upgrade=bodies["upgrade"], downgrade=bodies.get("downgrade"))
    return after, later


def _bodies(text: str) -> dict[str, str]:
    lines = text.splitlines()
    return {
        node.name: textwrap.dedent("\n".join(lines[node.body[0].lineno - 1 : node.end_lineno]))
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
