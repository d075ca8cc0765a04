"""Price of an account in liquidation: a Dutch auction, and a rising reward once it is insolvent."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed, market
from crossvault.mirror.evm import StorageStruct

MAX_GRACE = 60 * 60
_MONTH_SECS = 30 * 24 * 60 * 60


class AuctionTerms(NamedTuple):
    """Auction terms."""

    buffer_wad: int = 0
    start_wad: int = 0
    knee_wad: int = 0
    fast_secs: int = 0
    slow_secs: int = 0
    insolvent_secs: int = 0
    grace_secs: int = 0
    floor_wad: int = 0


class Sale(StorageStruct):
    """Auction in progress."""

    __slots__ = ("clock_at", "deficit_wad", "insolvent_at", "reserved_wad", "started_at")
    zeros = {"started_at": 0, "insolvent_at": 0, "clock_at": 0, "reserved_wad": 0, "deficit_wad": 0}
    started_at: int
    insolvent_at: int
    clock_at: int
    reserved_wad: int
    deficit_wad: int


def buffer_margin(margin_wad: int, equity_wad: int, buffer_wad: int) -> int:
    """Buffer margin, which an auction restores."""
    return margin_wad + fixed.mul_div_floor(margin_wad - equity_wad, buffer_wad, fixed.WAD)


def discount(terms: AuctionTerms, elapsed_secs: int) -> int:
    """Discount factor between value and price of a solvent account."""
    if elapsed_secs < terms.fast_secs:
        left = terms.fast_secs - elapsed_secs
        return terms.knee_wad + fixed.mul_div_up(terms.start_wad - terms.knee_wad, left, terms.fast_secs)
    slow = elapsed_secs - terms.fast_secs
    if slow >= terms.slow_secs:
        return terms.floor_wad
    return fixed.max(terms.floor_wad, fixed.mul_div_up(terms.knee_wad, terms.slow_secs - slow, terms.slow_secs))


def price(value_wad: int, discount_wad: int) -> int:
    """Price of the whole of a solvent account, except reserved cash."""
    return fixed.mul_div_up(value_wad, discount_wad, fixed.WAD)


def max_fraction(buffer_margin_wad: int, equity_wad: int, reserved_wad: int, discount_wad: int, credit_wad: int) -> int:
    """Largest part of a solvent account that may be sold."""
    missing = fixed.abs(buffer_margin_wad)
    gained = fixed.mul_div_up(equity_wad, discount_wad, fixed.WAD) + fixed.mul_div_up(
        reserved_wad, fixed.WAD - discount_wad, fixed.WAD
    )
    return fixed.max(1, fixed.mul_div_down(missing, fixed.WAD, missing + credit_wad + gained))


def payout(equity_wad: int, margin_wad: int, elapsed_secs: int, insolvent_secs: int) -> int:
    """Payment to the bidder for the whole of an insolvent account."""
    secs = fixed.min(elapsed_secs, insolvent_secs)
    return fixed.mul_div_floor(equity_wad - margin_wad, secs, insolvent_secs) - equity_wad


def paid_margin(equity_wad: int, margin_wad: int, required_wad: int) -> int:
    """Margin that the payout for an insolvent account rises to, with its sign changed."""
    least = equity_wad - required_wad
    return margin_wad if margin_wad > least else least


def require_valid(terms: AuctionTerms) -> None:
    """Validates the auction terms."""
    market.require_within("bufferWad", terms.buffer_wad, 0, fixed.WAD)
    market.require_within("startWad", terms.start_wad, 1, fixed.WAD)
    market.require_within("kneeWad", terms.knee_wad, 1, terms.start_wad)
    market.require_within("fastSecs", terms.fast_secs, 1, _MONTH_SECS)
    market.require_within("slowSecs", terms.slow_secs, 1, _MONTH_SECS)
    market.require_within("insolventSecs", terms.insolvent_secs, 1, _MONTH_SECS)
    market.require_within("graceSecs", terms.grace_secs, 0, MAX_GRACE)
    market.require_within("floorWad", terms.floor_wad, 0, terms.knee_wad)
