"""The perp trade that takes the delta of an underlying to its least, and the one that takes the requirement there.

A perp has a delta of one, so that the first is exact without a search: less than one wei of size is left. The
requirement need not have one lowest place: it bends where a position or a net size is zero and where another scenario
becomes the worst. The search evaluates every bend (in `solver_bends`), a grid between them, and what lies on both sides
of the lowest of these; neither neighbour of the answer has a lower requirement, and of equal ones it is the smallest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crossvault.mirror import fixed, market
from crossvault.mirror.standard import Level
from crossvault.portfolio.sensitivity import sensitivities
from crossvault.portfolio.solver import LevelMargin, MarginCase, trade, trade_price
from crossvault.portfolio.solver_bends import grid, natural_size
from crossvault.portfolio.solver_search import edge, lowest


class HedgeTrade(NamedTuple):
    """A perp trade [wad], with the delta of positions and collateral and the initial margin after it."""

    size: int
    delta_wad: int
    margin: LevelMargin


class PerpHedge(NamedTuple):
    """Hedges of an underlying with its perp at a price [wad]: no trade, the least delta, the least requirement."""

    underlying: int
    price_wad: int
    unhedged: HedgeTrade
    least_delta: HedgeTrade
    least_requirement: HedgeTrade


def hedge(case: MarginCase, underlying: int) -> PerpHedge:
    """The hedges of an underlying. Raises the refusal of a perp that cannot be traded."""
    perp = market.perp(underlying)
    unhedged = _after(case, perp, 0)
    least_delta = _after(case, perp, -unhedged.delta_wad)
    size = least_requirement(case, perp, [least_delta.size])
    return PerpHedge(underlying, trade_price(case, perp), unhedged, least_delta, _after(case, perp, size))


def least_requirement(case: MarginCase, instrument: int, tried: list[int]) -> int:
    """The trade with the least initial requirement; of those next to each other with the same, the smallest [wad]."""

    def requirement(size: int) -> int:
        return case.margin(Level.INITIAL, trade(instrument, size)).requirement_wad

    reach = 8 * natural_size(case, instrument)  # far beyond all that the perp can offset
    points = sorted({0, *tried, *(each for each in grid(case, instrument) if fixed.abs(each) <= reach)})
    best = lowest(requirement, points)
    least_wad = requirement(best)
    return _smallest(lambda size: least_wad - requirement(size), best)


def _smallest(lower: Callable[[int], int], best: int) -> int:
    """The place nearest to zero, from the best one on without a gap, that is not worse."""
    if best == 0 or lower(0) == 0:
        return 0
    side, step = (1 if best > 0 else -1), 1
    while step < fixed.abs(best) and lower(best - side * step) >= 0:
        step *= 2
    return edge(lower, best, best - side * fixed.min(step, fixed.abs(best)))


def _after(case: MarginCase, perp: int, size: int) -> HedgeTrade:
    number = market.underlying_of(perp)
    with case.trial(trade(perp, size)):
        found = sensitivities(case.book(), ("",) * (number + 1), case.followers)[number]
        return HedgeTrade(size, found.delta_wad + found.collateral_wad, case.figures(Level.INITIAL))
