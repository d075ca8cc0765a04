"""Published prices, their freshness, and the settlement of expiries."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed, market, number_errors, price_errors, surface
from crossvault.mirror.evm import StorageStruct
from crossvault.mirror.surface import Svi

MAX_PREMIUM = 2**95 - 1
WINDOW = 30 * 60

_DAY_SECS = 24 * 60 * 60


class Price(StorageStruct):
    """Last print of an underlying."""

    __slots__ = (
        "confidence", "cumulative", "index", "pending", "pending_at", "premium", "published_at", "stable",
    )  # fmt: skip
    zeros = {
        "index": 0, "premium": 0, "confidence": 0, "published_at": 0, "stable": 0, "pending": 0, "pending_at": 0,
        "cumulative": 0,
    }  # fmt: skip
    index: int
    premium: int
    confidence: int
    published_at: int
    stable: int
    pending: int
    pending_at: int
    cumulative: int


class PriceGuard(NamedTuple):
    """Guard of an underlying against manipulated prints."""

    max_jump: int = 0
    confirm_secs: int = 0
    stable_rate: int = 0


class Curve(StorageStruct):
    """Forward, surface and settlement of an expiry."""

    __slots__ = (
        "confidence", "forward", "listed_at", "published_at", "rate", "settlement", "start_cumulative",
        "surface_confidence", "surface_published_at", "svi",
    )  # fmt: skip
    zeros = {
        "forward": 0, "rate": 0, "confidence": 0, "published_at": 0, "surface_confidence": 0,
        "surface_published_at": 0, "listed_at": 0, "svi": Svi(), "settlement": 0, "start_cumulative": 0,
    }  # fmt: skip
    forward: int
    rate: int
    confidence: int
    published_at: int
    surface_confidence: int
    surface_published_at: int
    listed_at: int
    svi: Svi
    settlement: int
    start_cumulative: int


def require_valid(guard: PriceGuard) -> None:
    """Validates a price guard."""
    market.require_within("maxJump", guard.max_jump, 0, fixed.WAD)
    market.require_within("confirmSecs", guard.confirm_secs, 0, _DAY_SECS)
    market.require_within("stableRate", guard.stable_rate, 0, fixed.WAD)


def require_print(confidence_wad: int, published_at: int, last_at: int, *, now: int) -> None:
    """Requires a print of valid confidence and time."""
    if confidence_wad > fixed.WAD:
        raise number_errors.ConfidenceTooLarge(confidence_wad, fixed.WAD)
    if published_at > now:
        raise price_errors.PriceFromFuture(published_at, now)
    if published_at < last_at:
        raise price_errors.PriceGoesBackwards(published_at, last_at)


def require_price(price_wad: int) -> None:
    """Requires a price above zero and within the cap."""
    if price_wad == 0:
        raise number_errors.ZeroPrice
    if price_wad > fixed.CAP:
        raise number_errors.PriceTooLarge(price_wad, fixed.CAP)


def confirm(self: Price, guard: PriceGuard, index_wad: int, *, now: int) -> bool:
    """Whether an index price may replace the last one; if not, it waits for a second print."""
    known = self.published_at == 0 or guard.max_jump == 0 or is_near(index_wad, self.index, guard.max_jump)
    if not known and self.pending != 0 and is_near(index_wad, self.pending, guard.max_jump):
        if now < self.pending_at + guard.confirm_secs:
            return False
        known = True
    self.pending = 0 if known else index_wad
    self.pending_at = 0 if known else now
    return known


def is_near(price_wad: int, base_wad: int, part_wad: int) -> bool:
    """Whether two prices are within a part of the second of each other."""
    apart = fixed.abs(price_wad - base_wad)
    return apart <= fixed.mul_div_down(base_wad, part_wad, fixed.WAD)


def replace(
    self: Price, stable_rate_wad: int, index_wad: int, premium_wad: int, confidence_wad: int, published_at: int
) -> None:
    """Replaces the last print of an underlying."""
    self.cumulative = accumulated(self, published_at)
    elapsed_secs = published_at - self.published_at
    follows = stable_rate_wad == 0 or self.published_at == 0
    self.stable = index_wad if follows else followed(self.stable, index_wad, stable_rate_wad, elapsed_secs)
    self.index = index_wad
    self.premium = premium_wad
    self.confidence = confidence_wad
    self.published_at = published_at


def followed(stable_wad: int, index_wad: int, rate_wad: int, elapsed_secs: int) -> int:
    """Stable price after following the index price for a time."""
    most = fixed.mul_div_down(stable_wad, rate_wad * elapsed_secs, fixed.WAD)
    if index_wad > stable_wad:
        return stable_wad + fixed.min(index_wad - stable_wad, most)
    return stable_wad - fixed.min(stable_wad - index_wad, most)


def accumulated(self: Price, until_at: int) -> int:
    """Index times seconds up to a time."""
    return self.cumulative + self.index * (until_at - self.published_at)


def observe(self: Curve, price: Price, expiry: int, published_at: int) -> None:
    """Records what a new print fixes of an expiry: the start of its window, and then its settlement."""
    if self.start_cumulative == 0 and published_at >= expiry - WINDOW:
        self.start_cumulative = accumulated(price, expiry - WINDOW)
    if published_at < expiry:
        return
    total = accumulated(price, expiry) - self.start_cumulative
    self.settlement = fixed.mul_div_down(total, 1, WINDOW)


def forward_parts(self: Curve, price: Price, expiry: int, *, now: int) -> tuple[int, int]:
    """Present forward of an expiry: the part that the window has fixed, and the part that still floats."""
    start_at = expiry - WINDOW
    if now <= start_at:
        return 0, self.forward
    start = accumulated(price, start_at) if self.start_cumulative == 0 else self.start_cumulative
    until_at = fixed.min(now, expiry)
    fixed_wad = fixed.mul_div_down(accumulated(price, until_at) - start, 1, WINDOW)
    return fixed_wad, fixed.mul_div_down(self.forward, expiry - until_at, WINDOW)


def publish_forward(
    self: Curve, forward_wad: int, rate_wad: int, confidence_wad: int, published_at: int, *, now: int
) -> None:
    """Publishes the forward of an expiry."""
    require_price(forward_wad)
    market.require_within("rate", rate_wad, 0, 10 * fixed.WAD)
    require_print(confidence_wad, published_at, self.published_at, now=now)
    self.forward = forward_wad
    self.rate = rate_wad
    self.confidence = confidence_wad
    self.published_at = published_at


def publish_surface(self: Curve, svi: Svi, confidence_wad: int, published_at: int, *, now: int) -> None:
    """Publishes the volatility surface of an expiry."""
    surface.require_valid(svi)
    require_print(confidence_wad, published_at, self.surface_published_at, now=now)
    self.svi = svi
    self.surface_confidence = confidence_wad
    self.surface_published_at = published_at


def is_fresh(published_at: int, heartbeat_secs: int, *, now: int) -> bool:
    """Whether a print is fresh."""
    return published_at != 0 and now - published_at <= heartbeat_secs


def mark(index_wad: int, premium_wad: int, band_wad: int) -> int:
    """Mark price of a perp."""
    widest = fixed.mul_div_down(index_wad, band_wad, fixed.WAD)
    move = fixed.min(fixed.abs(premium_wad), widest)
    return index_wad - move if premium_wad < 0 else index_wad + move
