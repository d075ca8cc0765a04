"""Trades that give a position its cost: a unit bought at one price and sold at another, within the band of the mark."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.mirror.fixed import WAD

Leg = tuple[int, int]
"""A trade: signed size and price [wad]."""


def cost_trades(gap_wad: int, size: int, price_wad: int) -> Iterator[Leg]:
    """The trades that change the quote of a position by a gap [wad]; its size is the same after them.

    Whole units go away from zero and back, at prices from one wei to twice the mark: their difference is the gap.
    Raises ValueError where the mark is one wei, as then all trades are at one price.
    """
    widest_wad = 2 * price_wad - 1 - 1  # from one wei to just below the end of the band
    while gap_wad:
        if widest_wad < 1:
            raise ValueError("has a mark of one wei: its cost cannot be another")
        units = max(1, abs(gap_wad) // widest_wad)
        step_wad = min(abs(gap_wad) // units, widest_wad)
        low, high = 1, 1 + step_wad
        away = units * WAD if size > 0 else -units * WAD
        is_gain = gap_wad > 0
        first, last = (low, high) if (away > 0) == is_gain else (high, low)
        yield away, first
        yield -away, last
        gap_wad -= units * step_wad if is_gain else -units * step_wad
