"""Add backtest_results.engine_version, still optional.

The first of three steps to a required column: rows that exist have no value yet, and code that is
still running does not write one.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_primary() -> None:
    op.add_column("backtest_results", sa.Column("engine_version", sa.String(32), nullable=True))


def downgrade_primary() -> None:
    with op.batch_alter_table("backtest_results") as batch:
        batch.drop_column("engine_version")


def upgrade_klines() -> None:
    pass


def downgrade_klines() -> None:
    pass
