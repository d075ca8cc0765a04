"""Equity, margin balance and margin requirement of an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossvault.mirror import collateral, fixed, standard
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.correlation import PortfolioRequirement
from crossvault.mirror.portfolio import Stake
from crossvault.mirror.standard import Exposure, HeldFuture, HeldOption, Level

UNBOUNDED = 2**255 - 1
BOTTOMLESS = -(2**255)

_NO_TERMS = HaircutTerms()


@dataclass(slots=True)
class Holding:
    """Valued collateral balance."""

    value_wad: int = 0
    safe_wad: int = 0
    terms: HaircutTerms = field(default=_NO_TERMS)
    underlying: int = 0
    faded_wad: int = 0


@dataclass(slots=True)
class Book:
    """Account valued at one moment."""

    cash_wad: int
    holdings: list[Holding]
    exposures: list[Exposure]
    lines: list[HeldOption]
    stakes: list[Stake] = field(default_factory=list)
    modelled: int = 0
    verdict: PortfolioRequirement = field(default_factory=PortfolioRequirement)
    depeg_rate_wad: int = 0
    stale: Stale = field(default_factory=lambda: Stale())
    futures: list[HeldFuture] = field(default_factory=list)


@dataclass(slots=True)
class Stale:
    """Stale price."""

    underlying: int = 0
    expiry: int = 0
    published_at: int = 0
    heartbeat_secs: int = 0


@dataclass(slots=True)
class LeftOut:
    """Collateral at stale prices, which is left out of a sale."""

    mask: int = 0
    value_wad: int = 0
    credit_wad: int = 0


def equity(self: Book) -> int:
    """Equity of an account: its value at mark prices."""
    total = self.cash_wad
    for holding in self.holdings:
        total += holding.value_wad
    for exposure in self.exposures:
        total += exposure.gain_wad + exposure.loss_wad
    for line in self.lines:
        total += fixed.mul_div_floor(line.size, line.mark_wad, fixed.WAD)
    return total


def safe_equity(self: Book) -> int:
    """Equity of an account at the worst of mark, stable and waiting price."""
    total = self.cash_wad
    for holding in self.holdings:
        total += holding.safe_wad
    for exposure in self.exposures:
        total += exposure.safe_gain_wad + exposure.safe_loss_wad
    for line in self.lines:
        mark_wad = standard.waiting_mark(self.exposures[line.underlying], line)
        total += fixed.mul_div_floor(line.size, mark_wad, fixed.WAD)
    return total


def adjusted_equity(self: Book, level: Level) -> int:
    """Margin balance of an account: equity after haircuts, caps and the weight of unrealised profits."""
    total = self.cash_wad
    for holding in self.holdings:
        if holding.faded_wad != 0:
            if level == Level.MAINTENANCE:
                total += faded_credit(holding)
            continue
        terms = holding.terms
        haircut = terms.haircut_initial if level == Level.INITIAL else terms.haircut_maintenance
        value_wad = holding.safe_wad if level == Level.INITIAL else holding.value_wad
        if is_modelled(self, holding.underlying):
            haircut = 0
        total += collateral.credit(value_wad, haircut, terms.cap_wad)
    for exposure in self.exposures:
        if level == Level.MAINTENANCE:
            total += exposure.gain_wad + exposure.loss_wad
        else:
            gain = fixed.mul_div_down(exposure.safe_gain_wad, exposure.risk.profit_weight, fixed.WAD)
            total += gain + exposure.safe_loss_wad
    for line in self.lines:
        if is_modelled(self, line.underlying):
            is_initial = level == Level.INITIAL
            mark_wad = standard.waiting_mark(self.exposures[line.underlying], line) if is_initial else line.mark_wad
            total += fixed.mul_div_floor(line.size, mark_wad, fixed.WAD)
    return total


def faded_credit(held: Holding) -> int:
    """Credit at maintenance of a collateral at a stale price."""
    credit_wad = collateral.credit(held.value_wad, held.terms.haircut_maintenance, held.terms.cap_wad)
    return fixed.mul_div_down(credit_wad, fixed.WAD - held.faded_wad, fixed.WAD)


def left_out(self: Book) -> LeftOut:
    """Collateral of an account at stale prices."""
    left = LeftOut()
    for number, held in enumerate(self.holdings):
        if held.faded_wad == 0:
            continue
        left.mask = fixed.with_bit(left.mask, number)
        left.value_wad += held.value_wad
        left.credit_wad += faded_credit(held)
    return left


def requirement(self: Book, level: Level) -> int:
    """Margin requirement of an account."""
    total = self.verdict.initial_wad if level == Level.INITIAL else self.verdict.maintenance_wad
    for number, exposure in enumerate(self.exposures):
        if is_modelled(self, number):
            continue
        total += standard.requirement(exposure, level)
        total += standard.contingency(exposure, self.depeg_rate_wad, level)
    for i, line in enumerate(self.lines):
        if is_modelled(self, line.underlying):
            continue
        exposure = self.exposures[line.underlying]
        total += standard.short_contingency(exposure, line, self.depeg_rate_wad, level)
        if is_first(self.lines, i):
            total += standard.strip_requirement(exposure, self.lines, i, level)
    return total


def is_modelled(self: Book, underlying: int) -> bool:
    """Whether an underlying is margined by portfolio margin."""
    return fixed.bits(self.modelled, underlying, 1) != 0


def is_first(lines: Sequence[HeldOption], place: int) -> bool:
    """Whether an option is the first of its expiry."""
    return not any(standard.is_same_term(line, lines[place]) for line in lines[:place])


def margin(self: Book, level: Level) -> int:
    """Buffer of an account: margin balance less margin requirement."""
    return adjusted_equity(self, level) - requirement(self, level)


def least_balance(self: Book, before: Book) -> int:
    """Least margin balance at maintenance of an account that has reduced its risk."""
    required = requirement(self, Level.MAINTENANCE)
    former = requirement(before, Level.MAINTENANCE)
    balance_wad = adjusted_equity(before, Level.MAINTENANCE)
    is_kept = adjusted_equity(self, Level.MAINTENANCE) >= required
    if is_kept and balance_wad >= former:
        return BOTTOMLESS
    if required > former:
        return balance_wad + (required - former)
    if balance_wad <= 0 or former == 0:
        return BOTTOMLESS
    return fixed.mul_div_up(balance_wad, required, former)


def health(self: Book) -> int:
    """Health of an account."""
    required = requirement(self, Level.MAINTENANCE)
    if required == 0:
        return UNBOUNDED
    return fixed.mul_div_floor(adjusted_equity(self, Level.MAINTENANCE), fixed.WAD, required)


def free_collateral(self: Book) -> int:
    """Free collateral of an account."""
    left = margin(self, Level.INITIAL)
    return 0 if left < 0 else left


def notional(self: Book) -> int:
    """Notional of all positions."""
    total = 0
    for exposure in self.exposures:
        total += fixed.mul_div_up(exposure.gross_wad2, 1, fixed.WAD)
    for line in self.lines:
        total += fixed.mul_div_up(fixed.abs(line.size), self.exposures[line.underlying].index_wad, fixed.WAD)
    return total


def leverage(self: Book) -> int:
    """Leverage of an account."""
    stake = notional(self)
    if stake == 0:
        return 0
    equity_wad = equity(self)
    if equity_wad <= 0:
        return UNBOUNDED
    return fixed.mul_div_ceil(stake, fixed.WAD, equity_wad)
