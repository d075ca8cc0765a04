"""Prices at which an account turns: where it is first liquidatable, or, if it is so already, where it is first safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from crossvault.mirror import account as accounts, market
from crossvault.mirror.standard import Level
from crossvault.portfolio.distance import LiquidationDistance, crossing, crossings
from crossvault.portfolio.solver import MarginCase
from crossvault.portfolio.solver_prices import LiquidationBuffer, at_shock, path_points


class TurningPrice(NamedTuple):
    """The nearest prices of one underlying below and above the price now, the others still [wad]; none: nowhere."""

    underlying: int
    now_wad: int
    down_wad: int | None
    up_wad: int | None


class TurningPrices(NamedTuple):
    """The turning prices of an account by underlying, and the shock of all together [wad].

    is_safe: whether the account meets maintenance at the prices now, and is liquidatable at the turning prices.
    """

    is_safe: bool
    alone: tuple[TurningPrice, ...]
    together: LiquidationDistance


def turning_prices(case: MarginCase) -> TurningPrices:
    """Turning prices of an account, for every underlying that its margin depends on."""
    is_safe = case.margin(Level.MAINTENANCE).buffer_wad >= 0
    buffers, found = LiquidationBuffer(case), []

    def turned(buffer_wad: int) -> int:
        """Below zero where the account turned."""
        return buffer_wad if is_safe else -buffer_wad - 1

    held = exposures(case)
    for number in held:
        now_wad = case.state.prices[number].index

        def at_price(price_wad: int, number: int = number) -> int:
            return turned(buffers.at_price(number, price_wad))

        sides = (crossing(at_price, now_wad, path_points(case, number, is_rise)) for is_rise in (False, True))
        found.append(TurningPrice(number, now_wad, *sides))
    together = crossings(lambda shock: turned(buffers.least(at_shock(held, shock))))
    return TurningPrices(is_safe, tuple(found), together if held else LiquidationDistance(None, None))


def exposures(case: MarginCase) -> Sequence[int]:
    """The underlyings of the positions and of the collateral of an account, in order."""
    state, holder = case.state, case.holder
    found = {market.underlying_of(each) for each in accounts.instruments(holder)}
    found |= {asset.underlying for number, asset in enumerate(state.assets) if holder.balances[number]}
    return sorted(found)
