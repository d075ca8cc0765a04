"""Quote cash: signed principals against a supply and a borrow index, the insurance fund, and open deficits."""

from __future__ import annotations

from typing import NamedTuple

from sim.mirror import errors, fixed, market
from sim.mirror.evm import Stored

NO_FEED = 2**8 - 1


class Terms(NamedTuple):
    """How the quote token's own price enters."""

    feed: int = 0
    depeg_threshold: int = 0
    depeg_factor: int = 0


class Pool(Stored):
    """The quote side of the vault."""

    __slots__ = ("borrow_index", "decimals", "deficit_wad", "insurance_wad", "supply_index", "terms", "token")
    zeros = {
        "token": "", "decimals": 0, "terms": Terms(), "supply_index": 0, "borrow_index": 0,
        "insurance_wad": 0, "deficit_wad": 0,
    }  # fmt: skip
    token: str
    decimals: int
    terms: Terms
    supply_index: int
    borrow_index: int
    insurance_wad: int
    deficit_wad: int


def present(self: Pool, principal: int) -> int:
    """Present value of a principal."""
    index = self.borrow_index if principal < 0 else self.supply_index
    return fixed.mul_div_floor(principal, index, fixed.RAY)


def principal_of(self: Pool, present_wad: int) -> int:
    """Principal of a present value."""
    index = self.borrow_index if present_wad < 0 else self.supply_index
    return fixed.mul_div_floor(present_wad, fixed.RAY, index)


def moved(self: Pool, principal: int, delta_wad: int) -> int:
    """Principal after cash has moved."""
    if delta_wad == 0:
        return principal
    return principal_of(self, present(self, principal) + delta_wad)


def depeg_rate(terms: Terms, price_wad: int) -> int:
    """Requirement per notional because the quote token has lost its peg."""
    if price_wad >= terms.depeg_threshold:
        return 0
    return fixed.mul_div_up(terms.depeg_threshold - price_wad, terms.depeg_factor, fixed.WAD)


def draw_insurance(self: Pool, amount_wad: int) -> None:
    """Takes from the insurance fund."""
    if amount_wad > self.insurance_wad:
        raise errors.InsuranceExhausted(self.insurance_wad, amount_wad)
    self.insurance_wad -= amount_wad


def require_covered(self: Pool) -> None:
    """Refuses while open deficits are larger than the insurance fund."""
    if self.deficit_wad > self.insurance_wad:
        raise errors.DeficitOpen(self.deficit_wad, self.insurance_wad)


def require_valid(terms: Terms, underlyings: int) -> None:
    """Refuses terms outside their ranges."""
    if terms.feed != NO_FEED and terms.feed >= underlyings:
        raise errors.UnknownUnderlying(terms.feed)
    market.require_within("depegThreshold", terms.depeg_threshold, 0, fixed.WAD)
    market.require_within("depegFactor", terms.depeg_factor, 0, 10 * fixed.WAD)
