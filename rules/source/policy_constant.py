"""A value that one module keeps is written, or read, somewhere else.

A date from which on there is data, a limit, a path: as long as one module says what it is, one edit
changes it everywhere. A copy goes on with the old value, and nobody is told. The settings name the
constants and the file where each one lives:

    [tool.guard.rules.policy-constant]
    DATA_START_DATE = "backend/config/database_policy.py"

A copy of a number or a short text is told only where a name beside it says that it is one.
"""

from collections.abc import Iterator
from typing import Annotated

from guard.facts import PolicyCopy
from guard.rule import Context, Example, NamedOptions, Problem, rule

POLICY = {
    "backend/config/database_policy.py": "from datetime import date\n\n"
    "DATA_START_DATE = date(2025, 1, 1)\nMAX_LEVERAGE = 10\n"
}
SETTINGS = {
    "rules": {
        "policy-constant": {
            "DATA_START_DATE": "backend/config/database_policy.py",
            "MAX_LEVERAGE": "backend/config/database_policy.py",
        }
    }
}
LINE = "from backend.config.database_policy import DATA_START_DATE"


class PolicyConstants(NamedOptions, frozen=True):
    """The constants, by name."""

    named: Annotated[dict[str, str], "the file that defines the constant of that name"] = {}  # noqa: RUF012


def told(options: PolicyConstants) -> Iterator[str]:
    for name, file in options.named.items():
        yield f"ALWAYS import `{name}` from `{file}`: never write its value again"


@rule(
    PolicyCopy,
    options=PolicyConstants,
    instructs=told,
    unsafe=(
        Example(
            base=POLICY,
            config=SETTINGS,
            path="backend/services/klines.py",
            source="""
            from datetime import date

            from sqlalchemy import select

            def history(klines):
                return select(klines).where(klines.c.day >= date(2025, 1, 1))
            """,
            says="`date(2025, 1, 1)` is the value of DATA_START_DATE, written out: when the policy "
            "changes, this stays as it is.",
            help=f"Use DATA_START_DATE, with the line\n{LINE}",
            at="date(2025",
        ),
        Example(
            base=POLICY,
            config=SETTINGS,
            path="backend/settings.py",
            source='DATA_START_DATE = "2024-01-01"',
            says="DATA_START_DATE is defined once more (`DATA_START_DATE = '2024-01-01'`)",
            help="Remove it, and use the one that backend/config/database_policy.py defines",
            at="DATA_START_DATE",
        ),
        Example(
            base=POLICY,
            config=SETTINGS,
            path="backend/settings.py",
            source="""
            import os

            start = os.environ["DATA_START_DATE"]
            """,
            says="DATA_START_DATE is read from the environment",
            help=LINE,
            at="os.environ",
        ),
        Example(
            base=POLICY,
            config=SETTINGS,
            path="backend/services/klines.py",
            source="from backend.settings import DATA_START_DATE",
            says="DATA_START_DATE is imported from elsewhere",
            help=LINE,
            at="from backend.settings",
        ),
        Example(
            base=POLICY,
            config=SETTINGS,
            path="backend/services/orders.py",
            source="""
            def check(order):
                return order.leverage <= 10
            """,
            says="`10` is the value of MAX_LEVERAGE, written out",
            at="10",
        ),
    ),
    safe=(
        Example(
            base=POLICY,
            config=SETTINGS,
            path="backend/services/klines.py",
            source='''
            """Klines since 2025-01-01."""

            import logging

            from sqlalchemy import select

            from backend.config.database_policy import DATA_START_DATE

            def history(klines, limit=10):
                logging.info("2025-01-01")
                return select(klines).where(klines.c.day >= DATA_START_DATE).limit(limit)
            ''',
        ),
    ),
)
def policy_constant(copy: PolicyCopy, context: Context) -> Iterator[Problem]:
    path = context.options(PolicyConstants).named[copy.name]
    line = f"from {copy.module} import {copy.name}"
    match copy.how:
        case "literal":
            message = (
                f"`{copy.code}` is the value of {copy.name}, written out: when the policy changes, "
                "this stays as it is."
            )
            remedy = f"Use {copy.name}, with the line\n{line}"
        case "redefined":
            message = (
                f"{copy.name} is defined once more (`{copy.code}`): {path} is where it is kept, "
                "and the two can differ."
            )
            remedy = f"Remove it, and use the one that {path} defines:\n{line}"
        case "environment":
            message = (
                f"{copy.name} is read from the environment (`{copy.code}`): {path} is where it is "
                "kept, and the two can differ."
            )
            remedy = f"Use the one that {path} defines:\n{line}"
        case "imported":
            message = (
                f"{copy.name} is imported from elsewhere (`{copy.code}`): {path} is where it is "
                "kept, and the two can differ."
            )
            remedy = f"Import it from there:\n{line}"
    yield Problem(message=message, remedy=remedy, object=copy.name)
