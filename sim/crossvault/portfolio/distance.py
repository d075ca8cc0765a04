"""How far prices may move together until an account may be liquidated: where its maintenance margin is zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import fixed, margin, market, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.standard import Level
from crossvault.portfolio.vault_setup import Staging

GRAIN = WAD // 10**6  # a ten-thousandth of a percent
_PERCENTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25, 30, 35, 40, 50, 60, 70, 80, 90, 95, 99)
_FURTHER = (120, 150, 200, 250, 300, 400, 500, 700, 900)


class Distance(NamedTuple):
    """The nearest common shock downwards and upwards at which maintenance margin is zero [wad]; none: there is none."""

    down: int | None
    up: int | None


def distances(stage: Staging, account: AccountId, cash_wad: int = 0) -> Distance:
    """Both distances of an account that has been given so much cash."""

    def left(shock: int) -> int:
        return margin_at(stage.model, account, shock, stage.held.at, cash_wad)

    return both_ways(left)


def distances_of(model: Model, account: AccountId, underlying: int, at: int) -> Distance:
    """Both distances of an account at a time, if the price of one underlying moves alone."""

    def left(shock: int) -> int:
        return _margin(model, account, [underlying], shock, at)

    return both_ways(left)


def both_ways(left: Callable[[int], int]) -> Distance:
    """Where nothing is left, downwards and upwards."""
    down = [-each * WAD // 100 for each in _PERCENTS]
    up = [each * WAD // 100 for each in _PERCENTS + _FURTHER]
    return Distance(crossing(left, down), crossing(left, up))


def isolated_distances(stage: Staging, equity_wad: int, singles: Mapping[int, tuple[int, int]]) -> dict[int, Distance]:
    """Those of each position alone, with the share of the equity that its initial margin has of all."""
    whole = sum(initial for initial, _ in singles.values())
    found = {}
    for instrument, account in stage.alone().items():
        share = fixed.mul_div_floor(equity_wad, singles[instrument][0], whole) if whole > 0 else 0
        held = margin.equity(valuation.book(stage.model.vault.ledger, account, now=stage.held.at))
        found[instrument] = distances(stage, account, share - held)
    return found


def margin_at(model: Model, account: AccountId, shock: int, at: int, cash_wad: int = 0) -> int:
    """Maintenance margin after a common shock of all prices [wad]; strikes keep their vols, and nothing is left."""
    numbers = range(len(model.vault.ledger.risks) - 1)  # the last vouches, and does not move
    return _margin(model, account, numbers, shock, at, cash_wad)


def _margin(
    model: Model, account: AccountId, underlyings: Iterable[int], shock: int, at: int, cash_wad: int = 0
) -> int:
    state = model.vault.ledger
    for number in underlyings:
        price = state.prices[number]
        price.index = max(1, moved(price.index, shock))
        price.stable, price.premium = price.index, moved(price.premium, shock)
        for expiry in state.expiries[number]:
            curve = state.curves[market.term_of(number, expiry)]
            curve.forward = max(1, moved(curve.forward, shock))
    valued = valuation.book(state, account, now=at)
    valued.cash_wad += cash_wad
    found = margin.margin(valued, Level.MAINTENANCE)
    model.journal.undo()
    return found


def moved(price_wad: int, shock: int) -> int:
    """A price after a shock."""
    return min(CAP, fixed.mul_div_floor(price_wad, WAD + shock, WAD))


def crossing(left: Callable[[int], int], grid: list[int]) -> int | None:
    """The first shock of a direction at which nothing is left, by bisection between the first points that differ."""
    inside = 0
    if left(0) <= 0:
        return 0
    for outside in grid:
        if left(outside) <= 0:
            break
        inside = outside
    else:
        return None
    while abs(outside - inside) > GRAIN:
        middle = (inside + outside) // 2
        if left(middle) <= 0:
            outside = middle
        else:
            inside = middle
    return outside
