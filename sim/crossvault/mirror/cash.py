"""Quote cash: signed principals against a supply and a borrow index, the insurance fund, and open deficits."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import exp, fixed, liquidation_errors, market, market_errors
from crossvault.mirror.evm import StorageStruct

NO_FEED = 2**8 - 1
YEAR = 365 * 24 * 60 * 60
MAX_INDEX = 2**128
MAX_EXPONENT = 10 * fixed.WAD


class DepegTerms(NamedTuple):
    """Terms of the quote token's own price."""

    feed: int = 0
    depeg_threshold: int = 0
    depeg_factor: int = 0


class Interest(NamedTuple):
    """Interest rate model of borrowers."""

    min_rate: int = 0
    low_slope: int = 0
    high_slope: int = 0
    optimal_utilisation: int = 0
    reserve_factor: int = 0


class Pool(StorageStruct):
    """Quote side of the vault."""

    __slots__ = (
        "accrued_at", "borrow_index", "decimals", "deficit_wad", "insurance_wad", "interest", "supply_index", "terms",
        "token", "total_borrow", "total_supply",
    )  # fmt: skip
    zeros = {
        "token": "", "decimals": 0, "terms": DepegTerms(), "interest": Interest(), "accrued_at": 0, "supply_index": 0,
        "borrow_index": 0, "total_supply": 0, "total_borrow": 0, "insurance_wad": 0, "deficit_wad": 0,
    }  # fmt: skip
    token: str
    decimals: int
    terms: DepegTerms
    interest: Interest
    accrued_at: int
    supply_index: int
    borrow_index: int
    total_supply: int
    total_borrow: int
    insurance_wad: int
    deficit_wad: int


class Indexes(NamedTuple):
    """Present indexes, and the earnings of the insurance fund since the last accrual."""

    supply: int
    borrow: int
    reserve_wad: int


def utilisation(supplied_wad: int, borrowed_wad: int) -> int:
    """Utilisation: part of the supplied cash that is borrowed."""
    if borrowed_wad == 0:
        return 0
    if borrowed_wad >= supplied_wad:
        return fixed.WAD
    return fixed.mul_div_up(borrowed_wad, fixed.WAD, supplied_wad)


def borrow_rate(interest: Interest, utilisation_wad: int) -> int:
    """Borrow rate per year."""
    below = fixed.min(utilisation_wad, interest.optimal_utilisation)
    low = fixed.mul_div_up(below, interest.low_slope, fixed.WAD)
    high = fixed.mul_div_up(utilisation_wad - below, interest.high_slope, fixed.WAD)
    return interest.min_rate + low + high


def compounded(rate_wad: int, elapsed_secs: int) -> int:
    """Growth of a debt as a part of it."""
    exponent = fixed.min(fixed.mul_div_up(rate_wad, elapsed_secs, YEAR), MAX_EXPONENT)
    return exp.exp(exponent) - fixed.WAD


def indexes(self: Pool, *, now: int) -> Indexes:
    """Present supply and borrow indexes."""
    supply, borrow = self.supply_index, self.borrow_index
    borrowed = self.total_borrow
    if now == self.accrued_at or borrowed == 0 or borrow >= MAX_INDEX:
        return Indexes(supply, borrow, 0)
    supplied = self.total_supply
    supplied_wad = fixed.mul_div_down(supplied, supply, fixed.RAY)
    borrowed_wad = fixed.mul_div_up(borrowed, borrow, fixed.RAY)
    rate_wad = borrow_rate(self.interest, utilisation(supplied_wad, borrowed_wad))
    grown = compounded(rate_wad, now - self.accrued_at)
    rise = fixed.min(fixed.mul_div_up(borrow, grown, fixed.WAD), MAX_INDEX - borrow)
    paid_wad = fixed.mul_div_down(borrowed, rise, fixed.RAY)
    kept = fixed.WAD - self.interest.reserve_factor
    most_wad = fixed.mul_div_down(supplied_wad, grown, fixed.WAD)
    earned_wad = fixed.min(fixed.mul_div_down(paid_wad, kept, fixed.WAD), most_wad)
    if supplied != 0:
        supply += fixed.mul_div_down(earned_wad, fixed.RAY, supplied)
    return Indexes(supply, borrow + rise, paid_wad - earned_wad)


