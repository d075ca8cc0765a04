"""Published prices, their freshness, and the settlement of expiries."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.mirror import fixed, market, number_errors, price_errors
from crossvault.mirror.evm import StorageStruct
from crossvault.mirror.surface import Svi, Watch

MAX_PREMIUM = 2**95 - 1
WINDOW = 30 * 60

_DAY_SECS = 24 * 60 * 60


class Price(StorageStruct):
    """Last print of an underlying."""

    __slots__ = (
        "confidence", "cumulative", "former_high", "former_low", "high", "index", "low", "pending", "pending_at",
        "premium", "published_at", "since", "stable",
    )  # fmt: skip
    zeros = {
        "index": 0, "premium": 0, "confidence": 0, "published_at": 0, "stable": 0, "pending": 0, "pending_at": 0,
        "cumulative": 0, "low": 0, "high": 0, "since": 0, "former_low": 0, "former_high": 0,
    }  # fmt: skip
    index: int
    premium: int
    confidence: int
    published_at: int
    stable: int
    pending: int
    pending_at: int
    cumulative: int
    low: int
    high: int
    since: int
    former_low: int
    former_high: int


class PriceGuard(NamedTuple):
    """Guard of an underlying against manipulated prints."""

    max_jump: int = 0
    confirm_secs: int = 0
    stable_rate: int = 0
    surface_move: int = 0


class Curve(StorageStruct):
    """Forward, surface and settlement of an expiry."""

    __slots__ = (
        "base", "base_at", "confidence", "forward", "listed_at", "published_at", "rate", "settlement",
        "start_cumulative", "surface_confidence", "surface_published_at", "svi", "watch",
    )  # fmt: skip
    zeros = {
        "forward": 0, "rate": 0, "confidence": 0, "published_at": 0, "surface_confidence": 0,
        "surface_published_at": 0, "listed_at": 0, "svi": Svi(), "settlement": 0, "base": 0, "base_at": 0,
        "start_cumulative": 0, "watch": Watch(),
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
    base: int
    base_at: int
    start_cumulative: int
    watch: Watch


def require_valid(guard: PriceGuard) -> None:
    """Validates a price guard."""
    market.require_within("maxJump", guard.max_jump, 0, fixed.WAD)
    market.require_within("confirmSecs", guard.confirm_secs, 0, _DAY_SECS)
    market.require_within("stableRate", guard.stable_rate, 0, fixed.WAD)
    market.require_within("surfaceMove", guard.surface_move, 0, fixed.WAD)


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


def confirm(self: Price, guard: PriceGuard, heartbeat_secs: int, index_wad: int, *, now: int) -> int:
    """Index price that a print puts in force; 0 where it waits for a second print."""
    is_guarded = self.published_at != 0 and guard.max_jump != 0
    waiting_wad = waiting(self, guard.confirm_secs, heartbeat_secs, now=now) if is_guarded else 0
    held_wad = confirmed(self, guard, waiting_wad, index_wad, now=now) if is_guarded else index_wad
    is_kept = held_wad == 0 and waiting_wad != 0 and is_near(index_wad, waiting_wad, guard.max_jump)
    if is_guarded:
        if held_wad == 0 and is_near(index_wad, self.index, guard.max_jump):
            held_wad = limited(self, guard, index_wad, now=now)
        if held_wad != 0:
            extend(self, guard, held_wad, now=now)
    if held_wad == index_wad:
        self.pending = self.pending_at = 0
    elif not is_kept:
        self.pending, self.pending_at = index_wad, now
    return held_wad


def waiting(self: Price, confirm_secs: int, heartbeat_secs: int, *, now: int) -> int:
    """Jump that waits for a second print; 0 where there is none."""
    return 0 if now > self.pending_at + confirm_secs + heartbeat_secs else self.pending


def confirmed(self: Price, guard: PriceGuard, waiting_wad: int, index_wad: int, *, now: int) -> int:
    """Index price that a second print confirms; 0 where it confirms none."""
    if waiting_wad == 0 or now < self.pending_at + guard.confirm_secs:
        return 0
    if is_near(index_wad, waiting_wad, guard.max_jump):
        return index_wad
    if is_near(index_wad, self.index, guard.max_jump):
        return 0
    if index_wad < self.index:
        return fixed.max(index_wad, waiting_wad) if waiting_wad < self.index else 0
    return fixed.min(index_wad, waiting_wad) if waiting_wad > self.index else 0


def limited(self: Price, guard: PriceGuard, index_wad: int, *, now: int) -> int:
    """Index price within maxJump of every one that was in force in the last confirmSecs."""
    low_wad, high_wad = extremes(self, guard.confirm_secs, now=now)
    return within(low_wad, high_wad, guard.max_jump, self.index, index_wad)


def within(low_wad: int, high_wad: int, part_wad: int, last_wad: int, price_wad: int) -> int:
    """Price within a part of a lowest and of a highest price."""
    least_wad = high_wad - fixed.mul_div_down(high_wad, part_wad, fixed.WAD)
    most_wad = low_wad + fixed.mul_div_down(low_wad, part_wad, fixed.WAD)
    if least_wad > most_wad:
        return last_wad
    return fixed.max(least_wad, fixed.min(most_wad, price_wad))


def extremes(self: Price, confirm_secs: int, *, now: int) -> tuple[int, int]:
    """Lowest and highest index price that was in force in the last confirmSecs, and at most as long before that."""
    low_wad = high_wad = self.index
    if now >= self.since + 2 * confirm_secs:
        return low_wad, high_wad
    low_wad, high_wad = fixed.min(low_wad, self.low), fixed.max(high_wad, self.high)
    if now >= self.since + confirm_secs:
        return low_wad, high_wad
    return fixed.min(low_wad, self.former_low), fixed.max(high_wad, self.former_high)


def extend(self: Price, guard: PriceGuard, held_wad: int, *, now: int) -> None:
    """Extends the lowest and the highest index price of a guard by one that comes into force."""
    is_jump = not is_near(held_wad, self.index, guard.max_jump)
    if is_jump or now >= self.since + guard.confirm_secs:
        low_wad, high_wad = (held_wad, held_wad) if is_jump else extremes(self, guard.confirm_secs, now=now)
        self.former_low, self.former_high = low_wad, high_wad
        self.low = self.high = held_wad if is_jump else self.index
        self.since = now
    self.low = fixed.min(self.low, held_wad)
    self.high = fixed.max(self.high, held_wad)


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


def limited_forward(self: Curve, guard: PriceGuard, index_wad: int, forward_wad: int, *, now: int) -> int:
    """Forward that a print puts in force under a guard."""
    if self.published_at == 0 or guard.max_jump == 0:
        return forward_wad
    last_wad = self.forward
    if now >= self.base_at + guard.confirm_secs:
        self.base, self.base_at = last_wad, now
    if is_near(forward_wad, index_wad, guard.max_jump):
        return forward_wad
    base_wad = self.base
    return within(fixed.min(base_wad, last_wad), fixed.max(base_wad, last_wad), guard.max_jump, last_wad, forward_wad)


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


def publish_surface(self: Curve, svi: Svi, confidence_wad: int, published_at: int) -> None:
    """Publishes the volatility surface of an expiry."""
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
