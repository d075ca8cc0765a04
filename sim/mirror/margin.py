"""What an account is worth, what it must hold, and how far the two are apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.mirror import collateral, fixed, standard
from sim.mirror.collateral import Terms
from sim.mirror.standard import Exposure, Level

UNBOUNDED = 2**255 - 1

_NO_TERMS = Terms()


@dataclass(slots=True)
class Holding:
    """A collateral balance, valued."""

    value_wad: int = 0
    terms: Terms = field(default=_NO_TERMS)


@dataclass(slots=True)
class Book:
    """An account, valued at one moment."""

    cash_wad: int
    holdings: list[Holding]
    exposures: list[Exposure]
    depeg_rate_wad: int = 0
    stale_underlying: int = 0


def equity(self: Book) -> int:
    """Worth of an account at mark."""
    total = self.cash_wad
    for holding in self.holdings:
        total += holding.value_wad
    for exposure in self.exposures:
        total += exposure.gain_wad + exposure.loss_wad
    return total


def adjusted_equity(self: Book, level: Level) -> int:
    """Worth of an account after haircuts, caps and the weight of unrealised profits."""
    total = self.cash_wad
    for holding in self.holdings:
        terms = holding.terms
        haircut = terms.haircut_initial if level == Level.INITIAL else terms.haircut_maintenance
        total += collateral.credit(holding.value_wad, haircut, terms.cap_wad)
    for exposure in self.exposures:
        weight = exposure.risk.profit_weight if level == Level.INITIAL else fixed.WAD
        total += fixed.mul_div_down(exposure.gain_wad, weight, fixed.WAD) + exposure.loss_wad
    return total


def requirement(self: Book, level: Level) -> int:
    """What an account must hold."""
    total = 0
    for exposure in self.exposures:
        total += standard.requirement(exposure, level)
        total += standard.contingency(exposure, self.depeg_rate_wad, level)
    return total


def margin(self: Book, level: Level) -> int:
    """Distance of an account from its requirement."""
    return adjusted_equity(self, level) - requirement(self, level)


def health(self: Book) -> int:
    """Health of an account."""
    required = requirement(self, Level.MAINTENANCE)
    if required == 0:
        return UNBOUNDED
    return fixed.mul_div_floor(adjusted_equity(self, Level.MAINTENANCE), fixed.WAD, required)


def free_collateral(self: Book) -> int:
    """What an account could take out."""
    left = margin(self, Level.INITIAL)
    return 0 if left < 0 else left


def notional(self: Book) -> int:
    """Notional of all positions."""
    total = 0
    for exposure in self.exposures:
        total += fixed.mul_div_up(exposure.gross_wad2, 1, fixed.WAD)
    return total


def leverage(self: Book) -> int:
    """Leverage of an account."""
    stake = notional(self)
    if stake == 0:
        return 0
    worth = equity(self)
    if worth <= 0:
        return UNBOUNDED
    return fixed.mul_div_ceil(stake, fixed.WAD, worth)
