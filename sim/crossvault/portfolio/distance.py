"""The nearest common move of prices at which an account can be liquidated: its maintenance buffer is zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import fixed, margin, market, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.standard import Level
from crossvault.portfolio.vault_setup import VaultSetup

GRAIN = WAD // 10**6  # a ten-thousandth of a percent
_PERCENTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25, 30, 35, 40, 50, 60, 70, 80, 90, 95, 99)
_FURTHER = (120, 150, 200, 250, 300, 400, 500, 700, 900)


class LiquidationDistance(NamedTuple):
    """The nearest common shock downwards and upwards at which the maintenance buffer is zero [wad]; none: never."""

    down: int | None
    up: int | None


def distances(stage: VaultSetup, account: AccountId, cash_wad: int = 0) -> LiquidationDistance:
    """Both distances of an account with `cash_wad` more of cash."""

    def buffer(shock: int) -> int:
        return buffer_at(stage.model, account, shock, stage.portfolio.at, cash_wad)

    return crossings(buffer)


def distances_of(model: Model, account: AccountId, underlying: int, at: int) -> LiquidationDistance:
    """Both distances of an account at a time, if the price of one underlying moves alone."""

    def buffer(shock: int) -> int:
        return _buffer(model, account, [underlying], shock, at)

    return crossings(buffer)


def crossings(buffer: Callable[[int], int]) -> LiquidationDistance:
    """The shocks at which no buffer is left, downwards and upwards."""
    down = [-each * WAD // 100 for each in _PERCENTS]
    up = [each * WAD // 100 for each in _PERCENTS + _FURTHER]
    return LiquidationDistance(crossing(buffer, down), crossing(buffer, up))


def isolated_distances(
    stage: VaultSetup, equity_wad: int, capital: Mapping[int, tuple[int, int]]
) -> dict[int, LiquidationDistance]:
    """The distances of each position alone, with its share of the equity: by its part of all initial capital."""
    whole = sum(initial for initial, _ in capital.values())
    found = {}
    for instrument, account in stage.standalone().items():
        share = fixed.mul_div_floor(equity_wad, capital[instrument][0], whole) if whole > 0 else 0
        held = margin.equity(valuation.book(stage.model.vault.ledger, account, now=stage.portfolio.at))
        found[instrument] = distances(stage, account, share - held)
    return found


def buffer_at(model: Model, account: AccountId, shock: int, at: int, cash_wad: int = 0) -> int:
    """Maintenance buffer after a common shock of all prices [wad]; strikes keep their vols, and the model its state."""
    numbers = range(len(model.vault.ledger.risks) - 1)  # the last is that of the bail token, and does not move
    return _buffer(model, account, numbers, shock, at, cash_wad)


def _buffer(
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


def crossing(buffer: Callable[[int], int], grid: list[int]) -> int | None:
    """The first shock of a direction at which no buffer is left, by bisection between the first points that differ."""
    inside = 0
    if buffer(0) <= 0:
        return 0
    for outside in grid:
        if buffer(outside) <= 0:
            break
        inside = outside
    else:
        return None
    while abs(outside - inside) > GRAIN:
        middle = (inside + outside) // 2
        if buffer(middle) <= 0:
            outside = middle
        else:
            inside = middle
    return outside
