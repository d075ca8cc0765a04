"""Refusals of prices: stale, out of order, or too far from the mark."""

from crossvault.mirror.refusal import Refusal


class StalePrice(Refusal):
    """A price is older than its heartbeat: the index where the expiry is 0, else the forward or the surface of it."""

    underlying: int
    expiry: int
    published_at: int
    heartbeat_secs: int


class PriceFromFuture(Refusal):
    """The time of a price lies in the future."""

    published_at: int
    now_at: int


class PriceGoesBackwards(Refusal):
    """A price is older than the one it would replace, or than an expiry that is over."""

    published_at: int
    last_at: int


class PriceOutsideBand(Refusal):
    """The price of a trade is outside the band around the mark."""

    price_wad: int
    low_wad: int
    high_wad: int
