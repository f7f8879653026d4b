"""Create backtest_results.

Every constraint and index has its name, so that a later revision can drop it.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_primary() -> None:
    op.create_table(
        "backtest_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(32), nullable=False),
        sa.Column("timeframe", sa.String(8), nullable=False),
        sa.Column("strategy_type", sa.String(64), nullable=False),
        sa.Column("strategy_params", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_backtest_results"),
    )
    op.create_index("ix_backtest_results_symbol", "backtest_results", ["symbol"])


def downgrade_primary() -> None:
    op.drop_index("ix_backtest_results_symbol", table_name="backtest_results")
    op.drop_table("backtest_results")


def upgrade_klines() -> None:
    pass


def downgrade_klines() -> None:
    pass
