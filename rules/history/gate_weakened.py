"""The change makes the gate that judges it let more through.

It switches rules off or makes them less severe, excludes files, moves the base, adds approvals or
entries of the baseline, or no longer runs guard. Any of that can be right, and who reviews it
should know. The settings of the change decide what stops it; those of the base decide whether this
is told. With `--approvals-from REF` it is an error, which an approval on that ref lets pass. An
approval that is added does not count there yet, so that only one of the change's own revisions is
refused.
"""

from collections.abc import Iterator

from guard.facts import GateWeakened
from guard.rule import Context, Example, Problem, rule

STRICT = {"pyproject.toml": '[tool.guard]\nfail-on = "warning"\n'}


@rule(
    GateWeakened,
    severity="info",
    approvable=True,
    unsafe=(
        Example(
            base=STRICT,
            change={
                "pyproject.toml": '[tool.guard]\nfail-on = "warning"\nignore = ["drop-table"]\n'
            },
            says="This change weakens the gate that judges it, by ignore in pyproject.toml: "
            "drop-table is off.",
            help="Be sure that this is meant; it holds for this change already.",
            at='ignore = ["drop-table"]',
        ),
        Example(
            base=STRICT,
            change={"guard.toml": 'dialect = "sqlite"\n'},
            says="by fail-on in guard.toml: warnings no longer stop the gate (the settings of "
            "pyproject.toml held before).",
            at='dialect = "sqlite"',
        ),
    ),
    safe=(
        Example(
            base=STRICT,
            change={"pyproject.toml": '[tool.guard]\nfail-on = "warning"\ndialect = "sqlite"\n'},
        ),
    ),
)
def gate_weakened(weakened: GateWeakened, context: Context) -> Iterator[Problem]:
    where = {"approval": "an approval", "baseline": "the baseline", "run": "the way it is run"}
    how = where.get(weakened.key, weakened.key)
    yield Problem(
        message=f"This change weakens the gate that judges it, by {how} in {weakened.span.path}: "
        f"{weakened.effect}.",
        remedy="Put it into a change of its own, or let somebody agree to it first: guard approve"
        if weakened.held
        else "Be sure that this is meant; it holds for this change already.",
        severity="error" if weakened.held else None,
        object=weakened.key,
    )
