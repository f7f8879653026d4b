"""Give older results an engine version.

The second step, deployed once all running code writes the column: no new NULL comes up behind it.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RESULTS = sa.table("backtest_results", sa.column("engine_version", sa.String))
UNKNOWN = "unknown"


def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_primary() -> None:
    op.execute(
        sa.update(RESULTS).where(RESULTS.c.engine_version.is_(None)).values(engine_version=UNKNOWN)
    )


def downgrade_primary() -> None:
    op.execute(
        sa.update(RESULTS).where(RESULTS.c.engine_version == UNKNOWN).values(engine_version=None)
    )


def upgrade_klines() -> None:
    pass


def downgrade_klines() -> None:
    pass
