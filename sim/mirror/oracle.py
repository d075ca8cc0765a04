"""Prices as a feeder publishes them, and how long they may be used."""

from __future__ import annotations

from sim.mirror import errors, fixed
from sim.mirror.evm import Stored

MAX_PREMIUM = 2**95 - 1


class Price(Stored):
    """Last print of an underlying."""

    __slots__ = ("confidence", "index", "premium", "published_at")
    zeros = {"index": 0, "premium": 0, "confidence": 0, "published_at": 0}
    index: int
    premium: int
    confidence: int
    published_at: int


def publish(self: Price, index_wad: int, premium_wad: int, confidence_wad: int, published_at: int, *, now: int) -> None:
    """Replaces the last print of an underlying."""
    if index_wad == 0:
        raise errors.ZeroPrice
    if index_wad > fixed.CAP:
        raise errors.PriceTooLarge(index_wad, fixed.CAP)
    widest = fixed.abs(premium_wad)
    if widest > MAX_PREMIUM:
        raise errors.PriceTooLarge(widest, MAX_PREMIUM)
    if confidence_wad > fixed.WAD:
        raise errors.ConfidenceTooLarge(confidence_wad, fixed.WAD)
    if published_at > now:
        raise errors.PriceFromFuture(published_at, now)
    if published_at < self.published_at:
        raise errors.PriceGoesBackwards(published_at, self.published_at)
    self.index = index_wad
    self.premium = premium_wad
    self.confidence = confidence_wad
    self.published_at = published_at


def is_fresh(published_at: int, heartbeat_secs: int, *, now: int) -> bool:
    """Whether a print may still be used."""
    return published_at != 0 and now - published_at <= heartbeat_secs


def mark(index_wad: int, premium_wad: int, band_wad: int) -> int:
    """Price at which a perp is valued."""
    widest = fixed.mul_div_down(index_wad, band_wad, fixed.WAD)
    move = fixed.min(fixed.abs(premium_wad), widest)
    return index_wad - move if premium_wad < 0 else index_wad + move
