"""The sample application's service: asynchronous, on SQLite, whose calls block.

Each call of the database runs in a thread, with a session of its own that no other thread uses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from models import BacktestResult, Kline
from repositories import BacktestRepository, KlineRepository
from sqlalchemy.orm import Session, sessionmaker


class BacktestService:
    """What the application offers: results of backtests, and the market data they ran on."""

    def __init__(self, results: sessionmaker[Session], klines: sessionmaker[Session]) -> None:
        self.results = results
        self.klines = klines

    async def result(self, id_: int) -> BacktestResult | None:
        """Return one result, None where there is none of that id."""
        return await asyncio.to_thread(self._result, id_)

    async def results_of(self, symbol: str) -> Sequence[BacktestResult]:
        """Return the results of a symbol, newest first."""
        return await asyncio.to_thread(self._results_of, symbol)

    async def history(self, symbol: str, timeframe: str) -> Sequence[Kline]:
        """Return the candles of a symbol, in order."""
        return await asyncio.to_thread(self._history, symbol, timeframe)

    def _result(self, id_: int) -> BacktestResult | None:
        with self.results() as session:
            return BacktestRepository(session).get_by_id(id_)

    def _results_of(self, symbol: str) -> Sequence[BacktestResult]:
        with self.results() as session:
            return BacktestRepository(session).list_by_symbol(symbol)

    def _history(self, symbol: str, timeframe: str) -> Sequence[Kline]:
        with self.klines() as session:
            return KlineRepository(session).history(symbol, timeframe)
