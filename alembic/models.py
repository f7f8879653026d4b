"""The sample application's tables: results of backtests, and the market data they ran on.

Two databases, so two declarative bases, each with metadata of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Index, MetaData, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Every constraint has a name, so that a later revision can drop it on any database.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What lives in the primary database."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class KlinesBase(DeclarativeBase):
    """What lives in the klines database."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class BacktestResult(Base):
    """One run of a strategy over one symbol's history."""

    __tablename__ = "backtest_results"
    __table_args__ = (Index("ix_backtest_results_symbol_created_at", "symbol", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str] = mapped_column(String(32), index=True)
    timeframe: Mapped[str] = mapped_column(String(8))
    strategy_type: Mapped[str] = mapped_column(String(64))
    strategy_params: Mapped[dict[str, Any]] = mapped_column(JSON)
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    engine_version: Mapped[str] = mapped_column(String(32))


class Kline(KlinesBase):
    """One candle: the prices of a symbol between `open_time` and the next one."""

    __tablename__ = "klines"

    symbol: Mapped[str] = mapped_column(String(32), primary_key=True)
    timeframe: Mapped[str] = mapped_column(String(8), primary_key=True)
    open_time: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    open: Mapped[float]
    high: Mapped[float]
    low: Mapped[float]
    close: Mapped[float]
    volume: Mapped[float]
