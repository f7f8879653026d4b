"""Require backtest_results.engine_version.

The third step. Batch mode, since SQLite cannot alter a column: it copies the table.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    globals()[f"upgrade_{engine_name}"]()


def downgrade(engine_name: str) -> None:
    globals()[f"downgrade_{engine_name}"]()


def upgrade_primary() -> None:
    with op.batch_alter_table("backtest_results") as batch:
        batch.alter_column("engine_version", existing_type=sa.String(32), nullable=False)


def downgrade_primary() -> None:
    with op.batch_alter_table("backtest_results") as batch:
        batch.alter_column("engine_version", existing_type=sa.String(32), nullable=True)


def upgrade_klines() -> None:
    pass


def downgrade_klines() -> None:
    pass