def accrue(self: Pool, *, now: int) -> bool:
    """Accrues interest into the indexes and the insurance fund."""
    if now == self.accrued_at:
        return False
    now_ = indexes(self, now=now)
    moved = now_.borrow != self.borrow_index
    self.supply_index = now_.supply
    self.borrow_index = now_.borrow
    self.insurance_wad += now_.reserve_wad
    self.accrued_at = now
    return moved


def present(self: Pool, principal: int, *, now: int) -> int:
    """Present value of a principal."""
    if principal == 0:
        return 0
    now_ = indexes(self, now=now)
    return fixed.mul_div_floor(principal, now_.borrow if principal < 0 else now_.supply, fixed.RAY)


def principal_of(self: Pool, present_wad: int, *, now: int) -> int:
    """Principal of a present value."""
    if present_wad == 0:
        return 0
    now_ = indexes(self, now=now)
    return fixed.mul_div_floor(present_wad, fixed.RAY, now_.borrow if present_wad < 0 else now_.supply)


def borrowed(self: Pool) -> int:
    """Debts of all accounts, as of the last accrual."""
    return fixed.mul_div_up(self.total_borrow, self.borrow_index, fixed.RAY)


def moved(self: Pool, principal: int, delta_wad: int, *, now: int) -> int:
    """Principal after a cash movement."""
    if delta_wad == 0:
        return principal
    return principal_of(self, present(self, principal, now=now) + delta_wad, now=now)


def record(self: Pool, before: int, later: int) -> None:
    """Records a changed principal in the totals."""
    if before > 0:
        self.total_supply -= before
    else:
        self.total_borrow -= -before
    if later > 0:
        self.total_supply += later
    else:
        self.total_borrow += -later


def depeg_rate(terms: DepegTerms, price_wad: int) -> int:
    """Requirement per notional for a depegged quote token."""
    if price_wad >= terms.depeg_threshold:
        return 0
    return fixed.mul_div_up(terms.depeg_threshold - price_wad, terms.depeg_factor, fixed.WAD)


def draw_insurance(self: Pool, amount_wad: int) -> None:
    """Draws from the insurance fund."""
    if amount_wad > self.insurance_wad:
        raise liquidation_errors.InsuranceExhausted(self.insurance_wad, amount_wad)
    self.insurance_wad -= amount_wad


def require_covered(self: Pool) -> None:
    """Requires open deficits within the insurance fund."""
    if self.deficit_wad > self.insurance_wad:
        raise liquidation_errors.DeficitOpen(self.deficit_wad, self.insurance_wad)


def require_valid(terms: DepegTerms, underlyings: int) -> None:
    """Validates the terms of the quote token."""
    if terms.feed != NO_FEED and terms.feed >= underlyings:
        raise market_errors.UnknownUnderlying(terms.feed)
    market.require_within("depegThreshold", terms.depeg_threshold, 0, fixed.WAD)
    market.require_within("depegFactor", terms.depeg_factor, 0, 10 * fixed.WAD)


def require_valid_interest(interest: Interest) -> None:
    """Validates an interest rate model."""
    market.require_within("minRate", interest.min_rate, 0, fixed.WAD)
    market.require_within("lowSlope", interest.low_slope, 0, 4 * fixed.WAD)
    market.require_within("highSlope", interest.high_slope, 0, 5 * fixed.WAD)
    market.require_within("optimalUtilisation", interest.optimal_utilisation, 0, fixed.WAD)
    market.require_within("reserveFactor", interest.reserve_factor, 0, fixed.WAD)
