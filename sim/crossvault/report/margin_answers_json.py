"""Answers to what-if questions about a portfolio, as JSON: by method, every amount exact as decimal text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossvault.differential.step import instrument_name
from crossvault.mirror.refusal import Refusal
from crossvault.portfolio.margin_questions import LiquidationPrices, MethodAnswers
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.solver_hedge import HedgeTrade, PerpHedge
from crossvault.portfolio.solver_prices import CashUntil
from crossvault.portfolio.solver_trades import SolvedTrade
from crossvault.report.margin_answers import limit


def answers_document(portfolio: Portfolio, found: Sequence[MethodAnswers]) -> list[dict[str, Any]]:
    """The answers of each method to the questions of the command line; others are absent."""
    return [_method(portfolio, each) for each in found]


def _method(portfolio: Portfolio, each: MethodAnswers) -> dict[str, Any]:
    made: dict[str, Any] = {"method": each.method}
    if each.until:
        made["cash_until"] = [_until(portfolio, answer) for answer in each.until]
    if each.max_sizes:
        made["max_size"] = [_largest(portfolio, *pair) for pair in each.max_sizes]
    if each.hedges:
        made["hedge"] = [_hedge(portfolio, answer) for answer in each.hedges]
    if each.liquidation is not None:
        made["liquidation"] = _prices(portfolio, each.liquidation)
    return made


def _until(portfolio: Portfolio, answer: CashUntil) -> dict[str, Any]:
    return {
        "underlying": portfolio.units[answer.underlying],
        "price_wad": str(answer.price_wad),
        "cash_raw": str(answer.cash_raw),
        "first_liquidated_wad": _text(answer.first_wad),
        "short_wad": _text(answer.short_wad),
    }


def _largest(portfolio: Portfolio, long: SolvedTrade, short: SolvedTrade) -> dict[str, Any]:
    return {
        "instrument": instrument_name(long.instrument, portfolio.units),
        "price_wad": str(long.price_wad),
        "long_wad": str(long.size),
        "short_wad": str(short.size),
        "long_limit": limit(portfolio, long.refusal),
        "short_limit": limit(portfolio, short.refusal),
    }


def _hedge(portfolio: Portfolio, answer: PerpHedge | Refusal) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return {"refused": limit(portfolio, answer)}
    trades = answer.unhedged, answer.least_delta, answer.least_requirement
    names = ("unhedged", "least_delta", "least_requirement")
    return {
        "underlying": portfolio.units[answer.underlying],
        "price_wad": str(answer.price_wad),
        **{name: _trade(trade) for name, trade in zip(names, trades, strict=True)},
    }


def _trade(trade: HedgeTrade) -> dict[str, str]:
    return {
        "size_wad": str(trade.size),
        "delta_wad": str(trade.delta_wad),
        "initial_requirement_wad": str(trade.margin.requirement_wad),
        "initial_buffer_wad": str(trade.margin.buffer_wad),
    }


def _prices(portfolio: Portfolio, found: LiquidationPrices) -> dict[str, Any]:
    return {
        "alone": [
            {
                "underlying": portfolio.units[each.underlying],
                "down_wad": _text(each.down_wad),
                "up_wad": _text(each.up_wad),
            }
            for each in found.alone
        ],
        "together": {"down_shock_wad": _text(found.together.down), "up_shock_wad": _text(found.together.up)},
    }


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
