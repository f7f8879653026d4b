"""The queries of the sample application: each takes the session that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from database_policy import DATA_START_DATE
from models import BacktestResult, Kline
from sqlalchemy import select
from sqlalchemy.orm import Session


class BacktestRepository:
    """Results of backtests, in the primary database."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_by_id(self, id_: int) -> BacktestResult | None:
        """Return one result, None where there is none of that id."""
        return self.session.get(BacktestResult, id_)

    def list_by_symbol(self, symbol: str) -> Sequence[BacktestResult]:
        """Return the results of a symbol, newest first."""
        query = (
            select(BacktestResult)
            .where(BacktestResult.symbol == symbol)
            .order_by(BacktestResult.created_at.desc())
        )
        return self.session.scalars(query).all()


class KlineRepository:
    """Market data, in the klines database."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def history(
        self, symbol: str, timeframe: str, since: datetime = DATA_START_DATE
    ) -> Sequence[Kline]:
        """Return the candles of a symbol in order, from `since` on; there are none before."""
        query = (
            select(Kline)
            .where(Kline.symbol == symbol, Kline.timeframe == timeframe)
            .where(Kline.open_time >= max(since, DATA_START_DATE))
            .order_by(Kline.open_time)
        )
        return self.session.scalars(query).all()
