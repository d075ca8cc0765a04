"""The nearest move of prices at which an account can be liquidated: its maintenance buffer is below zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import fixed, margin, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.standard import Level
from crossvault.portfolio.price_shifts import SHOCKS_DOWN, SHOCKS_UP, shock
from crossvault.portfolio.solver_search import edge
from crossvault.portfolio.vault_setup import VaultSetup


class LiquidationDistance(NamedTuple):
    """The nearest shock downwards and upwards at which the maintenance buffer is below zero [wad]; none: never."""

    down: int | None
    up: int | None


def distances(stage: VaultSetup, account: AccountId, cash_wad: int = 0) -> LiquidationDistance:
    """Both distances of an account with `cash_wad` more of cash, if all prices move by the same part."""
    moving = stage.moving()
    return crossings(lambda each: buffer_at(stage.model, account, moving, each, stage.portfolio.at, cash_wad))


def distances_of(model: Model, account: AccountId, underlying: int, at: int) -> LiquidationDistance:
    """Both distances of an account at a time, if the price of one underlying moves alone."""
    return crossings(lambda each: buffer_at(model, account, [underlying], each, at))


def crossings(buffer: Callable[[int], int]) -> LiquidationDistance:
    """The nearest shocks at which a buffer is below zero, downwards and upwards."""
    return LiquidationDistance(crossing(buffer, 0, SHOCKS_DOWN), crossing(buffer, 0, SHOCKS_UP))


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


def buffer_at(
    model: Model, account: AccountId, underlyings: Iterable[int], shock_wad: int, at: int, cash_wad: int = 0
) -> int:
    """Maintenance buffer after a shock of some prices [wad]; strikes keep their vols, and the model its state."""
    state = model.vault.ledger
    shock(state, underlyings, shock_wad)
    valued = valuation.book(state, account, now=at)
    valued.cash_wad += cash_wad
    found = margin.margin(valued, Level.MAINTENANCE)
    model.journal.undo()
    return found


def crossing(buffer: Callable[[int], int], start: int, points: Sequence[int]) -> int | None:
    """The nearest place from `start` at which a buffer is below zero; none where it is at no point.

    The points lead away from the start. Between the first that is below zero and the one before it, the place is found
    down to its neighbour, where the buffer is not below zero.
    """
    if buffer(start) < 0:
        return start
    inside = start
    for outside in points:
        if buffer(outside) < 0:
            return edge(buffer, inside, outside) + (1 if outside > inside else -1)
        inside = outside
    return None
