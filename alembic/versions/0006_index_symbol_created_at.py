"""Index the results of a symbol by time.

Serves the newest results of a symbol first.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_primary() -> None:
    op.create_index(
        "ix_backtest_results_symbol_created_at", "backtest_results", ["symbol", "created_at"]
    )


def downgrade_primary() -> None:
    op.drop_index("ix_backtest_results_symbol_created_at", table_name="backtest_results")


def upgrade_klines() -> None:
    pass


def downgrade_klines() -> None:
    pass
