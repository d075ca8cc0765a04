"""Sizes of trades: the largest that initial margin allows, and the least reduction that meets maintenance margin.

A trade at the mark neither gains nor loses, so that the buffer changes with the requirement, and with profits that it
makes cash. The search evaluates the places where a position, a net size or a net value is zero, and a grid around the
size that the equity and the positions are worth, up to the cap of sizes. From the last accepted place to the refused
one after it secants and halving lead to two neighbours: the answer is accepted, and one wei more is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from crossvault.mirror import account as accounts, fixed, market, valuation
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level
from crossvault.portfolio.solver import MarginCase, trade, trade_price
from crossvault.portfolio.solver_search import first, last

_NEAR, _FAR = 10, 8  # doublings of the grid on both sides of the natural size; further out, every eighth


class SolvedTrade(NamedTuple):
    """A trade of an instrument at a price [wad]: its signed size, and of a largest one the refusal of one wei more."""

    instrument: int
    size: int
    price_wad: int
    refusal: Refusal | None = None


@dataclass(frozen=True)
class TradeCheck:
    """The check of trades in an instrument by one account: one that raises risk must meet initial margin, and another
    must not lower a negative buffer. `side` is 1 for purchases, -1 for sales."""

    case: MarginCase
    instrument: int
    side: int

    @cached_property
    def held(self) -> int:
        """Size of the position before the trade [wad]."""
        return self.case.holder.positions[self.instrument].size

    @cached_property
    def before_wad(self) -> int:
        """Initial buffer before the trade [wad]."""
        return self.case.margin(Level.INITIAL).buffer_wad

    def surplus(self, size: int) -> int | None:
        """Initial buffer after a trade of a size above zero, above what the check requires [wad]; none: refused."""
        found = self.outcome(size)
        return None if isinstance(found, Refusal) else found[0] - found[1]

    def refusal(self, size: int) -> Refusal:
        """The refusal of a size that the check does not accept."""
        found = self.outcome(size)
        if isinstance(found, Refusal):
            return found
        balance_wad, required_wad = found[2:]
        return InsufficientMargin(self.case.account, balance_wad, required_wad)

    def outcome(self, size: int) -> tuple[int, int, int, int] | Refusal:
        """Buffer, least buffer, margin balance and requirement after a trade [wad], or a refusal for another reason."""
        least_wad = 0
        rising = accounts.is_rising(self.held, self.side * size)
        if not rising:
            least_wad = fixed.min(0, self.before_wad)
        try:
            with self.case.trial(trade(self.instrument, self.side * size)):
                if rising:
                    self.case.model.vault.require_running()
                    valuation.require_fresh(self.case.book())
                found = self.case.figures(Level.INITIAL)
        except Refusal as refused:
            return refused
        return found.buffer_wad, least_wad, found.margin_balance_wad, found.requirement_wad


def largest_trade(case: MarginCase, instrument: int, side: int) -> SolvedTrade:
    """The largest trade that the account may make, long (side 1) or short (side -1); of size zero where it may none."""
    check = TradeCheck(case, instrument, side)
    price_wad = trade_price(case, instrument)
    found = last(check.surplus, grid(case, instrument, side)) or 0
    return SolvedTrade(instrument, side * found, price_wad, check.refusal(found + 1))


def closing_trade(case: MarginCase, instrument: int) -> SolvedTrade | None:
    """The least reduction of a position with which the account meets maintenance margin; none where closing it fails.

    Of size zero where it is met already. Raises the refusal of a trade that no size avoids, such as of a stale price.
    """
    held = case.holder.positions[instrument].size
    side, price_wad = -1 if held > 0 else 1, trade_price(case, instrument)

    def buffer(size: int) -> int:
        changes = [trade(instrument, side * size)] if size else []
        return case.margin(Level.MAINTENANCE, *changes).buffer_wad

    points = sorted({fixed.abs(held) * part // 32 for part in range(33)})
    found = first(buffer, points)
    return None if found is None else SolvedTrade(instrument, side * found, price_wad)


def grid(case: MarginCase, instrument: int, side: int) -> list[int]:
    """Sizes at which trades of a side are evaluated, in order: up to the cap of the position after it [wad]."""
    held, most = case.holder.positions[instrument].size, CAP - side * case.holder.positions[instrument].size
    found = {1, most}
    for zero in zeros(case, instrument):
        found |= {side * zero + step for step in (-1, 0, 1)}
    middle = natural_size(case, instrument)
    found |= {middle * 2**power for power in range(_NEAR)} | {middle >> power for power in range(_NEAR)}
    found |= {middle << power for power in range(_NEAR, 96, _FAR)} | {middle * part // 8 for part in range(1, 64)}
    found.add(fixed.abs(held))
    return sorted(size for size in found if 0 < size <= most)


def natural_size(case: MarginCase, instrument: int) -> int:
    """Size of an instrument that is worth as much as the equity and all positions on its underlying [wad]."""
    underlying = market.underlying_of(instrument)
    index_wad = fixed.max(1, case.state.prices[underlying].index)
    with case.trial():
        equity_wad = fixed.abs(case.figures(Level.INITIAL).equity_wad)
    sizes = sum(fixed.abs(size) for _, size in _held(case, underlying))
    return fixed.max(1, fixed.mul_div_up(equity_wad, WAD, index_wad) + sizes)


def zeros(case: MarginCase, instrument: int) -> list[int]:
    """Trades that take a position, the net size or the net value of perps and futures of an underlying to zero [wad].

    The net value is zero between two sizes: the lower one.
    """
    held = case.holder.positions[instrument].size
    linear = [
        (each, size)
        for each, size in _held(case, market.underlying_of(instrument))
        if not market.is_option(market.kind_of(each))
    ]
    found = [-held]
    if not market.is_option(market.kind_of(instrument)):
        value_wad2 = sum(size * trade_price(case, each) for each, size in linear)
        found += [-sum(size for _, size in linear), -value_wad2 // trade_price(case, instrument)]
    return found


def _held(case: MarginCase, underlying: int) -> Iterator[tuple[int, int]]:
    for instrument in case.holder.instruments:
        if market.underlying_of(instrument) == underlying:
            yield instrument, case.holder.positions[instrument].size
