"""Sizes of trades: the largest that initial margin allows, and the least reduction that meets maintenance margin.

A trade at the mark neither gains nor loses, so that the buffer changes with the requirement, and with profits that it
makes cash. The search evaluates the places where that bends (in `solver_bends`), and a grid around the size that the
equity and the positions are worth, up to the cap of sizes. From the last accepted place to the refused one after it
secants and halving lead to two neighbours: the answer is accepted, and one wei more is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from crossvault.mirror import account as accounts, fixed, valuation
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.standard import Level
from crossvault.portfolio.solver import MarginCase, trade, trade_price
from crossvault.portfolio.solver_bends import grid
from crossvault.portfolio.solver_search import first, last


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
        return accounts.entry(self.case.holder, self.instrument).size

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
    points = sorted(side * size for size in grid(case, instrument) if side * size > 0)
    found = last(check.surplus, points) or 0
    return SolvedTrade(instrument, side * found, price_wad, check.refusal(found + 1))


def closing_trade(case: MarginCase, instrument: int) -> SolvedTrade | None:
    """The least reduction of a position with which the account meets maintenance margin; none where closing it fails.

    Of size zero where it is met already. Raises the refusal of a trade that no size avoids, such as of a stale price.
    """
    held = accounts.entry(case.holder, instrument).size
    side, price_wad = -1 if held > 0 else 1, trade_price(case, instrument)

    def buffer(size: int) -> int:
        return case.margin(Level.MAINTENANCE, trade(instrument, side * size)).buffer_wad

    points = sorted({fixed.abs(held) * part // 32 for part in range(33)})
    found = first(buffer, points)
    return None if found is None else SolvedTrade(instrument, side * found, price_wad)
