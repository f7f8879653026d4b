"""What holds for every use of the databases, in one place: import it from here."""

from __future__ import annotations

from datetime import UTC, datetime

# There is no market data from before, so no backtest begins earlier.
DATA_START_DATE = datetime(2025, 1, 1, tzinfo=UTC)
