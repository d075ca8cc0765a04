"""Prices at which an account is first liquidatable, and the cash with which it is so at a given price, not before.

The vault liquidates an account whose maintenance buffer is below zero. A path of prices is evaluated at a grid of moves
(in `price_shifts`) and where the forward of an option is at its strike. Between the last point that is safe and the
next one the answer is found to the wei: there the account is liquidatable, and one wei nearer it is not.

Isolated positions are liquidated one by one: each has its share of the equity, by its part of all initial capital, and
the first that fails counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from crossvault.mirror import account as accounts, collateral, fixed, margin, market
from crossvault.mirror.standard import Level
from crossvault.portfolio.distance import LiquidationDistance, crossing, crossings
from crossvault.portfolio.price_shifts import grid_prices, shift, shock, strike_prices
from crossvault.portfolio.solver import Change, MarginCase, deposit
from crossvault.portfolio.solver_cash import least_deposit
from crossvault.portfolio.solver_search import lowest


class LiquidationPrice(NamedTuple):
    """The first liquidatable prices of one underlying, the others still, below and above the price now [wad]."""

    underlying: int
    down_wad: int | None
    up_wad: int | None


class CashUntil(NamedTuple):
    """The least cash with which an account is not liquidatable before a price [raw]; below zero, what may be missing.

    first_wad: the price on that side at which it is first liquidatable with this cash [wad]. It is the given price, or
    a few wei further where a wei of price changes nothing; none where the buffer does not fall on that side.
    short_wad: a price on the way at which one unit less fails [wad]; none for isolated positions.
    """

    underlying: int
    price_wad: int
    cash_raw: int
    first_wad: int | None
    short_wad: int | None = None


def liquidation_price(case: MarginCase, underlying: int) -> LiquidationPrice:
    """Both liquidation prices of an underlying; the price now where the account is liquidatable already."""
    buffers, index_wad = LiquidationBuffer(case), case.state.prices[underlying].index
    found = []
    for is_rise in (False, True):
        points = path_points(case, underlying, is_rise)
        found.append(crossing(lambda price: buffers.at_price(underlying, price), index_wad, points))
    return LiquidationPrice(underlying, *found)


def liquidation_shock(case: MarginCase, underlyings: Sequence[int]) -> LiquidationDistance:
    """The nearest common shocks of underlyings, downwards and upwards, at which the account is liquidatable [wad]."""
    buffers = LiquidationBuffer(case)
    return crossings(lambda each: buffers.least(at_shock(underlyings, each)))


def cash_until(case: MarginCase, underlying: int, price_wad: int) -> CashUntil:
    """The least cash with which the account is not liquidatable before a price, which is not the price now.

    The least buffer on the way is where the cash is short: at the last price before it, or at a dip of the path. Of
    isolated positions each gets what it needs itself, and none gives.
    """
    index_wad = case.state.prices[underlying].index
    is_rise = price_wad > index_wad
    last_wad = price_wad - 1 if is_rise else price_wad + 1
    beyond = [each for each in path_points(case, underlying, is_rise) if (each > price_wad) == is_rise]
    before = [each for each in path_points(case, underlying, is_rise) if (each < last_wad) == is_rise]
    way = sorted({index_wad, *before, last_wad})
    buffers = LiquidationBuffer(case)
    cash_raw, short_wad = buffers.fill(underlying, way)
    first = crossing(lambda price: buffers.at_price(underlying, price), last_wad, [price_wad, *beyond])
    return CashUntil(underlying, price_wad, cash_raw, first, short_wad)


def at_price(underlying: int, price_wad: int) -> Change:
    """A move of one underlying, and of what follows it, to a price [wad]."""

    def moved(case: MarginCase) -> None:
        index_wad = case.state.prices[underlying].index
        for number in (underlying, *case.followers.get(underlying, ())):
            shift(case.state, number, price_wad, index_wad)

    return moved


def at_shock(underlyings: Sequence[int], shock_wad: int) -> Change:
    """A move of underlyings, and of what follows them, by a common shock [wad]."""

    def moved(case: MarginCase) -> None:
        shock(case.state, [each for one in underlyings for each in (one, *case.followers.get(one, ()))], shock_wad)

    return moved


def path_points(case: MarginCase, underlying: int, is_rise: bool) -> list[int]:
    """Prices at which a path is evaluated, outwards from the price now [wad]."""
    strikes = strike_prices(case.state, accounts.instruments(case.holder), underlying)
    return grid_prices(case.state, underlying, is_rise, strikes)


@dataclass
class LiquidationBuffer:
    """The maintenance buffer after moves of prices: of the account, or the least of its isolated positions [wad].

    cash_raw: what was added to the account; added_wad: to each isolated position.
    """

    case: MarginCase
    cash_raw: int = 0
    added_wad: dict[int, int] = field(default_factory=dict)

    def at_price(self, underlying: int, price_wad: int) -> int:
        """The buffer with one underlying at a price, the others still."""
        return self.least(at_price(underlying, price_wad))

    def least(self, *changes: Change) -> int:
        """The buffer after changes of prices."""
        if self._is_whole:
            return self.case.margin(Level.MAINTENANCE, deposit(self.cash_raw), *changes).buffer_wad
        return min(self.alone(instrument, *changes) for instrument in self.shares_wad)

    def alone(self, instrument: int, *changes: Change) -> int:
        """The buffer of an isolated position, with its share of the equity."""
        with self.case.trial(*changes):
            return self._of(instrument, Level.MAINTENANCE)[1] + self.shares_wad[instrument] + self._added(instrument)

    def fill(self, underlying: int, way: Sequence[int]) -> tuple[int, int | None]:
        """Adds the least cash with which no buffer is below zero on a way of prices, in order.

        Returns it [raw], and of an account the price at which one unit less fails [wad].
        """
        if not self._is_whole:
            return sum(self._fill_position(instrument, underlying, way) for instrument in self.shares_wad), None
        dip_wad = lowest(lambda price: self.at_price(underlying, price), way)
        self.cash_raw = least_deposit(self.case, Level.MAINTENANCE, at_price(underlying, dip_wad))
        return self.cash_raw, dip_wad

    @cached_property
    def _is_whole(self) -> bool:
        """Whether the account is liquidated as a whole: in isolated margin, one without a position."""
        return not self.case.method.is_isolated or not self.shares_wad

    def _fill_position(self, instrument: int, underlying: int, way: Sequence[int]) -> int:
        def buffer(price_wad: int) -> int:
            return self.alone(instrument, at_price(underlying, price_wad))

        prices = way if market.underlying_of(instrument) == underlying else way[:1]
        scale = collateral.to_wad(1, self.case.state.cash.decimals)
        raw = fixed.max(0, -(buffer(lowest(buffer, prices)) // scale))
        self.added_wad[instrument] = raw * scale
        return raw

    @cached_property
    def shares_wad(self) -> dict[int, int]:
        """By isolated position, its share of the equity less the equity that it has without cash [wad]."""
        with self.case.trial():
            equity_wad = margin.equity(self.case.book())
            found = {each: self._of(each, Level.INITIAL) for each in accounts.instruments(self.case.holder)}
        capital = {each: held_wad - buffer_wad for each, (held_wad, buffer_wad) in found.items()}
        whole = sum(capital.values())
        return {
            each: (fixed.mul_div_floor(equity_wad, capital[each], whole) if whole > 0 else 0) - found[each][0]
            for each in found
        }

    def _of(self, instrument: int, level: Level) -> tuple[int, int]:
        """Equity and buffer of a position without cash and collateral, within a trial [wad]."""
        book = self.case.position_alone(instrument)
        return margin.equity(book), margin.margin(book, level)

    def _added(self, instrument: int) -> int:
        return self.added_wad.get(instrument, 0)
