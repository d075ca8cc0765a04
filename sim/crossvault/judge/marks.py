"""Prices at a time, from the last prints: the mark of a perp, the forward of an expiry, and the funding of a perp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossvault.judge.rounding import RAY, WAD

if TYPE_CHECKING:
    from crossvault.judge.books import CurveBook, PriceBook, UnderlyingBook

WINDOW = 30 * 60  # seconds over which a settlement is averaged
FUNDING_PERIOD = 8 * 3600  # seconds
PERP, FUTURE, CALL, PUT = 1, 2, 3, 4
NO_FEED = 255  # the quote token has no price of its own


def decoded(instrument: int) -> tuple[int, int, int, int]:
    """Underlying, kind, expiry [unix seconds] and strike [wad] of an instrument number."""
    return (
        instrument >> 144, instrument >> 136 & 0xFF, instrument >> 96 & 0xFF_FFFF_FFFF, instrument & (1 << 96) - 1,
    )  # fmt: skip


def perp_mark(underlying: UnderlyingBook) -> int:
    """Mark of a perp: index + premium, which is clamped to a part of the index, rounded down [wad]."""
    price = underlying.price
    band = price.index_wad * underlying.risk.mark_band // WAD
    return price.index_wad + max(-band, min(band, price.premium))


def waiting_price(underlying: UnderlyingBook, at: int) -> int:
    """The jump that waits for a second print, or 0 [wad]; it lapses a heartbeat after that may come."""
    price = underlying.price
    is_over = at > price.pending_at + underlying.guard.confirm_secs + underlying.risk.heartbeat_secs
    return 0 if is_over else price.pending


def summed(price: PriceBook, at: int) -> int:
    """Index times seconds up to a time that is not before the last print [wad seconds]."""
    return price.cumulative + price.index_wad * (at - price.published_at)


def forward_parts(curve: CurveBook, price: PriceBook, expiry: int, at: int) -> tuple[int, int]:
    """The part of a forward that its window has fixed so far, and the part that floats, each rounded down [wad].

    From the expiry on all of it is fixed: the average completed with the last index.
    """
    opens_at = expiry - WINDOW
    if at <= opens_at:
        return 0, curve.forward
    until = min(at, expiry)
    begun = curve.start_cumulative or summed(price, opens_at)
    return (summed(price, until) - begun) // WINDOW, curve.forward * (expiry - until) // WINDOW


def funding_index(underlying: UnderlyingBook, at: int) -> int:
    """Funding that a long has paid per unit up to a time [ray]; its rate and its growth are rounded down.

    It grows while the index price is fresh.
    """
    risk, price, track = underlying.risk, underlying.price, underlying.track
    elapsed = min(at, price.published_at + risk.heartbeat_secs) - track.updated_at
    if elapsed <= 0 or risk.funding_cap == 0 or price.index_wad == 0:
        return track.index_ray
    rate = price.premium * WAD // price.index_wad + risk.funding_base
    rate = max(-risk.funding_cap, min(risk.funding_cap, rate))
    return track.index_ray + price.index_wad * rate * elapsed // (FUNDING_PERIOD * 10**9)


def funding_due(size: int, grown_ray: int) -> int:
    """Funding that a position receives: -size * growth of the index since its last touch, rounded down [wad]."""
    return -size * grown_ray // RAY


def payoff(spot_wad: int, strike_wad: int, is_call: bool) -> int:
    """Payoff of an option at its expiry [wad]."""
    return max(0, spot_wad - strike_wad if is_call else strike_wad - spot_wad)
