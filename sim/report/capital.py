"""Capital that positions need when each stands alone, and when all share one margin."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sim.mirror import fixed, standard
from sim.mirror.margin import Book
from sim.mirror.standard import Exposure, Level


class Capital(NamedTuple):
    """Cash that the positions of an account need at one moment, at one level [wad].

    A position's need is its requirement less its own unrealised profit (weighted as the level weighs it), or plus its
    loss. isolated: the sum of the needs above zero, since what a position has too much stays with it. cross: the sum of
    all needs, or zero if it is below, since a position with more profit than it needs pays for the others.
    Collateral does not enter: both say how much cash would just be enough. So isolated is never below cross.
    """

    at: int
    isolated_wad: int
    cross_wad: int

    @property
    def saved_wad(self) -> int:
        """Cash that sharing one margin frees."""
        return self.isolated_wad - self.cross_wad


def capital(book: Book, level: Level, at: int) -> Capital:
    """The capital of an account that is valued at a moment."""
    needs = [_need(exposure, book.depeg_rate_wad, level) for exposure in book.exposures if exposure.gross_wad2]
    return Capital(at, sum(need for need in needs if need > 0), max(0, sum(needs)))


def _need(exposure: Exposure, depeg_rate_wad: int, level: Level) -> int:
    alone = replace(exposure, base_wad=0) if exposure.base_wad else exposure
    weight = exposure.risk.profit_weight if level == Level.INITIAL else fixed.WAD
    profit = fixed.mul_div_down(exposure.gain_wad, weight, fixed.WAD) + exposure.loss_wad
    required = standard.requirement(alone, level) + standard.contingency(alone, depeg_rate_wad, level)
    return required - profit
